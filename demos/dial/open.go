package dial

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"

	"example.com/ws101/demos/wire"
	"example.com/ws101/handshake"
	"example.com/ws101/rfc6455"
)

// open opens the connection: the socket, TLS for wss, the tap for -trace, and
// the handshake. rfc6455.Dial would do all of that but the tap, which has to sit
// inside TLS to see anything.
func (p *program) open(ctx context.Context, f flags) (*rfc6455.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, rfc6455.DefaultHandshakeTimeout)
	defer cancel()
	nc, err := new(net.Dialer).DialContext(ctx, "tcp", handshake.Address(f.url))
	if err != nil {
		return nil, err
	}
	if f.url.Scheme == "wss" {
		secure := tls.Client(nc, &tls.Config{
			ServerName:         f.url.Hostname(),
			NextProtos:         []string{"http/1.1"}, // an Upgrade does not exist in HTTP/2
			InsecureSkipVerify: f.insecure,
		})
		if err := secure.HandshakeContext(ctx); err != nil {
			nc.Close()
			return nil, fmt.Errorf("the TLS handshake failed: %w", err)
		}
		nc = secure
	}
	if f.trace {
		printer := &wire.Printer{W: p.screen, Color: p.color, Dump: true}
		tap := wire.New(wire.Options{
			Now: p.now,
			// If the terminal cannot be written to there is nobody to tell.
			Sink: func(r wire.Row) { _ = printer.Print(r) },
		})
		nc = wire.ClientConn(nc, tap)
	}
	conn, _, err := rfc6455.Client(ctx, nc, f.url.String(), &rfc6455.DialOptions{
		Options:      rfc6455.Options{MaxMessage: f.maxMessage, Rand: p.rand},
		Origin:       f.origin,
		Subprotocols: f.subprotocols,
		Header:       f.header,
	})
	return conn, err
}
