package dial

import (
	"context"
	"crypto/tls"
	"net"

	"example.com/ws101/demos/wire"
	"example.com/ws101/rfc6455"
)

// open opens the connection, with the tap for -trace inside TLS, where there is
// something to see.
func (p *program) open(ctx context.Context, f flags) (*rfc6455.Conn, error) {
	opts := &rfc6455.DialOptions{
		Options:      rfc6455.Options{MaxMessage: f.maxMessage, Rand: p.rand},
		Origin:       f.origin,
		Subprotocols: f.subprotocols,
		Header:       f.header,
		TLS:          &tls.Config{InsecureSkipVerify: f.insecure},
	}
	if f.trace {
		opts.Wrap = p.trace
	}
	conn, _, err := rfc6455.Dial(ctx, f.url.String(), opts)
	return conn, err
}

// trace returns a connection that does what nc does, and prints what passes.
func (p *program) trace(nc net.Conn) net.Conn {
	printer := &wire.Printer{W: p.screen, Color: p.color, Dump: true}
	return wire.ClientConn(nc, wire.New(wire.Options{
		Now: p.now,
		// If the terminal cannot be written to there is nobody to tell.
		Sink: func(r wire.Row) { _ = printer.Print(r) },
	}))
}
