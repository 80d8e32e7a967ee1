package handshake_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/handshake"
)

// The line that each row of the tables below puts in the place of another one.
const (
	lineStart      = "GET /chat HTTP/1.1\r\n"
	lineHost       = "Host: server.example.com\r\n"
	lineUpgrade    = "Upgrade: websocket\r\n"
	lineConnection = "Connection: Upgrade\r\n"
	lineKey        = "Sec-WebSocket-Key: " + rfcKey + "\r\n"
	lineOrigin     = "Origin: http://example.com\r\n"
	lineProtocol   = "Sec-WebSocket-Protocol: chat, superchat\r\n"
	lineVersion    = "Sec-WebSocket-Version: 13\r\n"
)

func TestCheckAccepts(t *testing.T) {
	for _, tt := range []struct{ name, line, by string }{
		{"6455-4.1-18 the request of the RFC", lineStart, lineStart},
		{"6455-4.1-20 a later HTTP/1", lineStart, "GET /chat HTTP/1.2\r\n"},
		{"6455-4.1-21 9112-3.2.2 a whole URL of the same host", lineStart, "GET http://server.example.com/chat HTTP/1.1\r\n"},
		{"6455-4.2.1-1c a host with a port", lineHost, "Host: server.example.com:8080\r\n"},
		{"6455-4.2.1-1c an IPv6 host", lineHost, "Host: [::1]:8080\r\n"},
		{"6455-4.2.1-1c a host name with an underscore", lineHost, "Host: my_service\r\n"},
		{"6455-4.2.1-1d websocket in another case", lineUpgrade, "Upgrade: WebSocket\r\n"},
		{"6455-4.2.1-1d websocket among others", lineUpgrade, "Upgrade: h2c, websocket\r\n"},
		{"6455-4.2.1-1e upgrade in another case", lineConnection, "Connection: upgrade\r\n"},
		{"6455-4.2.1-1e keep-alive, Upgrade", lineConnection, "Connection: keep-alive, Upgrade\r\n"},
		{"6455-4.2.1-1e two Connection fields", lineConnection, "Connection: keep-alive\r\nConnection: Upgrade\r\n"},
		{"6455-4.2.1-1f a key with white space around it", lineKey, "Sec-WebSocket-Key:\t " + rfcKey + " \r\n"},
		{"6455-4.2.1-1f a key of zeros", lineKey, "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"},
		{"6455-4.2.1-1h no subprotocols", lineProtocol, ""},
		{"6455-4.2.1-1h subprotocols in two fields", lineProtocol, "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b\r\n"},
		{"6455-4.2.1-1h extensions in two fields", lineProtocol, "Sec-WebSocket-Extensions: a; b=\"c\"\r\nSec-WebSocket-Extensions: d\r\n"},
		{"6455-4.2.1-2 no origin", lineOrigin, ""},
		{"6455-4.2.1-3 unknown fields", lineOrigin, lineOrigin + "X-Unknown: \xff\r\nSec-WebSocket-New: 1\r\n"},
		{"6455-4.1-44 names in lower case", lineKey, strings.Replace(lineKey, "Sec-WebSocket-Key", "sec-websocket-key", 1)},
		{"an empty body", lineOrigin, lineOrigin + "Content-Length: 0\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.NoError(t, readRequest(t, replace(t, rfcRequest, tt.line, tt.by)).Check(handshake.AnyOrigin))
		})
	}
}

