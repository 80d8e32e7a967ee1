package longpolling

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"example.com/ws101/lessons/internal/lesson"
	"example.com/ws101/lessons/internal/memnet"
)

var taskNews = lesson.Task{Chapter: 3, Name: "News", Section: "RFC 6202 section 2.1"}

// request is a request in flight, at a Server with the events 1, 2 and 3.
type request struct {
	t      *testing.T
	log    *Log
	call   string
	leave  context.CancelFunc
	begun  time.Time
	status int
	header http.Header
	body   string
	ended  bool
	took   time.Duration
}

// ask sends a request to a Server that holds it for so long, and lets it come as far as it can.
func ask(t *testing.T, query string, hold time.Duration) *request {
	log, _ := start("1", "2", "3")
	ctx, leave := context.WithCancel(t.Context())
	q := &request{t: t, log: log, call: "GET /news" + query, leave: leave, begun: time.Now()}
	s := &Server{Log: log, Hold: hold}
	taskNews.Go(t, func() {
		defer stopSpinning()
		w := httptest.NewRecorder()
		s.News(w, httptest.NewRequestWithContext(ctx, "GET", "/news"+query, nil))
		q.status, q.header, q.body = w.Code, w.Result().Header, w.Body.String()
		q.ended, q.took = true, time.Since(q.begun)
	})
	settle()
	return q
}

// after lets some time pass.
func (q *request) after(d time.Duration) {
	time.Sleep(d)
	settle()
}

// answer is what a request gets.
type answer struct {
	Answered bool
	After    time.Duration
	Status   int
	Body     string
}

func (q *request) answer() answer {
	if !q.ended {
		return answer{}
	}
	return answer{true, q.took, q.status, strings.TrimSpace(q.body)}
}

// check compares the answer, and its fields.
func (q *request) check(when string, want answer, looks ...lesson.Diagnosis) {
	got := q.answer()
	if got != want && !got.Answered {
		q.leave()
		q.log.Add("4") // so that it comes to an end, if it does not listen to ctx
	}
	taskNews.Equal(q.t, q.call+when, got, want, append(looks,
		lesson.If(want.Answered && !got.Answered, "there is no answer"),
		lesson.If(!want.Answered, "the answer came at once; with nothing to tell it has to wait"),
		lesson.If(got.Status == want.Status && got.Body != "" && got.Body != want.Body, "the body is what AppendJSON makes of the events and the next cursor"))...)
	if want.Status != 200 {
		return
	}
	type fields struct{ ContentType, CacheControl string }
	f := fields{q.header.Get("Content-Type"), q.header.Get("Cache-Control")}
	taskNews.Equal(q.t, q.call+when+": the fields", f, fields{"application/json", "no-store"},
		lesson.If(f == fields{}, "both fields are missing, or they were set after the status; they go out with it"),
		lesson.If(f.CacheControl != "no-store", "Cache-Control: no-store is missing; a browser that keeps this answer would give it to the next request with the same cursor (RFC 9111 section 5.2.2.5)"),
		lesson.If(true, "Content-Type: application/json is missing, or it was set after the body"))
}

