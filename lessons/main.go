// Lessons is the tutor of the course: it hands out the chapters, runs their
// tests, gives hints, and remembers how far one got.
//
//	go run ./lessons [command]
//
// Without a command it says where one is and what comes next. The learner's
// files are in a module of their own, lessons/work unless chosen otherwise.
// There, plain `go test` does without the tutor.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"example.com/ws101/lessons/internal/course"
)

// The exit codes.
const (
	exitOK      = 0
	exitFailure = 1 // it was asked for the right thing and could not do it
	exitUsage   = 2 // it was asked for something that does not exist
)

func main() {
	dir, err := os.Getwd()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(exitFailure)
	}
	t := &tutor{dir: dir, out: os.Stdout, err: os.Stderr, color: isTerminal(os.Stdout)}
	os.Exit(t.run(os.Args[1:]))
}

// tutor is one run of the program.
type tutor struct {
	dir      string // where it runs
	out, err io.Writer
	color    bool

	course *course.Course
	work   *course.Work
}

// A command is one thing to ask the tutor for.
type command struct {
	name, args, about string
	flags             func(t *tutor, f *flag.FlagSet) func(ch *course.Chapter, rest []string) error
	chapter           bool // it needs the number of a chapter
	rest              int  // how many words may come behind it
}

var commands = []command{
	{name: "list", about: "show all chapters", flags: list},
	{name: "start", args: "N [-dir D]", about: "get chapter N to work on, in lessons/work or in D", flags: start, chapter: true},
	{name: "check", args: "N [-trace]", about: "run your tests; -trace explains the frames in them", flags: check, chapter: true},
	{name: "hint", args: "N [PART]", about: "show the next hint", flags: hint, chapter: true, rest: 1},
	{name: "diff", args: "N [-spoil]", about: "compare your code with the course's, once it passes", flags: diff, chapter: true},
	{name: "reset", args: "N", about: "begin chapter N anew; a copy of your files is kept", flags: reset, chapter: true},
	{name: "doctor", about: "find out what is wrong with the setup", flags: doctor},
}

// errUsage marks an error in what was asked for.
var errUsage = errors.New("usage")

func usage(format string, args ...any) error {
	return fmt.Errorf("%w%s", errUsage, fmt.Sprintf(format, args...))
}

func (t *tutor) run(args []string) int {
	err := t.do(args)
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, flag.ErrHelp):
		t.help()
		return exitOK
	}
	// Errors are one line.
	line := strings.TrimPrefix(err.Error(), errUsage.Error())
	if line != "" {
		fmt.Fprintln(t.err, strings.ReplaceAll(line, "\n", "; "))
	}
	if errors.Is(err, errUsage) {
		return exitUsage
	}
	return exitFailure
}

func (t *tutor) do(args []string) error {
	root, err := course.FindRoot(t.dir)
	if err != nil {
		return err
	}
	if t.course, err = course.Load(root); err != nil {
		return err
	}
	if t.work, err = t.course.LoadWork(); err != nil {
		return err
	}
	if len(args) == 0 {
		return t.status()
	}
	name := args[0]
	if name == "-h" || name == "-help" || name == "--help" || name == "help" {
		return flag.ErrHelp
	}
	for _, c := range commands {
		if c.name == name {
			return t.command(c, args[1:])
		}
	}
	return usage("there is no command %q: go run ./lessons -h lists them", name)
}

func (t *tutor) command(c command, args []string) error {
	how := "go run ./lessons " + strings.TrimSpace(c.name+" "+c.args)
	set := flag.NewFlagSet(c.name, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	do := c.flags(t, set)
	// Flags may stand before and after the other words.
	var words []string
	for {
		if err := set.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return err
			}
			return usage("%v: it goes %s", err, how)
		}
		if args = set.Args(); len(args) == 0 {
			break
		}
		words, args = append(words, args[0]), args[1:]
	}
	if !c.chapter {
		if len(words) > 0 {
			return usage("%q is too much: it goes %s", words[0], how)
		}
		return do(nil, nil)
	}
	if len(words) == 0 {
		return usage("which chapter? It goes %s, and go run ./lessons list shows the numbers", how)
	}
	n, err := strconv.Atoi(words[0])
	if err != nil {
		return usage("%q is not a chapter's number: it goes %s", words[0], how)
	}
	ch := t.course.Find(n)
	if ch == nil {
		return usage("there is no chapter %d: go run ./lessons list shows what there is", n)
	}
	if len(words)-1 > c.rest {
		return usage("%q is too much: it goes %s", words[c.rest+1], how)
	}
	return do(ch, words[1:])
}

func (t *tutor) help() {
	t.printf("Usage: go run ./lessons [command]\n\nWithout a command: where you are, and what is next.\n\n")
	for _, c := range commands {
		t.printf("  %-18s  %s\n", strings.TrimSpace(c.name+" "+c.args), c.about)
	}
}

func (t *tutor) printf(format string, args ...any) { fmt.Fprintf(t.out, format, args...) }

// bold marks what matters, on a terminal.
func (t *tutor) bold(s string) string {
	if !t.color {
		return s
	}
	return "\x1b[1m" + s + "\x1b[0m"
}

// path writes a path as it is shortest from here.
func (t *tutor) path(p string) string {
	if rel, err := filepath.Rel(t.dir, p); err == nil && len(rel) < len(p) {
		return rel
	}
	return p
}

// started returns how far a chapter got, or an error that says how to begin.
func (t *tutor) started(ch *course.Chapter) (*course.Progress, error) {
	if p := t.work.Started(ch); p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("chapter %d is not started: go run ./lessons start %d", ch.Number, ch.Number)
}

// isTerminal reports whether f shows colours to somebody who wants them.
func isTerminal(f *os.File) bool {
	if os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
