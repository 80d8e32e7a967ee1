package wire

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// Listen returns a listener whose connections report to tap.
func Listen(l net.Listener, tap *Tap) net.Listener { return listener{l, tap} }

type listener struct {
	net.Listener
	tap *Tap
}

// Accept implements net.Listener.
func (l listener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return ServerConn(nc, l.tap), nil
}

// ServerConn returns a connection that does what nc does and reports to tap. nc
// has been accepted from a client. To see what is inside TLS, wrap the
// *tls.Conn.
func ServerConn(nc net.Conn, tap *Tap) net.Conn { return newConn(nc, tap, Server) }

// ClientConn is [ServerConn] for the side that has dialled.
func ClientConn(nc net.Conn, tap *Tap) net.Conn { return newConn(nc, tap, Client) }

// conn does not embed the connection that it wraps: the methods of a
// *net.TCPConn that it did not know of would go around it, and with them the
// bytes.
type conn struct {
	nc    net.Conn
	tap   *Tap
	local Side
	meter *meter

	// Bytes are shown in the order in which they cross. These locks keep two
	// reads, or two writes, from passing each other between the socket and the
	// decoder; the socket has such locks too, so nobody waits longer for it.
	reading, writing sync.Mutex

	mu  sync.Mutex
	dec Decoder
	// leaving are the bytes of the Write at hand, until they are shown.
	leaving []byte
	now     time.Time // of the bytes at hand
	// injecting is set while the decoder is fed what was injected from a side.
	injecting [2]bool
	// opened is set while the connection is still to be shown as opened, which
	// may wait for a row that is not hidden; shown once there was any row, and
	// hidden once all that are to come are hidden.
	opened, shown, hidden bool
}

func newConn(nc net.Conn, tap *Tap, local Side) *conn {
	client, server := nc.RemoteAddr(), nc.LocalAddr()
	if local == Client {
		client, server = server, client
	}
	c := &conn{nc: nc, tap: tap, local: local}
	c.open(client, server)
	return c
}

// open makes the connection known to the tap.
func (c *conn) open(client, server net.Addr) {
	m := &meter{conn: c.tap.conns.Add(1), client: client, server: server, opened: c.tap.now()}
	c.meter = m
	c.dec.Keep = c.tap.keep
	c.tap.listOpen(m)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.look()
	if c.dec.Emit != nil {
		c.opened = true
		if c.tap.hide == nil {
			c.showOpened()
		}
	}
}

// showOpened shows the connection as opened, once.
func (c *conn) showOpened() {
	if c.opened {
		c.opened = false
		m := c.meter
		c.tap.add(Row{Conn: m.conn, Time: m.opened, From: Client, Kind: Opened, Note: m.client.String() + " to " + m.server.String()})
	}
}

// look is called before the decoder is: it decides whether rows are wanted.
func (c *conn) look() {
	c.now = time.Time{}
	c.dec.Emit = nil
	if c.tap.isWatched() && !c.hidden {
		c.dec.Emit = c.emit
	}
}

func (c *conn) emit(r Row) {
	if c.hides(&r) {
		return
	}
	c.showOpened()
	c.shown = true
	if c.now.IsZero() { // one look at the clock for all rows of one read
		c.now = c.tap.now()
	}
	r.Conn, r.Time = c.meter.conn, c.now
	r.Injected = c.injecting[r.From]
	c.tap.add(r)
}

// hides reports whether a row is not to be shown. How a connection ends is shown
// if anything of it was.
func (c *conn) hides(r *Row) bool {
	hide := c.tap.hide
	if hide == nil {
		return false
	}
	if r.Kind == FIN || r.Kind == Reset {
		// A server that has answered nothing has no path.
		return !c.shown && c.dec.requests > 0 && (r.Path == "" || hide(r.Path))
	}
	hidden := hide(r.Path)
	if hidden && r.Kind == Frame && !c.shown {
		c.hidden = true // nothing but frames of that path is to come
	}
	return hidden
}

// feed gives the decoder bytes that have crossed, or are about to.
func (c *conn) feed(from Side, p []byte) {
	c.dec.Feed(from, p)
	c.meter.asked(c.dec.requests, c.dec.first)
}

// Read implements net.Conn.
func (c *conn) Read(p []byte) (int, error) {
	c.reading.Lock()
	defer c.reading.Unlock()
	n, err := c.nc.Read(p)
	if n == 0 && err == nil {
		return n, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if n > 0 || err == io.EOF {
		c.flushLeaving()
	}
	c.meter.bytes[c.local.other()].Add(uint64(n))
	c.look()
	c.feed(c.local.other(), p[:n])
	if err != nil {
		c.broke(c.local.other(), err)
	}
	return n, err
}

// Write implements net.Conn.
//
// Bytes that are shown before they are sent may never leave, and if they are
// shown after that, the answer to them may have been shown already. So they are
// shown after, unless something comes in while they leave.
func (c *conn) Write(p []byte) (int, error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	c.mu.Lock()
	c.leaving = p
	c.mu.Unlock()

	n, err := c.nc.Write(p)

	c.mu.Lock()
	defer c.mu.Unlock()
	c.meter.bytes[c.local].Add(uint64(n))
	c.look()
	switch shown := c.leaving == nil; {
	case !shown:
		c.leaving = nil
		c.feed(c.local, p[:n])
	case n < len(p):
		c.dec.unsent(c.local, len(p)-n)
	}
	if err != nil {
		c.broke(c.local, err)
	}
	return n, err
}

// flushLeaving shows what is being written: something has come in, which may be
// the answer to it.
func (c *conn) flushLeaving() {
	if c.leaving != nil {
		c.look()
		c.feed(c.local, c.leaving)
		c.leaving = nil
	}
}

// broke shows how a direction ended, if err is an end.
func (c *conn) broke(from Side, err error) {
	switch {
	case err == io.EOF:
		c.dec.End(from, FIN, "")
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, net.ErrClosed), errors.Is(err, io.ErrClosedPipe):
		// A deadline ends nothing, and who closed has been seen closing.
	case isReset(err), errors.Is(err, syscall.EPIPE):
		c.dec.End(c.local.other(), Reset, "")
	default:
		c.dec.End(from, Reset, Visible(err.Error()))
	}
}

// CloseWrite ends the direction in which this side sends, if nc can do that.
func (c *conn) CloseWrite() error {
	half, ok := c.nc.(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	err := half.CloseWrite()
	if err == nil {
		c.finish()
	}
	return err
}

// Close implements net.Conn.
func (c *conn) Close() error {
	err := c.nc.Close()
	c.tap.listClosed(c.meter)
	c.finish()
	return err
}

// finish shows that this side sends no more.
func (c *conn) finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flushLeaving()
	c.look()
	c.dec.End(c.local, FIN, "")
}

// NetConn returns the connection that is wrapped, for one who wants to do with
// it what the wrapper does not know, such as cutting it with a reset. What is
// read or written there is not shown.
func (c *conn) NetConn() net.Conn { return c.nc }

func (c *conn) LocalAddr() net.Addr                { return c.nc.LocalAddr() }
func (c *conn) RemoteAddr() net.Addr               { return c.nc.RemoteAddr() }
func (c *conn) SetDeadline(t time.Time) error      { return c.nc.SetDeadline(t) }
func (c *conn) SetReadDeadline(t time.Time) error  { return c.nc.SetReadDeadline(t) }
func (c *conn) SetWriteDeadline(t time.Time) error { return c.nc.SetWriteDeadline(t) }
