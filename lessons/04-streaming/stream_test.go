package streaming

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"example.com/ws101/lessons/internal/lesson"
	"example.com/ws101/lessons/internal/memnet"
)

var taskStream = lesson.Task{Chapter: 4, Name: "Stream", Section: "RFC 9112 section 7.1"}

// written is what a Stream has written.
type written struct {
	bytes []byte
	times []time.Duration // of each write, since the stream began
}

// wire is what a Stream writes to.
type wire struct {
	begun time.Time

	mu     sync.Mutex // guards what follows
	got    written
	broken error  // what a write fails with, if not nil
	then   func() // is called behind each write, if not nil
}

// tooMany is what a write panics with when there is no end of them.
type tooMany struct{}

const mostWrites = 1000

func (w *wire) Write(p []byte) (n int, err error) {
	w.mu.Lock()
	defer func() {
		then := w.then
		w.mu.Unlock()
		if then != nil {
			then()
		}
	}()
	w.got.times = append(w.got.times, time.Since(w.begun))
	if len(w.got.times) > mostWrites {
		panic(tooMany{})
	}
	if w.broken != nil {
		return 0, w.broken
	}
	w.got.bytes = append(w.got.bytes, p...)
	return len(p), nil
}

// stream is a Stream in a goroutine of its own.
type stream struct {
	written // as it was the last time that time passed
	wire    *wire
	t       *testing.T
	call    string
	leave   context.CancelFunc
	ended   bool
	err     error
}

// open starts a Stream, and lets it come as far as it can.
func open(t *testing.T, log *Log, cursor int) *stream {
	ctx, leave := context.WithCancel(t.Context())
	s := &stream{t: t, wire: &wire{begun: time.Now()}, call: fmt.Sprintf("Stream, cursor %d", cursor), leave: leave}
	taskStream.Go(t, func() {
		defer func() {
			if v := recover(); v != nil && v != any(tooMany{}) {
				panic(v)
			}
		}()
		s.err = Stream(ctx, bufio.NewWriter(s.wire), log, cursor)
		s.ended = true
	})
	s.after(0)
	return s
}

// after lets some time pass.
func (s *stream) after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
	s.wire.mu.Lock()
	s.written = written{slices.Clone(s.wire.got.bytes), slices.Clone(s.wire.got.times)}
	s.wire.mu.Unlock()
	if len(s.times) > mostWrites {
		taskStream.Fail(s.t, s.call, fmt.Sprintf("got  more than %d writes\nwant to wait where there is nothing to say", mostWrites),
			lesson.If(bytes.Count(s.bytes, []byte("take(")) > mostWrites/2, "the same events are sent again and again; go on with the cursor that Wait has returned"),
			lesson.If(true, "it writes without end; Wait returns when there is something to say, or when the time is over"))
	}
}

// body takes the response apart and returns the page so far, without beats. whole is set when the last
// chunk has come.
func (s *stream) body(when string) (page string, whole bool) {
	call := s.call + when
	rest, found := strings.CutPrefix(string(s.bytes), Head)
	if !found {
		taskStream.Fail(s.t, call, fmt.Sprintf("got  %v\nwant Head first", piece(s.bytes)),
			lesson.If(len(s.bytes) == 0, "nothing has left; what is written to a bufio.Writer stays in it until Flush"),
			lesson.If(true, "a response begins with its head"))
	}
	for rest != "" {
		line, more, ok := strings.Cut(rest, "\r\n")
		size, err := strconv.ParseUint(line, 16, 31)
		if !ok || err != nil || len(more) < int(size)+2 || more[size:size+2] != "\r\n" {
			taskStream.Fail(s.t, call, fmt.Sprintf("got  %v\nwant a chunk", piece(rest)),
				lesson.If(strings.HasPrefix(rest, "<"), "this is no chunk; everything behind the head is sent in chunks, Start too"),
				lesson.If(line == "", "there is a line end where the size of a chunk should be"),
				lesson.If(true, "this is no chunk; everything behind the head is sent in chunks"))
		}
		if size == 0 {
			if more != "\r\n" {
				taskStream.Fail(s.t, call, fmt.Sprintf("got  %v behind the last chunk\nwant nothing", piece(more[2:])),
					lesson.If(true, "a chunk of size 0 was sent, and then more; for the browser the response was over, so a beat needs at least one byte"))
			}
			return page, true
		}
		page, rest = page+more[:size], more[size+2:]
	}
	return page, false
}

const notFlushed = "an event came, and nothing was sent; what is written stays in the bufio.Writer until Flush"

