package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"strings"

	"example.com/ws101/handshake"
	"example.com/ws101/rfc6455"
	"example.com/ws101/rfc6455/conformance/echo"
)

const help = `Usage: go run ./rfc6455/conformance COMMAND [flags]

Lets a test suite for WebSocket try this implementation.

serve: a server that sends every message back, on any path
  -addr HOST:PORT     where to listen (127.0.0.1:9001); port 0 takes a free one
  -max-message BYTES  the largest message it takes (1048576); a larger one ends in close code 1009
  -deflate            take permessage-deflate in every form that the client offers, and compress every message

drive: a client that sends every message back, case by case, as the suite's server tells it
  -url URL            the server, such as ws://127.0.0.1:9001
  -agent NAME         the name in the suite's report (ws101)
  -max-message BYTES  as above
  -deflate            offer permessage-deflate, and compress every message where the server takes it

Exit codes: 0 all went well; 1 it could not listen, the server could not be reached, or
some cases could not be run; 2 the command line was wrong. (go run itself turns 2 into 1.)
`

// A command is the command line, checked.
type command struct {
	name       string // serve or drive
	addr       string
	url        *url.URL
	agent      string
	maxMessage int64
	deflate    *rfc6455.Deflate // nil without -deflate
}

// parse reads the command line. The error is flag.ErrHelp if help was asked
// for, and otherwise one line.
func parse(args []string) (command, error) {
	if len(args) == 0 {
		return command{}, errors.New("name a command: serve or drive")
	}
	c := command{name: args[0]}
	set := flag.NewFlagSet(c.name, flag.ContinueOnError)
	set.SetOutput(io.Discard) // run prints the error, as one line
	var deflate bool
	var rawURL string
	set.Int64Var(&c.maxMessage, "max-message", rfc6455.DefaultMaxMessage, "")
	set.BoolVar(&deflate, "deflate", false, "")
	switch c.name {
	case "serve":
		set.StringVar(&c.addr, "addr", "127.0.0.1:9001", "")
	case "drive":
		set.StringVar(&rawURL, "url", "", "")
		set.StringVar(&c.agent, "agent", "ws101", "")
	case "-h", "-help", "--help", "help":
		return c, flag.ErrHelp
	default:
		return c, fmt.Errorf("there is no command %q; there are serve and drive", c.name)
	}
	if err := set.Parse(args[1:]); err != nil {
		return c, err
	}
	switch {
	case set.NArg() > 0:
		return c, fmt.Errorf("%s takes flags only, and there is also %q", c.name, set.Arg(0))
	case c.maxMessage < 1:
		return c, fmt.Errorf("-max-message %d: it takes a number of bytes from 1 up", c.maxMessage)
	}
	if deflate {
		c.deflate = echo.Deflate()
	}
	if c.name == "drive" {
		var err error
		c.url, err = parseBase(rawURL)
		return c, err
	}
	return c, nil
}

// parseBase reads -url, to which the paths of the suite are added.
func parseBase(raw string) (*url.URL, error) {
	if raw == "" {
		return nil, errors.New("drive needs -url, such as -url ws://127.0.0.1:9001")
	}
	u, err := handshake.ParseURL(raw)
	if err != nil {
		return nil, fmt.Errorf("-url: %w", err)
	}
	if u.RawQuery != "" || u.ForceQuery {
		return nil, fmt.Errorf("-url %s has a query; leave it out, since each case has one of its own", raw)
	}
	u.Path = strings.TrimSuffix(u.Path, "/")
	u.RawPath = strings.TrimSuffix(u.RawPath, "/")
	return u, nil
}
