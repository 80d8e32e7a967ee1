package rfc6455

import "io"

// beginInflate begins to decompress the message whose first header has come.
func (c *Conn) beginInflate() {
	d := c.deflate
	if !d.receive.forgets && d.past == nil {
		// Peers built on zlib cannot compress for 8 bits, and use 9.
		d.past = &window{size: max(d.receive.window(), 1<<9)}
	}
	c.inflate = d.newInflater(d.past)
}

// stillInflating reports whether a compressed message is not at its end. If it is,
// what it took is given back.
func (c *Conn) stillInflating() bool {
	if !c.inflate.done {
		return true
	}
	c.endInflate()
	return false
}

func (c *Conn) endInflate() {
	c.deflate.putInflater(c.inflate)
	c.inflate = nil
}

// inflatePayload is readPayload for a compressed message. The limits hold for
// what it comes to, and are applied piece by piece: so the message that is
// short on the wire and would fill the memory fails as soon as it has become
// longer than allowed.
func (c *Conn) inflatePayload(p []byte) (int, error) {
	// One byte more than allowed is enough to know.
	if most := c.opts().maxMessage() - c.m.size; uint64(len(p)) > most {
		p = p[:most+1]
	}
	for {
		n, err := c.inflate.read(p)
		switch err {
		case nil:
			if err := c.m.inflated(p[:n], &c.inflate.text); err != nil {
				return 0, c.failProtocol(err)
			}
			return n, nil
		case errMoreInput:
			if err := c.feedInflate(); err != nil {
				return 0, err
			}
		case io.EOF:
			c.takeFed()
			c.inflate.done = true
			if err := c.m.inflatedEnd(&c.inflate.text); err != nil {
				return 0, c.failProtocol(err)
			}
			return 0, nil
		default:
			return 0, c.failProtocol(err)
		}
	}
}

// feedInflate gives the inflater the compressed bytes that come next, where
// they lie in the input. It waits for them if there are none.
func (c *Conn) feedInflate() error {
	c.takeFed()
	c.giveTurn()
	more, err := c.nextOnWire()
	if err != nil {
		return err
	}
	if !more {
		c.inflate.feed(nil, true)
		return nil
	}
	for len(c.in.bytes()) == 0 {
		if err := c.fill(); err != nil {
			return err
		}
	}
	p := c.in.bytes()
	p = p[:min(uint64(len(p)), c.m.left)]
	if err := c.m.payload(p); err != nil {
		return c.failProtocol(err)
	}
	c.inflate.fed = len(p)
	c.inflate.feed(p, !c.m.inMessage())
	return nil
}

// takeFed drops the bytes that the inflater has used from the input.
func (c *Conn) takeFed() {
	if n := c.inflate.fed; n > 0 {
		c.in.discard(n)
		c.inflate.fed = 0
	}
}

// unlockRead lets the read lock go.
func (c *Conn) unlockRead() {
	c.readLock.unlock()
	c.dropInflater()
}

// dropInflater lets go of a compressed message that stays unfinished because
// the connection has ended: a coroutine that stands still is not collected as
// garbage. Whoever holds the read lock at that time does so when letting it go.
func (c *Conn) dropInflater() {
	if c.deflate == nil || !c.over.Load() {
		return
	}
	if c.readLock.tryLock() {
		if c.inflate != nil {
			c.endInflate()
		}
		c.readLock.unlock()
	}
}
