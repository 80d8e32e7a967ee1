// Demos shows the real-time web alive: one vote and one chat, brought to the browser in five ways.
//
//	go run ./demos [NAME] [flags]
//
// Without NAME it serves all demos on one port, each under its name, and a start page. With NAME it
// serves that one alone, at the root.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"example.com/ws101/demos/dial"
	"example.com/ws101/demos/feed"
	"example.com/ws101/demos/measure"
	"example.com/ws101/demos/room"
	"example.com/ws101/demos/vote"
	"example.com/ws101/rfc6455"
)

// The exit codes.
const (
	exitOK      = 0
	exitFailure = 1 // it was asked for the right thing and could not do it
	exitUsage   = 2 // it was asked for something that does not exist
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// After the first Ctrl-C the next one ends the program at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// A command is something else that this program does, with flags of its own:
//
//	go run ./demos COMMAND [arguments]
type command struct {
	name  string
	about string // one line for the help text
	run   func(ctx context.Context, args []string, stdout, stderr io.Writer) int
}

// commands are the commands besides serving.
var commands = []command{
	{
		name:  "dial",
		about: "a WebSocket client for the terminal: dial ws://127.0.0.1:8101/echo/ws",
		run: func(ctx context.Context, args []string, stdout, stderr io.Writer) int {
			return dial.Run(ctx, args, os.Stdin, stdout, stderr)
		},
	},
	{
		name:  "measure",
		about: "what each technique costs: bytes, delay, processor time and memory, in numbers",
		run: func(ctx context.Context, args []string, stdout, stderr io.Writer) int {
			return measure.Run(ctx, args, os.Stdin, stdout, stderr, measured)
		},
	},
}

// measured returns the server of all demos, as it is measured.
func measured(addr net.Addr) *http.Server {
	news := feed.New(feed.Options{})
	tally, err := vote.New(news, vote.Defaults())
	if err != nil {
		panic(err) // they are valid
	}
	s := shared{room: room.New(news, tally), closing: context.Background(), sockets: &rfc6455.Group{}}
	return newServer(checkHost(addr, nil, all(s)))
}

// run is main with everything that it touches passed in. It returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		for _, c := range commands {
			if c.name == args[0] {
				return c.run(ctx, args[1:], stdout, stderr)
			}
		}
	}
	f, err := parseFlags(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, help())
		return exitOK
	}
	if err != nil {
		fmt.Fprintf(stderr, "ws101: %v (-h shows all flags)\n", err)
		return exitUsage
	}
	if err := serve(ctx, f, stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "ws101: %v\n", err)
		return exitFailure
	}
	return exitOK
}
