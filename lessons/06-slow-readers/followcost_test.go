package feed

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"example.com/ws101/lessons/internal/lesson"
)

// way is a way to bring events to clients.
type way interface {
	send(n int)          // brings event n to all
	serve(conn net.Conn) // serves a client until its connection ends
	held() (events int)  // how many are in memory now
}

// eachInTurn writes to one client after the other.
type eachInTurn struct{ conns []net.Conn }

func (w *eachInTurn) serve(conn net.Conn) { w.conns = append(w.conns, conn) }
func (w *eachInTurn) held() int           { return 0 }

func (w *eachInTurn) send(n int) {
	for i, conn := range w.conns {
		if conn == nil {
			continue // gone
		}
		conn.SetWriteDeadline(time.Now().Add(Stuck))
		if _, err := conn.Write(one(n)); err != nil {
			w.conns[i] = nil
		}
	}
}

// queues has a queue for each client. If most is 0, it has no end; else what finds it full is dropped.
type queues struct {
	most int

	mu     sync.Mutex
	queues []*queue
}

type queue struct {
	events []int
	more   chan struct{}
}

func (w *queues) serve(conn net.Conn) {
	q := &queue{more: make(chan struct{}, 1)}
	w.mu.Lock()
	w.queues = append(w.queues, q)
	w.mu.Unlock()
	for {
		w.mu.Lock()
		if len(q.events) == 0 {
			w.mu.Unlock()
			if _, open := <-q.more; !open {
				return
			}
			continue
		}
		n := q.events[0]
		q.events = q.events[1:]
		w.mu.Unlock()
		if _, err := conn.Write(one(n)); err != nil {
			return
		}
	}
}

func (w *queues) send(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, q := range w.queues {
		if w.most > 0 && len(q.events) == w.most {
			continue
		}
		q.events = append(q.events, n)
		select {
		case q.more <- struct{}{}:
		default:
		}
	}
}

func (w *queues) held() (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, q := range w.queues {
		n += len(q.events)
	}
	return n
}

// close ends those who wait for more.
func (w *queues) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, q := range w.queues {
		close(q.more)
	}
}

// oneLog is your feed, and your Follow.
type oneLog struct {
	*count
	ctx context.Context
}

func (w *oneLog) serve(conn net.Conn) { Follow(w.ctx, conn, w.Feed, Cursor{"run1", 0}) }
func (w *oneLog) send(int)            { w.add(1) }

func (w *oneLog) held() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.log)
}

// one is the line with one event.
func one(n int) []byte { return fmt.Appendf(nil, `{"events":[%d]}`+"\n", n) }

// reader reads lines, and needs some time for each.
type reader struct {
	pause time.Duration

	mu           sync.Mutex
	newest, lost int
}

func (r *reader) read(conn net.Conn) {
	lines := bufio.NewReader(conn)
	for range 10_000 { // there are 600 events
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var b struct {
			Events []int
			State  int
		}
		json.Unmarshal(line, &b)
		r.mu.Lock()
		r.newest = max(r.newest, b.State)
		for _, n := range b.Events {
			r.lost += n - r.newest - 1
			r.newest = n
		}
		r.mu.Unlock()
		time.Sleep(r.pause)
	}
}

// result is what the readers come to.
type result struct {
	Held               int
	FastLate, SlowLate time.Duration
	SlowLost           int
}

// TestFollowCost sends an event each 100 ms for a minute, in four ways, to three clients: a fast one, one that
// needs a second for each line, and one that takes nothing. It prints what is held in memory in the end, by
// how much the newest event that a reader has is late then, and how many the slow one has missed for ever
// (go test -v -run TestFollowCost).
func TestFollowCost(t *testing.T) {
	defer taskFollow.Catch(t)
	needSince(t)
	const every, events = 100 * time.Millisecond, 600
	table := fmt.Sprintf("%-24s %6s %10s %10s %10s\n", "a minute, 600 events", "held", "fast late", "slow late", "slow lost")
	var got result
	for _, name := range []string{"each in turn", "a queue for each", "a queue of 16, or lost", "one log of 100, cursors"} {
		taskFollow.Bubble(t, name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var w way
			switch name {
			case "each in turn":
				w = &eachInTurn{}
			case "a queue for each":
				w = &queues{}
			case "a queue of 16, or lost":
				w = &queues{most: 16}
			default:
				w = &oneLog{newCount(100), ctx}
			}
			readers := []*reader{{pause: 0}, {pause: 1003 * time.Millisecond}, nil} // never in the same moment as an event
			for _, r := range readers {
				here, there := net.Pipe()
				defer there.Close()
				defer here.Close()
				if name == "each in turn" {
					w.serve(there)
				} else {
					taskFollow.Go(t, func() { w.serve(there) })
				}
				if r != nil {
					taskFollow.Go(t, func() { r.read(here) })
				}
			}
			synctest.Wait()
			begun := time.Now()
			over := begun.Add(time.Minute - time.Millisecond)
			for n := 1; n <= events && time.Now().Before(over); n++ {
				time.Sleep(time.Until(begun.Add(time.Duration(n-1) * every)))
				w.send(n)
			}
			time.Sleep(time.Until(over))
			synctest.Wait()
			late := func(r *reader) time.Duration {
				r.mu.Lock()
				defer r.mu.Unlock()
				return max(0, time.Duration(events-r.newest)*every)
			}
			got = result{w.held(), late(readers[0]), late(readers[1]), readers[1].lost}
			table += fmt.Sprintf("%-24s %6d %10v %10v %10d\n", name, got.Held, got.FastLate, got.SlowLate, got.SlowLost)
			if q, ok := w.(*queues); ok {
				q.close()
			}
			cancel()
		}, hangs)
	}
	want := got
	want.Held, want.FastLate, want.SlowLost = 100, 0, 0
	want.SlowLate = min(got.SlowLate, 2*time.Second)
	taskFollow.Equal(t, "a minute with one log of 100 events", got, want,
		lesson.If(true, "the parts do not work together yet; make the other tests pass first"))
	io.WriteString(t.Output(), table)
}
