package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/inspect/proxy"
	"example.com/ws101/frames"
	"example.com/ws101/rfc6455"
)

func TestFlagsOfTheProxy(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"inspect -listen 127.0.0.1:0", "-listen needs -target, the host and port of the server behind it, such as 127.0.0.1:8080"},
		{"inspect -target 127.0.0.1:80", "-target needs -listen, the address to stand at in front of it, such as 127.0.0.1:9000"},
		{"inspect -public", "-public belongs to -listen and -target"},
		{"echo -listen 127.0.0.1:0 -target a:80", "-listen and -target belong to the inspector: inspect -listen 127.0.0.1:9000 -target 127.0.0.1:8080"},
		{"-listen 127.0.0.1:0 -target a:80", "-listen and -target belong to the inspector: inspect -listen 127.0.0.1:9000 -target 127.0.0.1:8080"},
		{"inspect -listen 9000 -target a:80", `-listen "9000" is not a host and a port, such as 127.0.0.1:9000`},
		{"inspect -listen 127.0.0.1: -target a:80", `-listen "127.0.0.1:" is not a host and a port, such as 127.0.0.1:9000`},
		{"inspect -listen 127.0.0.1:70000 -target a:80", `-listen "127.0.0.1:70000" is not a host and a port, such as 127.0.0.1:9000`},
		{"inspect -listen 127.0.0.1:0 -target ws://a:80/", `-target "ws://a:80/" is not the host and port of a server, such as 127.0.0.1:8080`},
		{"inspect -listen 127.0.0.1:0 -target :80", `-target ":80" is not the host and port of a server, such as 127.0.0.1:8080`},
		{"inspect -listen 127.0.0.1:0 -target a:0", `-target "a:0" is not the host and port of a server, such as 127.0.0.1:8080`},
		{"inspect -listen :9000 -target a:80", `-listen ":9000" lets other machines reach a:80 through this one; if that is what you want, add -public`},
		{"inspect -listen 192.0.2.1:9000 -target a:80", `-listen "192.0.2.1:9000" lets other machines reach a:80 through this one; if that is what you want, add -public`},
	} {
		code, stdout, stderr := tryRun(t, strings.Fields(test.args)...)
		assert.Equal(t, 2, code, test.args)
		assert.Empty(t, stdout, test.args)
		assert.Equal(t, "ws101: "+test.want+" (-h shows all flags)\n", stderr)
	}
	f, err := parseFlags(strings.Fields("inspect -listen :9000 -target [::1]:http -public"))
	require.NoError(t, err)
	assert.Equal(t, ":9000", f.listen)
	assert.Equal(t, "[::1]:http", f.target)
	_, stdout, _ := tryRun(t, "-h")
	for _, flag := range []string{"-listen", "-target", "-public"} {
		assert.Contains(t, stdout, flag)
	}
}

func TestTheProxyCannotListen(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	for addr, want := range map[string]string{
		taken.Addr().String(): "the address " + taken.Addr().String() + " is in use; end the other program, or choose another port for -listen (0 takes a free one)",
		"192.0.2.1:9000":      "cannot listen on 192.0.2.1:9000: ",
	} {
		code, stdout, stderr := tryRun(t, "inspect", "-addr", "127.0.0.1:0", "-listen", addr, "-target", "127.0.0.1:9", "-public")
		assert.Equal(t, 1, code)
		assert.Empty(t, stdout)
		assert.True(t, strings.HasPrefix(stderr, "ws101: "+want), stderr)
		assert.Equal(t, 1, strings.Count(stderr, "\n"))
	}
}

// Through the proxy a WebSocket works as it does without, and -trace prints it.
func TestTheProxyInFrontOfAServer(t *testing.T) {
	behind := echoServer(t)
	var trace bytes.Buffer // read only after the end
	r := startRunTo(t, &trace, "inspect", "-addr", "127.0.0.1:0", "-listen", "127.0.0.1:0", "-target", behind, "-trace")
	_, body := fetch(t, r.url+"editor/proxy")
	var state proxy.State
	require.NoError(t, json.Unmarshal([]byte(body), &state))
	assert.Equal(t, behind, state.Target)
	assert.False(t, state.Armed)

	conn, _, err := rfc6455.Dial(t.Context(), "ws://"+state.Listen+"/room", nil)
	require.NoError(t, err)
	defer conn.CloseNow()
	require.NoError(t, conn.Write(t.Context(), rfc6455.Text, []byte("through")))
	_, message, err := conn.Read(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "through", string(message))
	require.NoError(t, conn.Close(frames.CloseNormal, ""))
	r.end(t)
	assert.Contains(t, trace.String(), "GET /room HTTP/1.1")
	assert.Contains(t, trace.String(), `"through"`)
	assert.NotContains(t, trace.String(), "editor/proxy", "the inspector's own connections are not on the tap")
}

// echoServer is a WebSocket server of its own, and returns its host and port.
func echoServer(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := rfc6455.Upgrade(w, r, nil); err == nil {
			_ = c.Serve(context.Background(), rfc6455.Handler{Message: func(c *rfc6455.Conn, k rfc6455.MessageType, p []byte) {
				_ = c.Write(context.Background(), k, p)
			}})
		}
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}
