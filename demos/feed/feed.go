// Package feed keeps one bounded log of events for any number of readers.
//
// The classic way to bring news to many clients is a queue for each of them. Such a
// queue leaks when its client goes away, and loses events between two requests. Here
// there is one log, and a client is only a [Cursor]: the place up to which it has
// read. Nothing is kept for a client on the server, so a slow one costs nothing, and
// one that went away has left nothing behind.
//
// Polling, long polling, server-sent events, an endless page and WebSocket all
// do the same with it: ask for what came after a cursor, send that, remember the new cursor.
package feed

import (
	"crypto/rand"
	"strings"
	"sync"
)

// An Event is one thing that happened, in the form in which every reader gets it.
type Event struct {
	// Cursor is the place right after this event. A client that has it has
	// everything up to here; it is the id of a server-sent event.
	Cursor Cursor
	// Kind tells what sort of event it is, such as "vote": a word that needs no escaping in JSON.
	Kind string
	// JSON is the event, encoded once for all readers. Nobody may change it.
	JSON []byte
}

// Options bounds a feed. The zero value is good for a demo server.
type Options struct {
	// Epoch names the feed: 1 to 16 letters a-z and digits. Empty means a random one.
	// Tests set it; a server should not, since a second start needs another epoch.
	Epoch string
	// MaxEvents is how many events are kept for those who are behind; 0 means 4096.
	MaxEvents int
	// MaxBytes is how many bytes of JSON these events may have together; 0 means 1 MiB.
	MaxBytes int
}

// A Feed is a log of the newest events, and the lock that holds them together with the
// state that they tell about. Its methods may be called from any goroutine.
type Feed struct {
	epoch     string
	maxEvents int
	maxBytes  int

	mu    sync.Mutex
	last  uint64  // the number of the newest event, 0 before the first
	log   []Event // the newest events, without a gap, ending with number last
	bytes int     // of JSON in log

	topics []*Topic
}

// New returns an empty feed. It panics if o.Epoch is not a valid epoch.
func New(o Options) *Feed {
	if o.Epoch == "" {
		// Six of 32 letters: 2^30 epochs are plenty to tell a restart from the run before.
		o.Epoch = strings.ToLower(rand.Text()[:6])
	}
	if !validEpoch(o.Epoch) {
		panic("feed: the epoch " + o.Epoch + " is not 1 to 16 letters a-z and digits")
	}
	if o.MaxEvents <= 0 {
		o.MaxEvents = 4096
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 1 << 20
	}
	return &Feed{epoch: o.Epoch, maxEvents: o.MaxEvents, maxBytes: o.MaxBytes}
}

// Add appends one event, already encoded, and returns the cursor right after it.
type Add func(kind string, json []byte) Cursor

// Update calls change under the lock of the feed. change alters the state that the feed tells
// about, and hands the matching events to add. All of it becomes
// visible at once: no reader sees the state without the events or the
// events without the state.
//
// If change panics, no event is added. change must not call the feed or a topic of it.
func (f *Feed) Update(change func(add Add)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var added []Event
	change(func(kind string, json []byte) Cursor {
		c := Cursor{f.epoch, f.last + uint64(len(added)) + 1}
		added = append(added, Event{c, kind, json})
		return c
	})
	f.append(added)
}

// View calls read under the lock of the feed, with the cursor that belongs to the state at
// this moment. read must not call the feed or a topic of it.
func (f *Feed) View(read func(now Cursor)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	read(f.now())
}

// Now returns the cursor right after the newest event.
func (f *Feed) Now() Cursor {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now()
}

func (f *Feed) now() Cursor { return Cursor{f.epoch, f.last} }

func (f *Feed) append(added []Event) {
	if len(added) == 0 {
		return
	}
	for _, e := range added {
		f.log = append(f.log, e)
		f.bytes += len(e.JSON)
		for _, t := range f.topics {
			t.told(e)
		}
	}
	f.last += uint64(len(added))
	for len(f.log) > f.maxEvents || f.bytes > f.maxBytes {
		f.bytes -= len(f.log[0].JSON)
		for _, t := range f.topics {
			t.dropped(f.log[0])
		}
		f.log[0] = Event{} // the array outlives this slice of it, the JSON must not
		f.log = f.log[1:]
	}
}

// after returns the logged events behind number n.
func (f *Feed) after(n uint64) []Event {
	missing := min(f.last-n, uint64(len(f.log)))
	return f.log[uint64(len(f.log))-missing:]
}
