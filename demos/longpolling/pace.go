package longpolling

import (
	"sync"
	"time"
)

const (
	paceStep = time.Second // at most one answer in this time
	paceMax  = 10_000      // hosts remembered
)

// pace spreads out the answers to clients that cannot be told apart but by their address.
type pace struct {
	mu   sync.Mutex
	last map[string]time.Time // when a host was, or will be, answered
}

// next returns how long a request from host has to wait now. All requests that come within
// one second wait for the end of it together, so that many clients behind one
// address do not queue up.
func (p *pace) next(host string, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.last) >= paceMax {
		p.prune(now)
	}
	if p.last == nil {
		p.last = map[string]time.Time{}
	}
	at := p.last[host]
	switch {
	case now.Sub(at) >= paceStep:
		at = now
	case at.Before(now) || at.Equal(now):
		at = at.Add(paceStep)
	}
	p.last[host] = at
	return at.Sub(now)
}

// prune drops the hosts that may be answered at once anyway.
func (p *pace) prune(now time.Time) {
	for host, at := range p.last {
		if now.Sub(at) >= paceStep {
			delete(p.last, host)
		}
	}
	if len(p.last) >= paceMax {
		clear(p.last)
	}
}
