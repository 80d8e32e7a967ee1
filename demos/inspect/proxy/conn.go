package proxy

import (
	"context"
	"io"
	"net"
	"sync"
	"time"

	"example.com/ws101/demos/wire"
)

// conn is a connection through the proxy: a socket to either end.
type conn struct {
	ends  [2]net.Conn // to the client and to the server
	relay *wire.Relay
	// sending is held by who passes on bytes of a side, from when the tap is told
	// to when they have left. So what the tap shows is the order on the wire.
	sending [2]chan struct{}
}

func newConn(client, server net.Conn, relay *wire.Relay) *conn {
	c := &conn{ends: [2]net.Conn{wire.Client: client, wire.Server: server}, relay: relay}
	for i := range c.sending {
		c.sending[i] = make(chan struct{}, 1)
	}
	return c
}

// run passes on both directions until both have ended.
func (c *conn) run() {
	var both sync.WaitGroup
	both.Go(func() { c.pass(wire.Client) })
	both.Go(func() { c.pass(wire.Server) })
	both.Wait()
}

// pass passes on what a side sends, and then how it ends: a FIN as a FIN, while
// the other direction goes on, and a reset as a reset.
func (c *conn) pass(from wire.Side) {
	in, out := c.ends[from], c.ends[1-from]
	buf := make([]byte, 32<<10)
	for {
		n, err := in.Read(buf)
		if n > 0 {
			if err := c.forward(from, buf[:n]); err != nil {
				c.relay.End(1-from, err) // the other side takes no more
				c.cut()
				return
			}
		}
		if err == nil {
			continue
		}
		c.relay.End(from, err)
		half, ok := out.(interface{ CloseWrite() error })
		if err != io.EOF || !ok || half.CloseWrite() != nil {
			c.cut()
		}
		return
	}
}

// forward shows bytes and sends them on.
func (c *conn) forward(from wire.Side, b []byte) error {
	c.sending[from] <- struct{}{}
	defer func() { <-c.sending[from] }()
	c.relay.Pass(from, b)
	_, err := c.ends[1-from].Write(b)
	return err
}

// inject is forward for bytes that nobody has sent.
func (c *conn) inject(ctx context.Context, from wire.Side, b []byte) error {
	select {
	case c.sending[from] <- struct{}{}:
		defer func() { <-c.sending[from] }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := c.relay.Inject(from, b); err != nil {
		return err
	}
	// What is cut off in the middle would break everything that follows, so that
	// is the end of the connection.
	by, _ := ctx.Deadline()
	out := c.ends[1-from]
	_ = out.SetWriteDeadline(by)
	if _, err := out.Write(b); err != nil {
		c.cut()
		return err
	}
	return out.SetWriteDeadline(time.Time{})
}

// cut ends both directions with a reset.
func (c *conn) cut() {
	for _, end := range c.ends {
		reset(end)
	}
}

// reset ends a connection with RST, if it is one of TCP.
func reset(nc net.Conn) {
	if tcp, ok := nc.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	nc.Close()
}
