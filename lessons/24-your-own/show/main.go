// Show puts your WebSocket to work: it serves the page with the vote and the chat of the
// demos, and carries both over it. What crosses the wire is printed.
//
// With -play it needs no browser: a client in this program votes once and leaves.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"example.com/ws101/demos/wire"
	"example.com/ws101/lessons/internal/lesson"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8101", "listen here; port 0 takes a free one")
	quiet := flag.Bool("quiet", false, "print nothing of what crosses the wire")
	short := flag.Bool("short", false, "print a line for each frame, and not every bit")
	playing := flag.Bool("play", false, "show one connection, without a browser")
	flag.Parse()
	lesson.Main(func() error {
		if *playing {
			return play(&wire.Printer{W: os.Stdout, Dump: !*short})
		}
		printer := &wire.Printer{W: os.Stderr, Dump: !*short}
		if *quiet {
			printer = nil
		}
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		return serve(ctx, *addr, printer)
	})
}

// serve serves pages and WebSockets on one port, until ctx ends.
func serve(ctx context.Context, addr string, printer *wire.Printer) error {
	r, err := newRoom()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	address := listener.Addr()
	if printer != nil {
		tap := wire.New(wire.Options{})
		watcher := tap.Watch()
		defer watcher.Close()
		defer follow(printer, watcher)()
		listener = wire.Listen(listener, tap)
	}
	pages := split(listener, func(nc net.Conn) { r.carry(ctx, nc) })
	server := &http.Server{Handler: r.pages(), ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { server.Close() })
	fmt.Printf("open http://%v/ in a browser (Ctrl-C ends)\n", address)
	if err := server.Serve(pages); err != http.ErrServerClosed {
		return err
	}
	r.wait()
	return nil
}

// follow prints what the watcher sees until end is called, which is behind the last Close
// frame, and so behind the end of ctx.
func follow(printer *wire.Printer, watcher *wire.Watcher) (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan bool)
	go func() {
		printer.Follow(ctx, watcher)
		close(done)
	}()
	return func() {
		cancel()
		<-done
	}
}
