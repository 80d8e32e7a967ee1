package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime/debug"
	"syscall"

	"example.com/ws101/rfc6455/conformance/echo"
)

// serve runs the echo peer until ctx ends. It prints one line with the address
// when it is ready.
func serve(ctx context.Context, c command, stdout io.Writer) error {
	l, err := net.Listen("tcp", c.addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("the address %s is in use; end the other program, or choose another one with -addr (port 0 takes a free one)", c.addr)
	case err != nil:
		return fmt.Errorf("cannot listen on %s: %w; choose another address with -addr", c.addr, err)
	}
	// By default garbage may come to 4 MB before the first collection, and then
	// to as much as is alive. For a server that holds next to nothing, that
	// would be most of its memory.
	defer debug.SetGCPercent(debug.SetGCPercent(50))
	fmt.Fprintf(stdout, "conformance: ws://%s echoes every message (Ctrl-C ends)\n", l.Addr())
	peer := echo.Peer{MaxMessage: c.maxMessage, Deflate: c.deflate}
	return peer.Serve(ctx, l)
}
