package rfc6455

import (
	"context"
	"errors"
	"sync/atomic"
)

// lock is a mutex whose waiters can give up. Its zero value is not held.
//
// A [sync.Mutex] cannot be waited for with a context, and a channel used as a
// mutex costs several times as much when nobody competes, which is nearly
// always. So the lock itself is one atomic number, which is odd while somebody
// holds it, and the channel, on which those wait who found it odd, is made by
// the first of them.
type lock struct {
	turns   atomic.Uint32 // how often it was taken and let go
	waiters atomic.Int32
	wake    atomic.Pointer[chan struct{}]
}

// tryLock takes the lock if nobody holds it.
func (l *lock) tryLock() bool {
	n := l.turns.Load()
	return n&1 == 0 && l.turns.CompareAndSwap(n, n+1)
}

// turn tells whether somebody holds the lock, and a number that another holder
// will not have soon.
func (l *lock) turn() (n uint32, held bool) {
	n = l.turns.Load()
	return n, n&1 == 1
}

// renew gives the holder another number.
func (l *lock) renew() { l.turns.Add(2) }

// lock waits for the lock until ctx ends, whose error it then returns, or until the
// channel that giveUp returns is closed, which is errGaveUp.
func (l *lock) lock(ctx context.Context, giveUp func() <-chan struct{}) error {
	if l.tryLock() {
		return nil
	}
	wake := l.wake.Load()
	if wake == nil {
		made := make(chan struct{}, 1)
		if l.wake.CompareAndSwap(nil, &made) {
			wake = &made
		} else {
			wake = l.wake.Load()
		}
	}
	// From here on unlock sees a waiter. The lock is tried once more after
	// that, since it may have been let go just before.
	l.waiters.Add(1)
	defer l.waiters.Add(-1)
	over := giveUp()
	for !l.tryLock() {
		select {
		case <-*wake:
		case <-ctx.Done():
			return ctx.Err()
		case <-over:
			return errGaveUp
		}
	}
	return nil
}

var errGaveUp = errors.New("rfc6455: what the lock protects has ended")

// unlock lets the lock go and wakes one waiter. The token stays in the channel
// if that waiter gives up at the same moment, and wakes the next one.
func (l *lock) unlock() {
	l.turns.Add(1)
	if l.waiters.Load() == 0 {
		return
	}
	if wake := l.wake.Load(); wake != nil {
		select {
		case *wake <- struct{}{}:
		default:
		}
	}
}
