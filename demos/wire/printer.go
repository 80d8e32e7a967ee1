package wire

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"example.com/ws101/frames"
)

// Printer writes rows for people who sit at a terminal.
type Printer struct {
	// W is where the rows go. A row, of however many lines, is one Write.
	W io.Writer
	// Color marks what is what with ANSI colours. Whether W is a terminal that
	// shows them is for the caller to know.
	Color bool
	// Dump shows every bit of every frame, and the beginning of the text in
	// bodies and chunks, on many lines. Otherwise each of them is a line.
	Dump bool

	start time.Time // of the first row: times are printed relative to it
	buf   []byte
}

// Follow prints what w sees until ctx ends, w is closed, or W fails.
func (p *Printer) Follow(ctx context.Context, w *Watcher) error {
	for {
		rows, missed, err := w.Next(ctx)
		if err != nil {
			return err
		}
		if missed > 0 {
			if _, err := fmt.Fprintf(p.W, "… %s missing here: they came faster than they could be printed\n", count(missed, "row")); err != nil {
				return err
			}
		}
		for i := range rows {
			if err := p.Print(rows[i]); err != nil {
				return err
			}
		}
	}
}

// Print prints one row. Whatever was sent, the output holds no control
// character but newlines and, if asked for, those of the colours.
func (p *Printer) Print(r Row) error {
	if p.start.IsZero() {
		p.start = r.Time
	}
	p.buf = p.buf[:0]
	p.printf("%s ", p.faint(fmt.Sprintf("%8.3fs #%d", r.Time.Sub(p.start).Seconds(), r.Conn)))
	if r.Injected {
		p.printf("%s ", p.strong("(injected)"))
	}
	switch r.Kind {
	case Frame:
		p.frame(&r)
	case Opened:
		p.printf("opened: %s\n", r.Note)
	case Request, Response:
		p.arrow(&r)
		p.head(&r)
	default:
		p.arrow(&r)
		p.line(&r)
	}
	_, err := p.W.Write(p.buf)
	return err
}

func (p *Printer) printf(format string, args ...any) { p.buf = fmt.Appendf(p.buf, format, args...) }

func (p *Printer) faint(s string) string {
	if !p.Color {
		return s
	}
	return "\x1b[2m" + s + "\x1b[0m"
}

func (p *Printer) strong(s string) string {
	if !p.Color {
		return s
	}
	return "\x1b[1m" + s + "\x1b[0m"
}

// arrow says who sends, in the words of [frames.Explanation.AppendDump].
func (p *Printer) arrow(r *Row) { p.printf("%v → %v  ", r.From, r.From.other()) }

// head prints an HTTP head as it stands.
func (p *Printer) head(r *Row) {
	first := true
	for line := range strings.Lines(string(r.Bytes)) {
		line = Visible(strings.TrimRight(line, "\r\n"))
		switch {
		case line == "":
		case first:
			first = false
			p.printf("%s\n", p.strong(line))
		default:
			p.printf("    %s\n", line)
		}
	}
	switch r.Part {
	case Begun:
		p.printf("    … the rest of the head is still to come\n")
	case Cut:
		p.printf("    … the rest of the head never came\n")
	}
	p.printf("\n")
}

// frame prints a frame, as a block or as a line.
func (p *Printer) frame(r *Row) {
	x := r.Explain()
	o := frames.DumpOptions{Color: p.Color}
	if !p.Dump {
		p.arrow(r)
		p.buf = x.AppendLine(p.buf, o)
		p.printf("\n")
		return
	}
	// The title stands behind the time, and the rest is set in.
	title, rest, _ := bytes.Cut(x.AppendDump(nil, o), []byte("\n"))
	p.printf("%s\n", title)
	for line := range bytes.Lines(rest) {
		if len(line) > 1 {
			p.printf("    ")
		}
		p.buf = append(p.buf, line...)
	}
	p.printf("\n")
}

// line prints what is no head and no frame, on one line.
func (p *Printer) line(r *Row) {
	switch r.Kind {
	case Body:
		p.content(r, "body")
	case Chunk:
		p.content(r, "chunk")
	case Event:
		p.event(r)
	case LastChunk:
		p.printf("last chunk: the body is complete")
	case Bytes:
		if r.Note != "" {
			p.printf("%s", r.Note)
			break
		}
		p.content(r, "other")
	case Unsent:
		p.printf("the last %s did not leave", count(r.Size, "byte"))
	case FIN:
		p.printf("FIN: the %v sends no more", r.From)
	case Reset:
		p.printf("broken off")
		if r.Note == "" {
			p.printf(" with RST")
		} else {
			p.printf(": %s", r.Note)
		}
	}
	p.printf("\n")
}
