package websocket

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/feed"
	"example.com/ws101/demos/site"
	"example.com/ws101/demos/vote"
	"example.com/ws101/rfc6455"
)

func serve(t *testing.T, o Options) (address string, tally *vote.Tally) {
	t.Helper()
	o.Room = newRoom(t, feed.Options{})
	return serveRoom(t, o)
}

func serveRoom(t *testing.T, o Options) (address string, tally *vote.Tally) {
	t.Helper()
	server := httptest.NewServer(New(o))
	t.Cleanup(server.Close)
	return server.URL, o.Room.Tally
}

// dial connects, and leaves when the test ends.
func dial(t *testing.T, address, path, origin string) (*client, error) {
	t.Helper()
	conn, _, err := rfc6455.Dial(t.Context(), strings.Replace(address, "http", "ws", 1)+path, &rfc6455.DialOptions{Origin: origin})
	if err != nil {
		return nil, err
	}
	t.Cleanup(conn.CloseNow)
	return &client{Conn: conn, t: t}, nil
}

func TestContract(t *testing.T) {
	address, tally := serve(t, Options{})
	a, err := dial(t, address, "/vote", "")
	require.NoError(t, err)
	b, err := dial(t, address, "/vote", address)
	require.NoError(t, err, "a page of our own")
	c, err := dial(t, address, "/news?cursor=", "")
	require.NoError(t, err)
	c.gets(`{"cursor": "test-0", "snapshot": true, "state": {"vote": ` + string(tally.State().JSON) + `, "chat": [], "here": []}}`)
	a.send("1")
	for _, one := range []*client{a, b} {
		one.gets(`{"uid": 1, "name": "明凯", "count": 301}`)
	}
	c.gets(`{"cursor": "test-1", "snapshot": false, "events": [{"vote": {"uid": 1, "name": "明凯", "count": 301}}]}`)
	d, err := dial(t, address, "/news?cursor=test-0", "")
	require.NoError(t, err)
	d.gets(`{"cursor": "test-1", "snapshot": false, "events": [{"vote": {"uid": 1, "name": "明凯", "count": 301}}]}`)
}

func TestRequestsThatAreRefused(t *testing.T) {
	const asks = "Connection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
	h := New(Options{Room: newRoom(t, feed.Options{})})
	for _, test := range []struct {
		name, method, path, header string
		status                     int
		sentence                   string
	}{
		{"no Upgrade", "GET", "/vote", "", 426, "this is a WebSocket address"},
		{"no Upgrade, with a cursor", "GET", "/news?cursor=x", "", 426, "this is a WebSocket address"},
		{"a vote by POST", "POST", "/vote", "", 405, "the method is \"POST\"; a handshake is a GET request"},
		{"another origin", "GET", "/vote", asks + "\nOrigin: https://evil.example", 403, "the page is from \"https://evil.example\""},
		{"no origin worth the name", "GET", "/vote", asks + "\nOrigin: null", 403, "the Origin is \"null\""},
		{"another port", "GET", "/vote", asks + "\nOrigin: http://example.com:8080", 403, "only pages of the same host and port may connect"},
		{"a bad cursor", "GET", "/news?cursor=x", asks, 400, "The cursor must be empty, or as an earlier answer gave it, such as k3f9a2-17."},
		{"a bad id", "GET", "/news?me=short", asks, 400, "The id of a page (me) is 16 to 64 letters and digits that it made up."},
		{"news for another origin", "GET", "/news", asks + "\nOrigin: https://evil.example", 403, "the page is from \"https://evil.example\""},
		{"an action by GET", "GET", "/do", "", 405, "This address takes only POST."},
		{"an action from another origin", "POST", "/do", "Origin: https://evil.example", 403, "This request comes from a page of another origin"},
		{"a goodbye from another origin", "POST", "/leave", "Origin: https://evil.example", 403, "This request comes from a page of another origin"},
		{"another version", "GET", "/vote", strings.Replace(asks, "13", "8", 1), 426, "13"},
	} {
		r := httptest.NewRequest(test.method, test.path, nil)
		for line := range strings.Lines(test.header) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
			r.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		assert.Equal(t, test.status, w.Code, test.name)
		assert.Contains(t, w.Body.String(), test.sentence, test.name)
		assert.Equal(t, 1, strings.Count(w.Body.String(), "\n"), test.name)
		assert.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"), test.name)
		if test.status == 426 {
			assert.Equal(t, "websocket", w.Header().Get("Upgrade"), test.name)
		}
	}
}

func TestOriginAllowedByNameMayConnect(t *testing.T) {
	origins, err := site.AllowOrigins("https://friend.example")
	require.NoError(t, err)
	address, _ := serve(t, Options{Origins: origins})
	for origin, allowed := range map[string]bool{"https://friend.example": true, address: true, "": true, "https://foe.example": false} {
		_, err := dial(t, address, "/vote", origin)
		var refused *rfc6455.HandshakeError
		if allowed {
			assert.NoError(t, err, origin)
		} else if assert.ErrorAs(t, err, &refused, origin) {
			assert.Equal(t, 403, refused.Response.Status)
		}
	}
}

func TestTooLargeAMessageEndsTheConnection(t *testing.T) {
	address, tally := serve(t, Options{})
	c, err := dial(t, address, "/vote", "")
	require.NoError(t, err)
	c.send(strings.Repeat("1", maxMessage+1))
	_, _, err = c.Read(t.Context())
	var end *rfc6455.CloseError
	require.ErrorAs(t, err, &end)
	assert.EqualValues(t, 1009, end.Code)
	assert.Equal(t, "test-0", tally.Now().String())
}

func TestGroupHasTheConnections(t *testing.T) {
	var group rfc6455.Group
	address, _ := serve(t, Options{Group: &group})
	c, err := dial(t, address, "/news?cursor=", "")
	require.NoError(t, err)
	_, _, err = c.Read(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 1, group.Len())
	ended := make(chan error, 1)
	go func() { ended <- group.Shutdown(t.Context()) }()
	_, _, err = c.Read(t.Context())
	var end *rfc6455.CloseError
	require.ErrorAs(t, err, &end)
	assert.EqualValues(t, 1001, end.Code)
	assert.NoError(t, <-ended)
	_, err = dial(t, address, "/vote", "")
	var refused *rfc6455.HandshakeError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, 503, refused.Response.Status)
}

func TestPageOfOnesOwn(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mine.html")
	require.NoError(t, os.WriteFile(file, []byte("<script>one</script>"), 0o600))
	address, _ := serve(t, Options{PageFile: file})
	answer, err := http.Get(address)
	require.NoError(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	assert.Equal(t, "<script>one</script>", string(body))
	assert.Empty(t, answer.Header.Get("Content-Security-Policy"))
	_, err = dial(t, address, "/vote", address)
	assert.NoError(t, err)
}
