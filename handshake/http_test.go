package handshake_test

import (
	"bufio"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/handshake"
)

// overHTTP reads a request as a server under net/http does.
func overHTTP(t *testing.T, wire string) *handshake.Request {
	t.Helper()
	std, err := http.ReadRequest(bufio.NewReader(strings.NewReader(wire)))
	require.NoError(t, err)
	return handshake.FromHTTP(std)
}

func TestFromHTTP(t *testing.T) {
	t.Run("the request of the RFC passes", func(t *testing.T) {
		req := overHTTP(t, rfcRequest)
		assert.NoError(t, req.Check(handshake.AllowOrigins("http://example.com")))
		assert.Equal(t, &handshake.Request{
			Method: "GET",
			Target: "/chat",
			Proto:  "HTTP/1.1",
			Header: handshake.Header{
				{"Host", "server.example.com"},
				{"Connection", "Upgrade"},
				{"Origin", "http://example.com"},
				{"Sec-Websocket-Key", rfcKey},
				{"Sec-Websocket-Protocol", "chat, superchat"},
				{"Sec-Websocket-Version", "13"},
				{"Upgrade", "websocket"},
			},
		}, req)
	})
	t.Run("fields of one name keep their order", func(t *testing.T) {
		req := overHTTP(t, withFields("Sec-WebSocket-Extensions: b\r\nA: 1\r\nSec-WebSocket-Extensions: a\r\n"))
		assert.Equal(t, []string{"b", "a"}, req.Header.Values("Sec-WebSocket-Extensions"))
	})
	t.Run("what Check refuses of a raw request, it refuses here", func(t *testing.T) {
		for _, tt := range faults {
			std, err := http.ReadRequest(bufio.NewReader(strings.NewReader(replace(t, rfcRequest, tt.line, tt.by))))
			switch {
			case err != nil, tt.sentence == "two Host fields":
				continue // net/http refuses it itself, two Hosts in its server
			case tt.sentence == "evil.example" && tt.status == 400:
				continue // of two hosts that differ, net/http passes on the one in the URL
			}
			requireRule(t, handshake.FromHTTP(std).Check(nil), tt.rule, tt.status)
		}
	})
	t.Run("a body of unknown length goes back into the fields", func(t *testing.T) {
		req := overHTTP(t, withFields("Transfer-Encoding: chunked\r\n")+"0\r\n\r\n")
		assert.Equal(t, "chunked", req.Header.Get("Transfer-Encoding"))
		requireRule(t, req.Check(handshake.AnyOrigin), "9110-9.3.1", 400)
	})
	t.Run("a body of known length goes back into the fields", func(t *testing.T) {
		std := httptest.NewRequest("GET", "http://example.com/chat?a=b", strings.NewReader("hello"))
		req := handshake.FromHTTP(std)
		assert.Equal(t, []string{"5"}, req.Header.Values("Content-Length"))
		assert.Equal(t, []string{"5"}, overHTTP(t, withFields("Content-Length: 5\r\n")+"hello").Header.Values("Content-Length"))
	})
	t.Run("6455-4.2.1-1c no Host", func(t *testing.T) {
		std := &http.Request{Method: "GET", Proto: "HTTP/1.1", URL: &url.URL{Path: "/a b", RawQuery: "c"}}
		req := handshake.FromHTTP(std)
		assert.Equal(t, "/a%20b?c", req.Target, "a request that was not read has its target in its URL")
		requireRule(t, req.Check(nil), "6455-4.2.1-1c", 400)
	})
	t.Run("6455-4.2.1-1b HTTP/2", func(t *testing.T) {
		std := httptest.NewRequest("GET", "/chat", nil)
		std.Proto, std.ProtoMajor, std.ProtoMinor = "HTTP/2.0", 2, 0
		known := requireRule(t, handshake.FromHTTP(std).Check(nil), "6455-4.2.1-1b", 505)
		assert.Contains(t, known.Text, "open the WebSocket over HTTP/1.1")
	})
	t.Run("Secure says whether TLS ended here", func(t *testing.T) {
		std := httptest.NewRequest("GET", "/", nil)
		assert.False(t, handshake.FromHTTP(std).Secure)
		std.TLS = &tls.ConnectionState{}
		assert.True(t, handshake.FromHTTP(std).Secure)
	})
}
