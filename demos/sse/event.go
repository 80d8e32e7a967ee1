package sse

import (
	"strconv"
	"strings"
	"time"
)

// An Event is one event of a stream (HTML standard, section "Server-sent events").
type Event struct {
	// ID is what the browser sends back as Last-Event-ID when it connects again. It stays what it
	// was if an event has none, "".
	ID string
	// Name is what a page listens for; "" is "message".
	Name string
	// Data is the content: text, of any number of lines.
	Data string
}

// Append appends e as it stands on the wire: a field on each line, and a blank line at the end.
//
//	id: k3f9a2-17
//	event: vote
//	data: {"uid": 1, "name": "明凯", "count": 301}
//
// A line end inside the data would end the field, so each line of it is a field of its own, and the
// browser puts them together again. CR and CR LF are line ends too; they arrive as LF.
// An ID and a name have one line: line ends and NUL are left out of them.
func (e Event) Append(dst []byte) []byte {
	if id := oneLine.Replace(e.ID); id != "" {
		dst = appendField(dst, "id", id)
	}
	if name := oneLine.Replace(e.Name); name != "" {
		dst = appendField(dst, "event", name)
	}
	for line := range strings.SplitSeq(lineEnds.Replace(e.Data), "\n") {
		dst = appendField(dst, "data", line)
	}
	return append(dst, '\n')
}

var (
	lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")
	oneLine  = strings.NewReplacer("\n", "", "\r", "", "\x00", "")
)

// AppendComment appends a line that every browser ignores. It keeps the connection alive: a proxy that
// has seen nothing for a minute cuts it. Line ends and NUL are left out of the text.
func AppendComment(dst []byte, text string) []byte {
	return appendField(dst, "", oneLine.Replace(text))
}

// AppendRetry appends how long the browser is to wait before it connects again, in whole milliseconds.
func AppendRetry(dst []byte, d time.Duration) []byte {
	return appendField(dst, "retry", strconv.FormatInt(d.Milliseconds(), 10))
}

func appendField(dst []byte, name, value string) []byte {
	dst = append(dst, name...)
	dst = append(dst, ": "...)
	dst = append(dst, value...)
	return append(dst, '\n')
}
