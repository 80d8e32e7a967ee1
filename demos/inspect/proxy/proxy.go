// Package proxy stands between clients and a server and passes on what they say,
// byte for byte, while a tap looks on. It understands nothing of it, and so changes
// nothing: it is the tap that takes the bytes apart. Only when it is armed can
// something else be slipped in, and that is marked.
package proxy

import (
	"cmp"
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"time"

	"example.com/ws101/demos/wire"
)

const (
	// dialTime is how long the server may take to answer a connection.
	dialTime = 10 * time.Second
	// injectTime is how long it may take to inject something. It takes longer than an
	// instant only if the receiver does not read.
	injectTime = 5 * time.Second
	// maxConns is how many connections there are at the same time. A further
	// one waits to be accepted.
	maxConns = 1024
)

// ErrNotArmed says that nothing may be injected.
var ErrNotArmed = errors.New("proxy: injection is not armed")

// ErrGone says that there is no such connection.
var ErrGone = errors.New("proxy: the connection is gone")

// Proxy passes connections on.
type Proxy struct {
	listener net.Listener
	target   string
	tap      *wire.Tap

	mu     sync.Mutex
	armed  bool
	closed bool
	conns  map[uint64]*conn
}

// New returns a proxy that stands at l in front of target, a host and a port.
func New(l net.Listener, target string, tap *wire.Tap) *Proxy {
	return &Proxy{listener: l, target: target, tap: tap, conns: map[uint64]*conn{}}
}

// Serve takes connections until Close, or until the listener fails, and returns
// why. By then all of them have ended.
func (p *Proxy) Serve() error {
	free := make(chan struct{}, maxConns)
	var running sync.WaitGroup
	defer running.Wait()
	for {
		free <- struct{}{}
		client, err := p.listener.Accept()
		if err != nil {
			return err
		}
		running.Go(func() {
			defer func() { <-free }()
			p.pass(client)
		})
	}
}

// Close ends the listener, and cuts all connections.
func (p *Proxy) Close() {
	p.listener.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, c := range p.conns {
		c.cut()
	}
}

// pass connects a client with the server, and passes on what they say.
func (p *Proxy) pass(client net.Conn) {
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), dialTime)
	defer cancel()
	var d net.Dialer
	server, err := d.DialContext(ctx, "tcp", p.target)
	if err != nil {
		relay := wire.NewRelay(p.tap, client.RemoteAddr(), target(p.target))
		defer relay.Close()
		relay.End(wire.Server, err)
		reset(client) // which is what the client would have seen without us, or nearly so
		return
	}
	defer server.Close()
	relay := wire.NewRelay(p.tap, client.RemoteAddr(), server.RemoteAddr())
	defer relay.Close()
	c := newConn(client, server, relay)
	if !p.add(c) {
		return
	}
	defer p.remove(c)
	c.run()
}

// target is an address that nobody has answered at.
type target string

func (t target) Network() string { return "tcp" }
func (t target) String() string  { return string(t) }

func (p *Proxy) add(c *conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.conns[c.relay.Conn()] = c
	return true
}

func (p *Proxy) remove(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c.relay.Conn())
}

// Arm allows injection, or forbids it again. At first it is forbidden.
func (p *Proxy) Arm(armed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed = armed
}

// Inject sends bytes to the other side of a connection in the name of from, who
// has not sent them. Their rows are marked. The error is [ErrNotArmed],
// [ErrGone], [wire.ErrNotBetweenFrames], or one of the connection.
func (p *Proxy) Inject(ctx context.Context, number uint64, from wire.Side, b []byte) error {
	p.mu.Lock()
	armed, c := p.armed, p.conns[number]
	p.mu.Unlock()
	switch {
	case !armed:
		return ErrNotArmed
	case c == nil:
		return ErrGone
	}
	ctx, cancel := context.WithTimeout(ctx, injectTime)
	defer cancel()
	return c.inject(ctx, from, b)
}

// State is what there is to say of a proxy.
type State struct {
	Listen string `json:"listen"`
	Target string `json:"target"`
	Armed  bool   `json:"armed"`
	// Conns are the open connections, the oldest first.
	Conns []Conn `json:"conns"`
}

// Conn is a connection through the proxy.
type Conn struct {
	Conn   uint64 `json:"conn"` // its number, as in wire.Row
	Client string `json:"client"`
	Path   string `json:"path"` // of its first request
}

// State returns how the proxy is now.
func (p *Proxy) State() State {
	paths := map[uint64]string{}
	for _, c := range p.tap.Conns() {
		paths[c.Conn] = c.Path
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s := State{Listen: p.listener.Addr().String(), Target: p.target, Armed: p.armed, Conns: []Conn{}}
	for number, c := range p.conns {
		s.Conns = append(s.Conns, Conn{number, c.ends[wire.Client].RemoteAddr().String(), paths[number]})
	}
	slices.SortFunc(s.Conns, func(a, b Conn) int { return cmp.Compare(a.Conn, b.Conn) })
	return s
}
