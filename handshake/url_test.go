package handshake_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/handshake"
)

func TestURLs(t *testing.T) {
	for _, tt := range []struct{ name, raw, address, host, target string }{
		{"6455-3-3 default port of ws", "ws://example.com/", "example.com:80", "example.com", "/"},
		{"6455-3-3 default port of wss", "wss://example.com/", "example.com:443", "example.com", "/"},
		{"6455-3-3 scheme in upper case", "WSS://example.com/", "example.com:443", "example.com", "/"},
		{"6455-4.1-22 port 80 over ws is left out", "ws://example.com:80/", "example.com:80", "example.com", "/"},
		{"6455-4.1-22 port 443 over wss is left out", "wss://example.com:0443/", "example.com:443", "example.com", "/"},
		{"6455-4.1-22 port 443 over ws is told", "ws://example.com:443/", "example.com:443", "example.com:443", "/"},
		{"6455-4.1-22 port 80 over wss is told", "wss://example.com:80/", "example.com:80", "example.com:80", "/"},
		{"6455-4.1-22 another port", "ws://example.com:8080/", "example.com:8080", "example.com:8080", "/"},
		{"6455-4.1-22 IPv4", "ws://127.0.0.1:8101/", "127.0.0.1:8101", "127.0.0.1:8101", "/"},
		{"6455-4.1-22 IPv6", "ws://[::1]/", "[::1]:80", "[::1]", "/"},
		{"6455-4.1-22 IPv6 and a port", "ws://[::1]:8101/", "[::1]:8101", "[::1]:8101", "/"},
		{"6455-4.1-22 IPv6 leaves its zone at home", "ws://[fe80::1%25eth0]:81/", "[fe80::1%eth0]:81", "[fe80::1]:81", "/"},
		{"an empty port", "ws://example.com:/", "example.com:80", "example.com", "/"},
		{"6455-3-4 no path", "ws://example.com", "example.com:80", "example.com", "/"},
		{"6455-3-4 no path but a query", "ws://example.com?a=b", "example.com:80", "example.com", "/?a=b"},
		{"6455-3-4 path and query", "ws://example.com/a/b?c=d&e", "example.com:80", "example.com", "/a/b?c=d&e"},
		{"6455-3-4 an empty query", "ws://example.com/a?", "example.com:80", "example.com", "/a?"},
		{"6455-3-2 an escaped # stays escaped", "ws://example.com/a%23b?c%23d", "example.com:80", "example.com", "/a%23b?c%23d"},
		{"an escaped slash stays escaped", "ws://example.com/a%2Fb", "example.com:80", "example.com", "/a%2Fb"},
		{"6455-11.1-2 a path outside ASCII", "ws://example.com/caf\u00e9", "example.com:80", "example.com", "/caf%C3%A9"},
		{"6455-11.1-2 a query outside ASCII", "wss://example.com/?q=\u4f60", "example.com:443", "example.com", "/?q=%E4%BD%A0"},
		{"6455-11.1-1 a host outside ASCII", "ws://b\u00fccher.example/", "xn--bcher-kva.example:80", "xn--bcher-kva.example", "/"},
		{"6455-11.1-1 a host outside ASCII and a port", "ws://\u6295\u7968.example:8080/", "xn--oruz12c.example:8080", "xn--oruz12c.example:8080", "/"},
		{"6455-11.1-1 an ASCII host stays as it is", "ws://my_host/", "my_host:80", "my_host", "/"},
		{"a space in path and query", "ws://example.com/a b?c d", "example.com:80", "example.com", "/a%20b?c%20d"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u, err := handshake.ParseURL(tt.raw)
			require.NoError(t, err)
			assert.Equal(t, tt.address, handshake.Address(u))
			req, err := handshake.NewRequest(u, rfcKey, handshake.Offer{})
			require.NoError(t, err)
			assert.Equal(t, tt.host, req.Host())
			assert.Equal(t, tt.target, req.Target, "6455-4.1-21")
			assert.Equal(t, u.Scheme == "wss", req.Secure)
			assert.NoError(t, readRequest(t, string(req.Append(nil))).Check(nil), "our own server takes it")
		})
	}
}

