package polling

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"example.com/ws101/lessons/internal/lesson"
	"example.com/ws101/lessons/internal/memnet"
)

var taskPoll = lesson.Task{Chapter: 2, Name: "Poll"}

// reply is one answer of a server that follows a script.
type reply struct {
	Answer
	err   error
	takes time.Duration
}

// visit is what a page does while it is open.
type visit struct {
	asked  []time.Duration // when, since the page was opened
	tags   []string        // which tag each question had
	shown  []string
	inside int // questions without an answer
	most   int // the most of them at once
	ended  bool
	endAt  time.Duration
}

const runaway = 1000 // questions in one visit

// open runs Poll with an interval of 2 s, and closes the page after some time. The last reply is
// given again and again.
func open(t *testing.T, replies []reply, closeAt time.Duration) *visit {
	start := time.Now()
	v := &visit{}
	ctx, closePage := context.WithCancel(t.Context())
	defer closePage()
	page := &Page{
		Show: func(state []byte) { v.shown = append(v.shown, string(state)) },
		Ask: func(ctx context.Context, tag string) (Answer, error) {
			r := replies[min(len(v.asked), len(replies)-1)]
			v.asked, v.tags = append(v.asked, time.Since(start)), append(v.tags, tag)
			if len(v.asked) > runaway {
				runtime.Goexit()
			}
			v.inside++
			v.most = max(v.most, v.inside)
			defer func() { v.inside-- }()
			select {
			case <-time.After(r.takes):
				return r.Answer, r.err
			case <-ctx.Done():
				return Answer{}, ctx.Err()
			}
		},
	}
	taskPoll.Go(t, func() {
		page.Poll(ctx, 2*time.Second)
		v.ended, v.endAt = true, time.Since(start)
	})
	time.Sleep(closeAt)
	synctest.Wait() // what happens in this moment happens before the page is closed
	early := v.ended
	closePage()
	synctest.Wait()
	call := fmt.Sprintf("Poll, every 2 s, and the page is closed after %v", closeAt)
	switch {
	case len(v.asked) > runaway:
		taskPoll.Fail(t, call, fmt.Sprintf("got  more than %d questions\nwant a pause after each answer", runaway),
			lesson.If(true, "there is no pause between two questions; a server with many such pages does nothing else"))
	case early:
		taskPoll.Fail(t, call, fmt.Sprintf("got  the end after %v\nwant the end after %v", v.endAt, closeAt),
			lesson.If(hasError(replies), "the first failure ended it; a page goes on, since the next question may succeed"),
			lesson.If(true, "it returned while the page was open"))
	case !v.ended:
		taskPoll.Fail(t, call, "got  no end\nwant an end in the same moment",
			lesson.If(true, "the page was closed, and Poll does not notice; a pause has two ends, the time and ctx.Done()"))
	}
	return v
}

func hasError(replies []reply) bool {
	return slices.ContainsFunc(replies, func(r reply) bool { return r.err != nil || r.Status >= 400 })
}

func ok(tag, state string) reply { return reply{Answer: Answer{200, tag, []byte(state)}} }

var same = reply{Answer: Answer{Status: 304, Tag: `"a-1"`}}

func TestPollAsksOnATimer(t *testing.T) {
	defer taskPoll.Catch(t)
	taskPoll.Bubble(t, "Poll", func(t *testing.T) {
		v := open(t, []reply{ok(`"a-1"`, "one"), same}, 7*time.Second)
		want := []time.Duration{0, 2 * time.Second, 4 * time.Second, 6 * time.Second}
		taskPoll.Equal(t, "Poll, every 2 s, for 7 s: the times of the questions", v.asked, want,
			lesson.If(len(v.asked) > 0 && v.asked[0] > 0, "the first question came after a pause; until then the page is empty"),
			lesson.If(len(v.asked) == 1, "there was one question; a page asks again and again"))
	}, hangs)
}

var hangs = lesson.If(true, "Poll waits for something that never comes")

func TestPollAsksOneQuestionAtATime(t *testing.T) {
	defer taskPoll.Catch(t)
	taskPoll.Bubble(t, "Poll", func(t *testing.T) {
		slow := ok(`"a-1"`, "one")
		slow.takes = 5 * time.Second
		v := open(t, []reply{slow}, 15*time.Second)
		want := []time.Duration{0, 7 * time.Second, 14 * time.Second}
		taskPoll.Equal(t, "Poll, every 2 s, of a server that takes 5 s for an answer: the times of the questions", v.asked, want,
			lesson.If(v.most > 1, "a second question was asked while the first had no answer; when a server is slow, they pile up and make it slower"),
			lesson.If(len(v.asked) > 1 && v.asked[1] == 5*time.Second, "the pause began with the question and was over before the answer; a slow server gets no rest, so begin with the answer"))
	}, hangs)
}

