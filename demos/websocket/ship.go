package websocket

import (
	"sync/atomic"
	"time"
)

// patience is how long one member may hold the others up.
const patience = time.Millisecond

// ship calls send for each of the members, one after the other, and returns when every one of them
// has had its turn.
//
// That is the cheapest way to write to many connections: no goroutine has to be woken for each of
// them. But a write to a client that takes nothing waits, up to the connection's write timeout. So
// when nothing has moved for a millisecond, the goroutine that is stuck is left with its
// client, and another one takes its place and goes on with the next. When the stuck one comes
// free again, it finds nothing left to do.
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
	for last := int64(0); ; {
		select {
		case <-all:
			return
		case <-tick.C:
			if now := taken.Load(); now == last {
				go work()
			} else {
				last = now
			}
		}
	}
}
