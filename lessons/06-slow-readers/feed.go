package feed

import (
	"context"
	"slices"
	"strings"
	"sync"
)

// Feed is a log of the newest events, and the lock that holds it together with the state that the events
// tell about. Its methods may be called from any goroutine. Make it with [New].
type Feed struct {
	epoch    string
	most     int           // how many events are kept
	snapshot func() string // returns the state, as JSON; is called under mu

	mu      sync.Mutex    // guards the state, and what follows
	last    uint64        // the number of the newest event; the first event has number 1
	log     []string      // the newest events, as JSON, without a gap: the last of them has the number last
	changed chan struct{} // is closed when an event comes, and another one takes its place
}

// New returns a feed without events, which keeps the newest ones, as many as most says. It calls snapshot,
// under its lock, for those who need the whole state.
func New(epoch string, most int, snapshot func() string) *Feed {
	return &Feed{epoch: epoch, most: most, snapshot: snapshot, changed: make(chan struct{})}
}

// Batch is what a reader gets: the events behind its cursor, or a snapshot, and never both.
type Batch struct {
	Next     Cursor   // the cursor with which to go on
	Events   []string // in order, as JSON
	Snapshot string   // the whole state, as JSON; empty unless the events cannot be told
}

// Empty reports whether there is nothing new in b.
func (b Batch) Empty() bool { return len(b.Events) == 0 && b.Snapshot == "" }

// AppendJSON appends b as a line: {"cursor":"k3f9a2-17","events":[...]}, or with "state" for a snapshot.
func (b Batch) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"cursor":"`+b.Next.String()+`",`...)
	if b.Snapshot != "" {
		return append(dst, `"state":`+b.Snapshot+"}\n"...)
	}
	return append(dst, `"events":[`+strings.Join(b.Events, ",")+"]}\n"...)
}

// Update calls change, which alters the state and returns the event that tells about it. Nobody sees the
// one without the other. If the log is full, the oldest event leaves it. Everybody who waits is woken.
func (f *Feed) Update(change func() (event string)) {
	// lesson:begin Update
	f.mu.Lock()
	defer f.mu.Unlock()
	f.log = append(f.log, change())
	f.last++
	if len(f.log) > f.most {
		f.log[0] = "" // the array behind the log outlives this slice of it
		f.log = f.log[1:]
	}
	close(f.changed)
	f.changed = make(chan struct{})
	// lesson:end
}

// Since returns at once what a reader at c has not seen.
func (f *Feed) Since(c Cursor) Batch {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.since(c)
}

// since is Since, for those who hold the lock. It returns the events behind c, a copy of them. If the feed
// cannot tell them, it returns a snapshot: c is from another epoch, or from a future that never was, or so
// old that one of the events behind it has left the log. The batch may be empty.
func (f *Feed) since(c Cursor) Batch {
	// lesson:begin since
	b := Batch{Next: Cursor{f.epoch, f.last}}
	gone := f.last - uint64(len(f.log)) // the number of the newest event that has left the log
	if c.Epoch != f.epoch || c.N < gone || c.N > f.last {
		b.Snapshot = f.snapshot()
		return b
	}
	b.Events = slices.Clone(f.log[c.N-gone:])
	return b
	// lesson:end
}

// Wait is Since, except that it waits until there is something to return. If ctx ends before that, the
// batch is empty.
func (f *Feed) Wait(ctx context.Context, c Cursor) Batch {
	for {
		f.mu.Lock()
		b, changed := f.since(c), f.changed
		f.mu.Unlock()
		if !b.Empty() {
			return b
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return b
		}
	}
}
