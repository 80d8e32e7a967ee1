package rfc6455

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/handshake"
)

func TestAcceptAnswersByteForByte(t *testing.T) {
	for _, tt := range []struct {
		name, fields string
		opts         *AcceptOptions
		answer       string
		subprotocol  string
	}{
		{name: "6455-4.2.2-12a 12b 12c 12d the request of the RFC", answer: rfcAnswer},
		{
			name:   "6455-4.2.2-8 no subprotocol agreed",
			fields: "Sec-WebSocket-Protocol: soap, wamp\r\n",
			opts:   &AcceptOptions{Subprotocols: []string{"chat"}},
			answer: rfcAnswer,
		},
		{
			name:        "6455-4.2.2-7 the server's first choice of those offered",
			fields:      "Sec-WebSocket-Protocol: superchat, chat\r\n",
			opts:        &AcceptOptions{Subprotocols: []string{"mqtt", "chat", "superchat"}},
			answer:      withFields(rfcAnswer, "Sec-WebSocket-Protocol: chat\r\n"),
			subprotocol: "chat",
		},
		{
			name:   "6455-4.2.2-9 nothing offered",
			opts:   &AcceptOptions{Subprotocols: []string{"chat"}},
			answer: rfcAnswer,
		},
		{
			name:   "6455-4.2.2-11 9-1 an extension that this server does not speak",
			fields: "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x-other\r\n",
			answer: rfcAnswer,
		},
		{
			name:   "further fields",
			opts:   &AcceptOptions{Header: handshake.Header{{Name: "Set-Cookie", Value: "a=b"}, {Name: "Server", Value: "ws101"}}},
			answer: withFields(rfcAnswer, "Set-Cookie: a=b\r\nServer: ws101\r\n"),
		},
	} {
		for _, over := range transports {
			t.Run(tt.name+"/"+over.name, func(t *testing.T) {
				server, client := over.open(t)
				done := accepting(patient(t), server, tt.opts)
				send(client, withFields(rfcRequest, tt.fields))
				answer := receive(t, client, len(tt.answer))
				assert.Equal(t, tt.answer, answer)
				resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(answer)), nil)
				require.NoError(t, err, "6455-4.2.2-12: a valid HTTP response")
				assert.Equal(t, 101, resp.StatusCode)

				a := <-done
				require.NoError(t, a.err)
				defer a.conn.CloseNow()
				assert.Equal(t, tt.subprotocol, a.conn.Subprotocol())
				assert.Equal(t, "/chat", a.req.Path())
				assert.Equal(t, "server.example.com", a.req.Host())
				assert.False(t, a.req.Secure)
				assert.NoError(t, a.conn.Err())
				assert.Equal(t, server.RemoteAddr(), a.conn.RemoteAddr())
				assert.Equal(t, server.LocalAddr(), a.conn.LocalAddr())
			})
		}
	}
}

// early are frames that a client sends right behind its request, without
// waiting for the answer.
var early = []struct {
	name  string
	count int
	size  int
}{
	{"one", 1, 5},
	{"three", 3, 5},
	{"an empty one", 1, 0},
	{"some that fill the buffer of the handshake", 40, 100},
	{"one that is larger than any buffer", 1, 1 << 20},
	{"a megabyte in small ones", 1 << 10, 1 << 10},
}

func earlyFrames(count, size int) string {
	return strings.Repeat(fromClient(Text, strings.Repeat("e", size)), count)
}

// requireEarly reads the messages of earlyFrames.
func requireEarly(t *testing.T, c *Conn, count, size int) {
	for i := range count {
		typ, p, err := c.Read(patient(t))
		require.NoError(t, err, "message %d", i)
		require.Equal(t, Text, typ)
		require.Equal(t, strings.Repeat("e", size), string(p), "message %d", i)
	}
}

