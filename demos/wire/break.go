package wire

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Networks break in two ways. A machine that knows nothing of a connection
// answers with RST, and the peer knows at once. Or bytes vanish, and nobody is
// told. [Abort] and [Silence] do this to one connection, on purpose.

// errUnknown is for a connection that no tap is on.
func errUnknown(nc net.Conn) error {
	if nc == nil {
		return errors.New("wire: there is no connection to break")
	}
	return errors.ErrUnsupported
}

// Abort ends a connection of a [Tap] with an RST and no FIN, where the system
// has such a thing. What was on its way may be lost. The error is
// errors.ErrUnsupported for a connection that no tap is on.
func Abort(nc net.Conn) error {
	c, ok := innermost(nc)
	if !ok {
		return errUnknown(nc)
	}
	c.mu.Lock()
	c.flushLeaving()
	c.look()
	c.dec.End(c.local, Reset, "")
	c.mu.Unlock()
	return c.link.abort()
}

// Silence lets all bytes vanish on a connection of a [Tap] from now on, both
// ways. Nobody is told: here the connection seems to take what is written, and
// nothing comes in. A FIN vanishes too. The tap goes on to show what is sent,
// as one does who stands at this end.
//
// A system gives up on a peer that acknowledges nothing after a quarter of an
// hour or so. Here that is after two minutes: then reads and writes fail, and
// the socket is let go. The error is errors.ErrUnsupported for a connection
// that no tap is on.
func Silence(nc net.Conn) error {
	c, ok := innermost(nc)
	if !ok {
		return errUnknown(nc)
	}
	c.link.silence()
	return nil
}

// innermost returns the wrapper that is next to the socket: one outside of it
// sees what it sees.
func innermost(nc net.Conn) (*conn, bool) {
	c, ok := nc.(*conn)
	for ok {
		inner, deeper := c.nc.(*conn)
		if !deeper {
			return c, true
		}
		c = inner
	}
	return nil, false
}

// giveUpAfter is how long a connection can be silent.
const giveUpAfter = 2 * time.Minute

var errGaveUp = errors.New("nobody has acknowledged anything for two minutes, so the system gives up")

// link is the way from a conn to its socket.
type link struct {
	nc net.Conn
	// hole is one end of a pipe into which nobody writes, once the connection
	// is silent: who reads waits there, with deadlines as on a socket.
	hole atomic.Pointer[net.Conn]

	mu     sync.Mutex
	readBy time.Time
	gaveUp bool
}

func (l *link) silence() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.hole.Load() != nil {
		return
	}
	hole, far := net.Pipe()
	_ = hole.SetReadDeadline(l.readBy)
	l.hole.Store(&hole)
	// Who waits at the socket is woken, and goes on to wait in the hole.
	_ = l.nc.SetDeadline(time.Unix(1, 0))
	time.AfterFunc(giveUpAfter, func() {
		l.mu.Lock()
		l.gaveUp = true
		l.mu.Unlock()
		far.Close()
		l.nc.Close()
	})
}

func (l *link) abort() error {
	if tcp, ok := l.nc.(interface{ SetLinger(int) error }); ok {
		_ = tcp.SetLinger(0) // with it, closing sends RST
	}
	if hole := l.hole.Load(); hole != nil {
		_ = (*hole).Close()
	}
	return l.nc.Close()
}

func (l *link) read(p []byte) (int, error) {
	if l.hole.Load() == nil {
		n, err := l.nc.Read(p)
		if l.hole.Load() == nil {
			return n, err
		}
	}
	n, err := (*l.hole.Load()).Read(p)
	if err == io.EOF {
		err = errGaveUp
	}
	return n, err
}

func (l *link) write(p []byte) (int, error) {
	if l.hole.Load() == nil {
		n, err := l.nc.Write(p)
		if l.hole.Load() == nil {
			return n, err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.gaveUp {
		return 0, errGaveUp
	}
	return len(p), nil
}

// close ends the connection. Where it is silent, that is not told either: the
// socket stays until the time is over.
func (l *link) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if hole := l.hole.Load(); hole != nil {
		return (*hole).Close()
	}
	return l.nc.Close()
}

func (l *link) setReadDeadline(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.readBy = t
	if hole := l.hole.Load(); hole != nil {
		return (*hole).SetReadDeadline(t)
	}
	return l.nc.SetReadDeadline(t)
}

// setWriteDeadline has nothing to do in the silence: a write does not wait
// there.
func (l *link) setWriteDeadline(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.hole.Load() != nil {
		return nil
	}
	return l.nc.SetWriteDeadline(t)
}

type connKey struct{}

// ConnContext is for the field of this name of an http.Server: with it,
// [RequestConn] knows the connection of a request.
func ConnContext(ctx context.Context, nc net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, nc)
}

// RequestConn returns the connection on which a request has come, or nil if the
// server does not tell.
func RequestConn(r *http.Request) net.Conn {
	nc, _ := r.Context().Value(connKey{}).(net.Conn)
	return nc
}