func TestURLsRefused(t *testing.T) {
	for _, tt := range []struct{ name, raw, rule string }{
		{"6455-3-1 a fragment", "ws://example.com/#x", "6455-3-1"},
		{"6455-11.1-1 a host that IDNA does not know", "ws://-\u00fc.example/", "6455-11.1-1"},
		{"6455-11.1-1 a host with an empty label", "ws://\u00fc..example/", "6455-11.1-1"},
		{"6455-11.1-1 a host that is no name", "ws://]", "6455-11.1-1"},
		{"6455-4.1-3 a host with an escaped slash", "ws://a%2fb/", "6455-4.1-3"},
		{"6455-4.1-3 brackets around no address", "ws://[v1.x]/", "6455-4.1-3"},
		{"6455-4.1-3 an IPv6 zone that is no name", "ws://[fe80::1%25eth]0]/", "6455-4.1-3"},
		{"6455-3-1 an empty fragment", "ws://example.com/#", "6455-3-1"},
		{"6455-4.1-2 http", "http://example.com/", "6455-4.1-3"},
		{"6455-4.1-2 no scheme", "example.com/chat", "6455-4.1-3"},
		{"6455-4.1-2 no slashes", "ws:example.com", "6455-4.1-3"},
		{"6455-4.1-3 no host", "ws:///chat", "6455-4.1-3"},
		{"6455-4.1-3 only a port", "ws://:80/", "6455-4.1-3"},
		{"6455-4.1-3 a user", "ws://user:secret@example.com/", "6455-4.1-3"},
		{"6455-4.1-3 port 0", "ws://example.com:0/", "6455-4.1-3"},
		{"6455-4.1-3 port 65536", "ws://example.com:65536/", "6455-4.1-3"},
		{"6455-4.1-3 a word for a port", "ws://example.com:http/", "6455-4.1-3"},
		{"6455-4.1-3 a line break", "ws://example.com/\r\nX: 1", "6455-4.1-3"},
		{"6455-4.1-3 an open bracket", "ws://[::1/", "6455-4.1-3"},
		{"6455-4.1-3 a bad escape, and no password in the error", "ws://user:secret@example.com/%zz", "6455-4.1-3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u, err := handshake.ParseURL(tt.raw)
			assert.Nil(t, u)
			requireRule(t, err, tt.rule, 0)
			assert.NotContains(t, err.Error(), "secret")
		})
	}
}

func TestNewRequestJudgesTheURLAgain(t *testing.T) {
	for _, tt := range []struct {
		name string
		u    url.URL
		rule string
	}{
		{"6455-4.1-3 the zero URL", url.URL{}, "6455-4.1-3"},
		{"6455-3-1 a fragment", url.URL{Scheme: "ws", Host: "a", Fragment: "x"}, "6455-3-1"},
		{"6455-11.1-1 a host outside ASCII", url.URL{Scheme: "ws", Host: "b\u00fccher.example"}, "6455-11.1-1"},
		{"a host with a line break", url.URL{Scheme: "ws", Host: "a\r\nX: 1"}, "6455-11.1-1"},
		{"a host with a slash", url.URL{Scheme: "ws", Host: "a/b"}, "6455-11.1-1"},
		{"a host in brackets that is no IPv6", url.URL{Scheme: "ws", Host: "[v1.x]"}, "6455-4.1-3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := handshake.NewRequest(&tt.u, rfcKey, handshake.Offer{})
			requireRule(t, err, tt.rule, 0)
		})
	}

	t.Run("6455-3-2 a # in the parts of a URL travels as %23", func(t *testing.T) {
		u := url.URL{Scheme: "ws", Host: "a", Path: "b#c\r\n", RawQuery: "d#e\r\nX: 1"}
		req, err := handshake.NewRequest(&u, rfcKey, handshake.Offer{})
		require.NoError(t, err)
		assert.Equal(t, "/b%23c%0D%0A?d%23e%0D%0AX:%201", req.Target)
		assert.Equal(t, 7, strings.Count(string(req.Append(nil)), "\r\n"))
	})
}
