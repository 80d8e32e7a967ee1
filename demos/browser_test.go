package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/internal/devtools"
	"example.com/ws101/rfc6455"
)

// techniques are the demos with the vote.
var techniques = []string{"polling", "longpolling", "streaming", "sse", "websocket"}

// TestBrowser shows that everything works in Chromium, driven by our own WebSocket client.
func TestBrowser(t *testing.T) {
	b := devtools.ForTest(t)
	for _, test := range []struct {
		name string
		run  func(*testing.T, *devtools.Browser)
	}{
		{"a vote shows in the other page", voteShowsInTheOtherPage},
		{"a vote shows on every technique", voteShowsOnEveryTechnique},
		{"classic pages work unchanged", classicPagesWorkUnchanged},
		{"echo", echoPage},
		{"the page closes cleanly", pageClosesCleanly},
		{"the server closes cleanly", serverClosesCleanly},
		{"a broken connection resumes by cursor", brokenConnectionResumes},
		{"a restart of the server is survived", restartIsSurvived},
		{"a page of another origin", pageOfAnotherOrigin},
		{"the start page", startPage},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel() // they wait for a timer more than for the machine
			test.run(t, b)
		})
	}
}

func voteShowsInTheOtherPage(t *testing.T, b *devtools.Browser) {
	for _, name := range techniques {
		t.Run(name, func(t *testing.T) {
			r := startRun(t, name)
			one, other := openTab(t, b, r.url), openTab(t, b, r.url)
			one.shows(1, 300)
			other.shows(1, 300)
			one.hurry()
			other.hurry()
			one.votes(1)
			other.shows(1, 301)
			one.shows(1, 301)
			other.votes(3)
			one.shows(3, 601)
			one.until(`document.getElementById('message').textContent.startsWith('明凯: 301.')`)
			one.quiet()
			other.quiet()
			r.end(t)
		})
	}
}

func voteShowsOnEveryTechnique(t *testing.T, b *devtools.Browser) {
	r := startRun(t)
	var tabs []*tab
	for _, name := range techniques {
		tabs = append(tabs, openTab(t, b, r.url+name+"/"))
	}
	tabs[0].connected()
	tabs[0].hurry()
	for i, voter := range tabs {
		voter.votes(2)
		for _, one := range tabs {
			one.shows(2, 201+i)
		}
	}
	for _, one := range tabs {
		one.quiet()
	}
	r.end(t)
}

// The pages in testdata/classic are written as the classic tutorials wrote them.
func classicPagesWorkUnchanged(t *testing.T, b *devtools.Browser) {
	for _, name := range []string{"polling", "longpolling", "websocket"} {
		t.Run(name, func(t *testing.T) {
			r := startRun(t, name, "-page", filepath.Join("testdata", "classic", name+".html"))
			one := openTab(t, b, r.url)
			other := openBeside(t, b, one, r.url) // with the same cookies and the same cache
			count := func(n int) string { return fmt.Sprintf(`document.getElementById('1').innerText.includes('%d')`, n) }
			one.until(`document.readyState === 'complete' && (!window.ws || ws.readyState === 1)`)
			other.until(`document.readyState === 'complete' && (!window.ws || ws.readyState === 1)`)
			for i, voter := range []*tab{one, other, one} {
				voter.eval(`document.getElementById('1').ondblclick()`)
				one.until(count(301 + i))
				other.until(count(301 + i))
			}
			one.quiet()
			other.quiet()
			r.end(t)
		})
	}
}

// closings are what one side closes with, and what both see.
var closings = []struct {
	code   int
	reason string
	sees   int // 1005 stands for no code
}{
	{1000, "", 1000},
	{1000, "说完了", 1000},
	{3000, "a reason", 3000},
	{4999, strings.Repeat("x", 123), 4999},
	{1005, "", 1005},
}

// listener is a page with a place to connect to. Each connection is handed to the test.
func listener(t *testing.T, b *devtools.Browser) (*tab, <-chan *rfc6455.Conn) {
	t.Helper()
	conns := make(chan *rfc6455.Conn, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/ws" {
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte(`<!doctype html><link rel="icon" href="data:,">`))
			return
		}
		if conn, err := rfc6455.Upgrade(w, r, nil); assert.NoError(t, err) {
			conns <- conn
		}
	}))
	t.Cleanup(server.Close)
	page := openTab(t, b, server.URL+"/")
	return page, conns
}

