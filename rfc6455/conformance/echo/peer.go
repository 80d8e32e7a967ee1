// Package echo is the server that a test suite for WebSocket clients, or one
// that plays the client itself, talks to: it sends every message back.
package echo

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"example.com/ws101/handshake"
	"example.com/ws101/rfc6455"
)

// Peer is an echo server. Its zero value takes messages up to
// [rfc6455.DefaultMaxMessage].
type Peer struct {
	// MaxMessage is the most bytes a message may have, as in
	// [rfc6455.Options].
	MaxMessage int64
	// Deflate, if set, is what it accepts of permessage-deflate, as in
	// [rfc6455.Options].
	Deflate *rfc6455.Deflate
}

// Deflate returns the choices with which a test suite sees most of
// permessage-deflate: every window and takeover in both directions, as the other
// side likes it, and every message compressed, however short.
func Deflate() *rfc6455.Deflate {
	return &rfc6455.Deflate{SendTakeover: true, ReceiveTakeover: true, Threshold: -1}
}

// grace is how long Serve waits in the end for clients to answer its Close.
const grace = 2 * time.Second

// Serve accepts connections from l, on any path, and sends every message back
// with the same type and the same bytes. When ctx ends it closes l and every
// connection (with 1001, going away), and returns nil. The error is that of l.
//
// What a client can cost is bounded: a message is echoed before the next one is
// read, so one who sends and does not read fills the socket's buffers and no
// others, and is cut when a write has waited too long. The number of clients is
// bounded by the number of files that the system allows to be open.
func (p *Peer) Serve(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var group rfc6455.Group
	opts := &rfc6455.AcceptOptions{
		Options: rfc6455.Options{MaxMessage: p.MaxMessage, Deflate: p.Deflate, Group: &group},
		// The echo gives a page nothing that it did not bring itself, and a
		// test suite may send whatever Origin it likes.
		Origin: handshake.AnyOrigin,
	}
	defer context.AfterFunc(ctx, func() { l.Close() })()

	var handshakes sync.WaitGroup
	err := acceptAll(ctx, l, func(nc net.Conn) {
		handshakes.Go(func() { serveConn(ctx, nc, opts) })
	})
	cancel()
	handshakes.Wait() // which the end of ctx has cut short
	end, cancelEnd := context.WithTimeout(context.Background(), grace)
	defer cancelEnd()
	// Who has not answered by then has been cut, which is all that is wanted.
	_ = group.Shutdown(end)
	return err
}

// acceptAll calls handle for each connection until ctx ends or l fails for
// good. handle must not wait.
func acceptAll(ctx context.Context, l net.Listener, handle func(net.Conn)) error {
	pause := minPause
	for {
		nc, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				nc.Close()
			}
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil:
			// Such as too many open files: some will be closed. To try again
			// at once would only burn the processor.
			select {
			case <-time.After(pause):
			case <-ctx.Done():
				return nil
			}
			pause = min(2*pause, maxPause)
		default:
			pause = minPause
			handle(nc)
		}
	}
}

const (
	minPause = 5 * time.Millisecond
	maxPause = time.Second
)

// serveConn does the handshake. The loop gets a goroutine of its own: that of
// the handshake ends, and its stack, which has grown, is let go.
func serveConn(ctx context.Context, nc net.Conn, opts *rfc6455.AcceptOptions) {
	conn, _, err := rfc6455.Accept(ctx, nc, opts)
	if err != nil {
		return // the client has been told
	}
	// Serve gets no context: the group closes the connection.
	go conn.Serve(context.Background(), Handler)
}

// Handler sends every message back. It is what both ends of a test suite do.
var Handler = rfc6455.Handler{
	Message: func(c *rfc6455.Conn, t rfc6455.MessageType, p []byte) {
		// An error is the end of the connection, and Serve will see it too.
		_ = c.Write(context.Background(), t, p)
	},
}
