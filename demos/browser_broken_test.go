package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/devtools"
	"example.com/ws101/demos/room"
)

// A network is a listener whose connections can break, in the two ways in which they do.
type network struct {
	net.Listener

	mu        sync.Mutex
	links     map[*link]bool
	silent    bool
	swallowed chan struct{} // has a value when something was sent into the silence
}

// A link is a connection of a network.
type link struct {
	net.Conn
	network *network

	// Under the lock of the network:
	used bool
	dead bool // all bytes vanish, both ways
}

func (n *network) Accept() (net.Conn, error) {
	conn, err := n.Listener.Accept()
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	l := &link{Conn: conn, network: n}
	n.links[l] = true
	return l, nil
}

// reset ends all connections with an RST, and no FIN.
func (n *network) reset() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for l := range n.links {
		_ = l.Conn.(*net.TCPConn).SetLinger(0)
		l.Conn.Close()
	}
	clear(n.links)
}

// silence lets all bytes vanish on all connections that are in use, and on those that are used until
// heal is called. Nobody is told, and such a connection never recovers.
func (n *network) silence() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.silent = true
	for l := range n.links {
		l.dead = l.used
	}
}

// heal lets new connections work again.
func (n *network) heal() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.silent = false
}

func (l *link) Read(b []byte) (int, error) {
	for {
		count, err := l.Conn.Read(b)
		if err != nil || !l.swallows() {
			return count, err
		}
	}
}

func (l *link) Write(b []byte) (int, error) {
	if l.swallows() {
		return len(b), nil
	}
	return l.Conn.Write(b)
}

func (l *link) swallows() bool {
	l.network.mu.Lock()
	defer l.network.mu.Unlock()
	l.used = true
	l.dead = l.dead || l.network.silent
	if l.dead {
		select {
		case l.network.swallowed <- struct{}{}:
		default:
		}
	}
	return l.dead
}

// Close ends a connection, except one that is dead: its FIN would vanish too.
func (l *link) Close() error {
	l.network.mu.Lock()
	defer l.network.mu.Unlock()
	if l.dead {
		return nil
	}
	delete(l.network.links, l)
	return l.Conn.Close()
}

// startOn starts a server on a network.
func startOn(t *testing.T) (url string, s shared, n *network) {
	t.Helper()
	server, s, n := newOn(t)
	server.Start()
	return server.URL + "/", s, n
}

func newOn(t *testing.T) (server *httptest.Server, s shared, n *network) {
	t.Helper()
	s = testShared(t)
	server = httptest.NewUnstartedServer(all(s))
	n = &network{Listener: server.Listener, links: map[*link]bool{}, swallowed: make(chan struct{}, 1)}
	server.Listener = n
	t.Cleanup(func() {
		n.reset()
		server.Close()
	})
	return server, s, n
}

// A crowd talks and votes without pages: "line 1", "line 2" and so on, and as many votes. Nobody may
// talk for long, so after a while another one does.
type crowd struct {
	t    *testing.T
	room *room.Room
	said []string
}

func (c *crowd) acts(times int) {
	for range times {
		who := len(c.said) / 10
		me := fmt.Sprintf("one-of-the-crowd-%d", who)
		if len(c.said)%10 == 0 {
			assert.NoError(c.t, c.room.Join(me, fmt.Sprintf("Voice %d", who)))
		}
		text := fmt.Sprintf("line %d", len(c.said)+1)
		assert.NoError(c.t, c.room.Say(me, text))
		_, err := c.room.Tally.Vote(1)
		assert.NoError(c.t, err)
		c.said = append(c.said, text)
	}
}

// reached requires that a page has all of it, each once and in order.
func (c *crowd) reached(b *tab) {
	c.t.Helper()
	b.shows(1, 300+len(c.said))
	b.hears(c.said[len(c.said)-1])
	assert.Equal(c.t, c.said, b.lines())
}

