package wire

import (
	"errors"
	"net"
)

// Relay reports to a tap what a program passes on between two others. Where
// [ServerConn] sees one end of a connection at work, a Relay is told: by the
// program in the middle, which has a socket to either end.
//
// Its methods may be called by one goroutine for each side at a time.
type Relay struct{ c conn }

// NewRelay returns a Relay for a connection that begins now. client is the
// address of the one who has connected, and server that of the one behind.
func NewRelay(tap *Tap, client, server net.Addr) *Relay {
	r := &Relay{conn{tap: tap}}
	r.c.open(client, server)
	return r
}

// Conn returns the number of the connection, as in [Row].
func (r *Relay) Conn() uint64 { return r.c.meter.conn }

// Pass shows bytes that from has sent. To be called before they go on: the
// answer to them must not be shown first.
func (r *Relay) Pass(from Side, p []byte) {
	r.c.mu.Lock()
	defer r.c.mu.Unlock()
	r.pass(from, p)
}

func (r *Relay) pass(from Side, p []byte) {
	r.c.look()
	r.c.meter.bytes[from].Add(uint64(len(p)))
	r.c.feed(from, p)
}

// ErrNotBetweenFrames says that something cannot be injected now: the sender is
// in the middle of a frame, or does not speak WebSocket.
var ErrNotBetweenFrames = errors.New("wire: nothing can be injected here: the sender is in the middle of a frame, or speaks no WebSocket")

// Inject is Pass for bytes that from has not sent. Their rows are marked as
// injected. It returns [ErrNotBetweenFrames], and shows nothing, if they would
// break a frame in two.
func (r *Relay) Inject(from Side, p []byte) error {
	r.c.mu.Lock()
	defer r.c.mu.Unlock()
	if !r.c.dec.betweenFrames(from) {
		return ErrNotBetweenFrames
	}
	r.c.injecting[from] = true
	defer func() { r.c.injecting[from] = false }()
	r.pass(from, p)
	return nil
}

// End shows how what from sends has ended: with err from a read, which is
// io.EOF if it was in order.
func (r *Relay) End(from Side, err error) {
	r.c.mu.Lock()
	defer r.c.mu.Unlock()
	r.c.look()
	// A read that fails tells of the other end; see conn.broke.
	r.c.local = from.other()
	r.c.broke(from, err)
}

// Close takes the connection from the list of the open ones.
func (r *Relay) Close() { r.c.tap.listClosed(r.c.meter) }
