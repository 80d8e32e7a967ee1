package rfc6455

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"

	"example.com/ws101/handshake"
)

// DialOptions are the choices of a client. nil, or the zero value, sends
// nothing but the handshake itself.
type DialOptions struct {
	Options

	// Origin is sent if it is not empty, such as "https://example.com". A
	// program that is not a browser need not send one.
	Origin string

	// Subprotocols are offered to the server, the preferred one first. See
	// [Conn.Subprotocol] for what came of it.
	Subprotocols []string

	// Header holds further fields for the request, such as Authorization.
	Header handshake.Header

	// TLS configures a wss connection. The server's name is filled in from
	// the URL, and sent as SNI, unless it is set here.
	TLS *tls.Config

	// Dial opens the socket instead of a [net.Dialer]: to go through a
	// proxy, or to a Unix socket. network is "tcp", addr is "host:port".
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	// Wrap returns the connection to use in place of nc, such as one that
	// records what passes. It is called once, when the socket is open and the
	// TLS handshake of wss is done, so the wrapper sees the handshake and the
	// frames in the clear. Its Close must close nc. A wrapper must not embed a
	// *net.TCPConn: the methods that it brings along would go around the
	// wrapper.
	Wrap func(nc net.Conn) net.Conn
}

// HandshakeError means that the server answered, but not with a WebSocket.
type HandshakeError struct {
	// Response is what the server said. Its Body is cut after 4 KiB.
	Response *handshake.Response
	// Err says what is wrong with it.
	Err error
}

// Error says what was wrong with the answer.
func (e *HandshakeError) Error() string { return "websocket: " + e.Err.Error() }

// Unwrap returns Err.
func (e *HandshakeError) Unwrap() error { return e.Err }

// maxBody is how much is read of the body of an answer that is not 101.
const maxBody = 4 << 10

// Dial opens a socket to the host of a ws or wss URL, does the TLS handshake
// for wss, and then the client's half of the opening handshake.
//
// A server that answers otherwise than with 101, be it a redirect or a refusal,
// gives a [*HandshakeError] with its answer; redirects are not followed. A URL
// or an option that cannot be sent is a [*handshake.Error], before any byte
// leaves.
//
// RFC 6455 section 4.1 asks a client to have no more than one connection to an
// address in the opening handshake at a time. Dial does not enforce that: it
// protects servers from web pages, and a program knows what it does.
func Dial(ctx context.Context, rawURL string, opts *DialOptions) (*Conn, *handshake.Response, error) {
	if opts == nil {
		opts = &DialOptions{}
	}
	u, err := handshake.ParseURL(rawURL)
	if err != nil {
		return nil, nil, err
	}
	req, err := opts.request(u)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, opts.handshakeTimeout())
	defer cancel()
	dial := opts.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	nc, err := dial(ctx, "tcp", handshake.Address(u))
	if err != nil {
		return nil, nil, fmt.Errorf("websocket: the connection could not be opened: %w", err)
	}
	if u.Scheme == "wss" {
		secure := tls.Client(nc, opts.tlsConfig(u))
		if err := secure.HandshakeContext(ctx); err != nil {
			nc.Close()
			return nil, nil, fmt.Errorf("websocket: the TLS handshake failed: %w", err)
		}
		nc = secure
	}
	if opts.Wrap != nil {
		nc = opts.Wrap(nc)
	}
	return opts.open(ctx, nc, req)
}

// Client does the client's half of the opening handshake on a connection that
// is open already; for a wss URL it must be under TLS already. nc is closed if
// the handshake fails. [DialOptions].Dial, TLS and Wrap are not looked at.
func Client(ctx context.Context, nc net.Conn, rawURL string, opts *DialOptions) (*Conn, *handshake.Response, error) {
	if opts == nil {
		opts = &DialOptions{}
	}
	u, err := handshake.ParseURL(rawURL)
	if err != nil {
		nc.Close()
		return nil, nil, err
	}
	req, err := opts.request(u)
	if err != nil {
		nc.Close()
		return nil, nil, err
	}
	return opts.open(ctx, nc, req)
}

func (o *DialOptions) request(u *url.URL) (*handshake.Request, error) {
	random := o.Rand
	if random == nil {
		random = rand.Reader
	}
	key, err := handshake.NewKey(random)
	if err != nil {
		return nil, err
	}
	offer := handshake.Offer{Origin: o.Origin, Subprotocols: o.Subprotocols, Header: o.Header}
	if o.Deflate != nil {
		if err := o.Deflate.check(); err != nil {
			return nil, err
		}
		offer.Extensions = []handshake.Extension{o.Deflate.wish(true).Offer()}
	}
	return handshake.NewRequest(u, key, offer)
}

// tlsConfig is the caller's, with the server's name, and with HTTP/1.1 as the
// only protocol: an Upgrade does not exist in HTTP/2.
func (o *DialOptions) tlsConfig(u *url.URL) *tls.Config {
	config := &tls.Config{}
	if o.TLS != nil {
		config = o.TLS.Clone()
	}
	if config.ServerName == "" {
		config.ServerName = u.Hostname()
	}
	if config.NextProtos == nil {
		config.NextProtos = []string{"http/1.1"}
	}
	return config
}

// open sends the request and reads the answer.
func (o *DialOptions) open(ctx context.Context, nc net.Conn, req *handshake.Request) (*Conn, *handshake.Response, error) {
	done, err := limitHandshake(ctx, nc, &o.Options)
	if err != nil {
		nc.Close()
		return nil, nil, err
	}
	br := getReader(nc)
	defer putReader(br)
	resp, err := exchange(nc, br, req)
	var deflate *deflation
	if err == nil {
		deflate, err = o.agreedDeflate(resp)
	}
	if err = done(err); err != nil {
		nc.Close()
		return nil, resp, err
	}
	early, _ := br.Peek(br.Buffered())
	return newConn(nc, true, resp.Header.Get("Sec-WebSocket-Protocol"), deflate, early, &o.Options), resp, nil
}

func exchange(nc net.Conn, br *bufio.Reader, req *handshake.Request) (*handshake.Response, error) {
	if _, err := nc.Write(req.Append(nil)); err != nil {
		return nil, fmt.Errorf("websocket: the request could not be sent: %w", err)
	}
	resp, err := handshake.ReadResponse(br, handshake.Limits{})
	if err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		var known *handshake.Error
		if errors.As(err, &known) {
			return nil, fmt.Errorf("websocket: the answer is not HTTP: %w", err)
		}
		return nil, fmt.Errorf("websocket: no answer came: %w", err)
	}
	if err := resp.Check(req); err != nil {
		if resp.Status != 101 {
			resp.ReadBody(br, maxBody) // as much of it as there is
		}
		return resp, &HandshakeError{Response: resp, Err: err}
	}
	return resp, nil
}

// agreedDeflate reads what the server says about compression, or nil if it says
// nothing. What was not offered, the answer cannot have.
func (o *DialOptions) agreedDeflate(resp *handshake.Response) (*deflation, error) {
	if o.Deflate == nil {
		return nil, nil
	}
	accepted, err := resp.Extensions()
	if err != nil {
		return nil, &HandshakeError{Response: resp, Err: err}
	}
	agreed, ok, err := o.Deflate.wish(true).Agreed(accepted)
	if err != nil {
		return nil, &HandshakeError{Response: resp, Err: err}
	}
	if !ok {
		return nil, nil
	}
	return newDeflation(o.Deflate, agreed, true), nil
}