// check compares the page so far.
func (s *stream) check(when string, want ...string) {
	got, whole := s.body(when)
	type result struct {
		Page  piece
		Whole bool
	}
	wanted := Start
	for _, text := range want {
		wanted += string(AppendScript(nil, text))
	}
	got = strings.ReplaceAll(got, "\n", "") // the beats
	taskStream.Equal(s.t, s.call+when, result{piece(got), whole}, result{piece(wanted), false},
		lesson.If(whole, "the last chunk was sent, and the stream goes on; a chunk of size 0 ends the response"),
		lesson.If(len(want) > 0 && got == Start, notFlushed),
		lesson.If(!strings.HasPrefix(got, Start), "the first chunk is Start; without it no script in the iframe knows take"),
		lesson.If(strings.Join(strings.Fields(got), "") == strings.Join(strings.Fields(wanted), ""), "the beat is another one; send a chunk with nothing but a line end"),
		lesson.If(len(got) > len(wanted), "more was sent than what is behind the cursor"),
		lesson.If(len(got) < len(wanted), "something is missing"))
}

// need ends the test if the parts that Stream stands on are not right.
func need(t *testing.T) {
	t.Helper()
	needChunk(t)
	needScript(t)
}

var hangs = lesson.If(true, "Stream waits for what never comes, or it has started something that nobody ends")

func TestStreamBegins(t *testing.T) {
	defer taskStream.Catch(t)
	need(t)
	taskStream.Bubble(t, "Stream", func(t *testing.T) {
		s := open(t, NewLog(), 0)
		defer s.leave()
		s.check(", of no events")

		log := NewLog()
		for _, text := range []string{"a", "b", "c"} {
			log.Add(text)
		}
		s = open(t, log, 1)
		defer s.leave()
		s.check(`, of the events "a" "b" "c"`, "b", "c")
	}, hangs)
}

func TestStreamTells(t *testing.T) {
	defer taskStream.Catch(t)
	need(t)
	taskStream.Bubble(t, "Stream", func(t *testing.T) {
		log := NewLog()
		s := open(t, log, 0)
		defer s.leave()
		var said []string
		for _, text := range []string{"x", "y", "</script>"} {
			s.after(7 * time.Second)
			log.Add(text)
			s.after(0)
			said = append(said, text)
			s.check(fmt.Sprintf(", and then Add(%q)", text), said...)
		}
	}, hangs)
}

func TestStreamBeats(t *testing.T) {
	defer taskStream.Catch(t)
	need(t)
	taskStream.Bubble(t, "Stream", func(t *testing.T) {
		log := NewLog()
		s := open(t, log, 0)
		defer s.leave()
		log.Add("x")
		s.after(0)
		s.check(`, and then Add("x")`, "x")
		s.after(time.Minute - time.Second)
		when := `, Add("x"), and then 59 s without an event`
		s.check(when, "x")
		want := []time.Duration{0, Beat, 2 * Beat, 3 * Beat}
		first := s.times[0]
		var times []time.Duration // one for each moment, however many writes
		for _, at := range s.times {
			if len(times) == 0 || at != times[len(times)-1] {
				times = append(times, at)
			}
		}
		taskStream.Equal(t, s.call+when+": the times of the writes", times, want,
			lesson.If(s.ended, "the stream has ended in the silence"),
			lesson.If(len(times) == 1 && first == 0, "nothing was sent for a minute; somebody on the way will think that the connection is dead, and cut it"),
			lesson.If(len(times) > len(want), "there are more beats than needed"))
		s.after(2 * time.Second)
		log.Add("y")
		s.after(0)
		s.check(when+`, and then Add("y")`, "x", "y")
	}, hangs)
}

const noLastChunk = "LastChunk is missing, or it has not left; without it the browser takes the response for one that was cut off (RFC 9112 section 8)"

func TestStreamEnds(t *testing.T) {
	defer taskStream.Catch(t)
	need(t)
	taskStream.Bubble(t, "Stream", func(t *testing.T) {
		log := NewLog()
		log.Add("x")
		s := open(t, log, 0)
		s.after(5 * time.Second)
		s.leave()
		s.after(0)
		call := s.call + ", and ctx ends after 5 s"
		if !s.ended {
			taskStream.Fail(t, call, "got  it goes on\nwant its end, at once",
				lesson.If(true, "ctx has ended, and Stream goes on; a server could not shut down"))
		}
		page, whole := s.body(", and ctx ends after 5 s")
		type result struct {
			Err   error
			Page  piece
			Whole bool
		}
		taskStream.Equal(t, call, result{s.err, piece(page), whole}, result{nil, piece(Start + string(AppendScript(nil, "x"))), true},
			lesson.If(s.err != nil, "the end of ctx is the good end, and no error"),
			lesson.If(!whole, noLastChunk),
			lesson.If(strings.HasPrefix(page, Start), "something was sent in the end that is not an event"))
		// An independent reader has to be content too.
		response, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(s.bytes)), nil)
		if err == nil {
			_, err = io.ReadAll(response.Body)
		}
		taskStream.Equal(t, call+", read by net/http", struct{ Err error }{err}, struct{ Err error }{})
	}, hangs)
}

