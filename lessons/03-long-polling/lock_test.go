package longpolling

import (
	"sync"
	"testing"
	"testing/synctest"

	"example.com/ws101/lessons/internal/lesson"
)

// lock is the lock of a Log in the tests. Whoever waits for it waits as for a channel, so a bubble
// knows. And behind one of its Unlocks, something happens.
type lock struct {
	held chan struct{} // holds a value while somebody has the lock

	mu      sync.Mutex // guards what follows
	unlocks int
	at      int    // the number of the Unlock
	happens func() // behind it
	loose   bool   // Unlock was called without a Lock
	spins   bool   // the lock was taken without end
}

func newLock() *lock { return &lock{held: make(chan struct{}, 1)} }

const manyUnlocks = 10_000

// spinning is what Lock panics with when it is called without end.
type spinning struct{}

func (spinning) String() string { return "the lock is taken again and again, without a pause" }

// stopSpinning is deferred in what runs beside the test and calls the learner's code.
func stopSpinning() {
	if v := recover(); v != nil && v != any(spinning{}) {
		panic(v)
	}
}

func (l *lock) Lock() {
	l.mu.Lock()
	spins := l.unlocks > manyUnlocks
	if spins {
		l.spins, l.unlocks = true, 0
	}
	l.mu.Unlock()
	if spins {
		panic(spinning{})
	}
	l.held <- struct{}{}
}

func (l *lock) Unlock() {
	l.mu.Lock()
	l.unlocks++
	var now func()
	if l.unlocks == l.at {
		now, l.at = l.happens, 0
	}
	select {
	case <-l.held:
	default:
		l.loose = true
	}
	l.mu.Unlock()
	if now != nil {
		now()
	}
}

// behind makes something happen behind the nth Unlock from now.
func (l *lock) behind(n int, f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at, l.happens = l.unlocks+n, f
}

// broken fails the test if the lock was not used as it should be. who is a call that has returned, or
// waits.
func (l *lock) broken(t *testing.T, k lesson.Task, who string, waits bool) {
	l.mu.Lock()
	loose, spins := l.loose, l.spins
	l.mu.Unlock()
	switch {
	case spins:
		k.Fail(t, who, "got  the lock taken again and again, without a pause\nwant to wait",
			lesson.If(true, "this waits by looking again and again; one core is busy with it, for each reader, so wait for the channel"))
	case loose:
		k.Fail(t, who, "got  an Unlock without a Lock\nwant one Unlock for each Lock",
			lesson.If(true, "the lock was released twice; a sync.Mutex ends the program then"))
	case len(l.held) > 0 && waits:
		k.Fail(t, who, "got  the lock, held while it waits\nwant it free",
			lesson.If(true, "the lock is held while it waits; Add needs it, so the event for which it waits can never come"))
	case len(l.held) > 0:
		k.Fail(t, who, "got  the lock, still held\nwant it free",
			lesson.If(true, "the lock was not released; the next one to take it waits for ever"))
	}
}

// start is a Log with some events, and a lock that makes trouble. It belongs into a bubble.
func start(events ...string) (*Log, *lock) {
	mu := newLock()
	return &Log{mu: mu, events: events, changed: make(chan struct{})}, mu
}

// settle waits until nobody has anything to do, in this moment.
func settle() { synctest.Wait() }

// works runs f in a bubble of its own, and reports whether it returns true. It is for the question
// whether a test has a sense, and prints nothing.
func works(t *testing.T, f func(t *testing.T) bool) (ok bool) {
	defer func() {
		if recover() != nil { // everybody waits
			ok = false
		}
	}()
	synctest.Test(t, func(t *testing.T) {
		defer func() { recover() }()
		ok = f(t)
	})
	return ok
}
