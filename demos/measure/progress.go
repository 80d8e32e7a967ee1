package measure

import (
	"fmt"
	"io"
	"os"
)

// progress is a line that says what is going on, for a person who waits. It says nothing when no
// person looks.
type progress struct{ w io.Writer }

func newProgress(stderr io.Writer) *progress {
	f, ok := stderr.(*os.File)
	if !ok {
		return &progress{io.Discard}
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return &progress{io.Discard}
	}
	return &progress{f}
}

func (p *progress) say(format string, args ...any) {
	fmt.Fprintf(p.w, "\r\x1b[Kmeasuring: "+format, args...)
}

func (p *progress) clear() { fmt.Fprint(p.w, "\r\x1b[K") }
