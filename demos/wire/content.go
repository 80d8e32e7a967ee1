package wire

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

const (
	// preview is how many bytes of a content a line shows.
	preview = 32
	// maxDump is how many bytes of it a dump shows.
	maxDump = 512
)

// content prints a body, a chunk or other bytes: on one line or, for a text that
// is longer than a line shows, with its lines below if that is asked for.
func (p *Printer) content(r *Row, what string) {
	p.printf("%s, %s", p.strong(what), count(r.Content, "byte"))
	if r.Part == Begun || r.Part == Cut {
		p.printf(", %d of them so far", min(r.Content, r.Size-uint64(r.Skip)))
	}
	start := r.Payload()
	if p.Dump && len(start) > preview && isText(start) {
		p.text(start, r.Content)
		return
	}
	p.quote(start, r.Content)
}

// text prints the beginning of a text of size bytes, each line on a line of its
// own and with its end.
func (p *Printer) text(start []byte, size uint64) {
	start = clip(start, maxDump)
	for line := range bytes.Lines(start) {
		p.printf("\n    %s", Visible(string(line)))
	}
	if more := size - uint64(len(start)); more > 0 {
		p.printf("\n    … %s", count(more, "more byte"))
	}
	p.printf("\n")
}

// quote prints the beginning of a content of size bytes in quotes.
func (p *Printer) quote(start []byte, size uint64) {
	start = clip(start, preview)
	if len(start) == 0 {
		return
	}
	p.printf("  \"%s\"", Visible(string(start)))
	if uint64(len(start)) < size {
		p.printf(" …")
	}
}

// isText reports whether there is nothing in p that only binary data has.
func isText(p []byte) bool {
	return !bytes.ContainsFunc(p, func(r rune) bool {
		return r < ' ' && r != '\t' && r != '\n' && r != '\r'
	})
}

// clip cuts what is beyond limit, and the character that would be cut in two.
func clip(p []byte, limit int) []byte {
	if len(p) <= limit {
		return p
	}
	end := limit
	for end > limit-utf8.UTFMax+1 && !utf8.RuneStart(p[end]) {
		end--
	}
	return p[:end]
}

// event prints a server-sent event on a line.
func (p *Printer) event(r *Row) {
	e := r.Event()
	more := r.Size - uint64(len(r.Bytes))
	switch {
	case e.IsComment():
		p.printf("%s, a heartbeat", p.strong("comment"))
	case e.Name != "":
		p.printf("%s", p.strong("event "+short(e.Name)))
	default:
		p.printf("%s", p.strong("event"))
	}
	switch {
	case e.ID != "":
		p.printf(", id %s", short(e.ID))
	case e.HasID:
		p.printf(", id empty")
	}
	if e.Retry != "" {
		p.printf(", retry %s ms", short(e.Retry))
	}
	p.lines("ignored ", e.Ignored)
	p.lines("", e.Comments)
	if e.DataLines > 0 {
		p.data(&e, more)
	}
	switch {
	case more > 0:
		p.printf(" (%s passed and were not kept)", count(more, "more byte"))
	case r.Part == Cut:
		p.printf("; no blank line ends it, so browsers throw it away")
	case e.DataLines == 0 && !e.IsComment():
		p.printf("; it has no data, so browsers dispatch nothing")
	}
}

// lines prints some lines of an event, quoted.
func (p *Printer) lines(what string, lines []string) {
	const most = 3
	for _, line := range lines[:min(len(lines), most)] {
		p.printf(", %s\"%s\"", what, short(line))
	}
	if more := len(lines) - most; more > 0 {
		p.printf(", and %d more", more)
	}
}

// data prints the data of an event, of which more bytes were not kept.
func (p *Printer) data(e *ServerSentEvent, more uint64) {
	atLeast := ""
	if more > 0 {
		atLeast = "at least "
	}
	p.printf(", data %s%s", atLeast, count(uint64(len(e.Data)), "byte"))
	if e.DataLines > 1 {
		p.printf(" in %d lines", e.DataLines)
	}
	p.quote([]byte(e.Data), uint64(len(e.Data))+more)
}

// short is the beginning of a text for the middle of a line.
func short(s string) string {
	start := clip([]byte(s), preview)
	if len(start) < len(s) {
		return Visible(string(start)) + "…"
	}
	return Visible(s)
}

// count writes how many there are of something: "1 byte", "2 bytes".
func count(n uint64, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}
