package rfc6455

import (
	"context"
	"math"
	"time"

	"example.com/ws101/frames"
)

// keepAlive finds a peer that is gone without a word: its cable was cut, its
// process was frozen. TCP alone may notice after hours, or never if nothing is
// sent.
//
// A tick costs nothing while bytes arrive, and no clock is read for it: the
// reader sets a bit, and the tick looks whether it was set since the last one.
// There is no goroutine either, only a timer.
type keepAlive struct {
	c     *Conn
	every time.Duration
	timer *time.Timer
	asked bool // a Ping was sent at the last tick
}

func startKeepAlive(c *Conn, every time.Duration) *keepAlive {
	k := &keepAlive{c: c, every: every}
	// The timer is started only once it is in its field, where tick looks.
	k.timer = time.AfterFunc(math.MaxInt64, k.tick)
	k.timer.Reset(every)
	return k
}

func (k *keepAlive) tick() {
	c := k.c
	select {
	case <-c.done:
		return
	default:
	}
	c.dropCompressor(false)
	heard := c.in.heard.Swap(false)
	switch {
	case heard || !c.in.waiting.Load():
		// If nobody is blocked in a read, an answer may lie unread.
		k.asked = false
	case k.asked:
		c.cut(errDead)
		return
	default:
		k.asked = true
		k.ping()
	}
	k.timer.Reset(k.every)
}

// ping sends an empty Ping. If somebody is just writing, it leaves behind that:
// left out, a peer that lives and has nothing to say would be cut at the next
// tick. Behind a write that the peer does not take, it never leaves, and the
// next tick finds that peer dead.
func (k *keepAlive) ping() {
	c := k.c
	if c.frameLock.tryLock() {
		k.put()
		return
	}
	go func() {
		if c.frameLock.lock(context.Background(), c.done) == nil {
			k.put()
		}
	}()
}

// put sends the Ping and lets the frame lock go, which the caller holds.
func (k *keepAlive) put() {
	c := k.c
	defer c.unlockFrame()
	if c.closing.Load() {
		return // CloseTimeout watches from here on
	}
	if err := c.out.frame(frames.Header{Fin: true, Opcode: frames.Ping}, nil); err != nil && !isTimeout(err) {
		c.failWrite(err)
	}
}