// connect is the script that opens a WebSocket in the page, and keeps how it ends.
const connect = `new Promise((open) => {
  window.socket = new WebSocket('ws://' + location.host + '/ws');
  window.ended = new Promise((resolve) => {
    socket.onclose = ({ code, reason, wasClean }) => resolve({ code, reason, wasClean });
  });
  socket.onopen = () => open(true);
})`

type closeEvent struct {
	Code     int
	Reason   string
	WasClean bool
}

func (b *tab) ended() closeEvent {
	b.t.Helper()
	var e closeEvent
	require.NoError(b.t, json.Unmarshal([]byte(b.eval(`window.ended`)), &e))
	return e
}

func pageClosesCleanly(t *testing.T, b *devtools.Browser) {
	page, conns := listener(t, b)
	for _, c := range closings {
		page.eval(connect)
		conn := <-conns
		script := fmt.Sprintf(`socket.close(%d, %q)`, c.code, c.reason)
		if c.code == 1005 {
			script = `socket.close()`
		}
		page.eval(script)
		_, _, err := conn.Read(t.Context())
		var end *rfc6455.CloseError
		require.ErrorAs(t, err, &end)
		assert.True(t, end.Clean)
		assert.True(t, end.Remote)
		assert.EqualValues(t, c.sees, end.Code)
		assert.Equal(t, c.reason, end.Reason)
		// The answer of the server repeats the code and not the reason, and that is what
		// the page is told in the end.
		assert.Equal(t, closeEvent{c.sees, "", true}, page.ended())
	}
	page.quiet()
}

func serverClosesCleanly(t *testing.T, b *devtools.Browser) {
	page, conns := listener(t, b)
	for _, c := range append(closings, closings[0]) {
		page.eval(connect)
		conn := <-conns
		assert.NoError(t, conn.Close(rfc6455.CloseCode(c.code), c.reason))
		assert.Equal(t, closeEvent{c.sees, c.reason, true}, page.ended())
		var end *rfc6455.CloseError
		require.ErrorAs(t, conn.Err(), &end)
		assert.True(t, end.Clean)
		assert.False(t, end.Remote)
		assert.EqualValues(t, c.sees, end.Code)
	}
	page.quiet()
}

// cutter is a listener that can break all of its connections without a word.
type cutter struct {
	net.Listener
	mu    sync.Mutex
	conns []net.Conn
}

func (c *cutter) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err == nil {
		c.mu.Lock()
		c.conns = append(c.conns, conn)
		c.mu.Unlock()
	}
	return conn, err
}

func (c *cutter) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.conns {
		_ = conn.(*net.TCPConn).SetLinger(0) // an RST, and no FIN
		conn.Close()
	}
	c.conns = nil
}

func brokenConnectionResumes(t *testing.T, b *devtools.Browser) {
	s := testShared(t)
	server := httptest.NewUnstartedServer(all(s))
	network := &cutter{Listener: server.Listener}
	server.Listener = network
	server.Start()
	defer server.Close()

	page := openTab(t, b, server.URL+"/websocket/")
	page.shows(1, 300)
	for i := range 3 {
		network.cut()
		_, err := s.room.Tally.Vote(1) // while there is no connection
		require.NoError(t, err)
		_, err = s.room.Tally.Vote(2)
		require.NoError(t, err)
		page.shows(1, 301+i)
		page.shows(2, 201+i)
		page.connected()
	}
	page.until(`document.getElementById('closed').innerText.startsWith('close code 1006: no Close frame came')`)
	page.until(`document.getElementById('closed').innerText.endsWith('(not clean)')`)

	snapshots, batches := 0, 0
	for _, f := range page.Frames() {
		var batch struct {
			Snapshot bool
			Events   []json.RawMessage
		}
		require.NoError(t, json.Unmarshal([]byte(f.Data), &batch))
		if batch.Snapshot {
			snapshots++
		} else {
			batches++
			assert.LessOrEqual(t, len(batch.Events), 2)
		}
	}
	assert.Equal(t, 1, snapshots, "only the first connection begins with a snapshot")
	assert.GreaterOrEqual(t, batches, 3)
	for _, e := range page.Errors() {
		assert.Contains(t, e, "WebSocket connection to", "nothing but what the browser says by itself")
	}
	page.stayed()
}

