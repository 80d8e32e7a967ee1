package rfc6455

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/frames"
)

// What the tests of this package share: sockets, both ends of a connection, and
// a peer that speaks in bytes and may break every rule.

// forever is the context of a call that must end by itself.
var forever = context.Background()

// unhex reads bytes as people write them: "81 85 37 fa 21 3d".
func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		panic(err)
	}
	return b
}

// tohex writes them the same way.
func tohex(b []byte) string { return fmt.Sprintf("% x", b) }

// rfcKey is the masking key of the examples in RFC 6455 section 5.7.
const rfcKey = "37 fa 21 3d"

// keys is a source of masking keys that gives the same bytes over and over.
type keys struct {
	of  []byte
	pos int
}

func fixedKeys(s string) io.Reader { return &keys{of: unhex(s)} }

func (k *keys) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = k.of[k.pos%len(k.of)]
		k.pos++
	}
	return len(p), nil
}

// frame returns the bytes of one frame. b0 is its first byte, FIN, RSV and
// opcode; from a client the rest is masked with rfcKey.
func frame(fromClient bool, b0 byte, payload string) []byte {
	h := frames.Header{Masked: fromClient, Length: uint64(len(payload))}
	p := []byte(payload)
	if fromClient {
		h.MaskKey = [4]byte(unhex(rfcKey))
		frames.Mask(h.MaskKey, 0, p)
	}
	b := append(frames.AppendHeader(nil, h), p...)
	b[0] = b0
	return b
}

// closeFrame returns the bytes of a Close frame.
func closeFrame(fromClient bool, code CloseCode, reason string) []byte {
	return frame(fromClient, 0x88, string([]byte{byte(code >> 8), byte(code)})+reason)
}

// A role is the side that is under test.
type role struct {
	name   string
	client bool
}

var roles = []role{{"server", false}, {"client", true}}

// conn makes a connection in this role on a socket, as if the handshake had
// just passed.
func (r role) conn(nc net.Conn, o Options) *Conn {
	if o.Rand == nil && r.client {
		o.Rand = fixedKeys(rfcKey)
	}
	return newConn(nc, r.client, "", nil, nil, &o)
}

// frame returns a frame that the peer of this role sends.
func (r role) frame(b0 byte, payload string) []byte { return frame(!r.client, b0, payload) }

// close returns a Close frame that the peer of this role sends.
func (r role) close(code CloseCode, reason string) []byte { return closeFrame(!r.client, code, reason) }

// own returns a frame as this role must send it, in hex.
func (r role) own(b0 byte, payload string) string { return tohex(frame(r.client, b0, payload)) }

// ownClose returns a Close frame as this role must send it, in hex.
func (r role) ownClose(code CloseCode, reason string) string {
	return tohex(closeFrame(r.client, code, reason))
}

// quiet turns off what would speak by itself.
var quiet = Options{KeepAlive: -1, WriteTimeout: -1}

// sockets are the kinds of net.Conn that a connection is tested on.
var sockets = []struct {
	name string
	make func(testing.TB) (a, b net.Conn)
}{
	{"pipe", pipePair},
	{"tcp", tcpPair},
	{"wrapped tcp", wrappedPair},
}

func pipePair(testing.TB) (a, b net.Conn) { return net.Pipe() }

// tcpPair returns two ends of a TCP connection on loopback: that of the one who
// accepted, then that of the one who dialed.
func tcpPair(t testing.TB) (accepted, dialed net.Conn) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	dialed, err = net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	accepted, err = l.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { accepted.Close(); dialed.Close() })
	return accepted, dialed
}

// wrappedPair is tcpPair behind a wrapper, so that waiting needs a buffer.
func wrappedPair(t testing.TB) (accepted, dialed net.Conn) {
	a, b := tcpPair(t)
	return &wrapped{a}, &wrapped{b}
}

// wrapped hides what kind of socket it holds. The methods are written out:
// embedding the *net.TCPConn would promote its SyscallConn.
type wrapped struct{ nc net.Conn }

