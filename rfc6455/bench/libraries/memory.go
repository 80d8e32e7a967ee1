package libraries

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// memoryConn is a socket without a kernel.
type memoryConn struct {
	Conversation
	unread    []byte
	handshake bool // the answer has been written
	read      int  // rounds so far
	written   int  // bytes of Want that have come

	once  sync.Once
	err   error
	ended chan struct{}
	timer *time.Timer
}

func (c *memoryConn) Read(p []byte) (int, error) {
	if len(c.unread) == 0 {
		if c.read > 0 && c.written != len(c.Want) {
			c.fail(fmt.Errorf("%d bytes of a reply of %d were written before the next read", c.written, len(c.Want)))
		}
		switch c.read {
		case c.Rounds / 10:
			c.Started()
		case c.Rounds:
			c.Ended()
			c.fail(nil)
			return 0, io.EOF
		}
		c.read++
		c.written = 0
		c.unread = c.Conversation.Read
	}
	n := copy(p, c.unread)
	c.unread = c.unread[n:]
	return n, nil
}

// Write compares what is written with what is wanted.
func (c *memoryConn) Write(p []byte) (int, error) {
	if !c.handshake {
		// Only now: the answer to the handshake may come in pieces.
		c.handshake = bytes.HasSuffix(p, []byte("\r\n\r\n"))
		return len(p), nil
	}
	if c.read == 0 {
		c.fail(errors.New("something was written before anything was read"))
	} else if end := c.written + len(p); end > len(c.Want) || !bytes.Equal(p, c.Want[c.written:end]) {
		c.fail(fmt.Errorf("reply %d is % x, not % x", c.read, head(p), head(c.Want[min(c.written, len(c.Want)):])))
	}
	c.written += len(p)
	return len(p), nil
}

func head(p []byte) []byte { return p[:min(len(p), 16)] }

// fail ends the conversation, with the first error.
func (c *memoryConn) fail(err error) {
	c.once.Do(func() {
		c.err = err
		close(c.ended)
	})
}

func (c *memoryConn) Close() error { c.fail(net.ErrClosed); return nil }

// SetWriteDeadline costs what it costs a [net.Pipe]: a timer is set anew.
func (c *memoryConn) SetWriteDeadline(t time.Time) error {
	if c.timer != nil {
		c.timer.Stop()
	}
	if t.IsZero() {
		return nil
	}
	if c.timer == nil {
		c.timer = time.AfterFunc(time.Until(t), func() { c.fail(os.ErrDeadlineExceeded) })
		return nil
	}
	c.timer.Reset(time.Until(t))
	return nil
}

func (c *memoryConn) SetReadDeadline(time.Time) error { return nil }
func (c *memoryConn) SetDeadline(t time.Time) error   { return c.SetWriteDeadline(t) }
func (c *memoryConn) LocalAddr() net.Addr             { return memoryAddr{} }
func (c *memoryConn) RemoteAddr() net.Addr            { return memoryAddr{} }

type memoryAddr struct{}

func (memoryAddr) Network() string { return "memory" }
func (memoryAddr) String() string  { return "memory" }

// memoryResponse lets a handler of net/http take the connection over.
type memoryResponse struct {
	nc     net.Conn
	header http.Header
}

func (w *memoryResponse) Header() http.Header {
	if w.header == nil {
		w.header = http.Header{}
	}
	return w.header
}

func (w *memoryResponse) Write(p []byte) (int, error) { return len(p), nil }

// WriteHeader is how coder answers, before it takes the connection.
func (w *memoryResponse) WriteHeader(code int) {
	fmt.Fprintf(w.nc, "HTTP/1.1 %d\r\n\r\n", code)
}

func (w *memoryResponse) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	// The sizes are those of net/http.
	return w.nc, bufio.NewReadWriter(bufio.NewReaderSize(w.nc, 4<<10), bufio.NewWriterSize(w.nc, 4<<10)), nil
}
