// This file holds an exchange and how it is played, in either role.

package peers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"example.com/ws101/frames"
	"example.com/ws101/rfc6455"
)

// MaxMessage is the largest message that is exchanged, 16 MiB.
const MaxMessage = 16 << 20

// Kind is what an exchange shows: a column of the table.
type Kind int

// The kinds of exchange.
const (
	Text Kind = iota
	Binary
	Large
	OurFragments
	TheirFragments
	OurPing
	TheirPing
	OurClose
	TheirClose
	Compressed // not a column: parameter sets have a table of their own
)

// Exchange is one conversation, on a connection of its own.
type Exchange struct {
	Name string
	Kind Kind
	// Task is the path and the query of the URL: what the peer does.
	Task string
	// Code and Reason stand in the first Close frame. It is the peer's if
	// Kind is TheirClose, else ours.
	Code   frames.CloseCode
	Reason string

	// Deflate is what we do about compression.
	Deflate *rfc6455.Deflate

	// play is our part, up to the Close frames. It may be nil.
	play func(context.Context, *Session) error
	// number finds the exchange, given the query.
	number int
}

// Session is our side of an exchange.
type Session struct {
	*rfc6455.Conn
	Tap *Tap
}

// Report is what a peer has seen of an exchange.
type Report struct {
	// Target is the path and the query of the URL.
	Target string `json:"target"`
	// Code is the close code, 1005 if there was none and 1006 if there was no
	// Close frame; 0 if the peer has no way to tell.
	Code   frames.CloseCode `json:"code"`
	Reason string           `json:"reason"`
	// Error is what went wrong in the eyes of the peer.
	Error string `json:"error"`
	// Trace is what a peer that shows frames has shown, one a line.
	Trace []string `json:"trace"`
}

// Number returns the exchange that the report is about, or -1.
func (r *Report) Number() int { return number(r.Target) }

// Number returns the number by which the exchange is found.
func (x *Exchange) Number() int { return x.number }

func number(target string) int {
	u, err := url.Parse(target)
	if err != nil {
		return -1
	}
	n, err := strconv.Atoi(u.Query().Get("n"))
	if err != nil {
		return -1
	}
	return n
}

// Dial plays the exchange as the client of a server at base, a ws or wss URL
// without a path. nc is connected to it, and under TLS if base says so. Without
// a tap the peer has seen no connection, and reports none.
func (x *Exchange) Dial(ctx context.Context, nc net.Conn, base string) (*Tap, error) {
	tap := NewTap(nc, true)
	// Some servers want an Origin. It is that of the server, as if of a page there.
	origin := "http" + strings.TrimPrefix(base, "ws")
	conn, _, err := rfc6455.Client(ctx, tap, base+x.Task, &rfc6455.DialOptions{Options: x.options(), Origin: origin})
	if err != nil {
		return nil, err
	}
	return tap, x.run(ctx, &Session{conn, tap})
}

func (x *Exchange) options() rfc6455.Options {
	return rfc6455.Options{MaxMessage: MaxMessage, CloseTimeout: 30 * time.Second, Deflate: x.Deflate}
}

// run plays the exchange on an open connection, to its end.
func (x *Exchange) run(ctx context.Context, s *Session) error {
	defer s.CloseNow()
	if x.play != nil {
		err := x.play(ctx, s)
		if errors.Is(err, ErrNotAgreed) {
			// How that ends does not matter.
			_ = x.end(ctx, s)
		}
		if err != nil {
			return err
		}
	}
	if err := x.end(ctx, s); err != nil {
		return err
	}
	return s.Tap.check()
}

// end does the closing handshake, or watches the peer do it.
func (x *Exchange) end(ctx context.Context, s *Session) error {
	if x.Kind != TheirClose {
		return s.Close(x.Code, x.Reason)
	}
	_, p, err := s.Read(ctx)
	if err == nil {
		return fmt.Errorf("a message of %d bytes came, and no Close", len(p))
	}
	var closed *rfc6455.CloseError
	switch {
	case !errors.As(err, &closed):
		return err
	case closed.Code != x.Code || closed.Reason != x.Reason || !closed.Remote || !closed.Clean:
		return fmt.Errorf("want a clean end by the peer with %v %q: %w", x.Code, x.Reason, err)
	}
	return nil
}

// CheckReport says whether the peer has seen what it should have.
func (x *Exchange) CheckReport(r *Report) error {
	switch {
	case r.Error != "":
		return errors.New(r.Error)
	case r.Code == 0:
		return nil
	case r.Code != x.Code:
		return fmt.Errorf("the peer saw close code %d, want %d", r.Code, x.Code)
	case r.Reason != x.Reason && x.Kind != TheirClose: // what is an answer's reason is the answerer's choice
		return fmt.Errorf("the peer saw the reason %q, want %q", r.Reason, x.Reason)
	}
	return nil
}
