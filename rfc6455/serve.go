package rfc6455

import (
	"context"
	"errors"
	"math"
	"time"

	"example.com/ws101/frames"
)

// Handler is what [Conn.Serve] calls. A nil function is skipped. The calls for
// one connection come one after the other, never two at a time.
type Handler struct {
	// Open is called first.
	Open func(c *Conn)
	// Message is called for each message. p is valid until it returns: copy
	// what is to be kept.
	Message func(c *Conn, t MessageType, p []byte)
	// Close is called last, with how the connection ended.
	Close func(c *Conn, err *CloseError)
}

// Serve reads messages and hands them to h until the connection ends, and
// returns how it ended, as a [*CloseError]. When ctx ends, the connection is
// closed with 1001 (going away).
//
// If the connection has ended before, Serve returns how, and if another
// goroutine is reading, [ErrConcurrentRead]; nothing of h is called then.
//
// Serve is the fastest and leanest way to read. A message that has arrived
// whole is handed over where it lies, without a copy. While several messages
// have arrived together, what is written in answer to them gathers and leaves
// in one write: when the last of them has been handled, when 32 KiB have come
// together, or after a millisecond, whichever is first.
//
// A handler that panics ends the connection, and the panic goes on: with
// go conn.Serve(...) it ends the program unless the handler recovers.
//
// For the least memory per connection call Serve in a goroutine of its own and
// let the one that did the handshake end: its stack has grown, and under
// net/http it keeps the request and its buffers alive.
//
//	go conn.Serve(ctx, handler)
func (c *Conn) Serve(ctx context.Context, h Handler) error {
	// Not with ctx: one that has ended already is to close the connection, too.
	if err := c.beginRead(context.Background()); err != nil {
		return err
	}
	c.serving.Store(true)
	defer c.endServe(c.closeAfter(ctx))

	if h.Open != nil {
		h.Open(c)
	}
	for {
		p, n, err := c.nextWhole()
		if n == 0 && err == nil {
			p, n, err = c.nextMessage()
		}
		if err != nil {
			break
		}
		if !c.holding && n < len(c.in.bytes()) {
			c.holdFor(c.in.bytes()[n:])
		}
		if h.Message != nil {
			h.Message(c, c.m.kind, p)
		}
		if c.gathered == nil {
			c.in.use(n)
		} else {
			putMessage(c.gathered)
			c.gathered = nil
		}
	}
	e := c.end(nil)
	if h.Close != nil {
		h.Close(c, e)
	}
	return e
}

// closeAfter closes the connection when ctx ends.
func (c *Conn) closeAfter(ctx context.Context) (stop func() bool) {
	if ctx.Done() == nil {
		return func() bool { return false }
	}
	return context.AfterFunc(ctx, func() { c.Close(frames.CloseGoingAway, "") })
}

func (c *Conn) endServe(stop func() bool) {
	// A handler that panics must not leave a connection behind that nobody
	// reads. After an ordinary end this changes nothing.
	c.cut(errHandlerPanic)
	stop()
	c.in.release()
	c.serving.Store(false)
	c.unlockRead()
}

var errHandlerPanic = errors.New("rfc6455: the handler panicked")

// nextMessage reads one message for a handler, of the kind that nextWhole leaves.
// If it lies whole in the first n bytes of the input, it is handed over from
// there, else it is put together in gathered, and n is 0. An error means that
// the connection has ended.
func (c *Conn) nextMessage() (p []byte, n int, err error) {
	if err := c.beginMessage(); err != nil {
		return nil, 0, err
	}
	arrived := c.in.bytes()
	if c.gathered != nil || c.inflate != nil || !c.m.head.Fin || c.m.head.Opcode != c.m.kind || c.m.left > uint64(len(arrived)) {
		if p, err = c.assemble(); err != nil {
			putMessage(p)
			return nil, 0, err
		}
		c.gathered, c.lastSize = p, len(p)
		return p[:len(p):len(p)], 0, nil
	}
	// Its capacity ends with it: a handler that appends to it must not write over
	// the message behind it.
	p = arrived[:c.m.left:c.m.left]
	if len(p) > 0 { // else advance has ended the frame
		if err := c.m.payload(p); err != nil {
			return nil, 0, c.failProtocol(err)
		}
	}
	return p, len(p), nil
}

// assemble reads the message at hand to its end, into a buffer from a pool. What
// has gathered when the connection fails is gone: see letGo.
func (c *Conn) assemble() ([]byte, error) {
	c.gathered = append(newMessage(max(len(c.gathered), c.likelySize())), c.gathered...)
	for {
		more, err := c.nextPayload()
		if err == nil && more {
			if len(c.gathered) == cap(c.gathered) {
				if c.inflate != nil {
					c.takeTurn()
				}
				c.gathered = growMessage(c.gathered)
			}
			var n int
			n, err = c.readPayload(c.gathered[len(c.gathered):cap(c.gathered)])
			c.gathered = c.gathered[:len(c.gathered)+n]
		}
		if err != nil || !more {
			c.giveTurn()
			p := c.gathered
			c.gathered = nil
			return p, err
		}
	}
}

// likelySize is for how many bytes room is made before they arrive: for what is
// announced, but no more than the last message had. So a stream of large
// messages is not copied each time that a buffer has become too small, which
// took more than a tenth of the time for messages of 1 MiB. And a peer that
// announces much and sends nothing must have sent as much before.
func (c *Conn) likelySize() int {
	if c.inflate != nil {
		return 0
	}
	return int(min(c.m.left, uint64(c.lastSize)))
}

// holdTime is how long replies may gather.
const holdTime = time.Millisecond

// holdFor lets what is written gather if rest, which has arrived already,
// begins with another whole frame: there will soon be more to send. It ends
// when there is nothing more to read (releaseHeld), or after holdTime, so that
// a handler that takes its time does not keep earlier replies back.
func (c *Conn) holdFor(rest []byte) {
	if wholeFrame(rest) {
		c.startHold()
	}
}

func (c *Conn) startHold() {
	// The reader does not wait for a writer; see pong.
	if !c.out.lock.tryLock() {
		return
	}
	c.out.hold = true
	c.unlockFrame()
	c.holding = true
	if c.holdEnd == nil {
		c.holdEnd = time.AfterFunc(math.MaxInt64, c.flushHeld)
	}
	c.holdEnd.Reset(holdTime)
}

func wholeFrame(b []byte) bool {
	var h frames.Header
	n, _ := h.Parse(b)
	return n > 0 && h.Length <= uint64(len(b)-n)
}

// releaseHeld sends what has gathered. It is called before the reader waits.
func (c *Conn) releaseHeld() {
	c.holding = false
	c.holdEnd.Stop()
	if !c.out.lock.tryLock() {
		go c.flushHeld() // when the writer of the moment is done
		return
	}
	c.endHold()
}

func (c *Conn) flushHeld() {
	if c.out.lock.lock(context.Background(), c.Done) == nil {
		c.endHold()
	}
}

// endHold sends what has gathered and lets the frame lock go, which the caller
// holds.
func (c *Conn) endHold() {
	c.out.hold = false
	if err := c.out.flush(context.Background()); err != nil {
		c.failWrite(err)
	}
	c.unlockFrame()
}
