package echo

import (
	"bytes"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/site"
	"example.com/ws101/rfc6455"
)

func listen(t *testing.T, o Options) (address string) {
	t.Helper()
	server := httptest.NewServer(New(o))
	t.Cleanup(server.Close)
	return strings.Replace(server.URL, "http", "ws", 1)
}

func dial(t *testing.T, address, origin string) (*rfc6455.Conn, error) {
	t.Helper()
	conn, _, err := rfc6455.Dial(t.Context(), address, &rfc6455.DialOptions{
		Options: rfc6455.Options{MaxMessage: MaxMessage},
		Origin:  origin,
	})
	if err == nil {
		t.Cleanup(conn.CloseNow)
	}
	return conn, err
}

func TestEveryMessageComesBack(t *testing.T) {
	address := listen(t, Options{})
	for _, path := range []string{"/ws", "/foobar"} {
		conn, err := dial(t, address+path, "")
		require.NoError(t, err)
		for _, kind := range []rfc6455.MessageType{rfc6455.Text, rfc6455.Binary} {
			for _, n := range []int{0, 1, 125, 126, 65535, 65536, 1 << 20, MaxMessage} {
				if n == MaxMessage && (kind == rfc6455.Text || path != "/ws") {
					continue // once is enough for so much
				}
				sent := bytes.Repeat([]byte("a"), n)
				written := make(chan error, 1)
				go func() { written <- conn.Write(t.Context(), kind, sent) }()
				got, p, err := conn.Read(t.Context())
				require.NoError(t, err)
				require.NoError(t, <-written)
				assert.Equal(t, kind, got)
				assert.True(t, bytes.Equal(sent, p), "%d bytes", n)
			}
		}
		assert.NoError(t, conn.Close(4000, "done"))
	}
}

func TestTooLargeAMessageEndsTheConnection(t *testing.T) {
	conn, err := dial(t, listen(t, Options{})+"/ws", "")
	require.NoError(t, err)
	go func() { _ = conn.Write(t.Context(), rfc6455.Binary, make([]byte, MaxMessage+1)) }()
	_, _, err = conn.Read(t.Context())
	var end *rfc6455.CloseError
	require.ErrorAs(t, err, &end)
	assert.EqualValues(t, 1009, end.Code)
}

func TestRefusals(t *testing.T) {
	h := New(Options{})
	for _, path := range []string{"/ws", "/foobar", "/upgrade"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		assert.Equal(t, 426, w.Code)
		assert.Contains(t, w.Body.String(), "this is a WebSocket address")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/other", nil))
	assert.Equal(t, 404, w.Code)
}

func TestOrigins(t *testing.T) {
	origins, err := site.AllowOrigins("https://friend.example")
	require.NoError(t, err)
	address := listen(t, Options{Origins: origins})
	_, err = dial(t, address+"/ws", "https://friend.example")
	assert.NoError(t, err)
	_, err = dial(t, address+"/ws", "https://foe.example")
	var refused *rfc6455.HandshakeError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, 403, refused.Response.Status)
}
