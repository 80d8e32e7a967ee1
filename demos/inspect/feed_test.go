package inspect

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/wire"
	"example.com/ws101/rfc6455"
)

// news is any message to a page.
type news struct {
	Hello *hello
	Rows  []struct {
		Seq          uint64
		Path, Method string
		Status       int
		Frame        *Frame
	}
	Explained *Explained
}

// serve serves an inspector on a loopback address, with the tap on each connection.
func serve(t *testing.T, o Options) *httptest.Server {
	t.Helper()
	if o.Tap == nil {
		o.Tap = wire.New(wire.Options{Hide: func(path string) bool { return Own("/", path) }})
	}
	ctx, cancel := context.WithCancel(context.Background())
	o.Closing = ctx
	s := httptest.NewUnstartedServer(New(o))
	s.Listener = wire.Listen(s.Listener, o.Tap)
	s.Start()
	t.Cleanup(func() { cancel(); s.Close() })
	return s
}

// watch opens the feed, and passes the first message, which is the hello.
func watch(t *testing.T, s *httptest.Server) (c *rfc6455.Conn, first hello) {
	t.Helper()
	c, _, err := rfc6455.Dial(t.Context(), "ws"+strings.TrimPrefix(s.URL, "http")+"/ws", nil)
	require.NoError(t, err)
	t.Cleanup(c.CloseNow)
	n := next(t, c)
	require.NotNil(t, n.Hello)
	return c, *n.Hello
}

func next(t *testing.T, c *rfc6455.Conn) (n news) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, p, err := c.Read(ctx)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(p, &n), string(p))
	return n
}

func TestFeedTellsRowsAndExplainsThem(t *testing.T) {
	s := serve(t, Options{})
	c, first := watch(t, s)
	assert.Equal(t, MaxRows, first.MaxRows)
	assert.NotEmpty(t, first.Epoch)

	echo, _, err := rfc6455.Dial(t.Context(), "ws"+strings.TrimPrefix(s.URL, "http")+"/echo/ws", nil)
	require.NoError(t, err)
	defer echo.CloseNow()
	require.NoError(t, echo.Write(t.Context(), rfc6455.Text, []byte("Hello")))
	_, _, err = echo.Read(t.Context())
	require.NoError(t, err)

	var rows news
	for len(rows.Rows) == 0 || rows.Rows[len(rows.Rows)-1].Seq < 5 {
		rows.Rows = append(rows.Rows, next(t, c).Rows...)
	}
	seen := map[uint64]int{} // where the row is: one that has changed comes twice
	for i, r := range rows.Rows {
		seen[r.Seq] = i
		assert.Contains(t, []string{"", "/echo/ws"}, r.Path, "it does not show itself")
	}
	row := func(seq uint64) *Frame { return rows.Rows[seen[seq]].Frame }
	assert.Equal(t, "GET", rows.Rows[seen[2]].Method)
	assert.Equal(t, 101, rows.Rows[seen[3]].Status)
	assert.Equal(t, &Frame{Opcode: 1, Name: "text", Fin: true, Masked: true, Length: 5}, row(4))
	assert.Equal(t, &Frame{Opcode: 1, Name: "text", Fin: true, Length: 5}, row(5))

	require.NoError(t, c.Write(t.Context(), rfc6455.Text, []byte(`{"explain": 5}`)))
	n := next(t, c)
	for n.Explained == nil {
		n = next(t, c)
	}
	assert.Equal(t, "8105"+"48656c6c6f", n.Explained.Hex)
	assert.Equal(t, 2, n.Explained.HeaderLen)
	assert.Equal(t, Field{Kind: "F", Name: "FIN", Width: 1, Bits: "1... ....", Value: "1", Meaning: "the last frame of its message"}, n.Explained.Fields[0])

	require.NoError(t, c.Write(t.Context(), rfc6455.Text, []byte(`{"explain": 4711}`)))
	assert.True(t, next(t, c).Explained.Gone)
	require.NoError(t, c.Write(t.Context(), rfc6455.Text, []byte(`no JSON`)), "is not heard")
}

func TestFeedIsForItsOwnPageOnly(t *testing.T) {
	s := serve(t, Options{})
	for origin, want := range map[string]int{s.URL: 101, "http://localhost:1": 403, "https://evil.example": 403, "null": 403} {
		r, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+"/ws", nil)
		require.NoError(t, err)
		for name, value := range map[string]string{
			"Origin": origin, "Upgrade": "websocket", "Connection": "Upgrade",
			"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
		} {
			r.Header.Set(name, value)
		}
		answer, err := http.DefaultTransport.RoundTrip(r)
		require.NoError(t, err)
		answer.Body.Close()
		assert.Equal(t, want, answer.StatusCode, origin)
	}
}

