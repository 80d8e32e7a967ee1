package sse

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
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

var taskNews = lesson.Task{Chapter: 5, Name: "News"}

// output is what a News has written.
type output struct {
	header http.Header // as it was with the first byte
	status int
	kept   []byte          // is in the buffer
	left   []byte          // was flushed
	times  []time.Duration // of each Flush that had something to send, since the request
	writes int
}

// wire is where a News writes to.
type wire struct {
	begun  time.Time
	header http.Header

	mu     sync.Mutex // guards what follows
	got    output
	broken bool // the client does not take anything any more
}

// tooMany is what a write panics with when there is no end of them.
type tooMany struct{}

const mostWrites = 1000

var errBroken = errors.New("broken pipe")

func (w *wire) Header() http.Header { return w.header }

func (w *wire) WriteHeader(status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.begin(status)
}

func (w *wire) begin(status int) {
	if w.got.status == 0 {
		w.got.status, w.got.header = status, w.header.Clone()
	}
	if w.got.writes++; w.got.writes > mostWrites {
		panic(tooMany{})
	}
}

func (w *wire) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.begin(200)
	w.got.kept = append(w.got.kept, p...)
	if w.broken {
		return 0, errBroken
	}
	return len(p), nil
}

func (w *wire) Flush() { w.FlushError() }

func (w *wire) FlushError() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.begin(200)
	if w.broken {
		return errBroken
	}
	if len(w.got.kept) > 0 {
		w.got.times = append(w.got.times, time.Since(w.begun))
	}
	w.got.left, w.got.kept = append(w.got.left, w.got.kept...), nil
	return nil
}

// cut makes the client one that takes nothing any more.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken = true
}

// stream is a request in a goroutine of its own.
type stream struct {
	output // as it was the last time that time passed
	wire   *wire
	t      *testing.T
	log    *Log
	call   string
	leave  context.CancelFunc
	ended  bool
}

// open asks for a stream, and lets it come as far as it can. A last of "-" is no field.
func open(t *testing.T, log *Log, query, last string) *stream {
	ctx, leave := context.WithCancel(t.Context())
	s := &stream{t: t, log: log, leave: leave, call: "GET /news" + query,
		wire: &wire{begun: time.Now(), header: http.Header{}}}
	r := httptest.NewRequestWithContext(ctx, "GET", "/news"+query, nil)
	if last != "-" {
		r.Header.Set("Last-Event-ID", last)
		s.call += fmt.Sprintf(", Last-Event-ID: %s", last)
	}
	taskNews.Go(t, func() {
		defer func() {
			if v := recover(); v != nil && v != any(tooMany{}) {
				panic(v)
			}
		}()
		(&Server{log}).News(s.wire, r)
		s.ended = true
	})
	s.after(0)
	return s
}

// end ends the request, whatever it listens to.
func (s *stream) end() {
	s.leave()
	s.wire.cut()
	s.log.Add("the end")
}

// after lets some time pass.
func (s *stream) after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
	s.wire.mu.Lock()
	s.output = s.wire.got
	s.left, s.kept, s.times = slices.Clone(s.left), slices.Clone(s.kept), slices.Clone(s.times)
	broken := s.wire.broken
	s.wire.mu.Unlock()
	if s.writes > mostWrites {
		taskNews.Fail(s.t, s.call, fmt.Sprintf("got  more than %d writes\nwant to wait where there is nothing to say", mostWrites),
			lesson.If(broken, writeFailed),
			lesson.If(bytes.Count(append(s.left, s.kept...), []byte("data:")) > mostWrites/4, "the same events are sent again and again; go on with the cursor that Wait has returned"),
			lesson.If(true, "it writes without end; Wait returns when there is something to say, or when the time is over"))
	}
}

const writeFailed = "a write has failed, and it goes on writing; look at the error of Flush"

// told is what has left, without comments.
func (s *stream) told() string {
	var b strings.Builder
	for line := range strings.Lines(string(s.left)) {
		if !strings.HasPrefix(line, ":") {
			b.WriteString(line)
		}
	}
	text := b.String()
	for strings.Contains(text, "\n\n\n") {
		text = strings.ReplaceAll(text, "\n\n\n", "\n\n") // a blank line more does no harm
	}
	return text
}

// stands is how the texts of a log stand on the wire, from a cursor on.
func stands(from int, texts ...string) string {
	var b []byte
	for i, text := range texts {
		b = AppendEvent(b, Event{ID: strconv.Itoa(from + i + 1), Data: text})
	}
	return string(b)
}

