package writer

// lock is a mutex that is made of a channel with room for one token: whoever has put
// the token in holds the lock. A sync.Mutex would do for this chapter. But one of this
// kind can be waited for in a select, beside a context, and the library needs that.
type lock chan struct{}

func newLock() lock { return make(lock, 1) }

// Lock waits until nobody holds the lock, and takes it.
func (l lock) Lock() { l <- struct{}{} }

// TryLock takes the lock if nobody holds it, and reports whether it did. It never waits.
func (l lock) TryLock() bool {
	select {
	case l <- struct{}{}:
		return true
	default:
		return false
	}
}

// Unlock lets the lock go.
func (l lock) Unlock() { <-l }