// faults are the ways in which a request can break one rule, in the order in which Check looks for them.
var faults = []struct {
	name, line, by, rule string
	status               int
	sentence             string
}{
	{"6455-4.2.1-1b HTTP/1.0", lineStart, "GET /chat HTTP/1.0\r\n", "6455-4.2.1-1b", 505, `"HTTP/1.0"; a handshake needs HTTP/1.1`},
	{"6455-4.2.1-1b HTTP/0.9", lineStart, "GET /chat HTTP/0.9\r\n", "6455-4.2.1-1b", 505, "needs HTTP/1.1"},
	{"6455-4.2.1-1b HTTP/2.0", lineStart, "GET /chat HTTP/2.0\r\n", "6455-4.2.1-1b", 505, "cannot be upgraded"},
	{"6455-4.2.1-1a POST", lineStart, "POST /chat HTTP/1.1\r\n", "6455-4.2.1-1a", 405, `"POST"; a handshake is a GET`},
	{"6455-4.2.1-1a get in lower case", lineStart, "get /chat HTTP/1.1\r\n", "6455-4.2.1-1a", 405, `"get"`},
	{"6455-4.2.1-1a CONNECT", lineStart, "CONNECT server.example.com:80 HTTP/1.1\r\n", "6455-4.2.1-1a", 405, `"CONNECT"`},
	{"6455-4.2.1-1c no Host", lineHost, "", "6455-4.2.1-1c", 400, "Host field is missing"},
	{"6455-4.2.1-1c two Hosts", lineHost, lineHost + lineHost, "6455-4.2.1-1c", 400, "two Host fields"},
	{"6455-4.2.1-1c an empty Host", lineHost, "Host:\r\n", "6455-4.2.1-1c", 400, `Host field is ""`},
	{"6455-4.2.1-1c a Host with a path", lineHost, "Host: a/b\r\n", "6455-4.2.1-1c", 400, `"a/b"`},
	{"6455-4.2.1-1c a Host with a user", lineHost, "Host: a@b\r\n", "6455-4.2.1-1c", 400, `"a@b"`},
	{"6455-4.2.1-1c a Host with a space", lineHost, "Host: a b\r\n", "6455-4.2.1-1c", 400, `"a b"`},
	{"6455-4.2.1-1c a Host outside ASCII", lineHost, "Host: \xc3\xbc\r\n", "6455-4.2.1-1c", 400, "Host field is"},
	{"6455-4.2.1-1c a Host with a bad port", lineHost, "Host: a:99999\r\n", "6455-4.2.1-1c", 400, `"a:99999"`},
	{"6455-4.2.1-1c a Host with an empty port", lineHost, "Host: a:\r\n", "6455-4.2.1-1c", 400, `"a:"`},
	{"6455-4.2.1-1c a Host with an open bracket", lineHost, "Host: [::1\r\n", "6455-4.2.1-1c", 400, `"[::1"`},
	{"6455-4.2.1-1c a Host with IPv4 in brackets", lineHost, "Host: [1.2.3.4]\r\n", "6455-4.2.1-1c", 400, "Host field is"},
	{"6455-4.2.1-1c a Host with a zone", lineHost, "Host: [fe80::1%25eth0]\r\n", "6455-4.2.1-1c", 400, "Host field is"},
	{"6455-4.2.1-1c a Host with something behind the bracket", lineHost, "Host: [::1]a\r\n", "6455-4.2.1-1c", 400, "Host field is"},
	{"6455-4.1-21 a target with a bad escape", lineStart, "GET /%zz HTTP/1.1\r\n", "9112-3.2", 400, `"/%zz"`},
	{"6455-4.1-21 a target without a slash", lineStart, "GET chat HTTP/1.1\r\n", "9112-3.2", 400, `"chat"`},
	{"6455-4.1-21 the target *", lineStart, "GET * HTTP/1.1\r\n", "9112-3.2.2", 400, `"*"`},
	{"6455-4.1-21 a whole URL of another host", lineStart, "GET http://evil.example/chat HTTP/1.1\r\n", "9112-3.2.2", 400, "evil.example"},
	{"6455-4.1-21 a whole URL with a user", lineStart, "GET http://a@server.example.com/chat HTTP/1.1\r\n", "9112-3.2.2", 400, "a@server"},
	{"6455-4.1-21 a whole URL of another scheme", lineStart, "GET ftp://server.example.com/chat HTTP/1.1\r\n", "9112-3.2.2", 400, "ftp:"},
	{"a body of known length", lineUpgrade, lineUpgrade + "Content-Length: 5\r\n", "9110-9.3.1", 400, "announces a body"},
	{"a length that is no number", lineUpgrade, lineUpgrade + "Content-Length: +0\r\n", "9110-9.3.1", 400, "announces a body"},
	{"an empty length", lineUpgrade, lineUpgrade + "Content-Length:\r\n", "9110-9.3.1", 400, "announces a body"},
	{"two lengths that differ", lineUpgrade, lineUpgrade + "Content-Length: 0\r\nContent-Length: 5\r\n", "9110-9.3.1", 400, "announces a body"},
	{"a length beyond 63 bits", lineUpgrade, lineUpgrade + "Content-Length: 18446744073709551615\r\n", "9110-9.3.1", 400, "announces a body"},
	{"a chunked body", lineUpgrade, lineUpgrade + "Transfer-Encoding: chunked\r\n", "9110-9.3.1", 400, "announces a body"},
	{"an unknown transfer encoding", lineUpgrade, lineUpgrade + "transfer-encoding: x\r\n", "9110-9.3.1", 400, "announces a body"},
	{"6455-4.2.1-1d no Upgrade", lineUpgrade, "", "6455-4.2.1-1d", 426, "this is a WebSocket address"},
	{"6455-4.2.1-1d another protocol", lineUpgrade, "Upgrade: h2c\r\n", "6455-4.2.1-1d", 426, "this is a WebSocket address"},
	{"6455-4.2.1-1d websocket as a part of a word", lineUpgrade, "Upgrade: websockets\r\n", "6455-4.2.1-1d", 426, "this is a WebSocket address"},
	{"6455-4.2.1-1e no Connection", lineConnection, "", "6455-4.2.1-1e", 400, `Connection field is ""`},
	{"6455-4.2.1-1e keep-alive alone", lineConnection, "Connection: keep-alive\r\n", "6455-4.2.1-1e", 400, `"keep-alive"; it has to list Upgrade`},
	{"6455-4.2.1-1g no version", lineVersion, "", "6455-4.2.1-1g", 426, "missing"},
	{"6455-11.3.5-1 two versions", lineVersion, lineVersion + lineVersion, "6455-11.3.5-1", 426, "two Sec-WebSocket-Version fields"},
	{"6455-4.2.2-5 version 8", lineVersion, "Sec-WebSocket-Version: 8\r\n", "6455-4.2.2-5", 426, `"8"; this server speaks 13`},
	{"6455-4.2.2-5 version 14", lineVersion, "Sec-WebSocket-Version: 14\r\n", "6455-4.2.2-5", 426, `"14"`},
	{"6455-4.2.2-5 a list of versions", lineVersion, "Sec-WebSocket-Version: 13, 8\r\n", "6455-4.2.2-5", 426, `"13, 8"`},
	{"6455-4.2.2-5 an empty version", lineVersion, "Sec-WebSocket-Version:\r\n", "6455-4.2.2-5", 426, `""`},
	{"6455-4.2.1-1f no key", lineKey, "", "6455-4.2.1-1f", 400, "missing"},
	{"6455-11.3.1-1 two keys", lineKey, lineKey + lineKey, "6455-11.3.1-1", 400, "two Sec-WebSocket-Key fields"},
	{"6455-4.2.1-1f an empty key", lineKey, "Sec-WebSocket-Key:\r\n", "6455-4.2.1-1f", 400, "exactly 16 bytes"},
	{"6455-4.2.1-1f key of 15 bytes", lineKey, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j\r\n", "6455-4.2.1-1f", 400, "exactly 16 bytes"},
	{"6455-4.2.1-1f key of 17 bytes", lineKey, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZTE=\r\n", "6455-4.2.1-1f", 400, "exactly 16 bytes"},
	{"6455-4.2.1-1f key of 18 bytes", lineKey, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZTEy\r\n", "6455-4.2.1-1f", 400, "exactly 16 bytes"},
	{"6455-4.2.1-1f key without padding", lineKey, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ\r\n", "6455-4.2.1-1f", 400, "exactly 16 bytes"},
	{"6455-4.2.1-1f key in the alphabet of URLs", lineKey, "Sec-WebSocket-Key: __________________8A==\r\n", "6455-4.2.1-1f", 400, "exactly 16 bytes"},
	{"6455-4.2.1-1f key that is not base64", lineKey, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j!!==\r\n", "6455-4.2.1-1f", 400, "exactly 16 bytes"},
	{"6455-4.2.1-1h a subprotocol with a slash", lineProtocol, "Sec-WebSocket-Protocol: a/b\r\n", "6455-4.2.1-1h", 400, `"a/b" is not a subprotocol name`},
	{"6455-4.2.1-1h an empty subprotocol", lineProtocol, "Sec-WebSocket-Protocol: a,,b\r\n", "6455-4.2.1-1h", 400, `"" is not a subprotocol name`},
	{"6455-4.2.1-1h an empty list of subprotocols", lineProtocol, "Sec-WebSocket-Protocol:\r\n", "6455-4.2.1-1h", 400, `"" is not a subprotocol name`},
	{"6455-4.2.1-1h a subprotocol twice", lineProtocol, "Sec-WebSocket-Protocol: a, a\r\n", "6455-4.2.1-1h", 400, `"a" is offered twice`},
	{"6455-9.1-1 a malformed extension", lineProtocol, "Sec-WebSocket-Extensions: a;;b\r\n", "6455-9.1-1", 400, "the name of a parameter"},
	{"6455-4.3-1 a quoted value that is no token", lineProtocol, "Sec-WebSocket-Extensions: a; b=\"c d\"\r\n", "6455-4.3-1", 400, "it must be a token"},
	{"6455-4.2.2-4 a page from elsewhere", lineOrigin, "Origin: http://evil.example\r\n", "6455-4.2.2-4", 403, "evil.example"},
}

func TestCheckRefuses(t *testing.T) {
	for _, tt := range faults {
		t.Run(tt.name, func(t *testing.T) {
			req := readRequest(t, replace(t, rfcRequest, tt.line, tt.by))
			err := req.Check(nil)
			known := requireRule(t, err, tt.rule, tt.status)
			assert.Contains(t, known.Text, tt.sentence)

			t.Run("6455-4.2.1-1 6455-10.7-3 the answer is that status and no 101", func(t *testing.T) {
				resp := handshake.Refuse(err)
				assert.Equal(t, tt.status, resp.Status)
				assert.True(t, strings.HasPrefix(string(resp.Body), known.Text+" (RFC "), "the body says what was wrong: %s", resp.Body)
			})
			t.Run("6455-4.2.2-1 the origin is asked last", func(t *testing.T) {
				asked := false
				_ = req.Check(func(*handshake.Request) error { asked = true; return nil })
				assert.Equal(t, tt.status == 403, asked)
			})
		})
	}
}

// Two faults at once give the error of the one that Check looks for first, so that the answer to a
// request does not depend on luck.
func TestCheckFindsTheFirstOfTwoFaults(t *testing.T) {
	for i, first := range faults {
		for _, second := range faults[i+1:] {
			if first.line == second.line {
				continue
			}
			req := readRequest(t, replace(t, replace(t, rfcRequest, first.line, first.by), second.line, second.by))
			got := requireRule(t, req.Check(nil), first.rule, first.status)
			require.Contains(t, got.Text, first.sentence, "%s, then %s", first.name, second.name)
		}
	}
}

func TestCheckTellsHowToAskAgain(t *testing.T) {
	check := func(line, by string) *handshake.Error {
		var known *handshake.Error
		require.ErrorAs(t, readRequest(t, replace(t, rfcRequest, line, by)).Check(nil), &known)
		return known
	}
	t.Run("6455-4.2.1-1a a 405 names the method", func(t *testing.T) {
		assert.Equal(t, handshake.Header{{"Allow", "GET"}}, check(lineStart, "PUT / HTTP/1.1\r\n").Header)
	})
	t.Run("6455-4.2.1-1d a 426 names the protocol", func(t *testing.T) {
		assert.Equal(t, handshake.Header{{"Upgrade", "websocket"}, {"Connection", "Upgrade"}}, check(lineUpgrade, "").Header)
	})
	t.Run("6455-4.4-1 a wrong version is told the right one", func(t *testing.T) {
		want := handshake.Header{{"Upgrade", "websocket"}, {"Connection", "Upgrade"}, {"Sec-WebSocket-Version", "13"}}
		assert.Equal(t, want, check(lineVersion, "Sec-WebSocket-Version: 25\r\n").Header)
		assert.Equal(t, want, check(lineVersion, "").Header)
		assert.Equal(t, want, check(lineVersion, lineVersion+lineVersion).Header)
	})
}

func TestCheckTakesFieldsInAnyOrder(t *testing.T) {
	t.Run("6455-4.2.1-3 a thousand orders, with unknown fields in between", func(t *testing.T) {
		req := readRequest(t, withFields("Cookie: a=b\r\nX-Unknown: 1\r\nSec-WebSocket-Extensions: a\r\n"))
		random := rand.New(rand.NewPCG(6455, 101))
		for range 1000 {
			random.Shuffle(len(req.Header), func(i, j int) { req.Header[i], req.Header[j] = req.Header[j], req.Header[i] })
			again := readRequest(t, string(req.Append(nil)))
			require.Equal(t, req.Header, again.Header)
			require.NoError(t, again.Check(handshake.AnyOrigin))
		}
	})
}

func TestCheckOrigins(t *testing.T) {
	req := readRequest(t, rfcRequest)
	t.Run("6455-10.2-1 no check at all means the same origin", func(t *testing.T) {
		requireRule(t, req.Check(nil), "6455-4.2.2-4", 403)
	})
	t.Run("6455-10.2-2 an error of the caller becomes a 403 that keeps its cause to itself", func(t *testing.T) {
		cause := errors.New("database says no")
		err := req.Check(func(*handshake.Request) error { return cause })
		requireRule(t, err, "6455-4.2.2-4", 403)
		assert.ErrorIs(t, err, cause)
		assert.NotContains(t, string(handshake.Refuse(err).Append(nil)), "database")
	})
	t.Run("6455-4.2.2-6 an Error of the caller stays as it is", func(t *testing.T) {
		gone := &handshake.Error{Rule: "6455-4.2.2-6", Status: 404, Text: "there is no room of this name"}
		assert.Same(t, gone, req.Check(func(*handshake.Request) error { return gone }))
	})
	t.Run("the caller sees the request", func(t *testing.T) {
		assert.NoError(t, req.Check(func(r *handshake.Request) error {
			assert.Same(t, req, r)
			return nil
		}))
	})
}