// check compares what has left.
func (s *stream) check(when string, want string, looks ...lesson.Diagnosis) {
	got := s.told()
	ids := strings.Count(got, "id:")
	var zero bool
	if want != "" {
		first, _, _ := strings.Cut(strings.TrimPrefix(want, "id: "), "\n")
		n, _ := strconv.Atoi(first)
		zero = strings.HasPrefix(strings.TrimPrefix(got, Start), fmt.Sprintf("id: %d\n", n-1))
	}
	taskNews.Equal(s.t, s.call+when, wireText(got), wireText(Start+want), append(looks,
		lesson.If(len(s.left) == 0 && s.status >= 400, "the request was refused; a browser gives up for ever then, so a cursor that is no number stands for 0"),
		lesson.If(strings.Contains(string(s.kept), want) && want != "" && len(s.kept) > 0, "an event came, and nothing was sent; what is written stays in a buffer until Flush"),
		lesson.If(len(s.left) == 0 && len(s.kept) > 0, "nothing has left; what is written stays in a buffer until Flush"),
		lesson.If(len(s.left) == 0 && want == "", "nothing was sent; send Start at once, so that the browser knows that the stream is open"),
		lesson.If(!strings.HasPrefix(got, Start), "the stream does not begin with Start"),
		lesson.If(want != "" && strings.Contains(got, "data:") && ids == 0, "the events have no id; the browser would have nothing to come back with"),
		lesson.If(zero, "the id is the number of the event, counted from 0; it has to be the cursor behind the event, else the event comes again after a reconnect"),
		lesson.If(strings.Count(want, "id:") > 1 && strings.Count(got, "id:") == strings.Count(want, "id:"), "events that come together have the same id; if the connection breaks between two of them, one is lost, or comes twice"),
	)...)
}

// log3 is a log with three lines in it.
func log3() *Log {
	log := NewLog()
	for _, text := range []string{"a", "b", "c"} {
		log.Add(text)
	}
	return log
}

var hangs = lesson.If(true, "News waits for what never comes, or it has started something that nobody ends")

func TestNewsBegins(t *testing.T) {
	defer taskNews.Catch(t)
	needEvent(t)
	taskNews.Bubble(t, "News", func(t *testing.T) {
		s := open(t, NewLog(), "", "-")
		defer s.end()
		s.check(", of no events", "")
		type head struct {
			Status                    int
			ContentType, CacheControl string
		}
		kind, _, _ := strings.Cut(s.output.header.Get("Content-Type"), ";")
		got := head{s.status, kind, s.output.header.Get("Cache-Control")}
		taskNews.Equal(t, s.call+": the head", got, head{200, "text/event-stream", "no-store"},
			lesson.If(got.ContentType == "" && s.wire.header.Get("Content-Type") != "", "the field was set when the head had left already; set it before the first write"),
			lesson.If(got.ContentType != "text/event-stream", "a browser takes a stream of events only if its type is text/event-stream"),
			lesson.If(got.CacheControl == "", "Cache-Control: no-store is missing; a cache on the way may keep the stream, and wait for its end (RFC 9111 section 5.2.2.5)"))
	}, hangs)
}

// TestNewsFromACursor asks for a stream as a page does, and as a browser does that comes back.
func TestNewsFromACursor(t *testing.T) {
	defer taskNews.Catch(t)
	needEvent(t)
	taskNews.Bubble(t, "News", func(t *testing.T) {
		const (
			again   = "events came again that the browser had; its Last-Event-ID says so"
			address = "the address is still that of the first time, and the browser has had more since; Last-Event-ID counts more"
			strange = "an id of another run of the server, or of another program, stands for 0"
		)
		for _, c := range []struct {
			query, last string
			want        string
			looks       string
		}{
			{"", "-", stands(0, "a", "b", "c"), ""},
			{"?cursor=2", "-", stands(2, "c"), "the cursor in the address was not looked at; a page that has something already sends it"},
			{"", "1", stands(1, "b", "c"), again},
			{"", "3", "", again},
			{"?cursor=1", "2", stands(2, "c"), address},
			{"?cursor=2", "", stands(2, "c"), "an empty Last-Event-ID says nothing, and the address does"},
			{"", "x", stands(0, "a", "b", "c"), strange},
			{"", "17", stands(0, "a", "b", "c"), strange},
			{"?cursor=x", "-", stands(0, "a", "b", "c"), strange},
		} {
			s := open(t, log3(), c.query, c.last)
			s.check(`, of the events "a" "b" "c"`, c.want,
				lesson.If(c.looks != "" && s.status < 400 && strings.HasPrefix(s.told(), Start) && s.told() != Start+c.want, c.looks))
			s.end()
			s.after(0)
		}
	}, hangs)
}

func TestNewsTells(t *testing.T) {
	defer taskNews.Catch(t)
	needEvent(t)
	taskNews.Bubble(t, "News", func(t *testing.T) {
		s := open(t, log3(), "?cursor=3", "-")
		defer s.end()
		var said []string
		for _, text := range []string{"x", "y", "two\nlines"} {
			s.after(7 * time.Second)
			s.log.Add(text)
			s.after(0)
			said = append(said, text)
			s.check(fmt.Sprintf(", and then Add(%q)", text), stands(3, said...),
				lesson.If(s.ended, "the stream has ended; it goes on until the client goes away"))
		}
	}, hangs)
}

