package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/devtools"
	"example.com/ws101/rfc6455"
)

// techniques are the demos with the vote.
var techniques = []string{"polling", "longpolling", "streaming", "sse", "websocket"}

// Where some of them are in this list.
const (
	theStream    = 2
	theWebSocket = 4
)

// TestBrowser shows that everything works in Chromium, driven by our own WebSocket client.
func TestBrowser(t *testing.T) {
	b := devtools.ForTest(t)
	for _, test := range []struct {
		name string
		run  func(*testing.T, *devtools.Browser)
	}{
		{"on all techniques", onAllTechniques},
		{"each demo alone", eachDemoAlone},
		{"who is here", whoIsHere},
		{"a name that is taken", nameIsTaken},
		{"who is too fast", tooFast},
		{"six tabs", sixTabs},
		{"the technique changes", techniqueChanges},
		{"the keyboard", keyboard},
		{"classic pages work unchanged", classicPagesWorkUnchanged},
		{"a classic chat works unchanged", classicChatWorksUnchanged},
		{"echo", echoPage},
		{"the page closes cleanly", pageClosesCleanly},
		{"the server closes cleanly", serverClosesCleanly},
		{"silence loses nothing", silenceLosesNothing},
		{"a reset after a vote", resetAfterAVote},
		{"a page of another origin", pageOfAnotherOrigin},
		{"the start page", startPage},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel() // they wait for a timer more than for the machine
			test.run(t, b)
		})
	}
}

// eachDemoAlone shows that a page works at the root as it does below its name.
func eachDemoAlone(t *testing.T, b *devtools.Browser) {
	page := openTab(t, b, "about:blank")
	for _, name := range techniques {
		r := startRun(t, name)
		page.visit(r.url)
		page.shows(1, 300)
		page.hurry()
		page.joins("Ada")
		page.votes(3)
		page.reads("#message", "7酱: 601. From your click to the new count: ")
		page.says("alone")
		page.hears("alone")
		page.quiet()
		page.visit("about:blank")
		page.Forget()
		r.end(t)
	}
}

// onAllTechniques runs tests that need the pages of all techniques at once, in the same five tabs.
// Each is in a browser of its own.
func onAllTechniques(t *testing.T, b *devtools.Browser) {
	var tabs []*tab
	for range techniques {
		tabs = append(tabs, openTab(t, b, "about:blank"))
	}
	for _, test := range []struct {
		name string
		run  func(*testing.T, []*tab)
	}{
		{"all meet in one room", allMeet},
		{"a text is a text", textIsText},
		{"a reset loses nothing", resetLosesNothing},
		{"a restart of the server is survived", restartIsSurvived},
	} {
		t.Run(test.name, func(t *testing.T) {
			var mine []*tab
			for _, one := range tabs {
				one.visit("about:blank") // the server of the last test has ended
				one.Forget()
				mine = append(mine, &tab{one.Page, t})
			}
			test.run(t, mine)
		})
	}
}

// visitAll brings each tab to the page of its technique.
func visitAll(tabs []*tab, address string) {
	for i, one := range tabs {
		one.t.Helper()
		one.visit(address + techniques[i] + "/")
	}
	for _, one := range tabs {
		one.connected()
		one.hurry()
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
		link := fmt.Sprintf(`document.querySelector('a[href="%s/"]')`, d.name)
		page.until(link + ` !== null`)
		page.eval(link + `.click()`)
		page.until(fmt.Sprintf(`location.pathname === '/%s/' && document.querySelector('h1').textContent === '%s'`, d.name, d.title))
		page.connected()
		page.eval(`document.querySelector('a.top').click()`)
		page.until(`location.pathname === '/'`)
	}
	page.quiet()
	r.end(t)
}
