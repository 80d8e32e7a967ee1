// Conformance lets this WebSocket implementation be tested by others.
//
//	go run ./rfc6455/conformance serve [-addr 127.0.0.1:9001] [-max-message BYTES] [-deflate]
//	go run ./rfc6455/conformance drive -url ws://127.0.0.1:9001 [-agent ws101] [-max-message BYTES] [-deflate]
//
// serve is a server that echoes, for a test suite that plays the client. drive
// is a client that echoes, for a test suite that plays the server. The README
// in this folder tells how to point the public Autobahn suite at both.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// The exit codes.
const (
	exitOK      = 0
	exitFailure = 1 // it could not be done, or not for every case
	exitUsage   = 2 // it was asked for something that does not exist
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// After the first Ctrl-C the next one ends the program at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is main with everything that it touches passed in. It returns the exit
// code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	c, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, help)
		return exitOK
	}
	if err != nil {
		fmt.Fprintf(stderr, "conformance: %v (-h shows all flags)\n", err)
		return exitUsage
	}
	switch c.name {
	case "serve":
		err = serve(ctx, c, stdout)
	default:
		err = driveAll(ctx, c, stdout, stderr)
	}
	if err != nil {
		fmt.Fprintf(stderr, "conformance: %v\n", err)
		return exitFailure
	}
	return exitOK
}