func TestPollTakesWhatIsNew(t *testing.T) {
	defer taskPoll.Catch(t)
	taskPoll.Bubble(t, "Poll", func(t *testing.T) {
		replies := []reply{
			ok(`"a-1"`, "one"), same, same,
			{err: errors.New("connection refused")}, same,
			{Answer: Answer{503, "", []byte("too busy")}}, same,
			ok(`"a-2"`, "two"), {Answer: Answer{Status: 304, Tag: `"a-2"`}},
		}
		v := open(t, replies, 19*time.Second)
		call := "Poll, of 200 304 304 no-answer 304 503 304 200 304"
		a1, a2 := `"a-1"`, `"a-2"`
		want := []string{"", a1, a1, a1, a1, a1, a1, a1, a2, a2}
		const errorShown = "an error was shown as if it were the state; look at the status"
		showsError := slices.Contains(v.shown, "too busy")
		taskPoll.Equal(t, call+": the tags in the questions", tags(v.tags), tags(want),
			lesson.If(showsError, errorShown),
			lesson.If(strings.Join(v.tags, "") == "", "no question had a tag; so every answer has to be whole"),
			lesson.If(len(v.tags) > 4 && v.tags[4] == "" || len(v.tags) > 6 && v.tags[6] == "", "the tag was forgotten with an answer that brought no state; the page still has the old state, and its tag"),
			lesson.If(len(v.tags) > 8 && v.tags[8] == a1, "the tag of the first state was sent for ever; each new state has its own"))
		taskPoll.Equal(t, call+": what was shown", states(v.shown), states{"one", "two"},
			lesson.If(slices.Contains(v.shown, ""), "nothing was shown in place of the state; a 304 has no body, and means that the page has the state already"),
			lesson.If(showsError, errorShown),
			lesson.If(len(v.shown) == 0, "Show was not called"))
	}, hangs)
}

type states []string

func (l states) String() string { return fmt.Sprintf("%q", []string(l)) }

type tags []string

func (l tags) String() string {
	var shown []string
	for _, tag := range l {
		if tag == "" {
			tag = "none"
		}
		shown = append(shown, tag)
	}
	return strings.Join(shown, " ")
}

func TestPollEnds(t *testing.T) {
	defer taskPoll.Catch(t)
	for _, takes := range []time.Duration{0, time.Minute} {
		taskPoll.Bubble(t, "Poll", func(t *testing.T) {
			r := ok(`"a-1"`, "one")
			r.takes = takes
			open(t, []reply{r}, 1*time.Second) // in the pause, and while it waits for the answer
		}, hangs)
	}
}

// votesAt are the moments of the minute at which somebody votes.
var votesAt = []time.Duration{7300 * time.Millisecond, 21 * time.Second, 38700 * time.Millisecond}

// minutes are ways to spend the same minute.
var minutes = []struct {
	name       string
	candidates int
	interval   time.Duration
	tags       bool
	requests   int
	same       int // how many answers have to be 304
}{
	{"3 candidates, every 2 s, without tags", 3, 2 * time.Second, false, 30, 0},
	{"3 candidates, every 2 s", 3, 2 * time.Second, true, 30, 26},
	{"100 candidates, every 2 s, without tags", 100, 2 * time.Second, false, 30, 0},
	{"100 candidates, every 2 s", 100, 2 * time.Second, true, 30, 26},
	{"100 candidates, every 10 s", 100, 10 * time.Second, true, 6, 2},
}

// TestPollCost opens your page on your server for a minute, counts the bytes between them, and prints
// what they come to (go test -v -run TestPollCost).
func TestPollCost(t *testing.T) {
	defer taskPoll.Catch(t)
	table := fmt.Sprintf("%-41s %8s %4s %6s %6s %9s %6s\n", "a minute with 3 votes", "requests", "304", "up", "down", "per vote", "delay")
	for _, m := range minutes {
		taskPoll.Bubble(t, "a minute of polling: "+m.name, func(t *testing.T) {
			var names []string
			for i := range m.candidates {
				names = append(names, fmt.Sprintf("candidate %d", i+1))
			}
			vote := NewVote("k3f9", names...)
			net := memnet.Serve(http.HandlerFunc(vote.GetVote))
			defer net.Close()
			ctx, closePage := context.WithCancel(t.Context())
			defer closePage()

			start := time.Now()
			var mu sync.Mutex // guards what follows
			var requests, same int
			var waiting []time.Duration // the votes that the page does not show yet
			var delay time.Duration
			last := ""
			ask := AskHTTP(net.Client(), "http://vote.example/vote")
			page := &Page{
				Ask: func(ctx context.Context, tag string) (Answer, error) {
					if !m.tags {
						tag = ""
					}
					a, err := ask(ctx, tag)
					mu.Lock()
					defer mu.Unlock()
					if requests++; requests > runaway {
						runtime.Goexit()
					}
					if a.Status == 304 {
						same++
					}
					return a, err
				},
				Show: func(state []byte) {
					mu.Lock()
					defer mu.Unlock()
					last = string(state)
					for _, at := range waiting {
						delay += time.Since(start) - at
					}
					waiting = nil
				},
			}
			taskPoll.Go(t, func() { page.Poll(ctx, m.interval) })
			for _, at := range votesAt {
				time.Sleep(at - time.Since(start))
				vote.Add("1")
				mu.Lock()
				waiting = append(waiting, at)
				mu.Unlock()
			}
			time.Sleep(time.Minute - time.Millisecond - time.Since(start))
			closePage()
			synctest.Wait()

			type minute struct {
				Requests, NotModified int
				ShowsAllVotes         bool
			}
			got := minute{requests, same, last == string(vote.State().JSON)}
			taskPoll.Equal(t, "a minute of polling: "+m.name, got, minute{m.requests, m.same, true},
				lesson.If(true, "the parts do not work together yet; make the other tests pass first"))
			n := len(votesAt)
			table += fmt.Sprintf("%-41s %8d %4d %6d %6d %9d %4.1f s\n", m.name, requests, same,
				net.Up(), net.Down(), (net.Up()+net.Down())/n, delay.Seconds()/float64(n))
		}, hangs)
	}
	fmt.Fprint(t.Output(), table)
}