func restartIsSurvived(t *testing.T, b *devtools.Browser) {
	r := startRun(t)
	var tabs []*tab
	for _, name := range techniques {
		one := openTab(t, b, r.url+name+"/")
		one.shows(1, 300)
		one.hurry()
		tabs = append(tabs, one)
	}
	tabs[0].votes(1)
	for _, one := range tabs {
		one.shows(1, 301)
	}
	r.end(t)
	for _, one := range tabs {
		one.until(`document.getElementById('status').dataset.state === 'retrying'`)
	}
	web := tabs[len(tabs)-1]
	web.until(`document.getElementById('closed').textContent.startsWith('close code 1001')`)
	web.until(`document.getElementById('closed').textContent.endsWith('(clean)')`)

	again := startRunAt(t, strings.TrimSuffix(strings.TrimPrefix(r.url, "http://"), "/"))
	for _, one := range tabs {
		one.shows(1, 300) // a new server knows nothing of the votes before
		one.connected()
	}
	web.votes(1)
	for _, one := range tabs {
		one.shows(1, 301)
		one.stayed()
	}
	again.end(t)
}

func pageOfAnotherOrigin(t *testing.T, b *devtools.Browser) {
	page, _ := listener(t, b)
	try := func(address string) closeEvent {
		page.eval(fmt.Sprintf(`window.ended = new Promise((resolve) => {
			const socket = new WebSocket(%q);
			socket.onopen = () => socket.close(4000);
			socket.onclose = ({ code, reason, wasClean }) => resolve({ code, reason, wasClean });
		}); true`, address))
		return page.ended()
	}
	closed := startRun(t)
	assert.Equal(t, closeEvent{1006, "", false}, try(webSocketAddress(closed.url, "websocket/vote")), "refused")
	assert.Equal(t, closeEvent{1006, "", false}, try(webSocketAddress(closed.url, "echo/ws")), "refused")
	closed.end(t)

	var origin string
	require.NoError(t, json.Unmarshal([]byte(page.eval(`location.origin`)), &origin))
	open := startRun(t, "-origin", origin)
	assert.Equal(t, closeEvent{4000, "", true}, try(webSocketAddress(open.url, "websocket/vote")))
	assert.Equal(t, closeEvent{4000, "", true}, try(webSocketAddress(open.url, "echo/foobar")))
	open.end(t)
}

func startPage(t *testing.T, b *devtools.Browser) {
	r := startRun(t)
	page := openTab(t, b, r.url)
	for _, d := range demos {
		page.eval(fmt.Sprintf(`document.querySelector('a[href="%s/"]').click()`, d.name))
		page.until(fmt.Sprintf(`location.pathname === '/%s/' && document.querySelector('h1').textContent === '%s'`, d.name, d.title))
		page.connected()
		page.eval(`document.querySelector('a.top').click()`)
		page.until(`location.pathname === '/' && document.querySelectorAll('.demos li').length > 0`)
	}
	page.quiet()
	r.end(t)
}

// TestScreenshots looks at all pages in light, dark and narrow, and writes pictures of them into the
// folder that WS101_SCREENSHOTS names.
func TestScreenshots(t *testing.T) {
	dir := os.Getenv("WS101_SCREENSHOTS")
	if dir == "" {
		if os.Getenv("WS101_FULL") == "" {
			t.Skip("WS101_SCREENSHOTS names no folder for the pictures")
		}
		dir = t.TempDir()
	}
	require.NoError(t, os.MkdirAll(dir, 0o755))
	b := devtools.ForTest(t)
	r := startRun(t)
	for _, name := range append([]string{""}, names()...) {
		address := r.url
		if name != "" {
			address += name + "/"
		}
		page := openTab(t, b, address)
		if name != "" {
			page.connected()
		}
		if name == "echo" {
			page.click("send-text")
			page.click("send-buffer")
			page.until(`document.getElementById('log').innerText.includes('Blob, 1048576 bytes, as')`)
			page.click("send-much")
			page.until(`document.getElementById('drained').textContent !== ''`)
			page.until(`document.querySelectorAll('#heads tr').length > 0`)
			page.click("close")
			page.until(`document.getElementById('log').innerText.includes('wasClean')`)
		} else if name != "" {
			page.votes(1)
			page.until(`document.getElementById('message').textContent.includes('From your click')`)
		}
		for look, screen := range map[string]devtools.Screen{
			"light":  {Width: 1024, Height: 768},
			"dark":   {Width: 1024, Height: 768, Dark: true},
			"narrow": {Width: 360, Height: 740, Mobile: true},
		} {
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			require.NoError(t, page.Show(ctx, screen))
			assert.Equal(t, "true", page.eval(`document.documentElement.scrollWidth <= innerWidth`), "%s is too wide", name)
			png, err := page.Screenshot(ctx)
			cancel()
			require.NoError(t, err)
			file := filepath.Join(dir, strings.TrimPrefix(name+"-"+look+".png", "-"))
			require.NoError(t, os.WriteFile(file, png, 0o644))
		}
	}
	r.end(t)
}
