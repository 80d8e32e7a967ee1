package rfc6455

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"example.com/ws101/frames"
)

// MessageType is [Text] or [Binary].
type MessageType = frames.Opcode

// The two types of message (RFC 6455 section 5.6).
const (
	Text   = frames.Text   // UTF-8, checked in both directions
	Binary = frames.Binary // any bytes
)

// Conn is one WebSocket connection, of either side.
//
// One goroutine at a time may read; any number may write, ping and close. Pings
// of the peer are answered, and its Close is heard, while some goroutine
// reads: in [Conn.Read], in [Conn.Serve], or in a reader from [Conn.Reader].
// A program that only writes starts a goroutine that reads.
//
// Its fields stand in an order that leaves few gaps, and what most connections
// do not need is made when it is needed: a server holds many of these, and
// most of them wait.
type Conn struct {
	subprotocol *string    // nil if none was agreed on
	deflate     *deflation // nil if nothing is compressed

	// What the reader owns. readLock is held during a call, not between them.
	readLock lock
	in       input
	m        machine
	inflate  *inflater // of the message at hand, if it is compressed
	gathered []byte    // of the message at hand, if it did not arrive whole
	lastSize int       // of the last message that was gathered
	stream   *messageReader
	holdEnd  *time.Timer // sends the replies that gather in out, if that takes long
	holding  bool        // they do; see releaseHeld
	turn     bool        // the connection has one of the turns
	asked    bool        // the pulse's, not the reader's; see checkAlive
	serving  atomic.Bool

	// What writers own. messageLock is held for a whole message of several frames
	// and keeps its fragments together.
	messageLock lock
	out         output

	pinging atomic.Pointer[pinging] // nil before the first Ping
	pongDue atomic.Bool             // in pinging

	closing   atomic.Bool // this side will send no more data
	closeSent atomic.Bool // our Close frame has left whole
	over      atomic.Bool // the socket is closed
	pulse     pulse

	endLock sync.Mutex // holds for ending
	ending  *ending    // nil until somebody needs it
}

// ending is what a connection needs for its end.
type ending struct {
	how        *CloseError   // nil before the end; the first cause wins
	received   *CloseError   // what the peer's Close frame said, nil before it
	closeTimer *time.Timer   // see cutLater
	done       chan struct{} // closed when over is set; made for the first who waits for it
}

// newConn makes the Conn of a socket on which the handshake is complete. early
// is what arrived right behind it.
func newConn(nc net.Conn, client bool, subprotocol string, deflate *deflation, early []byte, o *Options) *Conn {
	c := &Conn{
		deflate: deflate,
		m:       newMachine(!client, o),
	}
	if subprotocol != "" {
		agreed := subprotocol // of which only then a copy is kept
		c.subprotocol = &agreed
	}
	c.m.state.Deflate = deflate != nil
	c.in.init(nc, early)
	c.out.init(&c.in.socket, client, o)
	c.startPulse()
	if o.Group != nil && !o.Group.add(c) {
		go c.Close(frames.CloseGoingAway, "") // the group was closed a moment ago
	}
	return c
}

// opts are what the connection was made with.
func (c *Conn) opts() *Options { return c.m.opts }

// isClient reports whether this side is the client, which masks.
func (c *Conn) isClient() bool { return c.out.client != nil }

// Subprotocol returns the subprotocol that both sides agreed on, or "".
func (c *Conn) Subprotocol() string {
	if c.subprotocol == nil {
		return ""
	}
	return *c.subprotocol
}

// LocalAddr returns the address of this end of the socket.
func (c *Conn) LocalAddr() net.Addr { return c.in.nc.LocalAddr() }

// RemoteAddr returns the address of the peer's end of the socket.
func (c *Conn) RemoteAddr() net.Addr { return c.in.nc.RemoteAddr() }

// Done returns a channel that is closed when the connection has ended and its
// socket is closed.
func (c *Conn) Done() <-chan struct{} {
	c.endLock.Lock()
	defer c.endLock.Unlock()
	end := c.startEnding()
	if end.done == nil {
		end.done = make(chan struct{})
		if c.over.Load() {
			close(end.done)
		}
	}
	return end.done
}

// startEnding returns what the end needs. The caller holds endLock.
func (c *Conn) startEnding() *ending {
	if c.ending == nil {
		c.ending = new(ending)
	}
	return c.ending
}

// Err returns how the connection ended, as a [*CloseError], or nil while it is
// open.
func (c *Conn) Err() error {
	if e := c.end(nil); e != nil {
		return e
	}
	return nil
}

