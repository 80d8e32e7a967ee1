package websocket

import (
	"sync/atomic"
	"time"
)

// patience is how long nothing may move before those who are stuck are left alone.
const patience = time.Millisecond / 2

// ship calls send for each of the members, one after the other, and returns when the turn of
// every one of them has begun.
//
// That is the cheapest way to write to many connections: no goroutine has to be woken for each of
// them. But a write to a client that takes nothing waits, up to the connection's write timeout. So
// when nothing has moved for half a millisecond, the goroutines that are stuck are left with their
// clients, and others take their place and go on with the next. There are twice as many each time, so
// that a thousand who are stuck delay the others by ten milliseconds and not by a second. When a
// stuck one comes free again, it finds nothing left to do.
func ship(members []*member, send func(*member)) {
	if len(members) == 0 {
		return
	}
	var taken atomic.Int64
	all := make(chan struct{})
	work := func() {
		for {
			i := int(taken.Add(1)) - 1
			if i < len(members) {
				send(members[i])
				continue
			}
			if i == len(members) { // exactly one goroutine sees this
				close(all)
			}
			return
		}
	}
	go work()
	tick := time.NewTicker(patience)
	defer tick.Stop()
	last, fresh := int64(0), 1
	for {
		select {
		case <-all:
			return
		case <-tick.C:
		}
		now := taken.Load()
		if now == last {
			for range fresh {
				go work()
			}
			fresh = min(2*fresh, len(members))
		}
		last = now
	}
}
