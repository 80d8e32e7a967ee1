package libraries

import (
	"sync"
	"sync/atomic"
)

// Joined is how many connections have been opened in this process. A server
// joins them after its answer to the handshake, so the client cannot know.
var Joined atomic.Int64

// room is all the connections of a server that broadcasts.
type room[C comparable] struct {
	mu      sync.Mutex
	members []C
}

func (r *room[C]) join(c C) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.members = append(r.members, c)
	Joined.Add(1)
}

// each calls f for every connection, one after the other.
func (r *room[C]) each(f func(C)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.members {
		f(c)
	}
}
