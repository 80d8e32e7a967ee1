// Package longpolling brings news at once with plain requests: the server holds a request until there
// is something to answer (RFC 6202 section 2). A page says with a cursor what it has, so nothing is
// lost between two requests, and the server keeps nothing for it.
package longpolling

import (
	"context"
	"slices"
	"sync"
)

// Log is a list of events, and the place where those wait who have read all of it. Its methods may be
// called from any goroutine. Make it with [NewLog].
type Log struct {
	mu      sync.Locker   // guards what follows; a sync.Mutex, and in the tests one that makes trouble
	events  []string      // all events so far, as JSON
	changed chan struct{} // is closed when an event comes, and another one takes its place
}

// NewLog returns a Log without events.
func NewLog() *Log {
	return &Log{mu: new(sync.Mutex), changed: make(chan struct{})}
}

// Add appends an event, and wakes everybody who waits for one. It never waits for anybody itself.
func (l *Log) Add(event string) {
	// lesson:begin Add
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, event)
	close(l.changed)
	l.changed = make(chan struct{})
	// lesson:end
}

// Wait returns a copy of the events behind a cursor, and the next cursor. A cursor is how many events
// a reader has had. If there are none behind it, Wait waits until one comes, or until ctx ends. Then it
// returns no events, and the cursor with which to go on.
//
// A cursor that this log has never given to anybody is from another run of the server. It stands for
// 0: such a reader gets everything.
func (l *Log) Wait(ctx context.Context, cursor int) (events []string, next int) {
	// lesson:begin Wait
	for {
		l.mu.Lock()
		if cursor < 0 || cursor > len(l.events) {
			cursor = 0
		}
		events, changed := slices.Clone(l.events[cursor:]), l.changed
		l.mu.Unlock()
		if len(events) > 0 {
			return events, cursor + len(events)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, cursor
		}
	}
	// lesson:end
}
