package handshake_test

import (
	"bufio"
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/handshake"
)

// newRequest makes a request to ws://example.com/chat.
func newRequest(offer handshake.Offer) (*handshake.Request, error) {
	u, err := handshake.ParseURL("ws://example.com/chat")
	if err != nil {
		return nil, err
	}
	return handshake.NewRequest(u, rfcKey, offer)
}

func TestNewRequest(t *testing.T) {
	full := handshake.Offer{
		Origin:       "https://example.com",
		Subprotocols: []string{"chat", "superchat"},
		Extensions:   []handshake.Extension{{Name: "permessage-deflate", Params: []handshake.Param{{Name: "client_max_window_bits"}}}},
		Header:       handshake.Header{{"Authorization", "Bearer abc"}, {"Cookie", "a=b"}},
	}
	req, err := newRequest(full)
	require.NoError(t, err)
	wire := req.Append(nil)

	t.Run("all of an offer, byte for byte", func(t *testing.T) {
		assert.Equal(t, "GET /chat HTTP/1.1\r\n"+
			"Host: example.com\r\n"+
			"Upgrade: websocket\r\n"+
			"Connection: Upgrade\r\n"+
			"Sec-WebSocket-Key: "+rfcKey+"\r\n"+
			"Origin: https://example.com\r\n"+
			"Sec-WebSocket-Protocol: chat, superchat\r\n"+
			"Sec-WebSocket-Version: 13\r\n"+
			"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"+
			"Authorization: Bearer abc\r\n"+
			"Cookie: a=b\r\n"+
			"\r\n", string(wire))
	})

	std, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(wire)))
	t.Run("6455-4.1-18 net/http reads it", func(t *testing.T) {
		require.NoError(t, err)
	})
	for _, tt := range []struct {
		name      string
		want, got any
	}{
		{"6455-4.1-17 it opens the handshake of this URL", "/chat", std.URL.Path},
		{"6455-4.1-19 the method is GET", "GET", std.Method},
		{"6455-4.1-20 the version is HTTP/1.1", "HTTP/1.1", std.Proto},
		{"6455-4.1-21 the target is the resource name", "/chat", std.RequestURI},
		{"6455-4.1-22 the host is there", "example.com", std.Host},
		{"6455-4.1-23 Upgrade is there, once", 1, len(std.Header["Upgrade"])},
		{"6455-4.1-24 Upgrade is websocket", "websocket", std.Header.Get("Upgrade")},
		{"6455-4.1-25 Connection is there, once", 1, len(std.Header["Connection"])},
		{"6455-4.1-26 Connection is Upgrade", "Upgrade", std.Header.Get("Connection")},
		{"6455-4.1-27 the key is there", rfcKey, std.Header.Get("Sec-WebSocket-Key")},
		{"6455-11.3.1-1 the key is there once", 1, len(std.Header["Sec-Websocket-Key"])},
		{"6455-4.1-30 the origin is sent when given", "https://example.com", std.Header.Get("Origin")},
		{"6455-4.1-31 the version is there", true, std.Header.Get("Sec-WebSocket-Version") != ""},
		{"6455-4.1-32 the version is 13", "13", std.Header.Get("Sec-WebSocket-Version")},
		{"6455-11.3.5-1 the version is there once", 1, len(std.Header["Sec-Websocket-Version"])},
	} {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, tt.got) })
	}

	t.Run("6455-4.1-30 no origin is sent unless given", func(t *testing.T) {
		req, err := newRequest(handshake.Offer{})
		require.NoError(t, err)
		assert.False(t, req.Header.Has("Origin"))
		assert.False(t, req.Header.Has("Sec-WebSocket-Protocol"))
		assert.False(t, req.Header.Has("Sec-WebSocket-Extensions"))
	})
	t.Run("the offer keeps its own fields", func(t *testing.T) {
		req.Header[len(req.Header)-1].Value = "changed"
		assert.Equal(t, "a=b", full.Header.Get("Cookie"))
	})
}

