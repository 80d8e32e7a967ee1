package sse

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/feed"
	"example.com/ws101/demos/room"
	"example.com/ws101/demos/vote"
)

const (
	votes = `{"1": {"name": "明凯", "count": 300}, "2": {"name": "厂长", "count": 200}, "3": {"name": "7酱", "count": 600}}`
	me    = "0123456789abcdef"
)

func newRoom(t *testing.T, o feed.Options) *room.Room {
	t.Helper()
	o.Epoch = "test"
	f := feed.New(o)
	tally, err := vote.New(f, vote.Defaults())
	require.NoError(t, err)
	return room.New(f, tally)
}

func voteFor(t *testing.T, r *room.Room, uid int64) {
	t.Helper()
	_, err := r.Tally.Vote(uid)
	require.NoError(t, err)
}

// A recorder may be read while a handler still writes to it.
type recorder struct {
	mu sync.Mutex
	*httptest.ResponseRecorder
}

func (r *recorder) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ResponseRecorder.Write(b)
}

func (r *recorder) Flush() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ResponseRecorder.Flush()
}

// sofar returns what has been written.
func (r *recorder) sofar() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.Body.String()
}

// A stream is a request whose answer goes on.
type stream struct {
	t      *testing.T
	w      *recorder
	seen   int
	cancel context.CancelFunc
	ended  chan struct{}
}

func open(t *testing.T, h http.Handler, path string, header ...string) *stream {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := httptest.NewRequestWithContext(ctx, "GET", path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	s := &stream{t: t, w: &recorder{ResponseRecorder: httptest.NewRecorder()}, cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(s.ended)
		h.ServeHTTP(s.w, r)
	}()
	return s
}

// gets requires that exactly this has come since it was asked last.
func (s *stream) gets(want string) {
	s.t.Helper()
	synctest.Wait()
	body := s.w.sofar()
	assert.Equal(s.t, want, body[s.seen:])
	s.seen = len(body)
}

// leaves ends a stream from the side of the client.
func (s *stream) leaves() {
	s.cancel()
	<-s.ended
	s.gets("")
}

const hello = "retry: 2000\n\n"

func TestStreamAsItStandsOnTheWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t, feed.Options{})
		s := open(t, New(Options{Room: r}), "/news")
		s.gets(hello + "id: test-0\nevent: snapshot\ndata: {\"vote\": " + votes + ", \"chat\": [], \"here\": []}\n\n")
		assert.Equal(t, 200, s.w.Code)
		assert.Equal(t, "text/event-stream", s.w.Header().Get("Content-Type"))
		assert.Equal(t, "no-store", s.w.Header().Get("Cache-Control"))
		assert.Equal(t, "no", s.w.Header().Get("X-Accel-Buffering"))

		voteFor(t, r, 1)
		s.gets("id: test-1\nevent: vote\ndata: {\"uid\": 1, \"name\": \"明凯\", \"count\": 301}\n\n")
		require.NoError(t, r.Join(me, "Ada"))
		s.gets("id: test-2\nevent: here\ndata: {\"name\":\"Ada\",\"by\":\"\",\"here\":true}\n\n")
		require.NoError(t, r.Say(me, "one\ntwo"))
		s.gets(fmt.Sprintf("id: test-3\nevent: chat\ndata: {\"id\":1,\"name\":\"Ada\",\"text\":\"one\\ntwo\",\"at\":%d}\n\n", time.Now().UnixMilli()))

		time.Sleep(7 * time.Second)
		voteFor(t, r, 1)
		s.gets("id: test-4\nevent: vote\ndata: {\"uid\": 1, \"name\": \"明凯\", \"count\": 302}\n\n")
		time.Sleep(8 * time.Second)
		s.gets("id: test-5\nevent: here\ndata: {\"name\":\"Ada\",\"by\":\"\",\"here\":false}\n\n")
		s.leaves()
	})
}