func TestAcceptKeepsWhatComesBehindTheRequest(t *testing.T) {
	for _, tt := range early {
		for _, over := range transports {
			t.Run("6455-4.2.2-13 "+tt.name+"/"+over.name, func(t *testing.T) {
				server, client := over.open(t)
				done := accepting(patient(t), server, nil)
				send(client, rfcRequest+earlyFrames(tt.count, tt.size))
				assert.Equal(t, rfcAnswer, receive(t, client, len(rfcAnswer)))
				a := <-done
				require.NoError(t, a.err)
				defer a.conn.CloseNow()
				requireEarly(t, a.conn, tt.count, tt.size)
			})
		}
	}
	t.Run("6455-4.2.2-13 the packet may end at any byte of the frames", func(t *testing.T) {
		all := rfcRequest + fromClient(Text, "Hello") + fromClient(Binary, strings.Repeat("x", 200))
		for cut := len(rfcRequest) - 2; cut <= len(all); cut++ {
			server, client := pipe(t)
			done := accepting(context.Background(), server, nil)
			go func() {
				io.WriteString(client, all[:cut])
				io.WriteString(client, all[cut:])
			}()
			receive(t, client, len(rfcAnswer))
			a := <-done
			require.NoError(t, a.err)
			_, p, err := a.conn.Read(context.Background())
			require.NoError(t, err, "cut at %d", cut)
			require.Equal(t, "Hello", string(p))
			_, p, err = a.conn.Read(context.Background())
			require.NoError(t, err, "cut at %d", cut)
			require.Equal(t, strings.Repeat("x", 200), string(p))
			a.conn.CloseNow()
			client.Close()
		}
	})
	t.Run("6455-4.2.2-13 Serve gets them too, and a Close", func(t *testing.T) {
		server, client := loopback(t)
		done := accepting(patient(t), server, nil)
		send(client, rfcRequest+earlyFrames(300, 100)+string(closeFrame(true, 1000, "")))
		receive(t, client, len(rfcAnswer))
		a := <-done
		require.NoError(t, a.err)
		go func() { // the client ends when the server does
			io.Copy(io.Discard, client)
			client.Close()
		}()
		count := 0
		err := a.conn.Serve(patient(t), Handler{Message: func(*Conn, MessageType, []byte) { count++ }})
		assert.True(t, asClose(t, err).Clean)
		assert.Equal(t, 300, count)
	})
}

// notFound is a Check that knows one path.
func notFound(req *handshake.Request) error {
	if req.Path() != "/chat" {
		return &handshake.Error{Rule: "6455-4.2.2-6", Status: 404, Text: "there is no WebSocket at " + req.Path()}
	}
	return nil
}

func unauthorized(req *handshake.Request) error {
	if req.Header.Get("Authorization") == "" {
		return &handshake.Error{
			Status: 401, Text: "log in first",
			Header: handshake.Header{{Name: "WWW-Authenticate", Value: `Basic realm="chat"`}},
		}
	}
	return nil
}

