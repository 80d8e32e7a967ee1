package feed

import (
	"context"
	"slices"
)

// A Topic is the part of a feed that some reader cares about: the events of some kinds,
// and a snapshot that stands for all of them so far. The vote is one topic, the chat
// another; they share the feed, its cursors and its lock.
type Topic struct {
	feed     *Feed
	snapshot func() []byte
	kinds    []string
}

// Topic returns the topic of the events of these kinds. snapshot returns the whole state
// as JSON, not nil, that will never be changed; it is called under the lock of the feed, so that
// state and cursor always belong together, and must not call the feed.
func (f *Feed) Topic(snapshot func() []byte, kinds ...string) *Topic {
	return &Topic{feed: f, snapshot: snapshot, kinds: kinds}
}

// Since returns at once what a reader at c has not seen: the events after c, or a
// snapshot where the feed cannot tell them (c is zero, of another epoch, or too far behind).
// The batch may be empty. Its cursor is the one to ask with next.
func (t *Topic) Since(c Cursor) Batch {
	t.feed.mu.Lock()
	defer t.feed.mu.Unlock()
	return t.since(c)
}

// Wait is Since, except that it waits until there is something to return. If ctx ends before
// that, it returns an empty batch, which still has a cursor to ask with next, and ctx's error.
//
// A waiting reader is a goroutine in this call and nothing else: when the call
// returns, nothing of it is left in the feed.
func (t *Topic) Wait(ctx context.Context, c Cursor) (Batch, error) {
	for {
		b, changed := t.look(c)
		if changed == nil {
			return b, nil
		}
		select {
		case <-changed:
			c = b.Cursor // events of other kinds are behind us now
		case <-ctx.Done():
			return b, ctx.Err()
		}
	}
}

// look returns what there is after c, and, only if there is nothing, the channel that will be
// closed by the next event. Both come from one moment under the lock: an
// event in between would never wake the reader.
func (t *Topic) look(c Cursor) (Batch, <-chan struct{}) {
	f := t.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	b := t.since(c)
	if !b.Empty() {
		return b, nil
	}
	if f.changed == nil {
		f.changed = make(chan struct{})
	}
	return b, f.changed
}

func (t *Topic) since(c Cursor) Batch {
	b := Batch{Cursor: t.feed.now()}
	events, ok := t.feed.after(c)
	if !ok {
		b.Snapshot = t.snapshot()
		return b
	}
	for _, e := range events {
		if slices.Contains(t.kinds, e.Kind) {
			// A copy, since the log moves on when the lock is released.
			b.Events = append(b.Events, e)
		}
	}
	return b
}
