// This file holds our server, to which peers come as clients.

package peers

import (
	"context"
	"net"
	"net/http"
	"sync"

	"example.com/ws101/handshake"
	"example.com/ws101/rfc6455"
)

// Server plays exchanges with peers that connect to it. The URL says which one.
type Server struct {
	exchanges map[int]*Exchange
	opts      rfc6455.AcceptOptions
	results   chan Result
}

// Result is how an exchange went, as we saw it.
type Result struct {
	Exchange *Exchange
	Tap      *Tap
	Err      error
}

// NewServer returns a server for these exchanges, at least one. Their Deflate is
// the same.
func NewServer(xs []Exchange) *Server {
	s := &Server{exchanges: map[int]*Exchange{}, results: make(chan Result, len(xs))}
	s.opts = rfc6455.AcceptOptions{Options: xs[0].options(), Check: s.check}
	for i := range xs {
		s.exchanges[xs[i].number] = &xs[i]
	}
	return s
}

// check refuses what is no exchange.
func (s *Server) check(r *handshake.Request) error {
	if s.exchanges[number(r.Target)] == nil {
		return &handshake.Error{Rule: "6455-4.2.2-5", Status: 404, Text: "there is no such exchange"}
	}
	return nil
}

// Results returns the channel on which the result of each exchange comes.
func (s *Server) Results() <-chan Result { return s.results }

// Serve accepts connections until l is closed and all exchanges have ended.
func (s *Server) Serve(ctx context.Context, l net.Listener) {
	var conns sync.WaitGroup
	defer conns.Wait()
	for {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		conns.Go(func() { s.accept(ctx, NewTap(nc, false)) })
	}
}

func (s *Server) accept(ctx context.Context, tap *Tap) {
	conn, req, err := rfc6455.Accept(ctx, tap, &s.opts)
	if err != nil {
		return // and no result, which is one too
	}
	s.play(ctx, conn, tap, req.Target)
}

// ServeHTTP plays an exchange under net/http. The connections have to come from
// [Tapped], and [KeepTap] has to be the server's ConnContext.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	tap, _ := r.Context().Value(tapKey{}).(*Tap)
	conn, err := rfc6455.Upgrade(w, r, &s.opts)
	if err != nil {
		return
	}
	// The context of r does not outlive the handler, and the handler waits here.
	s.play(r.Context(), conn, tap, r.RequestURI)
}

func (s *Server) play(ctx context.Context, conn *rfc6455.Conn, tap *Tap, target string) {
	x := s.exchanges[number(target)]
	err := x.run(ctx, &Session{conn, tap})
	select {
	case s.results <- Result{x, tap, err}:
	default: // a peer that came twice
	}
}

type tapKey struct{}

// KeepTap hands the tap of a connection from a [Tapped] listener to the handler.
func KeepTap(ctx context.Context, nc net.Conn) context.Context {
	return context.WithValue(ctx, tapKey{}, nc)
}

// Tapped returns a listener that wraps what it accepts in taps.
func Tapped(l net.Listener) net.Listener { return tapped{l} }

type tapped struct{ net.Listener }

// Accept implements net.Listener.
func (l tapped) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return NewTap(nc, false), nil
}