// needWait ends the test if Wait does not do what it should.
func needWait(t *testing.T) {
	t.Helper()
	needAdd(t)
	ok := works(t, func(t *testing.T) bool {
		l, mu := start("a")
		type result struct {
			events []string
			next   int
		}
		read := func(ctx context.Context, cursor int) <-chan result {
			c := make(chan result, 1)
			go func() {
				defer func() { recover() }()
				events, next := l.Wait(ctx, cursor)
				c <- result{events, next}
			}()
			settle()
			return c
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		atOnce, held, left := read(ctx, 0), read(t.Context(), 1), read(ctx, 1)
		if len(atOnce) != 1 || len(held) != 0 || len(left) != 0 || len(mu.held) != 0 {
			return false
		}
		cancel()
		settle()
		l.Add("b")
		settle()
		if len(held) != 1 || len(left) != 1 {
			return false
		}
		a, h, n := <-atOnce, <-held, <-left
		return len(a.events) == 1 && a.next == 1 && len(h.events) == 1 && h.next == 2 && len(n.events) == 0 && n.next == 1
	})
	if !ok {
		taskWait.Fail(t, t.Name()+" needs Wait", "", lesson.If(true, "Wait is not right yet; make its tests pass first"))
	}
}

func TestNewsAtOnce(t *testing.T) {
	defer taskNews.Catch(t)
	needWait(t)
	taskNews.Bubble(t, "News, where there are events already", func(t *testing.T) {
		for query, body := range map[string]string{
			"?cursor=0": `{"cursor":3,"events":[1,2,3]}`,
			"?cursor=2": `{"cursor":3,"events":[3]}`,
		} {
			q := ask(t, query, Hold)
			q.check("", answer{true, 0, 200, body},
				lesson.If(!q.ended, "there were events behind the cursor, and the request was held"))
			q.leave()
		}
	}, hangs)
}

func TestNewsHolds(t *testing.T) {
	defer taskNews.Catch(t)
	needWait(t)
	taskNews.Bubble(t, "News, where there is nothing new", func(t *testing.T) {
		q := ask(t, "?cursor=3", Hold)
		defer q.leave()
		q.after(7 * time.Second)
		q.check(", for 7 s", answer{})
		q.log.Add("4")
		settle()
		q.check(", and an event after 7 s", answer{true, 7 * time.Second, 200, `{"cursor":4,"events":[4]}`})
	}, hangs)
}

func TestNewsGivesUp(t *testing.T) {
	defer taskNews.Catch(t)
	needWait(t)
	taskNews.Bubble(t, "News, where nothing happens", func(t *testing.T) {
		for _, hold := range []time.Duration{Hold, Hold / 2} {
			q := ask(t, "?cursor=3", hold)
			defer q.leave()
			q.after(hold)
			q.check(fmt.Sprintf(", of a Server that holds it for %v, and nothing happens", hold), answer{true, hold, 200, `{"cursor":3,"events":[]}`},
				lesson.If(!q.ended && hold != Hold, "the time is that of this Server, s.Hold, and not the constant"),
				lesson.If(!q.ended, "there is no answer after 30 s; somebody on the way will cut the connection some time, and the page takes it for a failure (RFC 6202 section 5.5)"),
				lesson.If(q.status == 204 || q.status == 304, "a 204 or 304 has no body, so it brings no cursor; an empty list of events says the same, and the page needs no special case"),
				lesson.If(q.status >= 400, "that nothing has happened is no failure; an empty answer says it, and the page asks again"),
				lesson.If(q.status == 200 && !strings.Contains(q.body, "cursor"), "the answer has no cursor; an empty one is like the others, so the page needs no special case"))
		}
	}, hangs)
}

func TestNewsAbandoned(t *testing.T) {
	defer taskNews.Catch(t)
	needWait(t)
	taskNews.Bubble(t, "News, and the client goes away", func(t *testing.T) {
		q := ask(t, "?cursor=3", Hold)
		q.after(5 * time.Second)
		q.leave()
		settle()
		if !q.ended {
			q.log.Add("4")
			taskNews.Fail(t, q.call+", and the client goes away after 5 s", "got  the request is still held\nwant its end",
				lesson.If(true, "the client went away, and its request goes on waiting; r.Context() ends with the client, so make ctx of it"))
		}
	}, hangs)
}

func TestNewsRefuses(t *testing.T) {
	defer taskNews.Catch(t)
	needWait(t)
	taskNews.Bubble(t, "News, with a cursor that is no number", func(t *testing.T) {
		for _, query := range []string{"", "?cursor=", "?cursor=x", "?cursor=3.5"} {
			q := ask(t, query, Hold)
			if q.status != 400 {
				q.leave()
				q.log.Add("4")
				got := "held"
				if q.ended {
					got = fmt.Sprintf("%d %s", q.status, q.body)
				}
				taskNews.Fail(t, q.call, fmt.Sprintf("got  %s\nwant 400", got),
					lesson.If(true, "this cursor is no number, and was taken for one; look at the error (RFC 9110 section 15.5.1)"))
			}
			if strings.TrimSpace(q.body) == "" {
				taskNews.Fail(t, q.call, "got  400 and no word\nwant 400 and a sentence",
					lesson.If(true, "whoever gets a 400 wants to know what was wrong"))
			}
			q.leave()
		}
	}, hangs)
}

// TestNewsOnTheWire asks over a connection, and goes away by closing it.
func TestNewsOnTheWire(t *testing.T) {
	defer taskNews.Catch(t)
	needWait(t)
	taskNews.Bubble(t, "News, over a connection", func(t *testing.T) {
		log, _ := start()
		s := &Server{Log: log, Hold: Hold}
		var held atomic.Int32
		server := memnet.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			held.Add(1)
			defer held.Add(-1)
			s.News(w, r)
		}))
		defer server.Close()
		defer log.Add("4") // wakes what does not end with its client

		c, err := server.Dial()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(c, "GET /news?cursor=0 HTTP/1.1\r\nHost: a\r\n\r\n")
		time.Sleep(10 * time.Second)
		settle()
		if n := server.Down(); n > 0 {
			taskNews.Fail(t, "GET /news?cursor=0, for 10 s without an event", fmt.Sprintf("got  %d bytes\nwant silence", n),
				lesson.If(true, "an answer came though there was nothing to tell"))
		}
		log.Add("1")
		answer, err := readAnswer(c)
		if err != nil || !strings.HasSuffix(answer, `{"cursor":1,"events":[1]}`) {
			taskNews.Fail(t, "GET /news?cursor=0, and then an event", fmt.Sprintf("got  %q\nwant a response, and {\"cursor\":1,\"events\":[1]} at its end", answer))
		}
		fmt.Fprint(c, "GET /news?cursor=1 HTTP/1.1\r\nHost: a\r\n\r\n")
		settle()
		c.Close()
		settle()
		if held.Load() > 0 {
			taskNews.Fail(t, "GET /news?cursor=1, and the client closes the connection", "got  the request is still held\nwant its end",
				lesson.If(true, "the client went away, and its request goes on waiting; r.Context() ends with the client, so make ctx of it"))
		}
	}, hangs)
}

