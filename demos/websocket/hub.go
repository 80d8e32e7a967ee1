package websocket

import (
	"context"
	"sync"
	"time"

	"example.com/ws101/demos/feed"
)

// beat is how long a page that gets batches is left without a message. It is shorter than the
// patience of most proxies, which cut a connection that is silent for a minute.
const beat = 25 * time.Second

// A hub tells the news to all connections of one form.
//
// The simplest way is a goroutine for each connection that waits for news and writes it. But then
// each event wakes as many goroutines as there are connections, and each of them encodes the same
// message. So here one goroutine waits for all of them, encodes once, and writes to one connection
// after the other; a connection that waits costs a place in a map. See ship for what happens when
// one of them takes nothing.
type hub struct {
	form Form
	news news

	mu      sync.Mutex
	cursor  feed.Cursor          // what run has taken up
	members int                  // all of them
	waiting map[*member]struct{} // those that have everything up to the cursor, and maybe more
	stop    context.CancelFunc   // of run, which runs while there are members
}

// news is what a hub tells: a topic of a feed, or what stands for one.
type news interface {
	Now() feed.Cursor
	Since(feed.Cursor) feed.Batch
	Wait(context.Context, feed.Cursor) (feed.Batch, error)
}

// A member is one connection of a hub.
type member struct {
	hub  *hub
	conn Conn

	writing sync.Mutex // the goroutine that reads writes too, when it has to answer

	// cursor is what the connection has. It belongs to the hub while the member waits, and else to
	// the goroutine that writes to it.
	cursor feed.Cursor
	left   bool // under the lock of the hub
}

// join takes a connection in, which has everything up to a cursor. Another goroutine tells it
// the rest at once.
func (h *hub) join(conn Conn, from feed.Cursor) *member {
	m := &member{hub: h, conn: conn, cursor: from}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.members == 0 {
		ctx, stop := context.WithCancel(context.Background())
		h.cursor, h.stop, h.waiting = h.news.Now(), stop, map[*member]struct{}{}
		go h.run(ctx, h.cursor)
	}
	h.members++
	go m.catchUp()
	return m
}

// leave takes a connection out that has ended.
func (m *member) leave() {
	h := m.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	m.left = true
	delete(h.waiting, m)
	if h.members--; h.members == 0 {
		h.stop()
	}
}

// run waits for news and ships it, until the last member has left.
func (h *hub) run(ctx context.Context, cursor feed.Cursor) {
	for {
		short, cancel := context.WithTimeout(ctx, beat)
		batch, _ := h.news.Wait(short, cursor)
		cancel()
		if ctx.Err() != nil {
			return
		}
		messages := h.form.messages(batch)
		if len(messages) == 0 {
			continue
		}
		ready, behind := h.take(ctx, cursor, batch.Cursor)
		for _, m := range behind {
			go m.catchUp()
		}
		ship(ready, func(m *member) {
			if m.tell(messages, batch.Cursor) && !h.wait(m) {
				m.catchUp()
			}
		})
		cursor = batch.Cursor
	}
}

// take returns the members that are to be told what is between two cursors: those that are
// ready for just that, and those that are elsewhere in between. There are none when ctx has ended:
// then they are with another run, which may be further on.
func (h *hub) take(ctx context.Context, from, to feed.Cursor) (ready, behind []*member) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if ctx.Err() != nil {
		return nil, nil
	}
	h.cursor = to
	for m := range h.waiting {
		switch {
		case m.cursor == from:
			ready = append(ready, m)
		case m.cursor.N < to.N:
			behind = append(behind, m)
		default:
			continue // it has joined a moment ago, and has it all
		}
		delete(h.waiting, m)
	}
	return ready, behind
}

// wait lets a member wait for the next news. It reports false if run has gone on since the
// member was told the last, so that there is something more to tell.
func (h *hub) wait(m *member) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if m.left {
		return true
	}
	if m.cursor.N < h.cursor.N {
		return false
	}
	h.waiting[m] = struct{}{}
	return true
}

// catchUp tells a member all that it has not had, and lets it wait.
func (m *member) catchUp() {
	for {
		batch := m.hub.news.Since(m.cursor)
		if batch.Empty() {
			m.cursor = batch.Cursor
			if m.hub.wait(m) {
				return
			}
			continue
		}
		if !m.tell(m.hub.form.messages(batch), batch.Cursor) {
			return
		}
	}
}

// tell sends messages, after which the member has everything up to a cursor. It reports false if
// the connection has failed, and has ended it then.
func (m *member) tell(messages [][]byte, cursor feed.Cursor) bool {
	for _, message := range messages {
		if m.write(message) != nil {
			_ = m.conn.Close(internalError, "") // so that whoever reads from it stops
			return false
		}
	}
	m.cursor = cursor
	return true
}

func (m *member) write(message []byte) error {
	m.writing.Lock()
	defer m.writing.Unlock()
	return m.conn.WriteMessage(true, message)
}
