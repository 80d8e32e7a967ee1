package handshake_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/handshake"
)

func TestAccepted(t *testing.T) {
	req := readRequest(t, withFields("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x-other\r\n"))
	const head = "HTTP/1.1 101 Switching Protocols\r\n" +
		"Upgrade: websocket\r\n" +
		"Connection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: " + rfcAccept + "\r\n"
	type exts = []handshake.Extension
	deflate := handshake.Extension{Name: "permessage-deflate", Params: []handshake.Param{{Name: "client_max_window_bits", Value: "10"}}}

	for _, tt := range []struct {
		name        string
		subprotocol string
		extensions  exts
		want        string
	}{
		{"6455-4.2.2-8 6455-4.2.2-9 no subprotocol, no field", "", nil, ""},
		{"6455-4.2.2-7 a subprotocol of the client's", "superchat", nil, "Sec-WebSocket-Protocol: superchat\r\n"},
		{"6455-4.2.2-10 an extension of the client's", "", exts{deflate}, "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=10\r\n"},
		{"6455-11.3.2-1 two extensions in one field", "", exts{{Name: "x-other"}, deflate}, "Sec-WebSocket-Extensions: x-other, permessage-deflate; client_max_window_bits=10\r\n"},
		{"both", "chat", exts{{Name: "x-other"}}, "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: x-other\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			resp, err := handshake.Accepted(req, handshake.Choice{Subprotocol: tt.subprotocol, Extensions: tt.extensions})
			require.NoError(t, err)
			wire := string(resp.Append(nil))
			assert.Equal(t, head+tt.want+"\r\n", wire)
			assert.NoError(t, readResponse(t, wire).Check(req), "our own client takes it")
		})
	}

	for _, tt := range []struct {
		name        string
		subprotocol string
		extensions  exts
		rule        string
	}{
		{"6455-4.2.2-7 a subprotocol that was not offered", "x", nil, "6455-4.2.2-7"},
		{"6455-4.2.2-7 a subprotocol in another case", "Chat", nil, "6455-4.2.2-7"},
		{"6455-4.2.2-11 an extension that was not offered", "", exts{deflate, {Name: "x-new"}}, "6455-4.2.2-11"},
		{"6455-9.1-2 an extension with a value that is no token", "", exts{{Name: "x-other", Params: []handshake.Param{{Name: "a", Value: "b\r\nc"}}}}, "6455-9.1-1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			resp, err := handshake.Accepted(req, handshake.Choice{Subprotocol: tt.subprotocol, Extensions: tt.extensions})
			assert.Nil(t, resp)
			requireRule(t, err, tt.rule, 500)
		})
	}

	for _, tt := range []struct {
		name  string
		field handshake.Field
		rule  string
	}{
		{"a second Accept 6455-11.3.3-1", handshake.Field{Name: "Sec-WebSocket-Accept", Value: "x"}, "6455-4.1-18"},
		{"a second Connection", handshake.Field{Name: "connection", Value: "close"}, "6455-4.1-18"},
		{"a length, though 101 has no body", handshake.Field{Name: "Content-Length", Value: "0"}, "6455-4.1-18"},
		{"a line break in a value", handshake.Field{Name: "X-A", Value: "b\r\nX-C: d"}, "9110-5.5"},
	} {
		t.Run("further fields: "+tt.name, func(t *testing.T) {
			resp, err := handshake.Accepted(req, handshake.Choice{Header: handshake.Header{tt.field}})
			assert.Nil(t, resp)
			requireRule(t, err, tt.rule, 500)
		})
	}
	t.Run("further fields go last", func(t *testing.T) {
		resp, err := handshake.Accepted(req, handshake.Choice{Subprotocol: "chat", Header: handshake.Header{{"Set-Cookie", "a=b"}}})
		require.NoError(t, err)
		assert.Equal(t, head+"Sec-WebSocket-Protocol: chat\r\nSet-Cookie: a=b\r\n\r\n", string(resp.Append(nil)))
	})

	t.Run("a request that Check refuses", func(t *testing.T) {
		bad := &handshake.Request{Header: handshake.Header{{"Sec-WebSocket-Protocol", ","}, {"Sec-WebSocket-Extensions", ","}}}
		_, err := handshake.Accepted(bad, handshake.Choice{Subprotocol: "a"})
		requireRule(t, err, "6455-4.2.1-1h", 400)
		_, err = handshake.Accepted(bad, handshake.Choice{Extensions: exts{{Name: "a"}}})
		requireRule(t, err, "6455-9.1-1", 400)
	})
}