// refusals are requests that are answered otherwise than with 101. In each, a
// part of the RFC's request is replaced.
var refusals = []struct {
	name, part, by string
	opts           *AcceptOptions
	status         int
	rule, sentence string
	header         string // one field of the answer
}{
	{name: "6455-4.2.1-1a POST", part: "GET", by: "POST", status: 405, rule: "6455-4.2.1-1a", sentence: "a handshake is a GET request", header: "Allow: GET"},
	{name: "6455-4.2.1-1b HTTP/1.0", part: "HTTP/1.1", by: "HTTP/1.0", status: 505, rule: "6455-4.2.1-1b", sentence: "a handshake needs HTTP/1.1"},
	{name: "6455-4.2.1-1c no Host", part: "Host: server.example.com\r\n", status: 400, rule: "6455-4.2.1-1c", sentence: "the Host field is missing"},
	{name: "6455-4.2.1-1d an ordinary request", part: "Upgrade: websocket\r\nConnection: Upgrade\r\n", status: 426, rule: "6455-4.2.1-1d", sentence: "connect with a WebSocket client", header: "Upgrade: websocket"},
	{name: "6455-4.2.1-1e Connection: keep-alive", part: "Connection: Upgrade", by: "Connection: keep-alive", status: 400, rule: "6455-4.2.1-1e", sentence: "it has to list Upgrade"},
	{name: "6455-4.2.1-1f a short key", part: "dGhlIHNhbXBsZSBub25jZQ==", by: "dGhlIHNhbXBsZQ==", status: 400, rule: "6455-4.2.1-1f", sentence: "exactly 16 bytes"},
	{name: "6455-11.3.1-1 two keys", part: "Sec-WebSocket-Version", by: "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version", status: 400, rule: "6455-11.3.1-1", sentence: "two Sec-WebSocket-Key fields"},
	{name: "6455-4.2.2-5 6455-4.4-1 version 8", part: "Version: 13", by: "Version: 8", status: 426, rule: "6455-4.2.2-5", sentence: "this server speaks 13", header: "Sec-WebSocket-Version: 13"},
	{name: "6455-11.3.5-1 two versions", part: "Sec-WebSocket-Version: 13\r\n", by: "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 13\r\n", status: 426, rule: "6455-11.3.5-1", sentence: "two Sec-WebSocket-Version fields"},
	{name: "6455-4.2.1-1h a subprotocol that is no token", part: "Upgrade: websocket\r\n", by: "Upgrade: websocket\r\nSec-WebSocket-Protocol: a b\r\n", status: 400, rule: "6455-4.2.1-1h", sentence: "is not a subprotocol name"},
	{name: "6455-9.1-1 a malformed extension", part: "Upgrade: websocket\r\n", by: "Upgrade: websocket\r\nSec-WebSocket-Extensions: a;;\r\n", status: 400, rule: "6455-9.1-1", sentence: "(RFC 6455 section 9.1)"},
	{name: "6455-4.2.2-4 6455-10.2-2 a page from elsewhere", part: "Upgrade: websocket\r\n", by: "Upgrade: websocket\r\nOrigin: https://evil.example\r\n", status: 403, rule: "6455-4.2.2-4", sentence: "only pages of the same host"},
	{name: "a request with a body", part: "Upgrade: websocket\r\n", by: "Upgrade: websocket\r\nContent-Length: 5\r\n", status: 400, rule: "9110-9.3.1", sentence: "announces a body"},
	{name: "6455-4.2.2-6 a path that does not exist", part: "/chat", by: "/nowhere", opts: &AcceptOptions{Check: notFound}, status: 404, rule: "6455-4.2.2-6", sentence: "there is no WebSocket at /nowhere"},
	{name: "6455-4.2.2-1 Check asks for a login", opts: &AcceptOptions{Check: unauthorized}, status: 401, sentence: "log in first", header: `WWW-Authenticate: Basic realm="chat"`},
	{name: "Check fails for reasons of its own", opts: &AcceptOptions{Check: func(*handshake.Request) error { return errors.New("the database password is tiger") }}, status: 500, sentence: "the server failed to answer"},
	{name: "Check fails with an error of the network", opts: &AcceptOptions{Check: func(*handshake.Request) error { return io.EOF }}, status: 500, sentence: "the server failed to answer"},
	{name: "Check runs out of time", opts: &AcceptOptions{Check: func(*handshake.Request) error { return context.DeadlineExceeded }}, status: 500, sentence: "the server failed to answer"},
}

func TestAcceptRefuses(t *testing.T) {
	for _, tt := range refusals {
		for _, over := range transports {
			t.Run("6455-10.7-3 6455-4.2.1-1 "+tt.name+"/"+over.name, func(t *testing.T) {
				server, client := over.open(t)
				nc := &spy{Conn: server}
				done := accepting(patient(t), nc, tt.opts)
				require.Contains(t, rfcRequest, tt.part)
				send(client, strings.Replace(rfcRequest, tt.part, tt.by, 1))
				requireRefusal(t, readAll(t, client), tt.status, tt.sentence, tt.header)
				client.Close()

				a := <-done
				require.Error(t, a.err)
				assert.Nil(t, a.conn)
				assert.Equal(t, tt.rule, ruleOf(t, a.err))
				assert.True(t, nc.closed.Load(), "6455-7.2.2-1: the connection is closed")
			})
		}
	}
}