func TestNewRequestRefuses(t *testing.T) {
	field := func(name, value string) handshake.Offer {
		return handshake.Offer{Header: handshake.Header{{Name: "X-Fine", Value: "ok"}, {Name: name, Value: value}}}
	}
	extension := func(name, param, value string) handshake.Offer {
		return handshake.Offer{Extensions: []handshake.Extension{{Name: name, Params: []handshake.Param{{Name: param, Value: value}}}}}
	}
	many := strings.Split(names(65), ", ")
	for _, tt := range []struct {
		name  string
		offer handshake.Offer
		rule  string
	}{
		{"6455-4.1-33 an empty subprotocol", handshake.Offer{Subprotocols: []string{"a", ""}}, "6455-4.1-33"},
		{"6455-4.1-33 a subprotocol with a space", handshake.Offer{Subprotocols: []string{"a b"}}, "6455-4.1-33"},
		{"6455-4.1-33 a subprotocol with a comma", handshake.Offer{Subprotocols: []string{"a,b"}}, "6455-4.1-33"},
		{"6455-4.1-33 a subprotocol with a line break", handshake.Offer{Subprotocols: []string{"a\r\nX: 1"}}, "6455-4.1-33"},
		{"6455-4.1-34 a subprotocol twice", handshake.Offer{Subprotocols: []string{"a", "b", "a"}}, "6455-4.1-34"},
		{"65 subprotocols", handshake.Offer{Subprotocols: many}, "6455-4.1-34"},
		{"6455-9.1-1 an extension without a name", extension("", "a", ""), "6455-9.1-1"},
		{"6455-9.1-1 an extension with a bad name", extension("a,b", "c", ""), "6455-9.1-1"},
		{"6455-9.1-1 a parameter without a name", extension("a", "", ""), "6455-9.1-1"},
		{"6455-9.1-2 a value that is no token", extension("a", "b", "c d"), "6455-9.1-1"},
		{"an origin with a line break", handshake.Offer{Origin: "http://a\r\nX: 1"}, "6455-4.1-30"},
		{"an origin with a space", handshake.Offer{Origin: "http://a http://b"}, "6455-4.1-30"},
		{"a field with a line break in its value", field("X", "a\r\nInjected: 1"), "9110-5.5"},
		{"a field with LF in its value", field("X", "a\nb"), "9110-5.5"},
		{"a field with NUL in its value", field("X", "a\x00"), "9110-5.5"},
		{"a field with a line break in its name", field("X\r\nY", "a"), "9110-5.1"},
		{"a field with a colon in its name", field("X:", "a"), "9110-5.1"},
		{"a field without a name", field("", "a"), "9110-5.1"},
		{"6455-4.1-18 a second Host", field("host", "a"), "6455-4.1-18"},
		{"6455-4.1-18 another Upgrade", field("UPGRADE", "h2c"), "6455-4.1-18"},
		{"6455-4.1-18 another Connection", field("Connection", "close"), "6455-4.1-18"},
		{"6455-4.1-18 another Origin", field("Origin", "http://a"), "6455-4.1-18"},
		{"6455-11.3.1-1 another key", field("sec-websocket-key", rfcKey), "6455-4.1-18"},
		{"6455-11.3.5-1 another version", field("Sec-Websocket-Version", "8"), "6455-4.1-18"},
		{"6455-4.1-18 a protocol around the checks", field("Sec-WebSocket-Protocol", "a"), "6455-4.1-18"},
		{"6455-4.1-18 an extension around the checks", field("Sec-WebSocket-Extensions", "a"), "6455-4.1-18"},
		{"6455-4.1-35 a body of known length", field("Content-Length", "5"), "6455-4.1-18"},
		{"6455-4.1-35 a chunked body", field("Transfer-Encoding", "chunked"), "6455-4.1-18"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req, err := newRequest(tt.offer)
			assert.Nil(t, req)
			requireRule(t, err, tt.rule, 0)
		})
	}

	for name, key := range map[string]string{
		"6455-4.1-28 an empty key":                "",
		"6455-4.1-28 a key of 15 bytes":           "MTIzNDU2Nzg5MDEyMzQ1",
		"6455-4.1-28 a key with a line break":     rfcKey + "\r\n",
		"6455-4.1-28 a key that is not in base64": "!!!!!!!!!!!!!!!!!!!!!!==",
	} {
		t.Run(name, func(t *testing.T) {
			u, err := handshake.ParseURL("ws://example.com/")
			require.NoError(t, err)
			_, err = handshake.NewRequest(u, key, handshake.Offer{})
			requireRule(t, err, "6455-4.1-28", 0)
		})
	}
}
