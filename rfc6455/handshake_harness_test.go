package rfc6455

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/ws101/frames"
	"example.com/ws101/handshake"
)

// What the tests of the handshake, of Serve and of Group share.

// The example of RFC 6455 section 1.3, without Origin and subprotocols, and its
// answer.
const (
	rfcRequest = "GET /chat HTTP/1.1\r\n" +
		"Host: server.example.com\r\n" +
		"Upgrade: websocket\r\n" +
		"Connection: Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
		"Sec-WebSocket-Version: 13\r\n" +
		"\r\n"
	rfcAnswer = "HTTP/1.1 101 Switching Protocols\r\n" +
		"Upgrade: websocket\r\n" +
		"Connection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" +
		"\r\n"
)

// withFields puts header fields, each with its CR LF, at the end of a head.
func withFields(head, fields string) string {
	return strings.TrimSuffix(head, "\r\n") + fields + "\r\n"
}

// rfcRandom gives the nonce of the RFC's request, then for ever the masking key
// of its section 5.7.
func rfcRandom() io.Reader {
	return io.MultiReader(strings.NewReader("the sample nonce"), fixedKeys(rfcKey))
}

// patience is how long a test that uses real sockets waits before it calls that
// a hang. Nothing ever waits for it to pass.
const patience = 20 * time.Second

func patient(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// loopback returns the two ends of a TCP connection. The client's end does not
// wait for ever.
func loopback(t testing.TB) (server, client net.Conn) {
	server, client = tcpPair(t)
	require.NoError(t, client.SetDeadline(time.Now().Add(patience)))
	return server, client
}

// pipe returns the two ends of a net.Pipe.
func pipe(t testing.TB) (server, client net.Conn) {
	server, client = net.Pipe()
	t.Cleanup(func() { server.Close(); client.Close() })
	return server, client
}

var transports = []struct {
	name string
	open func(testing.TB) (server, client net.Conn)
}{{"pipe", pipe}, {"TCP", loopback}}

// spy is a net.Conn that remembers what happened to it.
type spy struct {
	net.Conn
	closed atomic.Bool
	read   atomic.Int64 // bytes

	mu      sync.Mutex
	written [][]byte // one element a call
}

func (s *spy) Read(p []byte) (int, error) {
	n, err := s.Conn.Read(p)
	s.read.Add(int64(n))
	return n, err
}

func (s *spy) Write(p []byte) (int, error) {
	s.mu.Lock()
	s.written = append(s.written, bytes.Clone(p))
	s.mu.Unlock()
	return s.Conn.Write(p)
}

func (s *spy) Close() error {
	s.closed.Store(true)
	return s.Conn.Close()
}

func (s *spy) CloseWrite() error {
	if cw, ok := s.Conn.(closeWriter); ok {
		return cw.CloseWrite()
	}
	return errors.ErrUnsupported
}

// writes returns what was written since the last call, one element a call of
// Write.
func (s *spy) writes() [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.written
	s.written = nil
	return w
}

// halfCloser is a pipe that claims to end its directions one by one.
type halfCloser struct{ net.Conn }

func (h *halfCloser) CloseWrite() error { return nil }

// whenRead calls do before the Read that comes after n bytes were read.
type whenRead struct {
	net.Conn
	n  int
	do func()
}

func (w *whenRead) Read(p []byte) (int, error) {
	if w.n <= 0 {
		w.do()
	}
	n, err := w.Conn.Read(p)
	w.n -= n
	return n, err
}

func (w *whenRead) CloseWrite() error {
	if cw, ok := w.Conn.(closeWriter); ok {
		return cw.CloseWrite()
	}
	return errors.ErrUnsupported
}

type accepted struct {
	conn *Conn
	req  *handshake.Request
	err  error
}

// accepting runs Accept in a goroutine.
func accepting(ctx context.Context, nc net.Conn, opts *AcceptOptions) <-chan accepted {
	ch := make(chan accepted, 1)
	go func() {
		c, req, err := Accept(ctx, nc, opts)
		ch <- accepted{c, req, err}
	}()
	return ch
}

type dialed struct {
	conn *Conn
	resp *handshake.Response
	err  error
}

// connecting runs Client in a goroutine.
func connecting(ctx context.Context, nc net.Conn, url string, opts *DialOptions) <-chan dialed {
	ch := make(chan dialed, 1)
	go func() {
		c, resp, err := Client(ctx, nc, url, opts)
		ch <- dialed{c, resp, err}
	}()
	return ch
}

// connect does both halves of a handshake over a pair of sockets.
func connect(t testing.TB, server, client net.Conn, so *AcceptOptions, do *DialOptions) (s, c *Conn) {
	ch := accepting(context.Background(), server, so)
	c, _, err := Client(context.Background(), client, "ws://example.com/", do)
	require.NoError(t, err)
	a := <-ch
	require.NoError(t, a.err)
	t.Cleanup(func() { a.conn.CloseNow(); c.CloseNow() })
	return a.conn, c
}

// fromClient returns a frame as a client sends it.
func fromClient(opcode frames.Opcode, payload string) string {
	return string(frame(true, 0x80|byte(opcode), payload))
}

// fromServer returns a frame as a server sends it.
func fromServer(opcode frames.Opcode, payload string) string {
	return string(frame(false, 0x80|byte(opcode), payload))
}

// send writes in a goroutine, as a peer does that does not wait for an answer.
// What a pipe's other end does not take is given up when the pipe is closed.
func send(nc net.Conn, s string) { go io.WriteString(nc, s) }

// receive reads exactly n bytes.
func receive(t testing.TB, r io.Reader, n int) string {
	b := make([]byte, n)
	got, err := io.ReadFull(r, b)
	require.NoError(t, err, "got %q", b[:got])
	return string(b)
}

// readAll reads to the end of what the peer sends.
func readAll(t testing.TB, nc net.Conn) string {
	b, err := io.ReadAll(nc)
	require.NoError(t, err, "after %q", b)
	return string(b)
}

// echo answers each message with itself until the connection ends.
func echo(c *Conn) {
	ctx := context.Background()
	for {
		t, p, err := c.Read(ctx)
		if err != nil || c.Write(ctx, t, p) != nil {
			return
		}
	}
}

// requireEcho sends a message and wants it back.
func requireEcho(t testing.TB, c *Conn, message string) {
	ctx := context.Background()
	sent := make(chan error, 1)
	go func() { sent <- c.Write(ctx, Text, []byte(message)) }()
	_, p, err := c.Read(ctx)
	require.NoError(t, err)
	require.Equal(t, message, string(p))
	require.NoError(t, <-sent)
}

// ruleOf returns the rule that a handshake error names.
func ruleOf(t testing.TB, err error) string {
	var e *handshake.Error
	require.ErrorAs(t, err, &e)
	return e.Rule
}