// requireRefusal judges a whole answer that is not 101.
func requireRefusal(t *testing.T, answer string, status int, sentence, header string) {
	r := bufio.NewReader(strings.NewReader(answer))
	resp, err := http.ReadResponse(r, nil)
	require.NoError(t, err, "%q", answer)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err, "the body is as long as announced: %q", answer)
	assert.Equal(t, status, resp.StatusCode, "%q", answer)
	assert.Contains(t, string(body), sentence)
	assert.NotContains(t, answer, "tiger")
	assert.Contains(t, strings.ToLower(answer), strings.ToLower(header))
	assert.True(t, resp.Close, "the answer says Connection: close")
	assert.Zero(t, r.Buffered(), "nothing follows the answer")
}

// A client that still sends when it is refused would get a reset from TCP, and
// lose the answer, if the server just closed.
func TestAcceptRefusalSurvivesAClientThatStillSends(t *testing.T) {
	server, client := loopback(t)
	done := accepting(patient(t), server, nil)
	request := strings.Replace(rfcRequest, "Version: 13", "Version: 8", 1)
	sent := make(chan error, 1)
	go func() {
		_, err := io.WriteString(client, request+strings.Repeat("x", 4<<20))
		sent <- err
	}()
	require.NoError(t, <-sent, "6455-7.1.1-1: all of it is taken")
	requireRefusal(t, readAll(t, client), 426, "this server speaks 13", "")
	client.Close()
	assert.Error(t, (<-done).err)
}

func TestAcceptChecksInOrder(t *testing.T) {
	for _, tt := range []struct {
		name, part, by string
		seen           string
	}{
		{"6455-4.2.2-1 all is well", "", "", "origin check "},
		{"6455-4.2.2-1 a broken request reaches neither", "Version: 13", "Version: 12", ""},
		{"6455-4.2.2-1 a bad origin does not reach Check", "Upgrade: websocket\r\n", "Upgrade: websocket\r\nOrigin: null\r\n", "origin "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			seen := ""
			opts := &AcceptOptions{
				Origin: func(r *handshake.Request) error { seen += "origin "; return handshake.SameOrigin(r) },
				Check:  func(*handshake.Request) error { seen += "check "; return nil },
			}
			server, client := pipe(t)
			done := accepting(context.Background(), server, opts)
			send(client, strings.Replace(rfcRequest, tt.part, tt.by, 1))
			go io.Copy(io.Discard, client)
			if a := <-done; a.err == nil {
				a.conn.CloseNow()
			}
			assert.Equal(t, tt.seen, seen)
		})
	}
}

func TestAcceptOrigin(t *testing.T) {
	const none = "-"
	allow := handshake.AllowOrigins("https://app.example:8443")
	for _, tt := range []struct {
		name, origin string
		check        func(*handshake.Request) error
		status       int
	}{
		{"6455-4.2.1-2 no Origin is not a browser", none, nil, 101},
		{"6455-10.2-1 the same host", "http://server.example.com", nil, 101},
		{"6455-10.2-1 the same host behind a proxy that speaks TLS", "https://server.example.com", nil, 101},
		{"6455-10.2-1 another host", "http://example.com", nil, 403},
		{"6455-10.2-1 another port", "http://server.example.com:8080", nil, 403},
		{"6455-10.2-1 null", "null", nil, 403},
		{"6455-10.2-1 an allowed one", "https://app.example:8443", allow, 101},
		{"6455-10.2-1 the same host is allowed with a list too", "http://server.example.com", allow, 101},
		{"6455-10.2-1 one that is not on the list", "https://app.example", allow, 403},
		{"6455-10.2-1 any", "https://evil.example", handshake.AnyOrigin, 101},
		{"6455-10.2-1 any, and null", "null", handshake.AnyOrigin, 101},
		{"6455-10.2-2 a check of one's own", "http://server.example.com", func(*handshake.Request) error { return errors.New("no") }, 403},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server, client := pipe(t)
			done := accepting(context.Background(), server, &AcceptOptions{Origin: tt.check})
			request := rfcRequest
			if tt.origin != none {
				request = withFields(request, "Origin: "+tt.origin+"\r\n")
			}
			send(client, request)
			resp, err := http.ReadResponse(bufio.NewReader(client), nil)
			require.NoError(t, err)
			assert.Equal(t, tt.status, resp.StatusCode)
			if a := <-done; a.err == nil {
				a.conn.CloseNow()
			}
		})
	}
}
