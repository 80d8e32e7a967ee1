package measure

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"
)

// flags is the command line, checked.
type flags struct {
	clients    int
	events     int
	every      time.Duration
	poll       time.Duration
	techniques []technique
	json       string
	svg        string
	profile    string
	before     string
}

// parse reads the command line. The error is flag.ErrHelp if help was asked for, and otherwise one
// line.
func parse(args []string) (flags, error) {
	var f flags
	set := flag.NewFlagSet("measure", flag.ContinueOnError)
	set.SetOutput(io.Discard) // Run prints the error, as one line
	set.IntVar(&f.clients, "clients", 200, "")
	set.IntVar(&f.events, "events", 50, "")
	set.DurationVar(&f.every, "every", 200*time.Millisecond, "")
	set.DurationVar(&f.poll, "poll", 2*time.Second, "")
	set.Func("technique", "", f.add)
	set.StringVar(&f.json, "json", "", "")
	set.StringVar(&f.svg, "svg", "", "")
	set.StringVar(&f.profile, "profile", "", "")
	set.StringVar(&f.before, "before", "", "")
	if err := set.Parse(args); err != nil {
		return f, err
	}
	switch {
	case set.NArg() > 0:
		return f, fmt.Errorf("there is an argument too many: %q", set.Arg(0))
	case f.clients < 1 || f.clients > 20_000:
		return f, errors.New("-clients must be from 1 to 20000")
	case f.events < 1 || f.events > 10_000:
		return f, errors.New("-events must be from 1 to 10000")
	case f.every < time.Millisecond || f.every > time.Minute:
		return f, errors.New("-every must be from 1ms to 1m")
	case f.poll < 10*time.Millisecond || f.poll > time.Minute:
		return f, errors.New("-poll must be from 10ms to 1m")
	}
	if f.techniques == nil {
		f.techniques = techniques
	}
	return f, nil
}

// add adds a technique by its name.
func (f *flags) add(name string) error {
	for _, t := range techniques {
		if t.name == name {
			f.techniques = append(f.techniques, t)
			return nil
		}
	}
	return fmt.Errorf("there is no such technique; there are: %s", strings.Join(names(), ", "))
}

func names() []string {
	var s []string
	for _, t := range techniques {
		s = append(s, t.name)
	}
	return s
}

// help is the text for -h.
func help() string {
	return `Usage: go run ./demos measure [flags]

Simulated clients follow a vote, by one technique after the other, and everything is counted: requests,
bytes, delays, and what it costs the server, which runs as a process of its own.

  go run ./demos measure
  go run ./demos measure -clients 2000 -technique longpolling -technique websocket
  go run ./demos measure -json first.json -svg charts
  go run ./demos measure -before first.json

Flags:
  -clients N       how many clients follow the vote (200)
  -events N        how many votes there are (50)
  -every DURATION  the time between two votes (200ms)
  -technique NAME  measure only this one; repeatable: ` + strings.Join(names(), ", ") + `
  -poll DURATION   how often the polling clients ask (2s)
  -json FILE       write the numbers to FILE
  -svg DIR         write a chart of the bytes, the processor time and the delay into DIR
  -before FILE     say whether an earlier run, written with -json, tells the same story
  -profile DIR     write what the server spends its time and memory on into DIR, for go tool pprof
`
}
