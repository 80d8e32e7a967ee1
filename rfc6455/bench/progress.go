package main

import (
	"fmt"
	"io"
	"os"
)

// progress is a line that is written over again and again, on a terminal, and
// nothing elsewhere.
func progress(w io.Writer) io.Writer {
	f, ok := w.(*os.File)
	if !ok {
		return io.Discard
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return io.Discard
	}
	return lineWriter{f}
}

type lineWriter struct{ w io.Writer }

func (l lineWriter) Write(p []byte) (int, error) {
	if _, err := fmt.Fprintf(l.w, "\r\x1b[K%s", p); err != nil {
		return 0, err
	}
	return len(p), nil
}
