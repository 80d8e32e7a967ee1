// Package memnet is a network in memory, with an HTTP server on it, that counts every byte that
// crosses it. It works in a bubble of testing/synctest, where nothing has to wait for a real clock,
// and it gives the same figures on every machine.
package memnet

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
)

// Network is a network with one server. Make it with [Serve].
type Network struct {
	server    *http.Server
	transport *http.Transport
	conns     chan net.Conn
	closed    chan struct{}
	once      sync.Once

	up, down, dialed atomic.Int64
	panicked         atomic.Value
}

// date stands in every answer, so that the same request gets the same bytes at any time. It is as
// long as any other.
const date = "Thu, 01 Jan 2026 00:00:00 GMT"

// Serve starts a server that answers with h. Close it in the end.
func Serve(h http.Handler) *Network {
	n := &Network{conns: make(chan net.Conn), closed: make(chan struct{})}
	n.server = &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() {
				if v := recover(); v != nil {
					n.panicked.CompareAndSwap(nil, crash{v})
					panic(http.ErrAbortHandler)
				}
			}()
			w.Header().Set("Date", date)
			h.ServeHTTP(w, r)
		}),
		ErrorLog: log.New(io.Discard, "", 0),
	}
	n.transport = &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) { return n.Dial() },
	}
	go n.server.Serve((*listener)(n))
	return n
}

// Close ends the server and all connections.
func (n *Network) Close() {
	n.server.Close()
	n.transport.CloseIdleConnections()
}

// Dial connects to the server.
func (n *Network) Dial() (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case n.conns <- server:
		n.dialed.Add(1)
		return &counted{client, n}, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

// Client returns a client whose requests go to the server, whatever their host is. It keeps its
// connection, as a browser does.
func (n *Network) Client() *http.Client { return &http.Client{Transport: n.transport} }

// Up is how many bytes the clients have sent.
func (n *Network) Up() int { return int(n.up.Load()) }

// Down is how many bytes the clients have received.
func (n *Network) Down() int { return int(n.down.Load()) }

// crash is what a handler panicked with.
type crash struct{ value any }

// Panicked is what a handler panicked with first, or nil. The server has closed that connection
// without a word, as net/http does.
func (n *Network) Panicked() any {
	c, _ := n.panicked.Load().(crash)
	return c.value
}

// Dialed is how many connections there were.
func (n *Network) Dialed() int { return int(n.dialed.Load()) }

// listener is the server's side of a Network.
type listener Network

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *listener) Addr() net.Addr { return &net.TCPAddr{} }

// counted is the client's end of a connection.
type counted struct {
	net.Conn
	n *Network
}

func (c *counted) Read(p []byte) (int, error) {
	got, err := c.Conn.Read(p)
	c.n.down.Add(int64(got))
	return got, err
}

func (c *counted) Write(p []byte) (int, error) {
	sent, err := c.Conn.Write(p)
	c.n.up.Add(int64(sent))
	return sent, err
}