func TestRefuse(t *testing.T) {
	t.Run("6455-4.4-1 a wrong version, byte for byte", func(t *testing.T) {
		err := readRequest(t, replace(t, rfcRequest, lineVersion, "Sec-WebSocket-Version: 25\r\n")).Check(nil)
		assert.Equal(t, "HTTP/1.1 426 Upgrade Required\r\n"+
			"Upgrade: websocket\r\n"+
			"Sec-WebSocket-Version: 13\r\n"+
			"Connection: Upgrade, close\r\n"+
			"Content-Type: text/plain; charset=utf-8\r\n"+
			"Content-Length: 82\r\n"+
			"X-Content-Type-Options: nosniff\r\n"+
			"\r\n"+
			"the Sec-WebSocket-Version is \"25\"; this server speaks 13 (RFC 6455 section 4.2.2)\n",
			string(handshake.Refuse(err).Append(nil)))
	})

	deep := fmt.Errorf("while reading: %w", &handshake.Error{Status: 403, Text: "no"})
	for _, tt := range []struct {
		name   string
		err    error
		status int
		body   string
	}{
		{"6455-4.2.2-6 404 of the caller's", &handshake.Error{Rule: "6455-4.2.2-6", Status: 404, Text: "there is nothing here"}, 404, "there is nothing here (RFC 6455 section 4.2.2)\n"},
		{"6455-4.2.2-4 a wrapped Error", deep, 403, "no\n"},
		{"an Error of the client side", &handshake.Error{Text: "hm"}, 500, "hm\n"},
		{"an Error that would say yes", &handshake.Error{Status: 101, Text: "hm"}, 500, "hm\n"},
		{"an Error that is no status", &handshake.Error{Status: 600, Text: "hm"}, 500, "hm\n"},
		{"a redirect", &handshake.Error{Status: 307, Text: "there"}, 307, "there\n"},
		{"a redirect for good", &handshake.Error{Status: 308, Text: "there"}, 308, "there\n"},
		{"a demand to log in", &handshake.Error{Status: 401, Text: "who?"}, 401, "who?\n"},
		{"too often", &handshake.Error{Status: 429, Text: "later"}, 429, "later\n"},
		{"too much to do", &handshake.Error{Status: 503, Text: "later"}, 503, "later\n"},
		{"a status without words", &handshake.Error{Status: 418, Text: "tea"}, 418, "tea\n"},
		{"a deadline of the connection", fmt.Errorf("read: %w", os.ErrDeadlineExceeded), 408, "the request took too long to arrive\n"},
		{"a deadline of the context", context.DeadlineExceeded, 408, "the request took too long to arrive\n"},
		{"the end in the middle", fmt.Errorf("read: %w", io.ErrUnexpectedEOF), 400, "the request ended in the middle; it ends with a blank line\n"},
		{"any other error keeps its words to itself", errors.New("password of the database"), 500, "the server failed to answer this request\n"},
		{"no error at all", nil, 500, "the server failed to answer this request\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wire := handshake.Refuse(tt.err).Append(nil)
			std, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(wire)), nil)
			require.NoError(t, err)
			body, err := io.ReadAll(std.Body)
			require.NoError(t, err)
			assert.Equal(t, tt.status, std.StatusCode)
			assert.Equal(t, tt.body, string(body))
			assert.Equal(t, int64(len(body)), std.ContentLength)
			assert.True(t, std.Close)
			assert.Equal(t, "text/plain; charset=utf-8", std.Header.Get("Content-Type"))
			assert.Equal(t, "nosniff", std.Header.Get("X-Content-Type-Options"))
		})
	}

	t.Run("every status of this package has its words", func(t *testing.T) {
		for _, status := range []int{307, 308, 400, 401, 403, 404, 405, 408, 426, 429, 431, 500, 503, 505} {
			assert.Equal(t, http.StatusText(status), handshake.Refuse(&handshake.Error{Status: status}).Reason)
		}
		assert.Equal(t, "URI Too Long", handshake.Refuse(&handshake.Error{Status: 414}).Reason)
	})

	t.Run("fields of an Error go along, but cannot change the framing", func(t *testing.T) {
		resp := handshake.Refuse(&handshake.Error{Status: 401, Text: "who?", Header: handshake.Header{
			{"WWW-Authenticate", "Basic"},
			{"Content-Length", "0"},
			{"transfer-encoding", "chunked"},
			{"Connection", "keep-alive"},
			{"Content-Type", "text/html"},
			{"X", "a\r\nInjected: 1"},
		}})
		assert.Equal(t, "HTTP/1.1 401 Unauthorized\r\n"+
			"WWW-Authenticate: Basic\r\n"+
			"X: a  Injected: 1\r\n"+
			"Connection: close\r\n"+
			"Content-Type: text/plain; charset=utf-8\r\n"+
			"Content-Length: 5\r\n"+
			"X-Content-Type-Options: nosniff\r\n"+
			"\r\nwho?\n", string(resp.Append(nil)))
	})
	t.Run("the Error stays as it was", func(t *testing.T) {
		known := &handshake.Error{Status: 401, Header: append(make(handshake.Header, 0, 10), handshake.Field{Name: "A", Value: "b"})}
		handshake.Refuse(known).Header[0].Value = "changed"
		assert.Equal(t, handshake.Header{{"A", "b"}}, known.Header)
	})
}
