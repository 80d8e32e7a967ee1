package rfc6455

import (
	"context"
	"sync"
	"time"

	"example.com/ws101/frames"
)

// pinging is what a connection needs for Pings of either side. Most never see one
// but those of the keepalive, which it is not needed for, so it is made for the
// first.
type pinging struct {
	pings pings // ours

	// The Pong that is owed, if the frame lock was held when its Ping came.
	pongLock sync.Mutex
	pongData []byte // the reader's
	pongOut  []byte // the frame lock's
}

func (c *Conn) startPinging() *pinging {
	if p := c.pinging.Load(); p != nil {
		return p
	}
	c.pinging.CompareAndSwap(nil, new(pinging))
	return c.pinging.Load()
}

// handleControl does what the control frame that has just arrived asks for. Its
// error ends the reading.
func (c *Conn) handleControl() error {
	switch c.m.head.Opcode {
	case frames.Ping:
		return c.pong(c.m.controlPayload())
	case frames.Pong:
		if p := c.pinging.Load(); p != nil {
			p.pings.pong(c.m.controlPayload())
		}
		return nil
	default:
		return c.closed(c.m.controlPayload())
	}
}

// pong answers a Ping with its own payload (RFC 6455 section 5.5.3), also after
// our Close frame, until the peer's has come.
//
// The reader must not wait for a writer here: that one may wait for the peer
// to read, and the peer for us. So if the frame lock is held, the Pong is left
// for its holder to send. Only the latest one is kept, which the RFC allows and
// which bounds what a flood of Pings can cost.
//
// Nor may it wait for the peer, which may be blocked by a Pong for us in just
// the same way. So the Pong is sent by another goroutine, to which the lock is
// handed. The reader gives it a moment, which is nearly always enough: then
// each Ping has its Pong, and they keep their order. A peer that takes no Pongs
// costs one such goroutine, however many Pings it sends.
func (c *Conn) pong(payload []byte) error {
	p := c.startPinging()
	p.pongLock.Lock()
	p.pongData = append(p.pongData[:0], payload...)
	c.pongDue.Store(true)
	p.pongLock.Unlock()
	if c.out.lock.tryLock() {
		c.letPongLeave()
	}
	if e := c.end(nil); e != nil {
		return e
	}
	return nil
}

// pongTime is how long the reader waits for a Pong to leave.
const pongTime = 100 * time.Millisecond

// letPongLeave sends the Pong that is due, and lets the frame lock go. It returns
// when that is done, or after pongTime.
func (c *Conn) letPongLeave() {
	sent := make(chan struct{})
	go func() {
		if c.pongDue.Load() { // else the holder before has sent it
			c.putPong()
		}
		c.unlockFrame()
		close(sent)
	}()
	timer := time.NewTimer(pongTime)
	defer timer.Stop()
	select {
	case <-sent:
	case <-timer.C:
	}
}

// sendPong sends the Pong that is due, if the frame lock is free. Whoever holds
// it looks for one after letting it go, so none is forgotten.
func (c *Conn) sendPong() {
	for c.pongDue.Load() && c.out.lock.tryLock() {
		c.putPong()
		c.out.lock.unlock()
	}
}

func (c *Conn) putPong() {
	// The payload is taken out by a swap, so that the reader can leave the
	// next one while this one is being written.
	p := c.startPinging()
	p.pongLock.Lock()
	c.pongDue.Store(false)
	p.pongData, p.pongOut = p.pongOut, p.pongData
	p.pongLock.Unlock()
	err := c.out.frame(context.Background(), &frames.Header{Fin: true, Opcode: frames.Pong}, p.pongOut)
	if err != nil && !(isTimeout(err) && c.out.netConn.Load()) {
		c.failWrite(err)
	}
}
