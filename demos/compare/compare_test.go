package compare

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/feed"
	"example.com/ws101/demos/room"
	"example.com/ws101/demos/vote"
	"example.com/ws101/demos/wire"
	"example.com/ws101/rfc6455"
)

func newRoom(t *testing.T) *room.Room {
	t.Helper()
	news := feed.New(feed.Options{Epoch: "e"})
	tally, err := vote.New(news, vote.Defaults())
	require.NoError(t, err)
	return room.New(news, tally)
}

func start(t *testing.T) (server *httptest.Server, r *room.Room) {
	t.Helper()
	r = newRoom(t)
	tap := wire.New(wire.Options{})
	server = httptest.NewUnstartedServer(http.StripPrefix("/compare", New(Options{Room: r, Tap: tap, Closing: t.Context()})))
	server.Listener = wire.Listen(server.Listener, tap)
	server.Config.ConnContext = wire.ConnContext
	server.Start()
	t.Cleanup(server.Close)
	return server, r
}

// A controller is a control channel without a page.
type controller struct {
	*rfc6455.Conn
	t *testing.T
}

func open(t *testing.T, server *httptest.Server, id string) *controller {
	t.Helper()
	conn, _, err := rfc6455.Dial(t.Context(), "ws"+strings.TrimPrefix(server.URL, "http")+"/compare/control?page="+id, nil)
	require.NoError(t, err)
	t.Cleanup(conn.CloseNow)
	c := &controller{conn, t}
	c.wants(wish{Ping: 1})
	c.until(func(m heard) bool { return m.Pong == 1 })
	return c
}

func (c *controller) wants(w wish) {
	c.t.Helper()
	message, err := json.Marshal(w)
	require.NoError(c.t, err)
	require.NoError(c.t, c.Write(c.t.Context(), rfc6455.Text, message))
}

// heard is what the page is told, but a row is not read back.
type heard struct {
	told
	Rows []json.RawMessage `json:"rows"`
}

// answers reports whether there is a row with an answer to a lane.
func (m heard) answers(lane string) bool {
	return slices.ContainsFunc(m.Rows, func(row json.RawMessage) bool {
		return strings.Contains(string(row), `"lane":"`+lane+`"`) && strings.Contains(string(row), `"from":"server"`)
	})
}

// until reads messages up to one that fits.
func (c *controller) until(fits func(heard) bool) heard {
	c.t.Helper()
	for {
		_, message, err := c.Read(c.t.Context())
		require.NoError(c.t, err)
		var m heard
		require.NoError(c.t, json.Unmarshal(message, &m))
		if fits(m) {
			return m
		}
	}
}

// ask opens a lane, and returns its connection after the first line of the answer.
func ask(t *testing.T, server *httptest.Server, path string) (net.Conn, *bufio.Reader) {
	t.Helper()
	nc, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { nc.Close() })
	_, err = nc.Write([]byte(request(path)))
	require.NoError(t, err)
	r := bufio.NewReader(nc)
	line, err := r.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "HTTP/1.1 200 OK\r\n", line)
	return nc, r
}

func TestOnlyThoseAtThisMachineCompare(t *testing.T) {
	on := Options{Room: newRoom(t), Tap: wire.New(wire.Options{})}
	for host, want := range map[string]bool{"localhost:8101": true, "127.0.0.1": true, "[::1]:1": true, "example.com": false, "192.0.2.1:80": false} {
		r := httptest.NewRequest("GET", "http://"+host+"/", nil)
		assert.Equal(t, want, on.IsFor(r), host)
		assert.True(t, Options{Tap: on.Tap, Everywhere: true}.IsFor(r), host)
		assert.False(t, Options{Everywhere: true}.IsFor(r), "without a tap")
	}
	proxied := httptest.NewRequest("GET", "http://localhost/", nil)
	proxied.Header.Set("X-Forwarded-For", "192.0.2.1")
	assert.False(t, on.IsFor(proxied))
	elsewhere := httptest.NewRequest("GET", "http://localhost/", nil)
	elsewhere = elsewhere.WithContext(context.WithValue(elsewhere.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80}))
	assert.False(t, on.IsFor(elsewhere))

	w := httptest.NewRecorder()
	New(on).ServeHTTP(w, httptest.NewRequest("GET", "http://example.com/polling/news", nil))
	assert.Equal(t, 403, w.Code)
	assert.Contains(t, w.Body.String(), "-inspect")
}

