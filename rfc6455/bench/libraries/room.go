package libraries

import "sync"

// room is all the connections of a server that broadcasts.
type room[C comparable] struct {
	mu      sync.Mutex
	members []C
}

func (r *room[C]) join(c C) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.members = append(r.members, c)
}

// each calls f for every connection, one after the other.
func (r *room[C]) each(f func(C)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.members {
		f(c)
	}
}
