// Package measure shows with numbers what each of the techniques costs: simulated clients follow
// one vote, each takes apart what it gets and checks that it has every event once and in order,
// and everything is counted where it happens: bytes at the socket, delays at the client, processor
// time and memory in the server, which is a process of its own.
package measure

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
)

// The exit codes.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

// serverCommand is the argument with which the program starts itself as the server that is measured.
const serverCommand = "server"

// Run is the command: args are what stands behind its name. It returns the exit code. open returns
// the server that is measured, with all techniques below their names; it is called in another
// process, which is this program with the arguments "measure server".
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, open func(net.Addr) *http.Server) int {
	if len(args) == 1 && args[0] == serverCommand {
		if err := serve(stdin, stdout, open); err != nil {
			fmt.Fprintf(stderr, "measure: the server failed: %v\n", err)
			return exitFailure
		}
		return exitOK
	}
	f, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, help())
		return exitOK
	}
	if err != nil {
		fmt.Fprintf(stderr, "measure: %v (-h shows all flags)\n", err)
		return exitUsage
	}
	if err := f.run(ctx, stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "measure: %v\n", err)
		return exitFailure
	}
	return exitOK
}

// run measures, and prints and writes what came out.
func (f flags) run(ctx context.Context, stdout, stderr io.Writer) error {
	if err := enoughFiles(f.clients); err != nil {
		return err
	}
	if err := f.makeFolders(); err != nil {
		return err
	}
	var before Report
	if f.before != "" {
		var err error
		if before, err = readReport(f.before); err != nil {
			return err
		}
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("the server cannot be started: %w", err)
	}
	p := newProgress(stderr)
	report, err := f.measure(ctx, func() (*server, error) { return startProcess(self) }, p)
	p.clear()
	if err != nil {
		return err
	}
	text := report.table() + "\n" + report.claims() + "\n"
	if f.before == "" {
		text += again
	} else {
		text += report.beside(before)
	}
	if _, err := io.WriteString(stdout, text); err != nil {
		return err
	}
	if err := f.write(report); err != nil {
		return err
	}
	return report.complaint()
}

// again says how far to trust one run.
const again = `Does another run tell the same story? Write this one down with -json FILE, and give that to the next one with
-before FILE. Requests and bytes come out alike. Times depend on what else the machine does; their order should stay.
`

// measure measures one technique after the other, each with a server of its own, so that none
// inherits what another one has left in memory.
func (f flags) measure(ctx context.Context, start func() (*server, error), p *progress) (Report, error) {
	report := Report{
		System:  fmt.Sprintf("%s/%s, %d processors, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version()),
		Clients: f.clients, Events: f.events,
		Every: milliseconds(f.every), Poll: milliseconds(f.poll),
	}
	p.say("a bare write")
	var err error
	if report.Write, err = measureWrite(f.clients, start); err != nil {
		return report, fmt.Errorf("a bare write: %w", err)
	}
	if slices.ContainsFunc(f.techniques, func(t technique) bool { return t.name == "polling" }) {
		p.say("a bare request")
		if report.Request, err = f.measureRequest(ctx, start); err != nil {
			return report, fmt.Errorf("a bare request: %w", err)
		}
	}
	for _, t := range f.techniques {
		s, err := start()
		if err != nil {
			return report, err
		}
		result, err := f.technique(ctx, t, s, p)
		s.end()
		if err != nil {
			return report, fmt.Errorf("%s: %w", t.name, err)
		}
		report.Results = append(report.Results, result)
	}
	return report, nil
}