func TestHeadersAndBeats(t *testing.T) {
	t.Run("SSE-S1 the type", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := open(t, New(Options{Room: newRoom(t, feed.Options{})}), "/news?cursor=test-0")
			s.gets(hello)
			assert.Equal(t, "text/event-stream", s.w.Header().Get("Content-Type"))
			s.leaves()
		})
	})
	t.Run("SSE-S2 a comment every 15 seconds", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := open(t, New(Options{Room: newRoom(t, feed.Options{})}), "/news?cursor=test-0")
			s.gets(hello)
			for range 3 {
				time.Sleep(15*time.Second - time.Nanosecond)
				s.gets("")
				time.Sleep(time.Nanosecond)
				s.gets(": nothing new\nevent: beat\ndata: test-0\n\n")
			}
			s.leaves()
		})
	})
}

func TestStreamGoesOnFromTheCursor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t, feed.Options{MaxEvents: 8})
		h := New(Options{Room: r})
		for range 3 {
			voteFor(t, r, 1)
		}
		const second = "id: test-2\nevent: vote\ndata: {\"uid\": 1, \"name\": \"明凯\", \"count\": 302}\n\n"
		const third = "id: test-3\nevent: vote\ndata: {\"uid\": 1, \"name\": \"明凯\", \"count\": 303}\n\n"
		snapshot := "id: test-3\nevent: snapshot\ndata: {\"vote\": " + strings.Replace(votes, "300", "303", 1) + ", \"chat\": [], \"here\": []}\n\n"
		for _, test := range []struct{ name, cursor, last, want string }{
			{"a cursor", "test-1", "", second + third},
			{"a cursor with nothing after it", "test-3", "", ""},
			{"Last-Event-ID", "", "test-2", third},
			{"Last-Event-ID is newer than the address", "test-1", "test-2", third},
			{"Last-Event-ID counts even when it is older", "test-2", "test-1", second + third},
			{"Last-Event-ID of an earlier server", "test-1", "older-2", snapshot},
			{"Last-Event-ID from a future that never was", "test-1", "test-4", snapshot},
			{"Last-Event-ID that is none", "test-2", "7", third},
			{"Last-Event-ID with a line end", "test-2", "test-1\n", third},
			{"nothing", "", "", snapshot},
			{"a cursor of an earlier server", "older-2", "", snapshot},
		} {
			s := open(t, h, "/news?cursor="+test.cursor, "Last-Event-ID", test.last)
			s.gets(hello + test.want)
			s.leaves()
		}
		for range 9 {
			voteFor(t, r, 2)
		}
		s := open(t, h, "/news?cursor=test-3")
		synctest.Wait()
		assert.Contains(t, s.w.sofar(), "id: test-12\nevent: snapshot\n", "too far behind")
		s.cancel()
		<-s.ended
	})
}

func TestStreamSaysGoodbyeWhenTheServerCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closing, begin := context.WithCancel(t.Context())
		r := newRoom(t, feed.Options{})
		h := New(Options{Room: r, Closing: closing})
		const goodbye = "retry: 2000\n: goodbye: the server shuts down\n\n"
		s := open(t, h, "/news?cursor=test-0")
		s.gets(hello)
		begin()
		s.gets(goodbye)
		<-s.ended
		s = open(t, h, "/news?cursor=test-0")
		s.gets(hello + goodbye)
		<-s.ended
	})
}

func TestWhoReadsAStreamIsHere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t, feed.Options{})
		require.NoError(t, r.Join(me, "Ada"))
		s := open(t, New(Options{Room: r}), "/news?cursor=test-1&me="+me)
		s.gets(hello + "id: test-2\nevent: here\ndata: {\"name\":\"Ada\",\"by\":\"sse\",\"here\":true}\n\n")
		time.Sleep(time.Hour)
		assert.Equal(t, "test-2", r.Now().String())
		s.cancel()
		<-s.ended
		time.Sleep(15 * time.Second)
		synctest.Wait()
		assert.Equal(t, `{"name":"Ada","by":"sse","here":false}`, string(r.Since(feed.Cursor{Epoch: "test", N: 2}).Events[0].JSON))
	})
}

