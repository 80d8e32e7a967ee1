package inspect

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"example.com/ws101/demos/wire"
)

const (
	// MaxRows is how many rows are kept, here and in a page. A [wire.Tap] for the
	// inspector keeps as many.
	MaxRows = 10_000
	// maxBytes is what the entries may take in memory, roughly.
	maxBytes = 16 << 20
	// maxConns is how many connections are followed. Then the oldest is
	// forgotten.
	maxConns = 1024
	// linger is how long all is kept for nobody: a page that is loaded again
	// finds what it has shown.
	linger = 15 * time.Second
)

// log has the latest entries, and tells the pages what is new. It watches the tap
// while there are pages, and a little longer.
type log struct {
	tap *wire.Tap

	mu      sync.Mutex
	watcher *wire.Watcher // nil while nobody looks
	pages   map[*reader]struct{}
	idle    *time.Timer // ends the watching
	stopped bool

	entries []Entry // the oldest first
	bytes   int     // what they cost
	conns   []*conversation
}

func newLog(tap *wire.Tap) *log {
	return &log{tap: tap, pages: make(map[*reader]struct{})}
}

// reader is a page's place in the log.
type reader struct {
	log  *log
	more chan struct{} // holds a token if there may be more to read

	// Under log.mu:
	next    uint64              // the number of the entry to read next
	amended map[uint64]struct{} // entries before it that have changed
	conns   map[uint64]struct{} // connections that have changed
}

// batch is what a page has not seen yet.
type batch struct {
	// Rows are new ones or, with a number that was there, changed ones.
	Rows  []Entry `json:"rows"`
	Conns []Conn  `json:"conns,omitempty"`
	// Missed is how many rows before these are gone, and were never sent.
	Missed uint64 `json:"missed,omitempty"`
}

// maxBatch is how many rows a message to a page has at most.
const maxBatch = 256

// join adds a page, which first reads what is kept. It leaves in the end.
func (l *log) join() *reader {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := &reader{log: l, more: make(chan struct{}, 1), amended: make(map[uint64]struct{}), conns: make(map[uint64]struct{})}
	if len(l.entries) > 0 {
		p.next = l.entries[0].Seq
	}
	for _, c := range l.conns {
		p.conns[c.info.Conn] = struct{}{}
	}
	p.wake()
	l.pages[p] = struct{}{}
	if l.idle != nil {
		l.idle.Stop()
		l.idle = nil
	}
	if l.watcher == nil && !l.stopped {
		l.watcher = l.tap.Watch()
		go l.follow(l.watcher)
	}
	return p
}

func (l *log) leave(p *reader) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.pages, p)
	if len(l.pages) > 0 || l.stopped {
		return
	}
	var idle *time.Timer
	idle = time.AfterFunc(linger, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.idle == idle { // nobody has come in the meantime
			l.forget()
		}
	})
	l.idle = idle
}

// stop ends the watching for good.
func (l *log) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopped = true
	if l.idle != nil {
		l.idle.Stop()
	}
	l.forget()
}

// forget ends the watching, and lets all go.
func (l *log) forget() {
	if l.watcher != nil {
		l.watcher.Close()
	}
	l.watcher, l.idle = nil, nil
	l.entries, l.bytes, l.conns = nil, 0, nil
}

// follow takes in what the watcher sees, until it is closed.
func (l *log) follow(w *wire.Watcher) {
	for {
		rows, missed, err := w.Next(context.Background())
		if err != nil {
			return
		}
		l.mu.Lock()
		if l.watcher == w {
			l.add(rows, missed)
		}
		l.mu.Unlock()
	}
}

func (l *log) add(rows []wire.Row, missed uint64) {
	if missed > 0 {
		for _, c := range l.conns {
			c.loseTrack()
		}
	}
	for i := range rows {
		e := newEntry(&rows[i])
		c := l.conversation(e.Conn)
		before := c.info
		c.add(&e, &rows[i])
		l.entries = append(l.entries, e)
		l.bytes += e.cost()
		for p := range l.pages {
			if p.next == 0 {
				p.next = e.Seq // it came before there was anything
			}
			if c.info != before {
				p.conns[e.Conn] = struct{}{}
			}
			p.wake()
		}
	}
	for len(l.entries) > MaxRows || l.bytes > maxBytes {
		l.bytes -= l.entries[0].cost()
		l.entries[0] = Entry{} // lets its texts go before the array goes
		l.entries = l.entries[1:]
	}
}

// conversation returns that of a connection.
func (l *log) conversation(conn uint64) *conversation {
	at, found := l.findConn(conn)
	if found {
		return l.conns[at]
	}
	c := newConversation(l, conn)
	l.conns = slices.Insert(l.conns, at, c)
	if len(l.conns) > maxConns {
		l.conns = slices.Delete(l.conns, 0, 1)
	}
	return c
}

// findConn returns where that of a connection is, or would be.
func (l *log) findConn(conn uint64) (at int, found bool) {
	return slices.BinarySearchFunc(l.conns, conn, func(c *conversation, conn uint64) int { return cmp.Compare(c.info.Conn, conn) })
}

// amend changes an entry, if it is still there.
func (l *log) amend(seq uint64, change func(*Entry)) {
	at, found := l.find(seq)
	if !found {
		return
	}
	change(&l.entries[at])
	for p := range l.pages {
		if seq < p.next {
			p.amended[seq] = struct{}{}
			p.wake()
		}
	}
}

// find returns where the entry with this number is, or would be.
func (l *log) find(seq uint64) (at int, found bool) {
	return slices.BinarySearchFunc(l.entries, seq, func(e Entry, seq uint64) int { return cmp.Compare(e.Seq, seq) })
}

func (p *reader) wake() {
	select {
	case p.more <- struct{}{}:
	default: // it has been woken already
	}
}

// take returns what the page has not seen yet, as much as fits into a message. ok
// is false if there is nothing.
func (p *reader) take() (b batch, ok bool) {
	l := p.log
	l.mu.Lock()
	defer l.mu.Unlock()
	b.Rows = []Entry{}
	for seq := range p.amended {
		if len(b.Rows) == maxBatch {
			break
		}
		delete(p.amended, seq)
		if at, found := l.find(seq); found {
			b.Rows = append(b.Rows, l.entries[at])
		}
	}
	at, _ := l.find(p.next)
	for ; at < len(l.entries) && len(b.Rows) < maxBatch; at++ {
		e := l.entries[at]
		b.Missed += e.Seq - p.next
		b.Rows = append(b.Rows, e)
		p.next = e.Seq + 1
	}
	for conn := range p.conns {
		delete(p.conns, conn)
		if at, found := l.findConn(conn); found {
			b.Conns = append(b.Conns, l.conns[at].info)
		}
	}
	return b, len(b.Rows) > 0 || len(b.Conns) > 0
}