// readAnswer returns what comes with the next Read, the whole answer.
func readAnswer(c net.Conn) (string, error) {
	buf := make([]byte, 4096)
	n, err := c.Read(buf)
	return string(buf[:n]), err
}

// minutes are ways to spend the same minute.
var minutes = []struct {
	name     string
	votes    int
	hold     time.Duration
	pause    time.Duration // between an answer and the next question
	requests int
}{
	{"polling, every 2 s", 3, 0, 2 * time.Second, 30},
	{"long polling", 3, Hold, 0, 5},
	{"polling, every 2 s", 60, 0, 2 * time.Second, 30},
	{"long polling", 60, Hold, 0, 62},
}

// voteTimes are the moments at which somebody votes: three, as in chapter 2, or one each second.
func voteTimes(n int) (at []time.Duration) {
	if n == 3 {
		return []time.Duration{7300 * time.Millisecond, 21 * time.Second, 38700 * time.Millisecond}
	}
	for i := range n {
		at = append(at, time.Duration(i)*time.Second+300*time.Millisecond)
	}
	return at
}

// TestNewsCost reads the votes of a minute from your server, counts the bytes, and prints what they
// come to (go test -v -run TestNewsCost). A server that holds no request is one for polling.
func TestNewsCost(t *testing.T) {
	defer taskNews.Catch(t)
	needWait(t)
	table := fmt.Sprintf("%-20s %5s %8s %6s %6s %8s %6s %6s\n", "a minute with", "votes", "requests", "up", "down", "per vote", "delay", "held")
	for _, m := range minutes {
		name := fmt.Sprintf("a minute of %s, with %d votes", m.name, m.votes)
		taskNews.Bubble(t, name, func(t *testing.T) {
			log, _ := start()
			vote := NewVote(log, "tea", "coffee", "water")
			server := memnet.Serve(http.HandlerFunc((&Server{log, m.hold}).News))
			defer server.Close()
			ctx, closePage := context.WithCancel(t.Context())
			defer closePage()
			start, at := time.Now(), voteTimes(m.votes)

			var requests, seen int
			var delay, held time.Duration
			page := make(chan struct{})
			taskNews.Go(t, func() {
				defer close(page)
				cursor := 0
				for ctx.Err() == nil && requests < 1000 {
					requests++
					asked := time.Now()
					b, err := get(ctx, server.Client(), cursor)
					held += time.Since(asked)
					if err != nil {
						return
					}
					for n := cursor + 1; n <= b.Cursor; n++ {
						if n > 3 && n-4 < len(at) { // the first three are the candidates
							delay += time.Since(start) - at[n-4]
							seen++
						}
					}
					cursor = b.Cursor
					select {
					case <-ctx.Done():
					case <-time.After(m.pause):
					}
				}
			})
			for _, d := range at {
				time.Sleep(d - time.Since(start))
				vote.Add(1)
			}
			time.Sleep(time.Minute - time.Millisecond - time.Since(start))
			closePage()
			<-page

			type minute struct{ Requests, VotesSeen int }
			taskNews.Equal(t, name, minute{requests, seen}, minute{m.requests, seenInTime(m.votes, m.pause)},
				lesson.If(true, "the parts do not work together yet; make the other tests pass first"))
			bytes := server.Up() + server.Down()
			table += fmt.Sprintf("%-20s %5d %8d %6d %6d %8d %4.1f s %4.0f s\n", m.name, m.votes, requests,
				server.Up(), server.Down(), bytes/m.votes, delay.Seconds()/float64(seen), held.Seconds())
		}, hangs)
	}
	fmt.Fprint(t.Output(), table)
}

// seenInTime is how many votes a page has seen when the minute is over. The last question of a page
// that polls every 2 s is asked at 58 s.
func seenInTime(votes int, pause time.Duration) int {
	if votes == 60 && pause > 0 {
		return 58
	}
	return votes
}

// batch is an answer.
type batch struct {
	Cursor int
	Events []json.RawMessage
}

func get(ctx context.Context, client *http.Client, cursor int) (b batch, err error) {
	r, err := http.NewRequestWithContext(ctx, "GET", fmt.Sprintf("http://vote.example/news?cursor=%d", cursor), nil)
	if err != nil {
		return b, err
	}
	a, err := client.Do(r)
	if err != nil {
		return b, err
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	if err != nil {
		return b, err
	}
	return b, json.Unmarshal(body, &b)
}
