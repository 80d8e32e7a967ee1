package rfc6455

import (
	"context"
	"encoding/binary"
	"sync"
	"time"

	"example.com/ws101/frames"
)

// Ping sends a Ping, waits for its Pong, and returns the time between the two.
// Some goroutine must be reading, since the Pong arrives between messages.
// When ctx ends while Ping waits, its error is returned and the connection stays
// usable; see [Conn.Write] for when it ends while the Ping is being sent.
func (c *Conn) Ping(ctx context.Context) (time.Duration, error) {
	pings := &c.startPinging().pings
	p := pings.add()
	defer pings.remove(p)
	var payload [8]byte
	binary.BigEndian.PutUint64(payload[:], p.id)
	start := time.Now()
	if err := c.writeFrame(ctx, frames.Header{Fin: true, Opcode: frames.Ping}, payload[:]); err != nil {
		return 0, err
	}
	select {
	case <-p.answered:
		return p.at.Sub(start), nil
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-c.Done():
		return 0, c.end(nil)
	}
}

// pings are the Pings that wait for a Pong, oldest first. Each carries a
// number, so that a Pong tells which one it answers.
type pings struct {
	sync.Mutex
	last    uint64
	waiting []*ping
}

type ping struct {
	id       uint64
	at       time.Time // when the Pong came; set before answered is closed
	answered chan struct{}
}

func (ps *pings) add() *ping {
	ps.Lock()
	defer ps.Unlock()
	ps.last++
	p := &ping{id: ps.last, answered: make(chan struct{})}
	ps.waiting = append(ps.waiting, p)
	return p
}

func (ps *pings) remove(gone *ping) {
	ps.Lock()
	defer ps.Unlock()
	for i, p := range ps.waiting {
		if p == gone {
			ps.waiting = append(ps.waiting[:i], ps.waiting[i+1:]...)
			return
		}
	}
}

// pong settles the Ping with this payload and all before it: a peer may answer
// only the latest of several (RFC 6455 section 5.5.3). A Pong that nobody asked
// for means nothing.
func (ps *pings) pong(payload []byte) {
	ps.Lock()
	defer ps.Unlock()
	if len(payload) != 8 || len(ps.waiting) == 0 {
		return
	}
	id := binary.BigEndian.Uint64(payload)
	if id > ps.last {
		return
	}
	now := time.Now()
	for len(ps.waiting) > 0 && ps.waiting[0].id <= id {
		p := ps.waiting[0]
		ps.waiting = ps.waiting[1:]
		p.at = now
		close(p.answered)
	}
}
