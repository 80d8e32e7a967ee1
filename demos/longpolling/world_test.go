package longpolling

import (
	"context"
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

const start = `{"1": {"name": "明凯", "count": 300}, "2": {"name": "厂长", "count": 200}, "3": {"name": "7酱", "count": 600}}`

// after is the state after n votes for 1.
func after(n int) string {
	return strings.Replace(start, "300", "30"+string(rune('0'+n)), 1)
}

// A world is a demo on a feed of its own. It is for use inside a synctest bubble, where 30
// seconds take no time and every goroutine must end.
type world struct {
	t     *testing.T
	feed  *feed.Feed
	room  *room.Room
	tally *vote.Tally
	h     http.Handler
}

func newWorld(t *testing.T, o Options) *world {
	t.Helper()
	f := feed.New(feed.Options{Epoch: "test", MaxEvents: 8})
	tally, err := vote.New(f, vote.Defaults())
	require.NoError(t, err)
	o.Room = room.New(f, tally)
	return &world{t, f, o.Room, tally, New(o)}
}

func (w *world) vote(uid int64) {
	w.t.Helper()
	_, err := w.tally.Vote(uid)
	require.NoError(w.t, err)
}

// A tab is a browser's tab with its cookie.
type tab struct {
	w      *world
	cookie string
	from   string // the address of the machine
}

// open loads the page.
func (w *world) open() *tab {
	b := &tab{w: w, from: "192.0.2.1:1234"}
	c := b.get("/")
	synctest.Wait()
	require.Equal(w.t, 200, c.rec.Status())
	require.NotEmpty(w.t, b.cookie)
	return b
}

// An answer is what a client sees of the response so far, at any moment.
type answer struct {
	own http.Header // the handler's, until the status is out

	mu     sync.Mutex
	status int // 0 until it is out
	header http.Header
	body   string
}

func newAnswer() *answer                  { return &answer{own: http.Header{}} }
func (a *answer) Header() http.Header     { return a.own }
func (a *answer) Flush()                  { a.WriteHeader(200) }
func (a *answer) Cookies() []*http.Cookie { return (&http.Response{Header: a.Seen()}).Cookies() }

func (a *answer) WriteHeader(status int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.status == 0 {
		a.status, a.header = status, a.own.Clone()
	}
}

func (a *answer) Write(b []byte) (int, error) {
	a.WriteHeader(200)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.body += string(b)
	return len(b), nil
}

func (a *answer) Status() int       { a.mu.Lock(); defer a.mu.Unlock(); return a.status }
func (a *answer) Seen() http.Header { a.mu.Lock(); defer a.mu.Unlock(); return a.header }
func (a *answer) Body() string      { a.mu.Lock(); defer a.mu.Unlock(); return a.body }

// A call is a request in flight.
type call struct {
	t      *testing.T
	rec    *answer
	cancel context.CancelFunc
	start  time.Time
	ended  chan struct{}
	took   time.Duration
}

func (b *tab) get(path string) *call {
	ctx, cancel := context.WithCancel(context.Background())
	r := httptest.NewRequestWithContext(ctx, "GET", path, nil)
	r.RemoteAddr = b.from
	if b.cookie != "" {
		r.AddCookie(&http.Cookie{Name: cookie, Value: b.cookie})
	}
	c := &call{t: b.w.t, rec: newAnswer(), cancel: cancel, start: time.Now(), ended: make(chan struct{})}
	go func() {
		defer close(c.ended)
		defer cancel()
		b.w.h.ServeHTTP(c.rec, r)
		c.took = time.Since(c.start)
	}()
	synctest.Wait()
	for _, set := range c.rec.Cookies() {
		b.cookie = set.Value
	}
	return c
}

func (c *call) held() {
	c.t.Helper()
	synctest.Wait()
	select {
	case <-c.ended:
		c.t.Fatalf("the request should be held, and was answered: %d %q", c.rec.Status(), c.rec.Body())
	default:
	}
}

// gets requires an answer d after the request.
func (c *call) gets(d time.Duration, body string) {
	c.t.Helper()
	<-c.ended
	assert.Equal(c.t, 200, c.rec.Status())
	assert.Equal(c.t, body, c.rec.Body())
	assert.Equal(c.t, d, c.took)
}

func (c *call) abandon() {
	c.cancel()
	<-c.ended
	assert.Equal(c.t, "", c.rec.Body())
}

func bubble(t *testing.T, o Options, f func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, newWorld(t, o)) })
}
