// Package dial is a WebSocket client for the terminal: lines typed are sent,
// messages that come are printed, and with -trace every byte is explained.
package dial

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"example.com/ws101/demos/wire"
)

// The exit codes. The help text tells them too.
const (
	exitOK      = 0 // closed cleanly
	exitConnect = 1 // no connection, or the handshake failed
	exitUsage   = 2 // the command line, or a line of a script, was wrong
	exitClosed  = 3 // closed with an error, or not closed at all
	exitMissing = 4 // closed cleanly before -n messages had come
)

// Run is the command: args are what stands behind its name. It returns the exit
// code. When ctx ends, the connection is closed as it is at the end of stdin,
// but at once.
//
// A read from stdin that waits when the connection ends is left behind, since
// nothing can interrupt it.
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	p := program{
		stdin:  stdin,
		screen: &screen{out: stdout, err: stderr},
		typed:  isTerminal(stdin),
		color:  isTerminal(stderr) && os.Getenv("NO_COLOR") == "",
		now:    time.Now,
	}
	return p.run(ctx, args)
}

// program is the command with everything that it touches.
type program struct {
	stdin  io.Reader
	screen *screen
	typed  bool             // a person types, who can mend a mistake
	color  bool             // for -trace
	now    func() time.Time // the clock of -trace
	rand   io.Reader        // as in rfc6455.Options
}

func (p *program) run(ctx context.Context, args []string) int {
	f, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(p.screen.out, help)
		return exitOK
	}
	if err != nil {
		p.screen.note("dial: %v (-h shows all flags)", err)
		return exitUsage
	}
	var file *os.File
	if f.file != "" {
		// Before anything is dialled: a wrong name is better told now.
		if file, err = openFile(f.file); err != nil {
			p.screen.note("dial: -file: %v", err)
			return exitUsage
		}
		defer file.Close()
	}
	if f.insecure {
		p.screen.note("dial: WARNING: -insecure: the server's certificate is not checked. Whoever is on the way can read and change everything.")
	}
	conn, err := p.open(ctx, f)
	if err != nil {
		p.screen.note("dial: %s", wire.Visible(whatNext(err, f)))
		return exitConnect
	}
	if p.typed {
		p.welcome(f, conn.Subprotocol())
	}
	s := newSession(p, f, conn)
	return s.run(ctx, file)
}

func (p *program) welcome(f flags, subprotocol string) {
	with := ""
	if subprotocol != "" {
		with = ", subprotocol " + wire.Visible(subprotocol)
	}
	p.screen.note("connected to %s%s; each line is sent as a message, /help shows commands, Ctrl-D ends", wire.Visible(f.url.String()), with)
}

// isTerminal reports whether a person sits at the other end of a file.
func isTerminal(v any) bool {
	f, ok := v.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	// The null device is a character device as well, and nobody sits there.
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}
