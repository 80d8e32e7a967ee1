package heartbeat

import "time"

// tick is called once in every c.every. It sends a ping if nothing was heard since the last
// tick, and ends the connection if that was so at the last tick already, and the ping was
// not answered. If nobody is waiting for bytes, an answer may lie unread: then nothing can
// be said, and a ping that was sent is forgotten.
func (c *Conn) tick() {
	// lesson:begin tick
	heard := c.heard.Swap(false)
	switch {
	case heard || !c.waiting.Load():
		c.asked = false
	case c.asked:
		c.End(ErrGone)
	default:
		c.asked = true
		c.ping()
	}
	// lesson:end
}

// ping sends an empty ping. If somebody is writing just now, it leaves behind that. Left out,
// somebody who is there and has nothing to say would be given up at the next tick.
func (c *Conn) ping() { c.Send([]byte{0x89, 0x00}) }

// Beat calls tick once in every c.every, until the connection ends. It runs in a goroutine
// of its own.
func (c *Conn) Beat() {
	// lesson:begin Beat
	ticker := time.NewTicker(c.every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			c.tick()
		case <-c.done:
			return
		}
	}
	// lesson:end
}
