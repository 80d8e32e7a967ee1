package measure

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A load is a number of clients that follow one vote by one technique.
type load struct {
	addr    string
	clients []*client
	events  int
	every   time.Duration
	poll    time.Duration

	start time.Time
	cast  []atomic.Int64 // when each vote was cast, in nanoseconds after start

	unready, undone atomic.Int64
	ready, done     chan struct{} // closed when every client has the state, and all events

	running sync.WaitGroup
	stop    context.CancelFunc
	failed  chan error
}

// opening is how many clients may be in the middle of opening their connection.
const opening = 50

// open starts the clients and returns when each of them has the state of the vote.
func (f flags) open(ctx context.Context, t technique, addr string, clients, events int) (*load, error) {
	ctx, stop := context.WithCancel(ctx)
	l := &load{
		addr: addr, events: events, every: f.every, poll: f.poll,
		start: time.Now(), cast: make([]atomic.Int64, events),
		ready: make(chan struct{}), done: make(chan struct{}),
		stop: stop, failed: make(chan error, 1),
	}
	l.unready.Store(int64(clients))
	l.undone.Store(int64(clients))
	for i := range clients {
		l.clients = append(l.clients, &client{
			load: l, me: fmt.Sprintf("measured-page-%06d", i),
			wait:   f.poll * time.Duration(i) / time.Duration(clients),
			delays: make([]time.Duration, 0, events),
		})
	}
	for i, c := range l.clients {
		for l.unready.Load() > int64(clients-i+opening) { // the others wait for their turn
			time.Sleep(time.Millisecond)
			if ctx.Err() != nil {
				break
			}
		}
		l.running.Go(func() {
			if err := t.follow(c, ctx); ctx.Err() == nil {
				l.fail(fmt.Errorf("a client failed: %w", err))
			}
		})
	}
	if err := l.await(ctx, l.ready, time.Minute); err != nil {
		l.end()
		return nil, fmt.Errorf("not all clients could be opened: %w", err)
	}
	return l, nil
}

func (l *load) fail(err error) {
	select {
	case l.failed <- err:
	default: // another one was first
	}
}

func (l *load) isReady() {
	if l.unready.Add(-1) == 0 {
		close(l.ready)
	}
}

func (l *load) isDone() {
	if l.undone.Add(-1) == 0 {
		close(l.done)
	}
}

var errTime = errors.New("it takes too long")

// await waits for what, for a client that fails, or for the end of the patience.
func (l *load) await(ctx context.Context, what <-chan struct{}, patience time.Duration) error {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-what:
		return nil
	case err := <-l.failed:
		return err
	case <-timer.C:
		return errTime
	case <-ctx.Done():
		return ctx.Err()
	}
}

// since returns how long ago the nth vote was cast. The first is number 1.
func (l *load) since(n int) time.Duration {
	if n < 1 || n > l.events {
		return 0
	}
	return time.Since(l.start) - time.Duration(l.cast[n-1].Load())
}

// vote casts the votes, one in each interval.
func (l *load) vote(ctx context.Context, say func(n int)) error {
	tick := time.NewTicker(l.every)
	defer tick.Stop()
	for i := range l.cast {
		say(i + 1)
		l.cast[i].Store(int64(time.Since(l.start)))
		if err := castVote(ctx, l.addr); err != nil {
			return fmt.Errorf("vote %d: %w", i+1, err)
		}
		select {
		case <-tick.C:
		case err := <-l.failed:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// castVote votes as a page does: with a POST. All votes use one connection, which is not counted.
func castVote(ctx context.Context, addr string) error {
	body := strings.NewReader(fmt.Sprintf(`{"uid": %d}`, favouriteUID))
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+addr+"/polling/vote", body)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("the server answered %s: %s", response.Status, text)
	}
	return err
}

// sums are the counters of all clients together.
type sums struct{ up, down, requests, messages, empty, content, payload int64 }

func (l *load) sums() sums {
	var s sums
	for _, c := range l.clients {
		s.up += c.up.Load()
		s.down += c.down.Load()
		s.requests += c.requests.Load()
		s.messages += c.messages.Load()
		s.empty += c.empty.Load()
		s.content += c.content.Load()
		s.payload += c.payload.Load()
	}
	return s
}

// end ends all clients. After that, what belongs to them may be read.
func (l *load) end() {
	l.stop()
	l.running.Wait()
}
