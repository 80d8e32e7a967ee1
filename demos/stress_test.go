package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/feed"
)

// The ways in which the clients of the stress test behave.
const (
	steady = iota
	slow   // takes a few bytes at a time
	cutOff // loses its connection again and again, somewhere in the middle, and comes back with its cursor
	away   // is away for most of the time, and comes back when the feed has dropped what it missed
	dead   // asks, and then never reads
	ways
)

var techniqueNames = []string{"polling", "longpolling", "streaming", "sse", "websocket"}

const (
	stressVotes = 300 // one every 10 ms
	stressLines = 30  // of the chat, one every 100 ms
	stressLog   = 200 // events that the feed keeps: less than there are

	// patient is longer than the server waits for anyone who takes nothing.
	patient = 40 * time.Second
)

// A stressed client is a reader on a connection of a certain kind.
type stressed struct {
	*reader
	way    int
	number int
	server *pipeServer
	tries  int
}

// open opens a connection as bad as this client deserves.
func (c *stressed) open() (net.Conn, error) {
	conn, err := c.server.dial()
	if err != nil {
		return nil, err
	}
	switch c.way {
	case slow:
		return &slowConn{conn}, nil
	case cutOff:
		// Each time somewhere else: in the head of an answer, in a chunk, in a frame. And each time
		// later, since a batch that is cut in two is longer the next time.
		c.tries++
		return &shortConn{conn, 700 + c.number*37%1000 + c.tries*c.tries*100}, nil
	}
	return conn, nil
}

// live follows the room until ctx ends, and comes back whenever its connection breaks.
func (c *stressed) live(ctx context.Context) error {
	for {
		err := c.follow(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if errors.As(err, new(brokenRule)) || c.way != cutOff && c.way != away {
			return fmt.Errorf("client %d: %w", c.number, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// die asks for news and never reads. It returns when the server has cut it.
func (c *stressed) die() error {
	conn, err := c.server.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	head := ""
	if c.technique == "websocket" {
		head = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	}
	if _, err := fmt.Fprintf(conn, "GET /%s/news?cursor= HTTP/1.1\r\nHost: %s\r\n%s\r\n", c.technique, c.host, head); err != nil {
		return err
	}
	time.Sleep(patient)
	// It would hear of everything if it had not been cut.
	_, err = io.Copy(io.Discard, conn)
	return err
}

// A thousand clients on all techniques, some of them slow, cut off again and again, away for long or
// dead, end with the same state. Each has every event once and in order; only one who was away for
// longer than the feed remembers gets a snapshot in its place. Then nothing of them is left.
func TestThousandClientsOnMixedTechniques(t *testing.T) {
	clients := 1000
	if raceEnabled {
		clients = 100
	}
	synctest.Test(t, func(t *testing.T) {
		heap := usedHeap()
		server := startPipes(t, feed.Options{MaxEvents: stressLog})
		defer server.end()
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		all := make([]*stressed, clients)
		ended := make(chan error, clients)
		for i := range all {
			c := &stressed{
				reader: &reader{technique: techniqueNames[i%5], host: "demo.example", poll: time.Second},
				way:    i / 5 % ways, number: i, server: server,
			}
			c.dial = c.open
			all[i] = c
			switch c.way {
			case away:
				ctx, leave := context.WithCancel(ctx)
				time.AfterFunc(time.Second, leave)
				go func() { _ = c.live(ctx) }()
			case dead:
				go func() { ended <- c.die() }()
			default:
				go func() { ended <- c.live(ctx) }()
			}
		}
		synctest.Wait()

		for i := range stressVotes {
			time.Sleep(10 * time.Millisecond)
			_, err := server.room.Tally.Vote(int64(1 + i%3))
			require.NoError(t, err)
			if i%10 == 0 {
				_, err := server.room.SayAs("somebody", fmt.Sprint("line ", i))
				require.NoError(t, err)
			}
		}
		for _, c := range all {
			if c.way == away {
				go func() { ended <- c.live(ctx) }()
			}
		}
		time.Sleep(patient) // for the slow ones, and until the dead ones have been cut
		synctest.Wait()
		assert.Len(t, ended, clients/ways, "only the dead ones have ended")

		for _, c := range all {
			if c.way == dead {
				continue
			}
			require.Equal(t, map[string]int{"1": 400, "2": 300, "3": 700}, c.votes, "client %d on %s", c.number, c.technique)
			require.Equal(t, stressLines, c.line)
			snapshots := 1 // and from there on every event
			if c.way == away {
				snapshots = 2
			}
			require.Equal(t, snapshots, c.snapshots, "client %d on %s", c.number, c.technique)
		}
		each := (usedHeap() - heap) / int64(clients)
		t.Logf("heap of each client and its connection: %d bytes", each)
		assert.Less(t, each, int64(64<<10), "bytes of heap for each client")

		stop()
		server.end()
		for range all {
			assert.NoError(t, <-ended)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		clear(all) // the bubble itself fails if a goroutine is left
		// The runtime keeps its records of goroutines that have ended, some hundred bytes for each.
		each = (usedHeap() - heap) / int64(clients)
		t.Logf("left behind of each: %d bytes", each)
		assert.Less(t, each, int64(16<<10), "bytes of heap are left behind of each client")
	})
}

// usedHeap returns the bytes of heap in use, without garbage.
func usedHeap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A slowConn takes 400 bytes every 20 milliseconds: it falls behind where there is much to read.
type slowConn struct{ net.Conn }

func (c *slowConn) Read(p []byte) (int, error) {
	time.Sleep(20 * time.Millisecond)
	return c.Conn.Read(p[:min(len(p), 400)])
}

// A shortConn is cut when so many bytes have come.
type shortConn struct {
	net.Conn
	left int
}

func (c *shortConn) Read(p []byte) (int, error) {
	if c.left == 0 {
		c.Close()
		return 0, io.ErrUnexpectedEOF
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}
