package rfc6455

import "example.com/ws101/frames"

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
		c.pulse.asked = false
		return false, nil
	}
	if c.pulse.asked {
		return false, errDead
	}
	c.pulse.asked = true
	return true, nil
}

// keepAlivePing sends an empty Ping, unless somebody is just writing: then the
// peer is told enough, or checkWrite watches.
func (c *Conn) keepAlivePing() {
	if c.closing.Load() || !c.frameLock.tryLock() {
		return
	}
	if err := c.out.frame(frames.Header{Fin: true, Opcode: frames.Ping}, nil); err != nil && !isTimeout(err) {
		c.failWrite(err)
	}
	c.unlockFrame()
}
