package wire

import (
	"bytes"
	"strings"

	"example.com/ws101/handshake"
)

// events finds the server-sent events in a body: the lines up to a blank one
// (HTML standard, section 9.2.6). A line ends with CR LF, with LF, or with CR.
// Neither lines nor events know of chunks or reads: they go over any of them.
type events struct {
	inBody  bool // the body is a stream of events
	gone    bool // its first line has passed
	begun   bool // a line of an event has begun
	inLine  bool // and has not ended
	afterCR bool // an LF here ends no further line
	missed  bool // nobody looked when the event began

	// The event at hand, without the blank line that ends it.
	kept []byte
	size uint64

	// done are events that wait for the end of the chunk they are in.
	done []Row
	cost int // of done
}

// maxDone is how much waits for the end of a chunk at most. Beyond it, the
// chunk is shown as begun, and its events before it has ended.
const maxDone = 64 << 10

// byteOrderMark may stand at the start of a stream, and is no part of it.
const byteOrderMark = "\xef\xbb\xbf"

// isEventStream reports whether a body holds events that can be read: not if
// it is compressed.
func isEventStream(fields handshake.Header) bool {
	media, _, _ := strings.Cut(fields.Get("Content-Type"), ";")
	if !strings.EqualFold(strings.TrimSpace(media), "text/event-stream") {
		return false
	}
	for _, name := range []string{"Content-Encoding", "Transfer-Encoding"} {
		for _, value := range fields.Values(name) {
			for coding := range strings.SplitSeq(value, ",") {
				switch strings.ToLower(strings.Trim(coding, " \t")) {
				case "", "identity", "chunked":
				default:
					return false
				}
			}
		}
	}
	return true
}

// scan looks for events in p, the next bytes of the body, and returns how many
// it has looked at: less than all of them once as many events wait as may. Up
// to keep bytes of an event are kept; if keep is 0, nobody looks.
func (e *events) scan(p []byte, keep int) int {
	if !e.inBody {
		return len(p)
	}
	i := 0
	if tail := len("\r\n\r\n"); keep == 0 && len(p) > tail {
		// All there is to know is whether the next byte begins an event, and
		// that the last two line ends tell.
		i = len(p) - tail
		*e = events{inBody: true, gone: true, begun: true, inLine: true, missed: true}
	}
	for i < len(p) && e.cost < maxDone {
		switch c := p[i]; {
		case c == '\n' && e.afterCR:
			e.afterCR = false
			e.add(p[i:i+1], keep)
			i++
		case c != '\n' && c != '\r':
			n := bytes.IndexAny(p[i:], "\r\n")
			if n < 0 {
				n = len(p) - i
			}
			e.begun, e.inLine, e.afterCR = true, true, false
			e.add(p[i:i+n], keep)
			i += n
		default:
			e.afterCR = c == '\r'
			if e.inLine {
				e.inLine = false
				e.add(p[i:i+1], keep)
			} else {
				e.end(Whole)
			}
			i++
		}
	}
	return i
}

// add adds bytes to the event at hand. Between events there is none: an LF that
// belongs to a blank line is no part of one.
func (e *events) add(p []byte, keep int) {
	switch {
	case !e.begun || e.missed:
	case keep == 0:
		e.missed, e.kept = true, nil
	default:
		e.kept = appendUpTo(keep, e.kept, p)
		e.size += uint64(len(p))
	}
}

// end ends the event at hand, if there is one.
func (e *events) end(part Part) {
	if e.begun && !e.missed {
		r := Row{From: Server, Kind: Event, Part: part, Size: e.size, Bytes: e.kept}
		if !e.gone && bytes.HasPrefix(e.kept, []byte(byteOrderMark)) {
			r.Skip = len(byteOrderMark)
		}
		r.Content = r.Size - uint64(r.Skip)
		e.done = append(e.done, r)
		e.cost += r.cost()
	}
	e.gone = true
	e.begun, e.inLine, e.missed = false, false, false
	e.kept, e.size = nil, 0
}

// events looks for events in p, the next bytes of a body, and returns how many
// of them to take before those that were found are to be shown.
func (d *Decoder) events(from Side, p []byte) int {
	keep := 0
	if d.Emit != nil {
		keep = d.limit()
	}
	return d.halves[from].events.scan(p, keep)
}

// showEvents shows the events that have ended.
func (d *Decoder) showEvents(from Side) {
	e := &d.halves[from].events
	for _, r := range e.done {
		d.emit(r)
	}
	e.done, e.cost = nil, 0
}

// endEvents shows what is left of the events at the end of a body. One that has
// not been ended by a blank line is cut: a browser throws it away.
func (d *Decoder) endEvents(from Side) {
	e := &d.halves[from].events
	e.end(Cut)
	d.showEvents(from)
	*e = events{}
}