func TestControlChannelIsRefused(t *testing.T) {
	server, _ := start(t)
	open(t, server, me)
	address := "ws" + strings.TrimPrefix(server.URL, "http") + "/compare/control?page="
	refused := func(id string, status int, origin string) {
		_, _, err := rfc6455.Dial(t.Context(), address+id, &rfc6455.DialOptions{Origin: origin})
		var answer *rfc6455.HandshakeError
		require.ErrorAs(t, err, &answer, id)
		assert.Equal(t, status, answer.Response.Status, id)
	}
	refused("", 400, "")
	refused("short", 400, "")
	refused(me, 409, "")
	refused("qrstuvwxyzabcdef", 403, "https://evil.example")
}

func TestControlChannelTellsVotesWithTheirMoment(t *testing.T) {
	server, r := start(t)
	c := open(t, server, me)
	c.wants(wish{Vote: 2})
	// It is told twice, by two goroutines: to the one who asked, and as news to all.
	mine, again := c.until(func(m heard) bool { return m.News != nil }), c.until(func(m heard) bool { return m.News != nil })
	if strings.Contains(string(mine.News), "cursor") {
		mine, again = again, mine
	}
	assert.JSONEq(t, `{"events": [{"vote": {"uid": 2, "name": "厂长", "count": 201}}]}`, string(mine.News))
	assert.Positive(t, mine.At)
	assert.JSONEq(t, `{"cursor": "e-1", "snapshot": false, "events": [{"vote": {"uid": 2, "name": "厂长", "count": 201}}]}`, string(again.News))
	assert.LessOrEqual(t, mine.At, again.At, "its own moment is before anybody could be told")
	_, err := r.Tally.Vote(1)
	require.NoError(t, err)
	other := c.until(func(m heard) bool { return m.News != nil })
	assert.Contains(t, string(other.News), "明凯")

	c.wants(wish{Vote: 9})
	assert.Equal(t, "There is no candidate with the uid 9.", c.until(func(m heard) bool { return m.Error != "" }).Error)
	require.NoError(t, c.Write(t.Context(), rfc6455.Text, []byte("x")))
	assert.Contains(t, c.until(func(m heard) bool { return m.Error != "" }).Error, "not a wish")
}

// A break meets the lanes of the page that asks, and nobody else; and three votes come behind it.
func TestBreakMeetsOnlyTheLanesOfThePage(t *testing.T) {
	for _, how := range []breakage{reset, silence} {
		t.Run(string(how), func(t *testing.T) {
			server, _ := start(t)
			c := open(t, server, me)
			const other = "qrstuvwxyzabcdef"
			open(t, server, other)
			_, mine := ask(t, server, "sse/news?page="+me)
			_, theirs := ask(t, server, "sse/news?page="+other)
			_, nobodys := ask(t, server, "longpolling/news?cursor=e-0&page=")

			c.wants(wish{Break: how, Vote: 1})
			assert.Equal(t, how, c.until(func(m heard) bool { return m.Broken != "" }).Broken)
			for _, lives := range []*bufio.Reader{theirs, nobodys} {
				for found := false; !found; {
					line, err := lives.ReadString('\n')
					found = strings.Contains(line, `"count": 303`) || strings.Contains(line, `"count": 301`)
					require.True(t, err == nil || found, err)
				}
			}
			c.until(func(m heard) bool { return strings.Contains(string(m.News), `"count":303`) })
			if how == reset {
				_, err := io.Copy(io.Discard, mine)
				assert.Error(t, err, "an RST, and no end of the answer")
			}

			// A lane that polls holds nothing: it is met at its next request.
			nc, err := net.Dial("tcp", server.Listener.Addr().String())
			require.NoError(t, err)
			defer nc.Close()
			_, err = nc.Write([]byte(request("polling/news?page=" + me)))
			require.NoError(t, err)
			if how == reset {
				_, err = nc.Read(make([]byte, 1))
				assert.Error(t, err)
			} else {
				c.until(func(m heard) bool { return m.answers("polling") }) // so it has been met
			}
			ask(t, server, "polling/news?page="+me) // and not at the one after that

			c.wants(wish{Break: how, Vote: 1})
			assert.Contains(t, c.until(func(m heard) bool { return m.Error != "" }).Error, "a moment ago")
		})
	}
}