// closeWithin is how long the peer may take to answer our Close frame.
func (c *Conn) closeWithin() time.Duration {
	if c.out.netConn.Load() {
		return netConnCloseTimeout
	}
	return c.opts().closeTimeout()
}

// end records why the connection ends, unless something else was first, and
// returns what counts. end(nil) only asks.
func (c *Conn) end(e *CloseError) *CloseError {
	c.endLock.Lock()
	defer c.endLock.Unlock()
	if e == nil && c.ending == nil {
		return nil
	}
	end := c.startEnding()
	if end.how == nil && e != nil {
		if end.received != nil && e.Code == frames.CloseAbnormal {
			e.Code, e.Reason, e.Remote = end.received.Code, end.received.Reason, e.Sent == 0
			if c.closeSent.Load() {
				// Both Close frames have passed, and this is how it ended. What failed
				// after them was a Pong that nobody needs any more.
				e.Clean, e.Err = true, nil
			}
		}
		end.how = e
		c.closing.Store(true)
	}
	return end.how
}

// shut closes the socket and tells everyone who waits for the end. end has
// been called before.
func (c *Conn) shut() {
	c.in.nc.Close()
	if c.finish() && c.opts().Logger != nil {
		logEnd(c.opts().Logger, c.in.nc, c.end(nil))
	}
	c.dropInflater()
	c.dropCompressor(true)
}

// finish takes the connection out of whatever knows it, the first time it is
// called.
func (c *Conn) finish() bool {
	c.endLock.Lock()
	defer c.endLock.Unlock()
	if c.over.Load() {
		return false
	}
	c.over.Store(true)
	c.pulse.stop()
	end := c.startEnding()
	if end.closeTimer != nil {
		end.closeTimer.Stop()
	}
	if c.opts().Group != nil {
		c.opts().Group.remove(c)
	}
	if end.done != nil {
		close(end.done)
	}
	return true
}

// cut ends the connection without another word to the peer.
func (c *Conn) cut(err error) *CloseError {
	e := c.end(&CloseError{Code: frames.CloseAbnormal, Sent: c.out.sentCode(), Err: err})
	c.shut()
	return e
}

// setDeadline is net.Conn.SetReadDeadline, SetWriteDeadline or SetDeadline: the
// method without a receiver, which unlike one with it is not allocated.
type setDeadline func(net.Conn, time.Time) error

// watch makes ctx interrupt what goes on with the socket: when ctx ends, a
// deadline in the past is set. It returns nil if ctx cannot end, and that costs
// nothing at all.
//
// A goroutine for each call would do the same and cost a stack. What
// [context.AfterFunc] needs costs two allocations; what is needed beside it comes
// from a pool.
func watch(ctx context.Context, nc net.Conn, set setDeadline) *watching {
	if ctx.Done() == nil {
		return nil
	}
	w := watchings.Get().(*watching)
	w.nc, w.set = nc, set
	w.unfinished.Lock()
	w.stopAfter = context.AfterFunc(ctx, w.interrupt)
	return w
}

// watching is what watch returns.
type watching struct {
	nc        net.Conn
	set       setDeadline
	stopAfter func() bool
	interrupt func() // the method run, which would be allocated for each call

	// unfinished is held until run has set the deadline, or will not run any more.
	unfinished sync.Mutex
}

var watchings = sync.Pool{New: func() any {
	w := new(watching)
	w.interrupt = w.run
	return w
}}

func (w *watching) run() {
	w.set(w.nc, past)
	w.unfinished.Unlock()
}

// stop ends the watching. It reports whether the context has ended; if so, the
// deadline has been set, and is now to be cleared.
func (w *watching) stop() (ended bool) {
	if w == nil {
		return false
	}
	if ended = !w.stopAfter(); ended {
		w.unfinished.Lock()
	}
	w.unfinished.Unlock()
	w.nc, w.stopAfter = nil, nil
	watchings.Put(w)
	return ended
}

// past is a deadline that is over, whatever the clock says.
var past = time.Unix(1, 0)

// hangUp ends the socket after the last frame, in the way that lets the peer
// read it. The caller is the reader.
func (c *Conn) hangUp() {
	c.in.release()
	if !c.isClient() {
		endServer(c.in.nc, c.closeWithin())
	} else {
		drain(c.in.nc, c.closeWithin()) // the server ends TCP first
	}
	c.shut()
}
