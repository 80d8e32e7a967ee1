package rfc6455

import (
	"context"

	"example.com/ws101/frames"
)

// checkAlive finds a peer that is gone without a word: its cable was cut, its
// process was frozen. TCP alone may notice after hours, or never if nothing is
// sent. It is called each time that [Options.KeepAlive] has passed, and tells
// whether to ask the peer by a Ping, or that it is dead.
//
// While bytes arrive, this costs next to nothing: input counts its reads, and
// here it is enough to see whether the count has moved.
func (c *Conn) checkAlive() (ping bool, err error) {
	heard, waiting := c.in.progress()
	silent := heard == c.pulse.heard && waiting
	c.pulse.heard = heard
	if !silent {
		// If nobody is blocked in a read, an answer may lie unread.
		c.asked = false
		return false, nil
	}
	if c.asked {
		return false, errDead
	}
	c.asked = true
	return true, nil
}

// keepAlivePing sends an empty Ping. If somebody is just writing, it leaves behind
// that: left out, a peer that lives and has nothing to say would be cut at the
// next look. Behind a write that the peer does not take, it never leaves, and
// the next look finds that peer dead.
func (c *Conn) keepAlivePing() {
	if c.out.lock.tryLock() {
		c.putPing()
		return
	}
	go func() {
		if c.out.lock.lock(context.Background(), c.Done) == nil {
			c.putPing()
		}
	}()
}

// putPing sends the Ping and lets the frame lock go, which the caller holds.
func (c *Conn) putPing() {
	defer c.unlockFrame()
	if c.closing.Load() {
		return // CloseTimeout watches from here on
	}
	if err := c.out.frame(context.Background(), &frames.Header{Fin: true, Opcode: frames.Ping}, nil); err != nil && !isTimeout(err) {
		c.failWrite(err)
	}
}