func TestNewsBeats(t *testing.T) {
	defer taskNews.Catch(t)
	needEvent(t)
	taskNews.Bubble(t, "News", func(t *testing.T) {
		s := open(t, NewLog(), "", "-")
		defer s.end()
		s.after(time.Minute - time.Second)
		when := ", and 59 s without an event"
		s.check(when, "",
			lesson.If(strings.Contains(s.told(), "data"), "the beat is an event, and the page gets it; a comment reaches nobody"),
			lesson.If(s.ended, "the stream has ended in the silence"))
		want := []time.Duration{0, Beat, 2 * Beat, 3 * Beat}
		taskNews.Equal(t, s.call+when+": the times of the writes", s.times, want,
			lesson.If(len(s.times) == 1, "nothing was sent for a minute; somebody on the way will think that the connection is dead, and cut it"),
			lesson.If(len(s.times) > len(want), "there are more beats than needed"))
		s.after(2 * time.Second)
		s.log.Add("x")
		s.after(0)
		s.check(when+`, and then Add("x")`, stands(0, "x"))
	}, hangs)
}

func TestNewsEnds(t *testing.T) {
	defer taskNews.Catch(t)
	needEvent(t)
	taskNews.Bubble(t, "News", func(t *testing.T) {
		s := open(t, log3(), "", "-")
		defer s.end()
		s.check("", stands(0, "a", "b", "c"))
		s.after(5 * time.Second)
		before := len(s.left)
		s.leave()
		s.after(0)
		if call := s.call + ", and the client goes away after 5 s"; !s.ended {
			taskNews.Fail(t, call, "got  it goes on\nwant its end",
				lesson.If(true, "the client has gone, and the stream goes on; r.Context() ends with the client"))
		} else if len(s.left) > before {
			taskNews.Fail(t, call, fmt.Sprintf("got  %v\nwant nothing", wireText(s.left[before:])),
				lesson.If(true, "something was sent to a client that has gone"))
		}

		s = open(t, log3(), "", "-")
		defer s.end()
		s.wire.cut() // a client without a word: the network has gone
		s.log.Add("d")
		s.after(10 * Beat)
		if !s.ended {
			taskNews.Fail(t, s.call+", to a client that takes nothing", "got  it goes on after a write that failed\nwant its end",
				lesson.If(true, writeFailed))
		}
	}, hangs)
}

// minutes are ways to spend the same minute.
var minutes = []struct {
	name     string
	events   int
	breaks   time.Duration // each stream breaks after so long
	requests int
}{
	{"0 events", 0, time.Hour, 1},
	{"3 events", 3, time.Hour, 1},
	{"60 events", 60, time.Hour, 1},
	{"60, in 6 streams", 60, 9 * time.Second, 6},
}

// TestNewsCost follows your stream for a minute with your parser, counts the bytes, and prints what they
// come to (go test -v -run TestNewsCost). In the last row the connection breaks after 9 seconds, each time.
func TestNewsCost(t *testing.T) {
	defer taskNews.Catch(t)
	needEvent(t)
	needParse(t)
	const said = "Ada votes for tea: 1 vote so far" // as long as a vote in chapter 3
	table := fmt.Sprintf("%-16s %8s %5s %6s %9s %6s %6s\n", "a minute with", "requests", "up", "down", "per event", "delay", "lost")
	for _, m := range minutes {
		name := "a minute with " + m.name
		taskNews.Bubble(t, name, func(t *testing.T) {
			log := NewLog()
			requests := 0
			news := (&Server{log}).News
			server := memnet.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests++
				ctx, cancel := context.WithTimeout(r.Context(), m.breaks)
				defer cancel()
				news(w, r.WithContext(ctx))
				if r.Context().Err() == nil {
					panic(http.ErrAbortHandler) // the end of the connection, without the last chunk
				}
			}))
			defer server.Close()
			ctx, closePage := context.WithCancel(t.Context())
			defer closePage()
			begun, at := time.Now(), times(m.events)
			var seen, twice int
			var delay time.Duration
			page := make(chan struct{})
			taskNews.Go(t, func() {
				defer close(page)
				source := Source{Client: server.Client(), URL: "http://vote.example/news"}
				source.Follow(ctx, func(e Event) {
					if e.ID != strconv.Itoa(seen+1) {
						if twice++; twice > mostWrites {
							closePage() // there is no end of them
						}
						return
					}
					if seen < len(at) {
						delay += time.Since(begun) - at[seen]
					}
					seen++
				})
			})
			for _, d := range at {
				time.Sleep(d - time.Since(begun))
				log.Add(said)
			}
			time.Sleep(time.Minute - time.Millisecond - time.Since(begun))
			synctest.Wait()
			up, down := server.Up(), server.Down()
			closePage()
			<-page
			type minute struct{ EventsSeen, OutOfOrder, Requests int }
			taskNews.Equal(t, name, minute{seen, twice, requests}, minute{m.events, 0, m.requests},
				lesson.If(true, "the parts do not work together yet; make the other tests pass first"))
			each, late := "-", "-"
			if m.events > 0 {
				each = strconv.Itoa((up + down) / m.events)
				late = fmt.Sprintf("%.1f s", delay.Seconds()/float64(m.events))
			}
			table += fmt.Sprintf("%-16s %8d %5d %6d %9s %6s %6d\n", m.name, requests, up, down, each, late, m.events-seen)
		}, hangs)
	}
	io.WriteString(t.Output(), table)
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
