package dial

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/frames"
	"example.com/ws101/handshake"
	"example.com/ws101/rfc6455"
)

func TestExitCodesTellHowItEnded(t *testing.T) {
	closes := func(code frames.CloseCode, reason string) func(*rfc6455.Conn, *handshake.Request) {
		return func(c *rfc6455.Conn, _ *handshake.Request) { c.Close(code, reason) }
	}
	for _, tt := range []struct {
		name   string
		handle func(*rfc6455.Conn, *handshake.Request)
		code   int
		err    string
	}{
		{"normal", closes(frames.CloseNormal, "bye"), exitOK, ""},
		{"going away", closes(frames.CloseGoingAway, ""), exitOK, ""},
		{"no code", closes(frames.CloseNoStatus, ""), exitOK, ""},
		{"an error", closes(frames.CloseInternalError, "out of cheese"), exitClosed, "dial: closed by the server with 1011 internal error (out of cheese)\n"},
		{"a private code", closes(4321, ""), exitClosed, "dial: closed by the server with 4321\n"},
		{"hangs up", func(c *rfc6455.Conn, _ *handshake.Request) { c.CloseNow() }, exitClosed,
			"dial: the server hung up without a Close frame; -trace shows what came last\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			url := server(t, nil, tt.handle)
			got := runProgram(t, context.Background(), neverEnds(t), false, url)
			assert.Equal(t, result{tt.code, "", tt.err}, got)
		})
	}
}

func TestAMessageThatIsTooLargeForUs(t *testing.T) {
	got := run(t, "hello\n", server(t, nil, echo), "-max-message", "4")
	assert.Equal(t, result{exitClosed, "", "dial: the server sent a message that is larger than -max-message allows; closed with 1009 message too big\n"}, got)
}

// A server that reads nothing keeps a large file from leaving, but not Ctrl-C.
func TestCtrlCWhileAFileLeaves(t *testing.T) {
	name := filepath.Join(t.TempDir(), "large")
	require.NoError(t, os.WriteFile(name, nil, 0o644))
	require.NoError(t, os.Truncate(name, 1<<30)) // more than the network holds
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan struct{})
	url := rawServer(t, func(nc net.Conn, key string) {
		io.WriteString(nc, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "+
			handshake.AcceptKey(key)+"\r\n\r\n")
		io.ReadFull(nc, make([]byte, 1<<20)) // it is in the middle of the file
		cancel()
		<-done
	})
	got := runProgram(t, ctx, neverEnds(t), false, url, "-file", name)
	close(done)
	assert.Equal(t, result{exitClosed, "", "dial: stopped in the middle of a message, and so without a Close frame\n"}, got)
}

func TestARuleThatTheServerBreaksIsTold(t *testing.T) {
	url := rawServer(t, func(nc net.Conn, key string) {
		io.WriteString(nc, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "+
			handshake.AcceptKey(key)+"\r\n\r\n\x81\x82\x00\x00\x00\x00hi")
		io.Copy(io.Discard, nc)
	})
	got := runProgram(t, context.Background(), neverEnds(t), false, url)
	assert.Equal(t, exitClosed, got.code)
	assert.Equal(t, "dial: the server broke a rule: the server sent a masked frame; no frame from a server may be masked (RFC 6455 section 5.1); closed with 1002 protocol error\n", got.err)
}

// rawServer answers one request by hand.
func rawServer(t *testing.T, answer func(nc net.Conn, key string)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		nc, err := l.Accept()
		if err != nil {
			return
		}
		defer nc.Close()
		buf := make([]byte, 4096)
		n, _ := nc.Read(buf)
		_, key, _ := strings.Cut(string(buf[:n]), "Sec-WebSocket-Key: ")
		key, _, _ = strings.Cut(key, "\r\n")
		answer(nc, key)
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return "ws://" + l.Addr().String()
}

func TestARefusedHandshakeIsToldInTheServersWords(t *testing.T) {
	url := server(t, &rfc6455.AcceptOptions{}, echo)
	got := run(t, "", url, "-origin", "https://elsewhere.example")
	assert.Equal(t, exitConnect, got.code)
	assert.Regexp(t, `^dial: the server answered 403 Forbidden: the page is from "https://elsewhere.example" and the server is .*; if it takes certain pages only, name one with -origin\n$`, got.err)

	for answer, want := range map[string]string{
		"HTTP/1.1 404 Not Found\r\nContent-Length: 16\r\n\r\nNothing is here.":                          "the server answered 404 Not Found: Nothing is here; check the path",
		"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n<b>no</b>":       "the server answered 404 Not Found; check the path",
		"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 15\r\n\r\n\x1b[31mhi\nthere\n.": `the server answered 200 OK: \x1b[31mhi; this is no WebSocket, so check the path`,
		"HTTP/1.1 302 Found\r\nLocation: https://a.example/ws\r\nContent-Length: 0\r\n\r\n":             "the server answered 302 Found; redirects are not followed, so dial wss://a.example/ws",
		"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n":                                        `the server answered 401 Unauthorized; log in with -H "Authorization: ..." or -H "Cookie: ..."`,
		"HTTP/1.1 503 \r\nContent-Length: 4\r\n\r\nbusy":                                                "the server answered 503: busy; try again later",
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n":         "the server agreed, but wrongly: the answer has no Sec-WebSocket-Accept",
		"":              "hung up without an answer; check that it serves WebSockets, and whether it wants wss://",
		"SSH-2.0-x\r\n": "the answer is not HTTP",
	} {
		got := run(t, "", rawServer(t, func(nc net.Conn, _ string) { io.WriteString(nc, answer) }))
		assert.Equal(t, exitConnect, got.code, answer)
		assert.Contains(t, got.err, want)
		assert.Equal(t, 1, strings.Count(got.err, "\n"), "one line: %s", got.err)
	}
}

func TestNoConnection(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l.Close()
	got := run(t, "", "ws://"+l.Addr().String())
	assert.Equal(t, exitConnect, got.code)
	assert.Contains(t, got.err, l.Addr().String())
	assert.Equal(t, 1, strings.Count(got.err, "\n"))

	got = run(t, "", tlsServer(t))
	assert.Equal(t, exitConnect, got.code)
	assert.Contains(t, got.err, "if this is a test server of your own, add -insecure")

	got = run(t, "", "ws"+strings.TrimPrefix(tlsServer(t), "wss"))
	assert.Equal(t, exitConnect, got.code)
	assert.Contains(t, got.err, "Client sent an HTTP request to an HTTPS server.")

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	got = runProgram(t, ctx, neverEnds(t), false, "ws://127.0.0.1:1")
	assert.Equal(t, result{exitConnect, "", "dial: stopped before the connection was open\n"}, got)
}

// What the network of a test cannot be made to do.
func TestWhatNext(t *testing.T) {
	f := flags{url: &url.URL{Scheme: "wss", Host: "no.such.example:444"}}
	for _, tt := range []struct {
		err  error
		want string
	}{
		{&net.OpError{Op: "dial", Err: &net.DNSError{Name: "no.such.example", IsNotFound: true}}, "there is no host no.such.example; check the name, or the network"},
		{fmt.Errorf("x: %w", context.DeadlineExceeded), "no.such.example:444 did not answer within 10s; check host and port"},
		{fmt.Errorf("x: %w", tls.RecordHeaderError{}), "no.such.example:444 does not speak TLS; try ws:// in place of wss://"},
		{errors.New("out of ports"), "out of ports"},
	} {
		assert.Equal(t, tt.want, whatNext(tt.err, f))
	}
}
