// Package heartbeat notices when the other side of a connection is gone without a word: its
// cable was cut, its process was frozen (RFC 6455 section 5.5.2).
package heartbeat

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Conn is the server's side of a connection. One goroutine reads, one runs Beat, and any
// number send and end it.
type Conn struct {
	nc       net.Conn
	every    time.Duration // between two ticks of the heartbeat
	patience time.Duration // how long the other side may take to accept what is sent

	writing chan struct{} // holds a token while somebody writes: the lock of chapter 19

	waiting atomic.Bool // somebody is blocked in Read
	heard   atomic.Bool // bytes have come since the last tick
	asked   bool        // a ping was sent at the last tick; for Beat alone

	once   sync.Once
	done   chan struct{} // closed with the end
	reason error         // why it ended; set before done is closed
}

// ErrGone is the reason if the other side does not answer a ping.
var ErrGone = errors.New("the other side is gone: it did not answer a ping")

// New returns a Conn on a socket.
func New(nc net.Conn, every, patience time.Duration) *Conn {
	return &Conn{
		nc: nc, every: every, patience: patience,
		writing: make(chan struct{}, 1), done: make(chan struct{}),
	}
}

// End ends the connection: it notes the reason, closes done, and closes the socket, so that
// those who are blocked in a Read or a Write return. It may be called more than once and by
// several goroutines. The first reason is the one that counts, and every call returns it.
func (c *Conn) End(reason error) error {
	// lesson:begin End
	c.once.Do(func() {
		c.reason = reason
		close(c.done)
		c.nc.Close()
	})
	return c.reason
	// lesson:end
}

// Send sends a frame, as a whole. The other side has c.patience to accept it. An error ends
// the connection; Send returns the reason for which it has ended.
func (c *Conn) Send(frame []byte) error {
	c.writing <- struct{}{}
	defer func() { <-c.writing }()
	return c.write(frame)
}

// write is Send for whoever holds the lock.
func (c *Conn) write(frame []byte) error {
	// lesson:begin write
	c.nc.SetWriteDeadline(time.Now().Add(c.patience))
	if _, err := c.nc.Write(frame); err != nil {
		return c.End(err)
	}
	return nil
	// lesson:end
}

// Read reads some bytes, as a net.Conn does, and leaves word for the heartbeat: that
// somebody waits for bytes, and that some have come. An error of the socket ends the
// connection; Read returns the reason for which it has ended, and the bytes that came with
// the error.
func (c *Conn) Read(p []byte) (int, error) {
	// lesson:begin Read
	c.waiting.Store(true)
	n, err := c.nc.Read(p)
	c.waiting.Store(false)
	if n > 0 {
		c.heard.Store(true)
	}
	if err != nil {
		err = c.End(err)
	}
	return n, err
	// lesson:end
}
