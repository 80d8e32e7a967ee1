package own

import (
	"bufio"
	"sync"
	"time"
)

// The limits of a connection.
const (
	maxMessage    = 1 << 20          // bytes that a message may have
	maxFragments  = 1000             // frames that a message may have
	handshakeTime = 10 * time.Second // for the request
	writeTime     = 10 * time.Second // for a frame to leave
	closeTime     = 5 * time.Second  // for the client to answer our Close frame
)

// Conn is the server's end of a WebSocket. One goroutine reads. Any number of them may
// write and close at the same time.
type Conn struct {
	nc    Socket
	in    *bufio.Reader // what the client sends
	state State         // what the next header is judged by

	// mu is held while a frame leaves, so that no frame gets into the middle of another
	// one, and while closing changes. Chapter 19 says more about it.
	mu      sync.Mutex
	closing Closing
}

// newConn returns a connection behind its handshake.
func newConn(nc Socket, in *bufio.Reader) *Conn { return &Conn{nc: nc, in: in} }

// write sends a whole frame. c.mu is held. If it fails, half a frame may have left, and
// there is no way to go on: the socket is closed.
//
// The deadline is for clients that take nothing. Chapter 20 says more about them.
func (c *Conn) write(frame []byte) error {
	c.nc.SetWriteDeadline(time.Now().Add(writeTime))
	_, err := c.nc.Write(frame)
	if err != nil {
		c.nc.Close()
	}
	return err
}
