package main

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/feed"
	"example.com/ws101/demos/room"
	"example.com/ws101/demos/vote"
	"example.com/ws101/rfc6455"
)

// A pipeServer is the server with all demos on connections in memory. It is for tests in a bubble of
// testing/synctest, where time passes as soon as everybody waits. A connection holds no byte: who
// does not read stops the writer at once.
type pipeServer struct {
	room     *room.Room
	server   *http.Server
	accepted chan net.Conn
	ended    chan struct{}
	end      func() // cuts everything
}

// startPipes starts the server, on a feed with these options.
func startPipes(t *testing.T, o feed.Options) *pipeServer {
	t.Helper()
	news := feed.New(o)
	tally, err := vote.New(news, vote.Defaults())
	require.NoError(t, err)
	closing, beginClosing := context.WithCancel(context.Background())
	var sockets rfc6455.Group
	p := &pipeServer{room: room.New(news, tally), accepted: make(chan net.Conn), ended: make(chan struct{})}
	p.server = newServer(all(shared{room: p.room, closing: closing, sockets: &sockets}))
	p.end = sync.OnceFunc(func() {
		beginClosing()
		_ = p.server.Close()
		over, cancel := context.WithCancel(context.Background())
		cancel()
		_ = sockets.Shutdown(over)
	})
	go func() { _ = p.server.Serve(p) }()
	return p
}

// dial opens a connection to the server.
func (p *pipeServer) dial() (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case p.accepted <- there:
		return here, nil
	case <-p.ended:
		return nil, net.ErrClosed
	}
}

// Accept, Close and Addr make it a net.Listener.
func (p *pipeServer) Accept() (net.Conn, error) {
	select {
	case conn := <-p.accepted:
		return conn, nil
	case <-p.ended:
		return nil, net.ErrClosed
	}
}

func (p *pipeServer) Close() error {
	close(p.ended)
	return nil
}

func (p *pipeServer) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe" }