// TestStreamEndsAmongEvents says something new whenever something has been sent, and ends ctx.
func TestStreamEndsAmongEvents(t *testing.T) {
	defer taskStream.Catch(t)
	need(t)
	taskStream.Bubble(t, "Stream", func(t *testing.T) {
		log := NewLog()
		s := open(t, log, 0)
		said := 0
		s.wire.mu.Lock()
		s.wire.then = func() {
			if said++; said < 100 {
				log.Add("x")
			}
			if said == 10 {
				s.leave()
			}
		}
		s.wire.mu.Unlock()
		log.Add("x")
		s.after(0)
		call := s.call + ", Add with each write, and ctx ends behind the 10th"
		if _, whole := s.body(""); !whole || said > 20 {
			s.leave()
			taskStream.Fail(t, call, fmt.Sprintf("got  %d writes\nwant the last chunk", said),
				lesson.If(said < 10, notFlushed),
				lesson.If(s.ended && said <= 20, noLastChunk),
				lesson.If(true, "ctx has ended, and the stream goes on as long as there are events; look at ctx after them too"))
		}
	}, hangs)
}

func TestStreamClientGone(t *testing.T) {
	defer taskStream.Catch(t)
	need(t)
	taskStream.Bubble(t, "Stream", func(t *testing.T) {
		log := NewLog()
		s := open(t, log, 0)
		defer s.leave()
		log.Add("x")
		s.after(0)
		s.check(`, and then Add("x")`, "x")
		gone := errors.New("broken pipe")
		s.wire.mu.Lock()
		s.wire.broken = gone
		s.wire.mu.Unlock()
		s.after(5 * time.Second)
		log.Add("y")
		s.after(time.Minute)
		call := s.call + ", to a client that has gone"
		if !s.ended {
			taskStream.Fail(t, call, "got  it goes on after a write that failed\nwant its end, with the error",
				lesson.If(true, "the write failed, and Stream goes on; nobody reads it any more, so look at the error of Flush"))
		}
		if !errors.Is(s.err, gone) {
			taskStream.Equal(t, call, struct{ Err error }{s.err}, struct{ Err error }{gone},
				lesson.If(true, "the error of the write was lost; the caller wants to know why it has ended"))
		}
	}, hangs)
}

// minutes are how many people say something in a minute.
var minutes = []int{0, 3, 60}

// TestStreamCost reads your stream for a minute, counts the bytes, and prints what they come to (go
// test -v -run TestStreamCost).
func TestStreamCost(t *testing.T) {
	defer taskStream.Catch(t)
	need(t)
	const said = "Ada votes for tea: 1 vote so far" // as long as a vote in chapter 3
	table := fmt.Sprintf("%-13s %8s %5s %6s %9s %6s %6s\n", "a minute with", "requests", "up", "down", "per event", "delay", "held")
	for _, events := range minutes {
		name := fmt.Sprintf("a minute of streaming, with %d events", events)
		taskStream.Bubble(t, name, func(t *testing.T) {
			log := NewLog()
			server := memnet.Serve(News(t.Context(), log))
			defer server.Close()
			start := time.Now()
			ctx, closePage := context.WithCancel(t.Context())
			defer closePage()
			seen := 0
			var delay time.Duration
			page := make(chan struct{})
			at := times(events)
			taskStream.Go(t, func() {
				defer close(page)
				r, err := http.NewRequestWithContext(ctx, "GET", "http://vote.example/news?cursor=0", nil)
				if err != nil {
					return
				}
				a, err := server.Client().Do(r)
				if err != nil {
					return
				}
				defer a.Body.Close()
				scripts := bufio.NewReader(a.Body)
				for range 100 * mostWrites {
					script, err := scripts.ReadString('>')
					if err != nil {
						return
					}
					if strings.HasPrefix(script, "take(") && seen < len(at) {
						delay += time.Since(start) - at[seen]
						seen++
					}
				}
			})
			for _, d := range at {
				time.Sleep(d - time.Since(start))
				log.Add(said)
			}
			time.Sleep(time.Minute - time.Millisecond - time.Since(start))
			synctest.Wait()
			up, down := server.Up(), server.Down() // before the end, which costs some bytes more
			closePage()
			<-page
			taskStream.Equal(t, name, struct{ EventsSeen int }{seen}, struct{ EventsSeen int }{events},
				lesson.If(true, "the parts do not work together yet; make the other tests pass first"))
			each, late := "-", "-"
			if events > 0 {
				each = strconv.Itoa((up + down) / events)
				late = fmt.Sprintf("%.1f s", delay.Seconds()/float64(events))
			}
			table += fmt.Sprintf("%-13s %8d %5d %6d %9s %6s %4.0f s\n", fmt.Sprintf("%d events", events), 1, up, down, each, late, time.Since(start).Seconds())
		}, hangs)
	}
	fmt.Fprint(t.Output(), table)
}

// times are the moments of the minute at which somebody says something, as in chapter 3.
func times(n int) (at []time.Duration) {
	if n == 3 {
		return []time.Duration{7300 * time.Millisecond, 21 * time.Second, 38700 * time.Millisecond}
	}
	for i := range n {
		at = append(at, time.Duration(i)*time.Second+300*time.Millisecond)
	}
	return at
}
