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
	slept        time.Duration // since the last beat
	alive, write countdown

	heard uint32 // see checkAlive
	asked bool   // a Ping was sent at the last look
	turn  uint32 // see checkWrite
}

// countdown tells when it is time to look at something, or never if every is 0.
type countdown struct{ every, left time.Duration }

func (d *countdown) over(passed time.Duration) bool {
	if d.every <= 0 {
		return false
	}
	if d.left -= passed; d.left > 0 {
		return false
	}
	d.left = d.every
	return true
}

// startPulse starts the timer, unless there is nothing to look at.
func (c *Conn) startPulse(keepAlive, writeTimeout time.Duration) {
	p := &c.pulse
	p.alive = countdown{keepAlive, keepAlive}
	p.write = countdown{writeTimeout / 2, writeTimeout / 2}
	if p.next() == math.MaxInt64 {
		return
	}
	// The timer is started only once it is in its field, where beat looks.
	p.timer = time.AfterFunc(math.MaxInt64, c.beat)
	p.restart()
}

// next is how long it is until there is something to look at.
func (p *pulse) next() time.Duration {
	next := time.Duration(math.MaxInt64)
	for _, d := range []countdown{p.alive, p.write} {
		if d.every > 0 {
			next = min(next, d.left)
		}
	}
	return next
}

func (p *pulse) restart() {
	p.slept = p.next()
	p.timer.Reset(p.slept)
}

func (p *pulse) stop() {
	if p.timer != nil {
		p.timer.Stop()
	}
}

func (c *Conn) beat() {
	select {
	case <-c.done:
		return
	default:
	}
	p := &c.pulse
	var ping bool
	var err error
	write, alive := p.write.over(p.slept), p.alive.over(p.slept)
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
	p.restart()
	if alive {
		c.dropCompressor(false)
	}
	if ping {
		c.keepAlivePing()
	}
}
