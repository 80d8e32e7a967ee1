package rfc6455

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"example.com/ws101/frames"
)

// netConnCloseTimeout is how long Close of a NetConn waits for the peer: users
// of a net.Conn do not expect Close to wait at all.
const netConnCloseTimeout = 100 * time.Millisecond

// NetConn turns the connection into a stream of bytes, for protocols that want
// a [net.Conn]. From then on it is used only through what NetConn returns.
//
// Each Write sends messages of type t; Read returns their payload one after
// the other, without the borders between them. A message of the other type
// closes the connection with 1003. When the peer has closed cleanly, Read
// returns io.EOF.
//
// Deadlines can be moved after they have passed, as on any net.Conn: what was
// left of a frame that a write deadline cut short is sent before anything
// else, and counts as written. (Not so under TLS: crypto/tls cannot write again
// after a write has timed out.) Close sends a Close frame, waits at most 100 ms
// for the answer, and returns nil.
func (c *Conn) NetConn(t MessageType) net.Conn {
	c.out.netConn.Store(true)
	c.in.nc.SetDeadline(noDeadline)
	return &netConn{c: c, t: t}
}

type netConn struct {
	c *Conn
	t MessageType

	// Several goroutines may read from a net.Conn, one may from a Conn.
	reading sync.Mutex

	closed atomic.Bool // by Close

	// The deadlines are set on the socket, which watches them. They are kept
	// here as well, since a call that needs no socket must heed them too.
	readBy, writeBy deadline
}

// deadline is a time that is set by one goroutine and looked at by others.
type deadline struct{ at atomic.Pointer[time.Time] }

func (d *deadline) set(t time.Time) { d.at.Store(&t) }

func (d *deadline) passed() bool {
	t := d.at.Load()
	return t != nil && !t.IsZero() && !time.Now().Before(*t)
}

// Read implements net.Conn.
func (n *netConn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n.reading.Lock()
	defer n.reading.Unlock()
	if n.readBy.passed() {
		return 0, n.opError("read", os.ErrDeadlineExceeded)
	}
	c := n.c
	if err := c.beginRead(context.Background()); err != nil {
		return 0, n.readError(err)
	}
	defer c.unlockRead()
	for {
		if err := c.beginMessage(); err != nil {
			return 0, n.readError(err)
		}
		if c.m.kind != n.t {
			return 0, c.fail(frames.CloseUnsupportedData, errOtherType)
		}
		read, err := c.readStream(p)
		if err == io.EOF {
			continue // with the next message
		}
		if err != nil {
			return 0, n.readError(err)
		}
		return read, nil
	}
}

var errOtherType = errors.New("rfc6455: a message came of the type that this NetConn does not carry")

func (n *netConn) readError(err error) error {
	var e *CloseError
	if !errors.As(err, &e) {
		return err
	}
	switch {
	case n.closed.Load(): // however the peer took it
		return n.opError("read", net.ErrClosed)
	case e.Clean && e.Remote:
		return io.EOF
	case n.c.closing.Load() && (e.Err == nil || errors.Is(e, net.ErrClosed)):
		return n.opError("read", net.ErrClosed)
	}
	return e
}

func (n *netConn) opError(op string, err error) error {
	return &net.OpError{Op: op, Net: "websocket", Source: n.LocalAddr(), Addr: n.RemoteAddr(), Err: err}
}

// chunk is the most that one frame of a NetConn carries. With the rest of the
// frame before it still fits in a buffer.
const chunk = bufferSize/2 - frames.MaxHeaderLen

// deflateChunk leaves room for what compression adds to bytes that it cannot
// make fewer: ten to each 256 at most.
const deflateChunk = chunk - chunk/16

// Write implements net.Conn.
func (n *netConn) Write(p []byte) (int, error) {
	if !isMessage(n.t, p) {
		return 0, errNoMessage(n.t)
	}
	if n.writeBy.passed() {
		return 0, n.opError("write", os.ErrDeadlineExceeded)
	}
	c := n.c
	if err := c.lockMessage(context.Background()); err != nil {
		return 0, n.opError("write", net.ErrClosed)
	}
	defer c.messageLock.unlock()
	most := chunk
	if c.deflate != nil {
		most = deflateChunk
	}
	written := 0
	for len(p) > 0 {
		part := p[:min(len(p), most)]
		if n.t == Text {
			part = wholeCharacters(p, len(part))
		}
		taken, err := n.writeChunk(part)
		written += taken
		p = p[taken:]
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

// wholeCharacters returns the first n bytes of valid UTF-8, or a few less so
// that no character is cut.
func wholeCharacters(p []byte, n int) []byte {
	for n < len(p) && !utf8.RuneStart(p[n]) {
		n--
	}
	return p[:n]
}

// writeChunk sends p in one frame and returns how much of it counts as
// written: all or nothing.
func (n *netConn) writeChunk(p []byte) (int, error) {
	write := n.writePlain
	if n.c.compressed(len(p)) {
		write = n.writeCompressed
	}
	begun, err := write(p)
	if !begun {
		return 0, err
	}
	return len(p), err
}

func (n *netConn) writePlain(p []byte) (begun bool, err error) {
	return n.writeFrame(frames.Header{Fin: true, Opcode: n.t}, p)
}

// writeFrame reports whether the frame has begun to leave, and so counts.
func (n *netConn) writeFrame(h frames.Header, p []byte) (begun bool, err error) {
	c := n.c
	if c.out.lock.lock(context.Background(), c.Done) != nil {
		return false, n.opError("write", net.ErrClosed)
	}
	defer c.unlockFrame()
	if c.closing.Load() {
		return false, n.opError("write", net.ErrClosed)
	}
	begun, err = c.out.cuttable(&h, p)
	if err != nil && !isTimeout(err) {
		c.failWrite(err)
		return false, err
	}
	return begun, err
}

// writeCompressed compresses p and does as writeFrame.
func (n *netConn) writeCompressed(p []byte) (begun bool, err error) {
	c := n.c
	z := c.beginCompress(context.Background(), n.t)
	h, payload, err := z.lastFrame(p)
	if err == nil {
		begun, err = n.writeFrame(h, payload)
	}
	if begun {
		c.endCompress(z, nil) // the rest of the frame will leave some time
	} else {
		c.endCompress(z, err)
	}
	return begun, err
}

// Close implements net.Conn.
func (n *netConn) Close() error {
	n.closed.Store(true)
	n.c.in.nc.SetDeadline(noDeadline) // those of the user are over now
	n.c.Close(frames.CloseNormal, "")
	return nil
}

// LocalAddr implements net.Conn.
func (n *netConn) LocalAddr() net.Addr { return n.c.LocalAddr() }

// RemoteAddr implements net.Conn.
func (n *netConn) RemoteAddr() net.Addr { return n.c.RemoteAddr() }

// SetDeadline implements net.Conn.
func (n *netConn) SetDeadline(t time.Time) error {
	n.readBy.set(t)
	n.writeBy.set(t)
	return n.c.in.nc.SetDeadline(t)
}

// SetReadDeadline implements net.Conn.
func (n *netConn) SetReadDeadline(t time.Time) error {
	n.readBy.set(t)
	return n.c.in.nc.SetReadDeadline(t)
}

// SetWriteDeadline implements net.Conn.
func (n *netConn) SetWriteDeadline(t time.Time) error {
	n.writeBy.set(t)
	return n.c.in.nc.SetWriteDeadline(t)
}
