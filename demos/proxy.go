package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"

	"example.com/ws101/demos/inspect"
	"example.com/ws101/demos/inspect/proxy"
	"example.com/ws101/demos/wire"
)

// checkProxy checks the flags of the proxy:
//
//	go run ./demos inspect -listen A -target B
func (f *flags) checkProxy(public bool) error {
	switch {
	case f.listen == "" && f.target == "" && public:
		return errors.New("-public belongs to -listen and -target")
	case f.listen == "" && f.target == "":
		return nil
	case f.demo == nil || f.demo.name != "inspect":
		return errors.New("-listen and -target belong to the inspector: inspect -listen 127.0.0.1:9000 -target 127.0.0.1:8080")
	case f.listen == "":
		return errors.New("-target needs -listen, the address to stand at in front of it, such as 127.0.0.1:9000")
	case f.target == "":
		return errors.New("-listen needs -target, the host and port of the server behind it, such as 127.0.0.1:8080")
	}
	host, _, err := splitAddress(f.listen)
	if err != nil {
		return fmt.Errorf("-listen %w", err)
	}
	if host, port, err := splitAddress(f.target); err != nil || host == "" || port == 0 {
		return fmt.Errorf("-target %q is not the host and port of a server, such as 127.0.0.1:8080", f.target)
	}
	// Whoever reaches the proxy reaches the server behind it, which may be for this machine only.
	if !public && (host == "" || !isLoopback(host)) {
		return fmt.Errorf("-listen %q lets other machines reach %s through this one; if that is what you want, add -public", f.listen, f.target)
	}
	return nil
}

// splitAddress takes a host and a port apart.
func splitAddress(addr string) (host string, port int, err error) {
	host, name, err := net.SplitHostPort(addr)
	if err == nil && name != "" {
		if port, err = net.LookupPort("tcp", name); err == nil {
			return host, port, nil
		}
	}
	return "", 0, fmt.Errorf("%q is not a host and a port, such as 127.0.0.1:9000", addr)
}

// startProxy starts the proxy of these flags, and puts its connections on the tap in place of those
// of this server. stop ends it.
func (s *shared) startProxy(f flags, stderr io.Writer) (stop func(), err error) {
	l, err := net.Listen("tcp", f.listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("the address %s is in use; end the other program, or choose another port for -listen (0 takes a free one)", f.listen)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w; choose another address for -listen", f.listen, err)
	}
	s.tap = wire.New(wire.Options{MaxRows: inspect.MaxRows})
	s.proxy = proxy.New(l, f.target, s.tap)
	finish := func() {}
	if f.trace {
		finish = follow(s.tap, stderr)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.proxy.Serve() // until it is closed
	}()
	return func() {
		s.proxy.Close()
		<-done
		finish()
	}, nil
}
