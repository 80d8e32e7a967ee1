package wire

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Options are the choices for a [Tap]. The zero value is good for a server.
type Options struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Sink, if set, is given every row at once, one row at a time. The
	// connection waits while it runs, so it is for a program that prints its
	// own single connection; a server uses [Tap.Watch].
	Sink func(Row)
	// Keep is how many bytes of one row are kept at most; 0 means 16 KiB.
	Keep int
	// MaxRows and MaxBytes are how much waits for the watchers at most; 0
	// means 4096 rows and 8 MiB. Then the oldest rows go.
	MaxRows, MaxBytes int
	// Hide, if set, is asked for each row whether its path is not to be shown,
	// and no row is made of what it hides. With it, a page that shows rows does
	// not show how they come to it. A connection is then shown as opened with
	// its first row.
	Hide func(path string) bool
	// MaxConns is how many open connections are listed at most; 0 means 4096.
	// Then the oldest go from the list.
	MaxConns int
}

const (
	defaultKeep     = 16 << 10
	defaultMaxRows  = 4096
	defaultMaxBytes = 8 << 20
	defaultMaxConns = 4096
	// rowCost is what a row costs beside its bytes, roughly.
	rowCost = 256
)

// Tap is where the rows of many connections come together. While nobody
// watches, no row is made: a connection then only keeps count of its bytes and of
// where it is in heads, bodies and frames, so that one who comes later can read
// on from there.
type Tap struct {
	now      func() time.Time
	sink     func(Row)
	hide     func(path string) bool
	keep     int
	maxRows  int
	maxBytes int
	maxConns int

	conns   atomic.Uint64 // numbers given out
	looking atomic.Int32  // watchers, and one for a sink

	mu       sync.Mutex
	seq      uint64
	rows     []Row // the latest, the oldest first; the last one is number seq
	bytes    int   // what they cost
	watchers map[*Watcher]struct{}

	openMu sync.Mutex
	open   []*meter // of the open connections, by their numbers
}

// New makes a Tap.
func New(o Options) *Tap {
	t := &Tap{
		now:      o.Now,
		sink:     o.Sink,
		hide:     o.Hide,
		keep:     positiveOr(o.Keep, defaultKeep),
		maxRows:  positiveOr(o.MaxRows, defaultMaxRows),
		maxBytes: positiveOr(o.MaxBytes, defaultMaxBytes),
		maxConns: positiveOr(o.MaxConns, defaultMaxConns),
		watchers: make(map[*Watcher]struct{}),
	}
	if t.now == nil {
		t.now = time.Now
	}
	if t.sink != nil {
		t.looking.Add(1)
	}
	return t
}

func positiveOr(n, otherwise int) int {
	if n <= 0 {
		return otherwise
	}
	return n
}

// isWatched reports whether rows are wanted.
func (t *Tap) isWatched() bool { return t.looking.Load() > 0 }

// add takes a row in. It never waits for a watcher.
func (t *Tap) add(r Row) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.seq++
	r.Seq = t.seq
	if t.sink != nil {
		t.sink(r)
	}
	if len(t.watchers) == 0 {
		return
	}
	t.rows = append(t.rows, r)
	t.bytes += r.cost()
	for len(t.rows) > t.maxRows || t.bytes > t.maxBytes && len(t.rows) > 1 {
		t.bytes -= t.rows[0].cost()
		t.rows[0] = Row{} // lets its bytes go before the array goes
		t.rows = t.rows[1:]
	}
	for w := range t.watchers {
		select {
		case w.more <- struct{}{}:
		default: // it has been told already
		}
	}
}

// Rows returns the rows that are kept now of those with the numbers from to to,
// both included. Rows are kept while somebody watches, up to the bounds of
// [Options].
func (t *Tap) Rows(from, to uint64) []Row {
	t.mu.Lock()
	defer t.mu.Unlock()
	oldest := t.seq + 1 - uint64(len(t.rows))
	from, to = max(from, oldest), min(to, t.seq)
	if from > to {
		return nil
	}
	return slices.Clone(t.rows[from-oldest : to+1-oldest])
}

func (r *Row) cost() int { return rowCost + len(r.Bytes) + len(r.Note) }

// Watcher reads the rows of a [Tap], at its own pace. One that is too slow
// misses rows, and is told how many.
type Watcher struct {
	tap  *Tap
	more chan struct{} // holds a token if there may be more to read
	gone chan struct{} // closed by Close
	next uint64        // the number of the row to read next; under tap.mu
}

// Watch begins to watch, from the next row on. Close the watcher in the end:
// rows are made as long as there is one.
func (t *Tap) Watch() *Watcher {
	t.mu.Lock()
	defer t.mu.Unlock()
	w := &Watcher{tap: t, more: make(chan struct{}, 1), gone: make(chan struct{}), next: t.seq + 1}
	t.watchers[w] = struct{}{}
	t.looking.Add(1)
	return w
}

// ErrClosed is returned by Next once the watcher is closed.
var ErrClosed = errors.New("wire: the watcher is closed")

// Next waits for rows and returns those that have gathered, at least one, and
// how many before them were missed. The error is that of ctx, or [ErrClosed].
// One goroutine at a time may call Next.
func (w *Watcher) Next(ctx context.Context) (rows []Row, missed uint64, err error) {
	for {
		if rows, missed = w.take(); len(rows) > 0 {
			return rows, missed, nil
		}
		select {
		case <-w.more:
		case <-w.gone:
			return nil, 0, ErrClosed
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		}
	}
}

func (w *Watcher) take() (rows []Row, missed uint64) {
	t := w.tap
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, open := t.watchers[w]; !open {
		return nil, 0
	}
	oldest := t.seq + 1 - uint64(len(t.rows))
	if w.next < oldest {
		missed = oldest - w.next
		w.next = oldest
	}
	rows = append(rows, t.rows[w.next-oldest:]...)
	w.next = t.seq + 1
	return rows, missed
}

// Close ends the watching. A Next that waits returns.
func (w *Watcher) Close() {
	t := w.tap
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, open := t.watchers[w]; !open {
		return
	}
	delete(t.watchers, w)
	t.looking.Add(-1)
	close(w.gone)
	if len(t.watchers) == 0 {
		t.rows, t.bytes = nil, 0
	}
}