func (w *wrapped) Read(p []byte) (int, error)         { return w.nc.Read(p) }
func (w *wrapped) Write(p []byte) (int, error)        { return w.nc.Write(p) }
func (w *wrapped) Close() error                       { return w.nc.Close() }
func (w *wrapped) LocalAddr() net.Addr                { return w.nc.LocalAddr() }
func (w *wrapped) RemoteAddr() net.Addr               { return w.nc.RemoteAddr() }
func (w *wrapped) SetDeadline(t time.Time) error      { return w.nc.SetDeadline(t) }
func (w *wrapped) SetReadDeadline(t time.Time) error  { return w.nc.SetReadDeadline(t) }
func (w *wrapped) SetWriteDeadline(t time.Time) error { return w.nc.SetWriteDeadline(t) }

// chunked delivers at most size bytes per Read.
type chunked struct {
	net.Conn
	size int
}

func (c *chunked) Read(p []byte) (int, error) { return c.Conn.Read(p[:min(len(p), c.size)]) }

// failing writes the first left bytes and then fails with err, in the middle of
// a Write if need be.
type failing struct {
	net.Conn
	left int
	err  error
}

func (f *failing) Write(p []byte) (int, error) {
	n, err := f.Conn.Write(p[:min(len(p), f.left)])
	f.left -= n
	if err == nil && n < len(p) {
		err = f.err
	}
	return n, err
}

// memory is a socket without a network: what is read repeats in, for ever, and
// what is written is counted. It allocates nothing and never blocks.
type memory struct {
	net.Conn // nil: only what is below is called
	in       []byte
	pos      int
	written  int
}

func (m *memory) Read(p []byte) (int, error) {
	if m.pos == len(m.in) {
		m.pos = 0
	}
	n := copy(p, m.in[m.pos:])
	m.pos += n
	return n, nil
}

func (m *memory) Write(p []byte) (int, error)      { m.written += len(p); return len(p), nil }
func (m *memory) Close() error                     { return nil }
func (m *memory) SetDeadline(time.Time) error      { return nil }
func (m *memory) SetReadDeadline(time.Time) error  { return nil }
func (m *memory) SetWriteDeadline(time.Time) error { return nil }

// limited is a memory whose peer hangs up after so many bytes.
type limited struct {
	*memory
	left int
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left == 0 {
		return 0, io.EOF
	}
	n, err := l.memory.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}

// script is a socket from which the bytes of in come, and then io.EOF. What is
// written to it is kept.
type script struct {
	net.Conn // nil: only what is below is called
	mu       sync.Mutex
	in       io.Reader
	out      bytes.Buffer
	closed   bool
}

func (s *script) Read(p []byte) (int, error) { return s.in.Read(p) }
func (s *script) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, net.ErrClosed
	}
	return s.out.Write(p)
}
func (s *script) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}
func (s *script) SetDeadline(time.Time) error      { return nil }
func (s *script) SetReadDeadline(time.Time) error  { return nil }
func (s *script) SetWriteDeadline(time.Time) error { return nil }

// sent is what was written, in hex.
func (s *script) sent() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return tohex(s.out.Bytes())
}

// dialog makes a server and a client that did the handshake with each other.
func dialog(t testing.TB, sockets func(testing.TB) (a, b net.Conn), so *AcceptOptions, do *DialOptions) (server, client *Conn) {
	a, b := sockets(t)
	type result struct {
		c   *Conn
		err error
	}
	accepted := make(chan result, 1)
	go func() {
		c, _, err := Accept(forever, a, so)
		accepted <- result{c, err}
	}()
	client, _, err := Client(forever, b, "ws://x/", do)
	require.NoError(t, err)
	r := <-accepted
	require.NoError(t, r.err)
	return r.c, client
}

// peer is the other end of a connection under test: it sends the bytes it is
// told to and keeps what comes back. It is for use in a synctest bubble, where
// "everything that will come has come" can be waited for.
type peer struct {
	t    *testing.T
	nc   net.Conn
	mu   sync.Mutex
	got  []byte
	end  error
	seen int // of got, by heard
}

