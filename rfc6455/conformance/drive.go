package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"example.com/ws101/rfc6455/conformance/drive"
)

// driveAll goes through the suite's cases. Each case that could not be run is a
// line on stderr; a case that could be run is not judged here, but by the
// suite, in its report.
func driveAll(ctx context.Context, c command, stdout, stderr io.Writer) error {
	progress := newProgress(stderr)
	d := drive.Driver{
		URL:        c.url,
		Agent:      c.agent,
		MaxMessage: c.maxMessage,
		Deflate:    c.deflate,
		Begin:      progress.show,
		Failed: func(n int, err error) {
			progress.clear()
			fmt.Fprintf(stderr, "conformance: case %d could not be run: %v\n", n, err)
		},
	}
	result, err := d.Run(ctx)
	progress.clear()
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("stopped after %d of %d cases", result.Ran, result.Cases)
	case err != nil:
		return err
	case result.Failed > 0:
		return fmt.Errorf("%d of %d cases could not be run", result.Failed, result.Cases)
	}
	fmt.Fprintf(stdout, "conformance: all %d cases were run; the server's report says how they went\n", result.Cases)
	return nil
}

// progress is a line on a terminal that is written over and over.
type progress struct{ w io.Writer }

func newProgress(stderr io.Writer) progress {
	if isTerminal(stderr) {
		return progress{stderr}
	}
	return progress{io.Discard}
}

func (p progress) show(n, of int) { fmt.Fprintf(p.w, "\rcase %d of %d ", n, of) }
func (p progress) clear()         { fmt.Fprint(p.w, "\r\x1b[K") }

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
