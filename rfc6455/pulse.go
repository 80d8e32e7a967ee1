package rfc6455

import (
	"math"
	"time"
)

// pulse is the timer of a connection. Each time it beats, it looks at what
// readers and writers leave behind anyway: whether the peer was heard
// ([Conn.checkAlive]), and whether it takes what is written ([Conn.checkWrite]).
//
// So neither a read nor a write looks at a clock. To ask for the time costs as
// much as all the rest of a small write, and to set a deadline several times
// that; a beat costs a microsecond, and comes twice a minute. There is no
// goroutine for it either, and one timer for both.
type pulse struct {
	timer        *time.Timer
	alive, write countdown // as they were at the last beat

	heard uint32 // see checkAlive
	turn  uint32 // see checkWrite
}

// next is how long it is from one beat to the next.
func (p *pulse) next() time.Duration { return time.Duration(min(p.alive, p.write)) }

// countdown is how long it is until it is time to look at something.
type countdown time.Duration

// over reports whether that is now. It is time again each time that every has
// passed, or never if that is 0 or less.
func (d *countdown) over(passed, every time.Duration) bool {
	if every <= 0 {
		return false
	}
	if *d -= countdown(passed); *d > 0 {
		return false
	}
	*d = countdown(every)
	return true
}

// startPulse starts the timer, unless there is nothing to look at.
func (c *Conn) startPulse() {
	p := &c.pulse
	p.alive, p.write = countdown(math.MaxInt64), countdown(math.MaxInt64)
	if every := c.opts().keepAlive(); every > 0 {
		p.alive = countdown(every)
	}
	if every := c.opts().writeTimeout() / 2; every > 0 {
		p.write = countdown(every)
	}
	if p.next() == math.MaxInt64 {
		return
	}
	// The timer is started only once it is in its field, where beat looks.
	p.timer = time.AfterFunc(math.MaxInt64, c.beat)
	p.timer.Reset(p.next())
}

func (p *pulse) stop() {
	if p.timer != nil {
		p.timer.Stop()
	}
}

func (c *Conn) beat() {
	if c.over.Load() {
		return
	}
	p := &c.pulse
	var ping bool
	var err error
	slept := p.next()
	write, alive := p.write.over(slept, c.opts().writeTimeout()/2), p.alive.over(slept, c.opts().keepAlive())
	if write {
		err = c.checkWrite()
	}
	if alive && err == nil {
		ping, err = c.checkAlive()
	}
	if err != nil {
		c.cut(err)
		return
	}
	// What follows may block. The next beat does not wait for it.
	p.timer.Reset(p.next())
	if alive {
		c.dropCompressor(false)
	}
	if ping {
		c.keepAlivePing()
	}
}
