package sse

import (
	"context"
	"slices"
	"sync"
)

// Log is the log of chapter 3, complete. What is in it is what people have said.
type Log struct {
	mu      sync.Mutex
	events  []string
	changed chan struct{}
}

// NewLog returns a Log without events.
func NewLog() *Log { return &Log{changed: make(chan struct{})} }

// Add appends an event, and wakes everybody who waits for one.
func (l *Log) Add(event string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, event)
	close(l.changed)
	l.changed = make(chan struct{})
}

// Wait returns the events behind a cursor, and the next cursor. If there are none, it waits until one
// comes, or until ctx ends, and then it returns none.
func (l *Log) Wait(ctx context.Context, cursor int) (events []string, next int) {
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
}
