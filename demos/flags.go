package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"strings"

	"example.com/ws101/demos/site"
)

// flags is the command line, checked.
type flags struct {
	demo       *demo // to be served alone; nil means all
	addr       string
	candidates string
	origins    *site.Origins
	page       string
	trace      bool
	inspect    bool
	listen     string // of the proxy, if there is one
	target     string
}

const defaultAddr = "127.0.0.1:8101"

// parseFlags reads the command line. Flags may stand before and after NAME. The error is
// flag.ErrHelp if help was asked for, and otherwise one line.
func parseFlags(args []string) (flags, error) {
	var f flags
	var origins list
	set := flag.NewFlagSet("demos", flag.ContinueOnError)
	set.SetOutput(io.Discard) // run prints the error, as one line
	set.StringVar(&f.addr, "addr", defaultAddr, "")
	set.StringVar(&f.candidates, "candidates", "", "")
	set.Var(&origins, "origin", "")
	set.StringVar(&f.page, "page", "", "")
	set.BoolVar(&f.trace, "trace", false, "")
	set.BoolVar(&f.inspect, "inspect", false, "")
	set.StringVar(&f.listen, "listen", "", "")
	set.StringVar(&f.target, "target", "", "")
	public := set.Bool("public", false, "")

	if err := set.Parse(args); err != nil {
		return f, err
	}
	if set.NArg() > 0 {
		name := set.Arg(0)
		// The flag package stops at the first argument that is no flag. The rest may hold more.
		if err := set.Parse(set.Args()[1:]); err != nil {
			return f, err
		}
		if set.NArg() > 0 {
			return f, fmt.Errorf("only one demo can be served alone, and there is also %q", set.Arg(0))
		}
		if f.demo = find(name); f.demo == nil {
			return f, fmt.Errorf("there is no demo %q; there are: %s", name, strings.Join(names(), ", "))
		}
	}

	if err := f.checkProxy(*public); err != nil {
		return f, err
	}
	host, port, err := net.SplitHostPort(f.addr)
	if err != nil {
		return f, fmt.Errorf("-addr %q is not a host and a port, such as %s", f.addr, defaultAddr)
	}
	if _, err := net.LookupPort("tcp", port); err != nil || port == "" {
		return f, fmt.Errorf("-addr %q has no port from 0 to 65535, such as %s", f.addr, net.JoinHostPort(host, "8101"))
	}
	if f.page != "" && f.demo == nil {
		return f, errors.New("-page needs the NAME of the one demo that it belongs to, such as polling")
	}
	if f.origins, err = site.AllowOrigins(origins...); err != nil {
		return f, fmt.Errorf("-origin %w", err)
	}
	return f, nil
}

// list is a flag that may be given more than once.
type list []string

func (l *list) String() string     { return strings.Join(*l, " ") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

// help is the text for -h.
func help() string {
	var b strings.Builder
	b.WriteString(`Usage: go run ./demos [NAME] [flags]

One vote and one chat, brought to the browser in five ways. Without NAME all demos are
served on one port, with a start page. With NAME that demo is served alone, at the root.

Demos:
`)
	for _, d := range demos {
		fmt.Fprintf(&b, "  %-12s  %s\n", d.name, d.title)
	}
	if len(commands) > 0 {
		b.WriteString("\nCommands (each has its own -h):\n")
		for _, c := range commands {
			fmt.Fprintf(&b, "  %-12s  %s\n", c.name, c.about)
		}
	}
	b.WriteString(`
Flags, before or after NAME:
  -addr HOST:PORT   where to listen (` + defaultAddr + `); port 0 takes a free one
  -candidates FILE  who can be voted for, as JSON: {"1": {"name": "明凯", "count": 300}, ...}
                    or [{"uid": 1, "name": "明凯", "count": 300}, ...]
  -origin ORIGIN    a page of this origin may vote too, such as https://example.com; repeatable
  -page FILE        serve this page at / in place of ours (needs NAME); read at each request
  -inspect          let other machines use the inspector too: it shows everybody's cookies
  -listen HOST:PORT -target HOST:PORT
                    with inspect: stand in front of the server at -target, whatever it is, and show what
                    passes, byte for byte as it is; on this machine only, or with -public for all
  -trace            print what crosses the wire to stderr: heads, chunks, events, frames bit by bit
`)
	return b.String()
}
