package sse

import (
	"strconv"
	"strings"
	"time"
)

// Lines cuts a stream into lines. A line ends with LF, with CR, or with CR LF. Its zero value is ready
// for the start of a stream.
type Lines struct {
	line []byte // what has come of the line that is not finished
	cr   bool   // the last byte was a CR, so a LF that follows belongs to it
	old  bool   // the first line is over
}

// Split takes the next piece of the stream, cut off anywhere, and returns the lines that end in it,
// without their ends. What is behind the last end is kept for the next call. A byte order mark at the
// start of the stream, the bytes ef bb bf, is left out.
func (l *Lines) Split(piece []byte) (lines []string) {
	// lesson:begin Split
	for _, c := range piece {
		second := c == '\n' && l.cr
		l.cr = c == '\r'
		switch {
		case second:
		case c == '\n' || c == '\r':
			line := string(l.line)
			if !l.old {
				line = strings.TrimPrefix(line, "\ufeff")
			}
			lines = append(lines, line)
			l.line, l.old = l.line[:0], true
		default:
			l.line = append(l.line, c)
		}
	}
	return lines
	// lesson:end
}

// Parser makes events of lines, as a browser does. Its zero value is ready for the start of a stream.
type Parser struct {
	LastID string        // what belongs into Last-Event-ID: the id as it was when the last event was whole
	Retry  time.Duration // how long to wait before connecting again, if the server has said it

	id, name string // of the event that is not whole
	data     []byte // its lines, each with "\n" behind it
}

// Take takes the next line. If it is the blank line behind an event, Take returns the event and true.
// An event has the id that came last, also if that was with an earlier event, and the name "message" if
// it has none of its own. Without any data there is no event.
func (p *Parser) Take(line string) (e Event, ok bool) {
	// lesson:begin Take
	if line == "" {
		e = Event{p.id, p.name, strings.TrimSuffix(string(p.data), "\n")}
		if e.Name == "" {
			e.Name = "message"
		}
		ok = len(p.data) > 0
		p.LastID, p.name, p.data = p.id, "", nil
		return e, ok
	}
	field, value, _ := strings.Cut(line, ":")
	value = strings.TrimPrefix(value, " ")
	switch field {
	case "data":
		p.data = append(p.data, value+"\n"...)
	case "event":
		p.name = value
	case "id":
		if !strings.Contains(value, "\x00") {
			p.id = value
		}
	case "retry":
		if ms, err := strconv.ParseUint(value, 10, 31); err == nil {
			p.Retry = time.Duration(ms) * time.Millisecond
		}
	}
	return Event{}, false
	// lesson:end
}
