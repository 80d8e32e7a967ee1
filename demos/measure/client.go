package measure

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"sync/atomic"
	"time"
)

// A client is one simulated page. It follows the vote as the page of its technique does, and checks
// that it gets every event once and in order.
type client struct {
	load *load
	me   string // the id that the page has made up
	wait time.Duration

	counters

	// What follows belongs to the goroutine of the client until it has ended.
	cursor string
	count  int64 // of the candidate, as this client knows it
	seen   int   // events
	lost   int
	twice  int
	late   int
	delays []time.Duration
}

// counters are what a client counts. They may be read while it runs.
type counters struct {
	up, down atomic.Int64 // bytes at the socket
	requests atomic.Int64
	messages atomic.Int64 // answers, pieces of a stream, or WebSocket messages that came
	empty    atomic.Int64 // of these, the ones without news
	content  atomic.Int64 // bytes in bodies and messages, without any header or framing
	payload  atomic.Int64 // bytes of the events themselves
}

// A batch is what a page gets; see feed.Batch.
type batch struct {
	Cursor   string
	Snapshot bool
	State    struct{ Vote map[string]candidate }
	Events   []struct{ Vote json.RawMessage }
}

type candidate struct{ Count int64 }

// The one candidate who gets all the votes.
const (
	favourite    = "1"
	favouriteUID = 1
)

// message takes in one message with a batch.
func (c *client) message(text []byte) error {
	var b batch
	if err := json.Unmarshal(text, &b); err != nil {
		return fmt.Errorf("what came is no batch: %w", err)
	}
	c.came(len(text), len(b.Events) == 0 && !b.Snapshot)
	if b.Snapshot {
		c.snapshot(b.State.Vote)
	}
	for _, e := range b.Events {
		if err := c.event(e.Vote); err != nil {
			return err
		}
	}
	c.cursor = b.Cursor
	return nil
}

// came counts one message of so many bytes.
func (c *client) came(content int, empty bool) {
	c.messages.Add(1)
	c.content.Add(int64(content))
	if empty {
		c.empty.Add(1)
	}
}

// snapshot takes in the whole state. The first one is the start; with another one, the events
// before it are lost.
func (c *client) snapshot(vote map[string]candidate) {
	now := vote[favourite].Count
	if c.count == 0 {
		c.count = now
		c.load.isReady()
		return
	}
	c.lost += int(now - c.count)
	c.forward(now)
}

// event takes in one event, which must be the one after the last.
func (c *client) event(text []byte) error {
	var e struct{ UID, Count int64 }
	if err := json.Unmarshal(text, &e); err != nil || e.UID != favouriteUID {
		return fmt.Errorf("an event that is none of ours came: %s", text)
	}
	if e.Count <= c.count {
		c.twice++
		return nil
	}
	c.lost += int(e.Count - c.count - 1)
	c.payload.Add(int64(len(text)))
	c.forward(e.Count)
	delay := c.load.since(c.seen)
	c.delays = append(c.delays, delay)
	if delay > c.load.every {
		c.late++ // the next vote was there before the news of this one
	}
	return nil
}

// forward moves on to a count.
func (c *client) forward(count int64) {
	before := c.seen
	c.seen += int(count - c.count)
	c.count = count
	if last := c.load.events; before < last && c.seen >= last {
		c.load.isDone()
	}
}

// dial opens a connection whose bytes are counted, and which is closed when ctx ends.
func (c *client) dial(ctx context.Context) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", c.load.addr)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { conn.Close() })
	return &counted{conn, &c.counters}, nil
}

// A counted connection counts the bytes that pass. It hides all that a *net.TCPConn could do around
// it, since it embeds an interface.
type counted struct {
	net.Conn
	counters *counters
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.counters.down.Add(int64(n))
	return n, err
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.counters.up.Add(int64(n))
	return n, err
}