// newPeer returns a peer that reads all the time.
func newPeer(t *testing.T, nc net.Conn) *peer {
	p := &peer{t: t, nc: nc}
	p.listen()
	return p
}

// listen starts the reading.
func (p *peer) listen() {
	go func() {
		buf := make([]byte, 64<<10)
		for {
			n, err := p.nc.Read(buf)
			p.mu.Lock()
			p.got = append(p.got, buf[:n]...)
			if err != nil {
				p.end = err
				p.mu.Unlock()
				return
			}
			p.mu.Unlock()
		}
	}()
}

// send writes bytes and waits until they were read.
func (p *peer) send(b []byte) {
	p.t.Helper()
	_, err := p.nc.Write(b)
	require.NoError(p.t, err)
}

// heard waits until nothing moves any more and returns what came since it was
// last called, in hex.
func (p *peer) heard() string {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	b := p.got[p.seen:]
	p.seen = len(p.got)
	return tohex(b)
}

// hungUp reports whether the connection under test has closed its socket.
func (p *peer) hungUp() bool {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.end == io.EOF
}

// bubble runs a test of one side over a pipe in a synctest bubble: time in it is
// fake, and a goroutine that is left over fails it.
func (r role) bubble(t *testing.T, o Options, test func(t *testing.T, c *Conn, p *peer)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		c := r.conn(a, o)
		p := newPeer(t, b)
		defer b.Close()
		defer c.CloseNow()
		test(t, c, p)
	})
}

// both runs a test for both roles.
func both(t *testing.T, o Options, test func(t *testing.T, r role, c *Conn, p *peer)) {
	t.Helper()
	for _, r := range roles {
		t.Run(r.name, func(t *testing.T) {
			r.bubble(t, o, func(t *testing.T, c *Conn, p *peer) { test(t, r, c, p) })
		})
	}
}

// A message is what a Read returned.
type message struct {
	t    MessageType
	data string
}

// reading reads in a goroutine of its own until the connection ends.
type reading struct {
	mu   sync.Mutex
	msgs []message
	err  error
	done chan struct{}
}

func startReading(c *Conn) *reading {
	r := &reading{done: make(chan struct{})}
	go func() {
		defer close(r.done)
		for {
			t, p, err := c.Read(forever)
			r.mu.Lock()
			if err != nil {
				r.err = err
				r.mu.Unlock()
				return
			}
			r.msgs = append(r.msgs, message{t, string(p)})
			r.mu.Unlock()
		}
	}()
	return r
}

// messages waits until nothing moves any more and returns all that came.
func (r *reading) messages() []message {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.msgs
}

// ended waits for the end and returns it.
func (r *reading) ended(t testing.TB) *CloseError {
	t.Helper()
	<-r.done
	return asClose(t, r.err)
}

// asClose asserts that err is a *CloseError and returns it.
func asClose(t testing.TB, err error) *CloseError {
	t.Helper()
	var e *CloseError
	require.ErrorAs(t, err, &e)
	return e
}

// asRule asserts that err comes from a broken rule and returns it.
func asRule(t testing.TB, err error) *frames.Error {
	t.Helper()
	var e *frames.Error
	require.ErrorAs(t, err, &e)
	return e
}

// isDeadline reports whether err is a timeout as a net.Conn reports it.
func isDeadline(err error) bool {
	var ne net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) && errors.As(err, &ne) && ne.Timeout()
}

// newRandom returns the same numbers in every run.
func newRandom() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

// assertNoBuffer asserts that all has left, and no buffer is held but the small
// one of a connection that has that always.
func assertNoBuffer(t *testing.T, o *output) {
	t.Helper()
	assert.Empty(t, o.buf)
	if o.raw == nil {
		assert.LessOrEqual(t, cap(o.buf), smallBuffer)
	} else {
		assert.Nil(t, o.buf)
	}
}
