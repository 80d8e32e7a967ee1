package handshake_test

import (
	"bufio"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/handshake"
)

// The handshake of RFC 6455 section 1.3, which the other tests vary.
const (
	rfcKey    = "dGhlIHNhbXBsZSBub25jZQ=="
	rfcAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

	rfcRequest = "GET /chat HTTP/1.1\r\n" +
		"Host: server.example.com\r\n" +
		"Upgrade: websocket\r\n" +
		"Connection: Upgrade\r\n" +
		"Sec-WebSocket-Key: " + rfcKey + "\r\n" +
		"Origin: http://example.com\r\n" +
		"Sec-WebSocket-Protocol: chat, superchat\r\n" +
		"Sec-WebSocket-Version: 13\r\n" +
		"\r\n"

	rfcResponse = "HTTP/1.1 101 Switching Protocols\r\n" +
		"Upgrade: websocket\r\n" +
		"Connection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: " + rfcAccept + "\r\n" +
		"Sec-WebSocket-Protocol: chat\r\n" +
		"\r\n"
)

// readRequest reads a request that has to be well formed.
func readRequest(t testing.TB, wire string) *handshake.Request {
	t.Helper()
	req, err := handshake.ReadRequest(bufio.NewReader(strings.NewReader(wire)), handshake.Limits{})
	require.NoError(t, err)
	return req
}

// readResponse reads a response that has to be well formed.
func readResponse(t testing.TB, wire string) *handshake.Response {
	t.Helper()
	resp, err := handshake.ReadResponse(bufio.NewReader(strings.NewReader(wire)), handshake.Limits{})
	require.NoError(t, err)
	return resp
}

// requireRule asserts that err is an *Error for this rule, and returns it.
func requireRule(t testing.TB, err error, rule string, status int) *handshake.Error {
	t.Helper()
	var known *handshake.Error
	require.ErrorAs(t, err, &known)
	assert.Equal(t, rule, known.Rule, "rule of: %v", err)
	assert.Equal(t, status, known.Status, "status of: %v", err)
	assert.NotEmpty(t, known.Text)
	assert.NotContains(t, known.Error(), "%!", "a sentence without formatting errors")
	return known
}

// replace swaps one part of a message, which has to be there.
func replace(t testing.TB, wire, part, by string) string {
	t.Helper()
	require.Contains(t, wire, part)
	return strings.Replace(wire, part, by, 1)
}

func TestHandshakeOfTheRFC(t *testing.T) {
	t.Run("6455-4.1-1 a client writes the request of section 1.3 byte for byte", func(t *testing.T) {
		u, err := handshake.ParseURL("ws://server.example.com/chat")
		require.NoError(t, err)
		req, err := handshake.NewRequest(u, rfcKey, handshake.Offer{
			Origin:       "http://example.com",
			Subprotocols: []string{"chat", "superchat"},
		})
		require.NoError(t, err)
		assert.Equal(t, rfcRequest, string(req.Append(nil)))
	})

	t.Run("6455-4.2.2-12 a server writes the response of section 1.3 byte for byte", func(t *testing.T) {
		req := readRequest(t, rfcRequest)
		require.NoError(t, req.Check(handshake.AllowOrigins("http://example.com")))
		offered, err := req.Subprotocols()
		require.NoError(t, err)
		resp, err := handshake.Accepted(req, handshake.Choice{Subprotocol: handshake.ChooseSubprotocol(offered, []string{"chat"})})
		require.NoError(t, err)
		assert.Equal(t, rfcResponse, string(resp.Append(nil)))
	})

	t.Run("6455-4.1-36 a client accepts that response", func(t *testing.T) {
		assert.NoError(t, readResponse(t, rfcResponse).Check(readRequest(t, rfcRequest)))
	})
}
