package handshake_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"example.com/ws101/handshake"
)

const (
	lineStatus         = "HTTP/1.1 101 Switching Protocols\r\n"
	lineAccept         = "Sec-WebSocket-Accept: " + rfcAccept + "\r\n"
	lineAnswerProtocol = "Sec-WebSocket-Protocol: chat\r\n"
)

func TestResponseCheck(t *testing.T) {
	// The client offers the subprotocols chat and superchat, and two extensions.
	req := readRequest(t, withFields("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x-other\r\n"))

	for _, tt := range []struct{ name, line, by string }{
		{"6455-4.1-36 the response of the RFC", lineStatus, lineStatus},
		{"6455-4.1-36 another reason", lineStatus, "HTTP/1.1 101 \r\n"},
		{"6455-4.1-38 websocket in another case", lineUpgrade, "Upgrade: WebSocket\r\n"},
		{"6455-4.1-39 upgrade in another case", lineConnection, "Connection: UPGRADE\r\n"},
		{"6455-4.1-39 upgrade in a list", lineConnection, "Connection: keep-alive, upgrade\r\n"},
		{"6455-4.1-39 upgrade in a second field", lineConnection, "Connection: keep-alive\r\nConnection: upgrade\r\n"},
		{"6455-4.1-40 white space around the proof", lineAccept, "Sec-WebSocket-Accept: \t" + rfcAccept + " \r\n"},
		{"6455-4.1-44 names in lower case", lineAccept, "sec-websocket-accept: " + rfcAccept + "\r\n"},
		{"6455-4.1-41 an extension that was offered", lineAnswerProtocol, "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n"},
		{"6455-11.3.2-1 extensions in two fields", lineAnswerProtocol, "Sec-WebSocket-Extensions: x-other\r\nSec-WebSocket-Extensions: permessage-deflate\r\n"},
		{"6455-4.1-42 the other subprotocol", lineAnswerProtocol, "Sec-WebSocket-Protocol: superchat\r\n"},
		{"6455-4.1-42 no subprotocol", lineAnswerProtocol, ""},
		{"an unknown field", lineAccept, lineAccept + "Server: x\r\nSet-Cookie: a=b\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.NoError(t, readResponse(t, replace(t, rfcResponse, tt.line, tt.by)).Check(req))
		})
	}

	for _, tt := range []struct{ name, line, by, rule, sentence string }{
		{"6455-4.1-37 status 200", lineStatus, "HTTP/1.1 200 OK\r\n", "6455-4.1-37", `answered 200 "OK" and not 101`},
		{"6455-4.1-37 a redirect", lineStatus, "HTTP/1.1 302 Found\r\nLocation: /x\r\n", "6455-4.1-37", "302"},
		{"6455-4.1-37 a demand to log in, without words", lineStatus, "HTTP/1.1 401\r\n", "6455-4.1-37", "answered 401 and not 101"},
		{"6455-4.1-43 HTTP/1.0", lineStatus, "HTTP/1.0 101 Switching Protocols\r\n", "6455-4.1-43", `"HTTP/1.0"`},
		{"6455-4.1-43 HTTP/2.0", lineStatus, "HTTP/2.0 101 Switching Protocols\r\n", "6455-4.1-43", `"HTTP/2.0"`},
		{"6455-4.1-38 no Upgrade", lineUpgrade, "", "6455-4.1-38", `Upgrade field of the answer is ""`},
		{"6455-4.1-38 another protocol", lineUpgrade, "Upgrade: h2c\r\n", "6455-4.1-38", `"h2c"`},
		{"6455-4.1-38 websocket among others", lineUpgrade, "Upgrade: websocket, h2c\r\n", "6455-4.1-38", "it has to be websocket"},
		{"6455-4.1-38 websocket with a sign that folds to it", lineUpgrade, "Upgrade: websoc\u212Aet\r\n", "6455-4.1-38", "it has to be websocket"},
		{"6455-4.1-43 two Upgrades", lineUpgrade, lineUpgrade + lineUpgrade, "6455-4.1-43", "two Upgrade fields"},
		{"6455-4.1-39 no Connection", lineConnection, "", "6455-4.1-39", `Connection field of the answer is ""`},
		{"6455-4.1-39 keep-alive", lineConnection, "Connection: keep-alive\r\n", "6455-4.1-39", "it has to list Upgrade"},
		{"6455-4.1-40 no proof", lineAccept, "", "6455-4.1-40", "no Sec-WebSocket-Accept; it has to be " + rfcAccept},
		{"6455-4.1-40 an empty proof", lineAccept, "Sec-WebSocket-Accept:\r\n", "6455-4.1-40", "no Sec-WebSocket-Accept"},
		{"6455-4.1-40 the key for a proof", lineAccept, "Sec-WebSocket-Accept: " + rfcKey + "\r\n", "6455-4.1-40", "has to be " + rfcAccept},
		{"6455-4.1-40 the proof in another case", lineAccept, "Sec-WebSocket-Accept: S3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", "6455-4.1-40", "has to be " + rfcAccept},
		{"6455-11.3.3-1 the proof twice", lineAccept, lineAccept + lineAccept, "6455-11.3.3-1", "two Sec-WebSocket-Accept fields"},
		{"6455-4.1-41 an extension that was not offered", lineAnswerProtocol, "Sec-WebSocket-Extensions: x-new\r\n", "6455-4.1-41", `"x-new", which was not offered`},
		{"6455-4.1-41 one of two was not offered", lineAnswerProtocol, "Sec-WebSocket-Extensions: x-other, x-new\r\n", "6455-4.1-41", `"x-new"`},
		{"6455-4.1-41 an extension in another case", lineAnswerProtocol, "Sec-WebSocket-Extensions: X-Other\r\n", "6455-4.1-41", `"X-Other"`},
		{"6455-9.1-1 a malformed extension", lineAnswerProtocol, "Sec-WebSocket-Extensions: x-other;\r\n", "6455-9.1-1", "the name of a parameter"},
		{"6455-9.1-1 an empty list of extensions", lineAnswerProtocol, "Sec-WebSocket-Extensions:\r\n", "6455-9.1-1", "the name of an extension"},
		{"6455-4.3-1 a quoted value that is no token", lineAnswerProtocol, "Sec-WebSocket-Extensions: x-other; a=\"\"\r\n", "6455-4.3-1", "must be a token"},
		{"6455-4.1-42 a subprotocol that was not offered", lineAnswerProtocol, "Sec-WebSocket-Protocol: x\r\n", "6455-4.1-42", `"x", which was not offered`},
		{"6455-4.1-42 a subprotocol in another case", lineAnswerProtocol, "Sec-WebSocket-Protocol: Chat\r\n", "6455-4.1-42", `"Chat"`},
		{"6455-4.2.2-9 an empty subprotocol", lineAnswerProtocol, "Sec-WebSocket-Protocol:\r\n", "6455-4.1-42", `""`},
		{"6455-4.1-43 two subprotocols in one field", lineAnswerProtocol, "Sec-WebSocket-Protocol: chat, superchat\r\n", "6455-4.1-42", `"chat, superchat"`},
		{"6455-11.3.4-1 two subprotocols in two fields", lineAnswerProtocol, lineAnswerProtocol + "Sec-WebSocket-Protocol: superchat\r\n", "6455-11.3.4-1", "two Sec-WebSocket-Protocol fields"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := readResponse(t, replace(t, rfcResponse, tt.line, tt.by)).Check(req)
			assert.Contains(t, requireRule(t, err, tt.rule, 0).Text, tt.sentence)
		})
	}

	t.Run("6455-4.1-41 an extension to a client that offered none", func(t *testing.T) {
		resp := readResponse(t, replace(t, rfcResponse, lineAccept, lineAccept+"Sec-WebSocket-Extensions: permessage-deflate\r\n"))
		requireRule(t, resp.Check(readRequest(t, rfcRequest)), "6455-4.1-41", 0)
	})
	t.Run("6455-4.1-42 a subprotocol to a client that offered none", func(t *testing.T) {
		none := readRequest(t, replace(t, rfcRequest, lineProtocol, ""))
		requireRule(t, readResponse(t, rfcResponse).Check(none), "6455-4.1-42", 0)
	})
	t.Run("a request that could not have been sent", func(t *testing.T) {
		bad := &handshake.Request{Header: handshake.Header{
			{"Sec-WebSocket-Key", rfcKey},
			{"Sec-WebSocket-Protocol", "a,,b"},
		}}
		requireRule(t, readResponse(t, rfcResponse).Check(bad), "6455-4.2.1-1h", 0)
		bad.Header = append(bad.Header, handshake.Field{Name: "Sec-WebSocket-Extensions", Value: ";"})
		resp := readResponse(t, replace(t, rfcResponse, lineAnswerProtocol, "Sec-WebSocket-Extensions: a\r\n"))
		requireRule(t, resp.Check(bad), "6455-9.1-1", 0)
	})
}

func TestResponseExtensions(t *testing.T) {
	t.Run("6455-9.1-6 come in the order in which they apply", func(t *testing.T) {
		resp := &handshake.Response{Header: handshake.Header{
			{"Sec-WebSocket-Extensions", "b; x=1"},
			{"Sec-WebSocket-Extensions", "a"},
		}}
		got, err := resp.Extensions()
		assert.NoError(t, err)
		assert.Equal(t, []handshake.Extension{{Name: "b", Params: []handshake.Param{{Name: "x", Value: "1"}}}, {Name: "a"}}, got)
	})
	t.Run("malformed ones are an error without a status", func(t *testing.T) {
		resp := &handshake.Response{Header: handshake.Header{{"Sec-WebSocket-Extensions", "a b"}}}
		_, err := resp.Extensions()
		requireRule(t, err, "6455-9.1-1", 0)
	})
}
