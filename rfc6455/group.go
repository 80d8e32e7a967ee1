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
	closing bool
	empty   chan struct{} // made by Shutdown, closed when conns is empty
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
		if len(g.conns) == 0 {
			close(g.empty)
		}
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

// isClosing reports whether new connections are to be refused.
func (g *Group) isClosing() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.closing
}

// add takes a connection in, unless the group is closing.
func (g *Group) add(c *Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closing {
		return false
	}
	if g.conns == nil {
		g.conns = make(map[*Conn]struct{})
	}
	g.conns[c] = struct{}{}
	return true
}

func (g *Group) remove(c *Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, ok := g.conns[c]; !ok {
		return
	}
	delete(g.conns, c)
	if g.closing && len(g.conns) == 0 {
		close(g.empty)
	}
}
