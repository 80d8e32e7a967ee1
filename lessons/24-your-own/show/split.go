package main

import (
	"bufio"
	"bytes"
	"net"
	"time"
)

// split returns a listener with those connections of another one whose first request does
// not ask for a WebSocket. The others are given to take, each in a goroutine of its own.
//
// A browser opens a connection of its own for each WebSocket, so the first request tells.
// A server that has no net/http beside it needs nothing of this file.
func split(l net.Listener, take func(net.Conn)) net.Listener {
	s := &splitListener{Listener: l, pages: make(chan net.Conn), failed: make(chan struct{})}
	go s.accept(take)
	return s
}

type splitListener struct {
	net.Listener
	pages  chan net.Conn
	failed chan struct{} // closed when the listener has failed, or was closed
	err    error
}

func (s *splitListener) accept(take func(net.Conn)) {
	for {
		nc, err := s.Listener.Accept()
		if err != nil {
			s.err = err
			close(s.failed)
			return
		}
		go func() {
			nc := &replayed{Conn: nc, in: bufio.NewReaderSize(nc, 8192)}
			if nc.asksForWebSocket() {
				take(nc)
				return
			}
			select {
			case s.pages <- nc:
			case <-s.failed:
				nc.Close()
			}
		}()
	}
}

func (s *splitListener) Accept() (net.Conn, error) {
	select {
	case nc := <-s.pages:
		return nc, nil
	case <-s.failed:
		return nil, s.err
	}
}

// replayed is a connection whose first bytes have been looked at, and come all the same.
type replayed struct {
	net.Conn
	in *bufio.Reader
}

func (r *replayed) Read(p []byte) (int, error) { return r.in.Read(p) }

// CloseWrite ends our direction.
func (r *replayed) CloseWrite() error {
	return r.Conn.(interface{ CloseWrite() error }).CloseWrite()
}

// asksForWebSocket looks at the head of the first request. One that does not come within
// ten seconds, or is too long to be looked at, is none of a WebSocket.
func (r *replayed) asksForWebSocket() bool {
	r.SetReadDeadline(time.Now().Add(10 * time.Second))
	defer r.SetReadDeadline(time.Time{})
	for {
		_, err := r.in.Peek(r.in.Buffered() + 1)
		b, _ := r.in.Peek(r.in.Buffered())
		if head, _, whole := bytes.Cut(b, []byte("\r\n\r\n")); whole {
			return bytes.Contains(bytes.ToLower(head), []byte("\r\nupgrade: websocket"))
		}
		if err != nil {
			return false
		}
	}
}
