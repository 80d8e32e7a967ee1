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

	// The numbers of its newest event, and of the newest that is not in the log any more.
	// Both, and changed, are under the lock of the feed.
	last, lost uint64

	// changed is closed when an event of these kinds comes. There is one channel for all
	// who wait: to close it wakes every one of them, and one who stops waiting has
	// nothing to take back. It is nil while nobody waits.
	changed chan struct{}
}

// Topic returns the topic of the events of these kinds. snapshot returns the whole state
// as JSON, not nil, that will never be changed; it is called under the lock of the feed, so that
// state and cursor always belong together, and must not call the feed. A topic lives as long as
// its feed.
func (f *Feed) Topic(snapshot func() []byte, kinds ...string) *Topic {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := &Topic{feed: f, snapshot: snapshot, kinds: kinds, last: f.last, lost: f.last - uint64(len(f.log))}
	f.topics = append(f.topics, t)
	return t
}

// Version returns a cursor that changes with every event of the topic and with no other.
func (t *Topic) Version() Cursor {
	t.feed.mu.Lock()
	defer t.feed.mu.Unlock()
	return Cursor{t.feed.epoch, t.last}
}

// dropped is called for each event that leaves the log.
func (t *Topic) dropped(e Event) {
	if slices.Contains(t.kinds, e.Kind) {
		t.lost = e.Cursor.N
	}
}

// told is called for each event that comes.
func (t *Topic) told(e Event) {
	if !slices.Contains(t.kinds, e.Kind) {
		return
	}
	t.last = e.Cursor.N
	if t.changed != nil {
		close(t.changed)
		t.changed = nil
	}
}

// Since returns at once what a reader at c has not seen: the events after c, or a
// snapshot where the feed cannot tell them: c is zero, of another epoch, from a future that never
// was, or too far behind.
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
		case <-ctx.Done():
			if b = t.Since(c); b.Empty() {
				return b, ctx.Err()
			}
			return b, nil
		}
	}
}

// look returns what there is after c, and, only if there is nothing, the channel that will be
// closed by the topic's next event. Both come from one moment under the lock: an
// event in between would never wake the reader.
func (t *Topic) look(c Cursor) (Batch, <-chan struct{}) {
	f := t.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	b := t.since(c)
	if !b.Empty() {
		return b, nil
	}
	if t.changed == nil {
		t.changed = make(chan struct{})
	}
	return b, t.changed
}

func (t *Topic) since(c Cursor) Batch {
	f := t.feed
	b := Batch{Cursor: f.now()}
	if c.Epoch != f.epoch || c.N > f.last || c.N < t.lost {
		b.Snapshot = t.snapshot()
		return b
	}
	for _, e := range f.after(c.N) {
		if slices.Contains(t.kinds, e.Kind) {
			// A copy, since the log moves on when the lock is released.
			b.Events = append(b.Events, e)
		}
	}
	return b
}
