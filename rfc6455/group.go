package rfc6455

import (
	"context"
	"sync"

	"example.com/ws101/frames"
)

// Group is a set of connections that are closed together when a server stops.
// Its zero value is ready. Name it in [Options]: every connection made with
// them is in the group from its handshake to its end.
type Group struct {
	mu      sync.Mutex
	conns   map[*Conn]struct{}
	opening int // handshakes whose answer is on its way
	closing bool
	empty   chan struct{} // made by Shutdown, closed when nothing is left
}

// Len returns the number of open connections.
func (g *Group) Len() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.conns)
}

// Shutdown closes every connection with 1001 (going away), waits until all
// have answered or were cut by their own close timeout, and cuts the rest when
// ctx ends, whose error it then returns. From its start on, new connections
// are refused with 503.
func (g *Group) Shutdown(ctx context.Context) error {
	g.mu.Lock()
	g.closing = true
	if g.empty == nil {
		g.empty = make(chan struct{})
		g.checkEmpty()
	}
	for c := range g.conns {
		// Side by side, since each waits for its peer.
		go c.Close(frames.CloseGoingAway, "")
	}
	g.mu.Unlock()

	select {
	case <-g.empty:
		return nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	rest := make([]*Conn, 0, len(g.conns))
	for c := range g.conns {
		rest = append(rest, c)
	}
	g.mu.Unlock()
	for _, c := range rest {
		c.CloseNow()
	}
	return ctx.Err()
}

// enter counts a handshake that is about to be answered, until leave. It
// reports false if the group is closing. No group lets everybody in.
func (g *Group) enter() bool {
	if g == nil {
		return true
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closing {
		return false
	}
	g.opening++
	return true
}

// leave ends what enter began. If the handshake succeeded, its connection has
// been added by then, so that Shutdown overlooks neither.
func (g *Group) leave() {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.opening--
	g.checkEmpty()
}

// add takes a connection in, and reports false if it is to be closed at once.
func (g *Group) add(c *Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.conns == nil {
		g.conns = make(map[*Conn]struct{})
	}
	g.conns[c] = struct{}{}
	return !g.closing
}

func (g *Group) remove(c *Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.conns, c)
	g.checkEmpty()
}

// checkEmpty lets Shutdown return once nothing is left. A client's connection
// may still come and go after that.
func (g *Group) checkEmpty() {
	if !g.closing || g.opening > 0 || len(g.conns) > 0 {
		return
	}
	select {
	case <-g.empty:
	default:
		close(g.empty)
	}
}