// More is said than a newcomer is told: who had to begin anew would not have it all.
func resetLosesNothing(t *testing.T, tabs []*tab) {
	address, s, network := startOn(t)
	visitAll(tabs, address)
	crowd := &crowd{t: t, room: s.room}
	for range 3 {
		crowd.acts(10)
		network.reset()
		crowd.acts(10)
		// An iframe hears nothing of an RST: its document just goes on to load. There the page's
		// clock notices, as it does when there is silence.
		tabs[theStream].eval(`elapse(45_000)`)
		for _, one := range tabs {
			crowd.reached(one)
			one.connected()
		}
	}
	for _, one := range tabs {
		one.complains()
	}
	web := tabs[theWebSocket]
	web.until(`document.getElementById('closed').innerText.startsWith('close code 1006: no Close frame came')`)
	web.until(`document.getElementById('closed').innerText.endsWith('(not clean)')`)
	snapshots := 0
	for _, f := range web.Frames() {
		var batch struct{ Snapshot bool }
		require.NoError(t, json.Unmarshal([]byte(f.Data), &batch))
		if batch.Snapshot {
			snapshots++
		}
	}
	assert.Equal(t, 1, snapshots, "only the first connection begins with a snapshot")
}

// A connection breaks after a vote was counted and before the answer is there. If the browser had used
// the connection before, it sends the vote again by itself. Else the page says that it does not know.
// Either way the vote counts once.
func resetAfterAVote(t *testing.T, b *devtools.Browser) {
	server, _, network := newOn(t)
	pages := server.Config.Handler
	var seen sync.Map
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.URL.Query().Get("once")
		if _, again := seen.LoadOrStore(key, true); key != "" && !again {
			pages.ServeHTTP(httptest.NewRecorder(), r)
			network.reset()
			return
		}
		pages.ServeHTTP(w, r)
	})
	server.Start()
	page := openTab(t, b, server.URL+"/polling/")
	for n := range 5 {
		// Between two polls there is a connection that can be used again.
		page.until(`/in 1\.\d s/.test(document.getElementById('status').textContent)`)
		page.eval(`document.getElementById('message').textContent = ''`)
		page.votes(1)
		page.until(`/is counted|From your click|may have arrived or not/.test(document.getElementById('message').textContent)`)
		page.eval(`elapse(2_000)`)
		page.shows(1, 301+n)
	}
	page.complains()
}

// A connection that is dead without a word is noticed by a clock alone, which is put forward.
func silenceLosesNothing(t *testing.T, b *devtools.Browser) {
	page := openTab(t, b, "about:blank")
	for _, name := range techniques {
		t.Run(name, func(t *testing.T) {
			page := &tab{page.Page, t}
			page.Forget()
			server, s, network := newOn(t)
			// Else the browser would keep connections for later, and try the dead ones first.
			server.Config.SetKeepAlivesEnabled(false)
			server.Start()
			page.visit(server.URL + "/" + name + "/")
			page.connected()
			crowd := &crowd{t: t, room: s.room}
			crowd.acts(10)
			crowd.reached(page)

			network.silence()
			crowd.acts(50)
			<-network.swallowed // what is held is swallowed at once, and a poll when it comes
			network.heal()
			page.eval(`elapse(60_000)`)
			crowd.reached(page)
			page.complains()
		})
	}
}

func restartIsSurvived(t *testing.T, tabs []*tab) {
	r := startRun(t)
	visitAll(tabs, r.url)
	for i, one := range tabs {
		one.joins("Ada " + techniques[i])
	}
	tabs[0].votes(1)
	for _, one := range tabs {
		one.shows(1, 301)
	}
	r.end(t)
	for i, one := range tabs {
		one.until(`document.getElementById('status').dataset.state === 'retrying'`)
		one.reads("#status", map[string]string{
			"polling":     "the server cannot be reached",
			"longpolling": "the server cannot be reached",
			"streaming":   "Retrying in",
			"sse":         "The browser itself connects again, and sends the id of the last event.",
			"websocket":   "Retrying in",
		}[techniques[i]])
	}
	web := tabs[theWebSocket]
	web.until(`document.getElementById('closed').textContent.startsWith('close code 1001')`)
	web.until(`document.getElementById('closed').textContent.endsWith('(clean)')`)

	again := startRunAt(t, strings.TrimSuffix(strings.TrimPrefix(r.url, "http://"), "/"))
	for _, one := range tabs {
		one.shows(1, 300) // a new server knows nothing of the votes before
		one.connected()
	}
	for _, one := range tabs {
		for _, name := range techniques {
			one.sees("Ada " + name) // but everybody has told it who they are
		}
	}
	web.votes(1)
	web.says("here we are again")
	for _, one := range tabs {
		one.shows(1, 301)
		one.hears("here we are again")
		one.complains()
	}
	again.end(t)
}
