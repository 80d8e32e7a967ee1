package rfc6455

import "runtime"

// turns bounds how many connections decompress large messages at the same time:
// one for each processor. More would not be faster. But each of them holds what
// it has come to so far, and a message may be a thousand times as large as its
// compressed bytes, so those who send many at once could otherwise make a
// server hold all of them half done.
var turns = make(chan struct{}, runtime.GOMAXPROCS(0))

// takeTurn waits until this connection may decompress more than fits in one
// buffer. Those who have a turn wait for nobody, so the wait is short.
func (c *Conn) takeTurn() {
	if !c.turn {
		turns <- struct{}{}
		c.turn = true
	}
}

// giveTurn lets the next one go on. It is called before the reader waits for
// anything.
func (c *Conn) giveTurn() {
	if c.turn {
		<-turns
		c.turn = false
	}
}