func TestRequestsThatAreRefused(t *testing.T) {
	h := New(Options{Room: newRoom(t, feed.Options{})})
	for _, test := range []struct {
		method, path string
		status       int
		sentence     string
	}{
		{"POST", "/news", 405, "This address takes only GET."},
		{"HEAD", "/news", 405, "This address takes only GET."},
		{"GET", "/news?cursor=x", 400, "The cursor must be empty, or as an earlier answer gave it, such as k3f9a2-17."},
		{"GET", "/news?me=ada", 400, "The id of a page (me) is 16 to 64 letters and digits that it made up."},
		{"GET", "/nothing", 404, "There is nothing at this address."},
		{"GET", "/vote", 405, "This address takes only POST."},
		{"GET", "/poll?cursor=x", 400, "The cursor must be empty, or as an earlier answer gave it, such as k3f9a2-17."},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(test.method, test.path, nil))
		assert.Equal(t, test.status, w.Code, test.path)
		assert.Equal(t, test.sentence+"\n", w.Body.String(), test.path)
		assert.NotEqual(t, "text/event-stream", w.Header().Get("Content-Type"))
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/poll", nil))
	assert.Contains(t, w.Body.String(), `{"cursor": "test-0", "snapshot": true, `, "for a page that may not hold a request")
}

// A cut is a connection that breaks after some bytes.
type cut struct {
	header http.Header
	body   []byte
	left   int
	broken context.CancelFunc
}

func (c *cut) Header() http.Header { return c.header }
func (c *cut) WriteHeader(int)     {}
func (c *cut) Flush()              {}

func (c *cut) Write(b []byte) (int, error) {
	n := min(len(b), c.left)
	c.body = append(c.body, b[:n]...)
	if c.left -= n; c.left == 0 {
		c.broken()
		return n, errors.New("broken")
	}
	return n, nil
}

// A browser that is cut off at any byte, again and again, and comes back with the last id, has each
// event once.
func TestNothingIsLostOrRepeatedOverReconnects(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 3))
			r := newRoom(t, feed.Options{})
			h := New(Options{Room: r})
			const total = 200
			go func() {
				for range total {
					_, _ = r.Tally.Vote(1)
					time.Sleep(time.Duration(random.IntN(300)) * time.Millisecond)
				}
			}()
			var got []string
			for last, round := "", 0; len(got) < total; round++ {
				require.Less(t, round, 10_000)
				ctx, cancel := context.WithCancel(t.Context())
				c := &cut{header: http.Header{}, left: 1 + rand.New(rand.NewPCG(seed, uint64(round))).IntN(900), broken: cancel}
				request := httptest.NewRequestWithContext(ctx, "GET", "/news?cursor=test-0", nil)
				if last != "" {
					request.Header.Set("Last-Event-ID", last)
				}
				h.ServeHTTP(c, request)
				cancel()
				p := parser{id: last, lastID: last}
				p.parse(string(c.body))
				for _, e := range p.events {
					if e.name != "beat" {
						got = append(got, e.data)
					}
				}
				last = p.lastID
			}
			for i, data := range got {
				assert.Equal(t, fmt.Sprintf(`{"uid": 1, "name": "明凯", "count": %d}`, 301+i), data)
			}
		})
	}
}

// Over a real connection each event is there before the next one is made, also on a server that has a
// limit on the time of an answer.
func TestEachEventLeavesAtOnce(t *testing.T) {
	t.Run("SSE-S3", func(t *testing.T) {
		r := newRoom(t, feed.Options{})
		server := httptest.NewUnstartedServer(New(Options{Room: r}))
		server.Config.WriteTimeout = time.Nanosecond
		server.Start()
		defer server.Close()
		answer, err := http.Get(server.URL + "/news?cursor=test-0")
		require.NoError(t, err)
		defer answer.Body.Close()
		body := bufio.NewReader(answer.Body)
		reads := func(want string) {
			t.Helper()
			got := make([]byte, len(want))
			_, err := io.ReadFull(body, got)
			require.NoError(t, err)
			assert.Equal(t, want, string(got))
		}
		reads(hello)
		for n := range 3 {
			voteFor(t, r, 1)
			reads(fmt.Sprintf("id: test-%d\nevent: vote\ndata: {\"uid\": 1, \"name\": \"明凯\", \"count\": %d}\n\n", 1+n, 301+n))
		}
		assert.Equal(t, []string{"chunked"}, answer.TransferEncoding)
	})
}