func TestOnlyThisMachineMayLook(t *testing.T) {
	request := func(host, local string, fields ...string) *http.Request {
		r := httptest.NewRequest("GET", "http://"+host+"/", nil)
		for _, name := range fields {
			r.Header.Set(name, "x")
		}
		addr, err := net.ResolveTCPAddr("tcp", local)
		require.NoError(t, err)
		return r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(addr)))
	}
	tap := wire.New(wire.Options{})
	for _, c := range []struct {
		name string
		r    *http.Request
		o    Options
		want int
	}{
		{"here", request("127.0.0.1:8101", "127.0.0.1:8101"), Options{Tap: tap}, 200},
		{"by name", request("localhost:8101", "127.0.0.1:8101"), Options{Tap: tap}, 200},
		{"by IPv6", request("[::1]:8101", "[::1]:8101"), Options{Tap: tap}, 200},
		{"from elsewhere", request("192.0.2.1:8101", "192.0.2.1:8101"), Options{Tap: tap}, 403},
		{"from elsewhere, with a false name", request("127.0.0.1", "192.0.2.1:8101"), Options{Tap: tap}, 403},
		{"by another name", request("example.com", "127.0.0.1:8101"), Options{Tap: tap}, 403},
		{"through a proxy", request("127.0.0.1", "127.0.0.1:8101", "X-Forwarded-For"), Options{Tap: tap}, 403},
		{"through another proxy", request("127.0.0.1", "127.0.0.1:8101", "Via"), Options{Tap: tap}, 403},
		{"from elsewhere, as was asked for", request("192.0.2.1:8101", "192.0.2.1:8101", "Via"), Options{Tap: tap, Everywhere: true}, 200},
		{"without a tap", request("127.0.0.1", "127.0.0.1:8101"), Options{Everywhere: true}, 403},
	} {
		w := httptest.NewRecorder()
		New(c.o).ServeHTTP(w, c.r)
		assert.Equal(t, c.want, w.Code, c.name)
		if c.want == 403 {
			assert.Contains(t, w.Body.String(), "The inspector is off", c.name)
		}
	}
}

func TestOwn(t *testing.T) {
	for path, want := range map[string]bool{
		"/inspect/": true, "/inspect/ws": true, "/inspect/main.js": true,
		"/inspect/echo/ws": false, "/echo/ws": false, "/": false, "": false, "/inspect": false,
	} {
		assert.Equal(t, want, Own("/inspect/", path), path)
	}
	assert.True(t, Own("/", "/ws"))
	assert.False(t, Own("/", "/echo/ws"))
}

// A page that is loaded again finds what it has shown; when nobody comes back, no
// rows are made.
func TestRowsStayForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := startTalk(t)
		k.open("")
		for p := range k.log.pages {
			k.log.leave(p)
		}
		time.Sleep(linger - time.Millisecond)
		page := k.log.join()
		time.Sleep(linger)
		b, ok := page.take()
		require.True(t, ok)
		assert.Len(t, b.Rows, 3)
		assert.Len(t, b.Conns, 1)
		_, ok = page.take()
		assert.False(t, ok)

		k.log.leave(page)
		time.Sleep(linger + time.Millisecond)
		synctest.Wait()
		k.clientSays("81 80 00 00 00 01")
		assert.Empty(t, k.log.entries)
		assert.Empty(t, k.log.tap.Rows(0, 100))
	})
}

// add puts a row into a log that nobody else writes to.
func add(l *log, seq uint64, size int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.add([]wire.Row{{Seq: seq, Conn: 1 + seq%2000, Kind: wire.Opened, Note: strings.Repeat("x", size)}}, 0)
}

func TestLogIsBounded(t *testing.T) {
	l := newLog(wire.New(wire.Options{}))
	page := l.join()
	defer l.stop()
	for seq := range uint64(2 * MaxRows) {
		add(l, seq+1, 10)
	}
	assert.Len(t, l.entries, MaxRows)
	assert.LessOrEqual(t, len(l.conns), maxConns)
	var rows int
	var missed uint64
	for b, ok := page.take(); ok; b, ok = page.take() {
		rows += len(b.Rows)
		missed += b.Missed
		assert.LessOrEqual(t, len(b.Rows), maxBatch)
	}
	assert.Equal(t, MaxRows, rows)
	assert.EqualValues(t, MaxRows, missed)

	for seq := range uint64(2000) {
		add(l, 2*MaxRows+seq+1, 64<<10)
	}
	assert.LessOrEqual(t, l.bytes, maxBytes)
	assert.NotEmpty(t, l.entries)
}

// What has changed is sent again, once, to a page that has it.
func TestChangedRowsAreSentAgain(t *testing.T) {
	bubble(t, func(t *testing.T, k *talk) {
		k.open("")
		page := k.log.join()
		defer k.log.leave(page)
		for _, ok := page.take(); ok; _, ok = page.take() {
		}
		k.serverSays("89 00")
		b, _ := page.take()
		require.Len(t, b.Rows, 1)
		ping := b.Rows[0].Seq
		k.clientSays("8a 80 00 00 00 01")
		b, _ = page.take()
		require.Len(t, b.Rows, 2)
		assert.Equal(t, ping, b.Rows[0].Seq)
		assert.True(t, b.Rows[0].Reaction.Met)
		assert.Zero(t, b.Missed)
	})
}
