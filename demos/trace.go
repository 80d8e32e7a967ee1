package main

import (
	"context"
	"io"
	"net"
	"os"

	"example.com/ws101/demos/wire"
)

// trace returns a listener whose connections are shown on w, byte for byte as they cross the wire.
// finish prints what is left, and is called after the last connection has ended.
func trace(listener net.Listener, w io.Writer) (watched net.Listener, finish func()) {
	tap := wire.New(wire.Options{})
	return wire.Listen(listener, tap), follow(tap, w)
}

// follow shows on w what is on a tap; finish is that of trace.
func follow(tap *wire.Tap, w io.Writer) (finish func()) {
	watcher := tap.Watch()
	printer := &wire.Printer{W: w, Color: hasColor(w), Dump: true}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = printer.Follow(ctx, watcher) // it ends when it is told to, or when nobody reads w any more
		watcher.Close()
	}()
	return func() { cancel(); <-done }
}

// hasColor reports whether w is a terminal, and its user has nothing against colours.
func hasColor(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
