package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"example.com/ws101/demos/feed"
	"example.com/ws101/demos/inspect"
	"example.com/ws101/demos/room"
	"example.com/ws101/demos/site"
	"example.com/ws101/demos/vote"
	"example.com/ws101/demos/wire"
	"example.com/ws101/rfc6455"
)

// grace is how long the server waits for its last answers when it is told to end.
const grace = 800 * time.Millisecond

// serve runs the server until ctx ends. It prints one line with the address when it is ready.
func serve(ctx context.Context, f flags, stdout, stderr io.Writer) error {
	candidates := vote.Defaults()
	if f.candidates != "" {
		var err error
		if candidates, err = vote.Load(f.candidates); err != nil {
			return fmt.Errorf("-candidates: %w", err)
		}
	}
	news := feed.New(feed.Options{})
	tally, err := vote.New(news, candidates)
	if err != nil {
		return err
	}

	if f.page != "" {
		// It is read at each request; but a wrong name should be told now, and here.
		if _, err := os.ReadFile(f.page); err != nil {
			return fmt.Errorf("-page: %w", err)
		}
	}

	closing, beginClosing := context.WithCancel(context.Background())
	defer beginClosing()
	var sockets rfc6455.Group
	s := shared{
		room: room.New(news, tally), origins: f.origins, page: f.page, closing: closing, lessons: openLessons(), sockets: &sockets,
		tap: newTap(f.demo), inspect: f.inspect,
	}
	if f.listen != "" {
		stop, err := s.startProxy(f, stderr)
		if err != nil {
			return err
		}
		defer stop()
	}
	handler := all
	if f.demo != nil {
		handler = f.demo.open
	}

	listener, err := net.Listen("tcp", f.addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("the address %s is in use; end the other program, or choose another port, such as -addr %s (0 takes a free one)", f.addr, freePort(f.addr))
	}
	if err != nil {
		return fmt.Errorf("cannot listen on %s: %w; choose another address with -addr", f.addr, err)
	}
	if s.proxy == nil {
		listener = wire.Listen(listener, s.tap)
	}
	if !f.inspect && !isLocal(listener.Addr()) {
		s.tap = nil // its rows have everybody's cookies
	}
	if f.trace && s.proxy == nil {
		watched, finish := trace(listener, stderr)
		defer finish()
		listener = watched
	}

	server := newServer(checkHost(listener.Addr(), f.origins, handler(s)))
	// Shutdown calls this when it takes no more connections. Earlier, a page whose request was
	// answered for that reason would come back at once and be held again.
	server.RegisterOnShutdown(beginClosing)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	fmt.Fprintf(stdout, "ws101: open %s in a browser (Ctrl-C ends)\n", address(listener.Addr()))
	if s.proxy != nil {
		fmt.Fprintf(stdout, "ws101: %s stands in front of %s\n", s.proxy.State().Listen, f.target)
	}

	select {
	case err := <-served:
		return fmt.Errorf("the server ended: %w", err)
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	goodbye := make(chan struct{})
	server.RegisterOnShutdown(func() {
		// net/http has handed these connections over and does not know them any more. Each gets a
		// Close frame with 1001; one that does not answer within the grace is cut.
		_ = sockets.Shutdown(end)
		close(goodbye)
	})
	if err := server.Shutdown(end); err != nil {
		// Someone is still in the middle of a request, or a browser keeps a
		// connection open that it has not used yet. Nothing is owed to either.
		_ = server.Close()
	}
	<-goodbye
	<-served
	return nil
}

// newTap returns the tap on all connections. It makes no rows of how the inspector comes to them.
func newTap(alone *demo) *wire.Tap {
	prefix := "/inspect/"
	if alone != nil && alone.name == "inspect" {
		prefix = "/"
	}
	return wire.New(wire.Options{
		MaxRows: inspect.MaxRows,
		Hide:    func(path string) bool { return inspect.Own(prefix, path) },
	})
}

// newServer returns a server with limits that end a client who is slow on purpose, but not a
// request that is held: it has no time for reading a whole request, so what reads a body
// sets a deadline of its own; and what holds an answer sets one for each piece of it, in place of
// the one that is given here for an answer as a whole (see site.Stream).
func newServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10, // a browser sends the cookies of all ports of 127.0.0.1
	}
}

// address returns what to type into a browser for a listener.
func address(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsUnspecified() {
		host = "127.0.0.1" // it listens on all addresses, and a browser needs one
	}
	return "http://" + net.JoinHostPort(host, port) + "/"
}

func freePort(addr string) string {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, "0")
}

// checkHost refuses requests for foreign host names while the server listens on this machine only.
//
// A page of evil.example may make its own name point to 127.0.0.1 after it was
// loaded (DNS rebinding). For the browser that page and this server are then one
// origin, and the origin checks see nothing wrong. But the Host field still says evil.example. The
// hosts of the origins that were allowed by name pass, for a proxy in front that keeps the
// Host it was asked for.
func checkHost(listen net.Addr, origins *site.Origins, next http.Handler) http.Handler {
	if !isLocal(listen) {
		return next
	}
	allowed := map[string]bool{}
	for _, origin := range origins.Named() {
		if u, err := url.Parse(origin); err == nil {
			allowed[u.Hostname()] = true
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if host := hostname(r.Host); !isLoopback(host) && !allowed[host] {
			site.Refuse(w, http.StatusMisdirectedRequest,
				"This server is for this machine only, and does not know the host name in the request. "+
					"Use 127.0.0.1 or localhost, or allow the name with -origin.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isLocal reports whether only this machine can reach an address.
func isLocal(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// hostname returns the Host field without its port and in lower case.
func hostname(host string) string {
	u := url.URL{Host: host}
	return strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
}

// isLoopback reports whether a host name can only mean this machine. No name at all is HTTP/1.0, which
// no browser speaks.
func isLoopback(host string) bool {
	if host == "" || host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
