// Package sse brings news with server-sent events: a response that never ends, in a format that
// browsers take apart by themselves (HTML standard, section "Server-sent events"). Each event has an
// id. When the connection breaks, the browser connects again, and says which id it had last.
package sse

import "strings"

// Event is one event.
type Event struct {
	ID   string // what the browser sends back as Last-Event-ID; none if empty
	Name string // what the page listens for; a "message" if empty
	Data string // any text, of any number of lines
}

// AppendEvent appends an event to dst as it stands on the wire: a line for the id and one for the name,
// if it has them, a line for each line of the data, and a blank line. A line is the name of a field, a
// colon, a blank, and the value; it ends with "\n".
//
// In the data, CR and CR LF end a line as LF does. An id and a name have one line only, so what could end
// it, and NUL, is left out of them.
func AppendEvent(dst []byte, e Event) []byte {
	// lesson:begin AppendEvent
	lineEnds := strings.NewReplacer("\r\n", "\n", "\r", "\n")
	oneLine := strings.NewReplacer("\n", "", "\r", "", "\x00", "")
	if id := oneLine.Replace(e.ID); id != "" {
		dst = append(dst, "id: "+id+"\n"...)
	}
	if name := oneLine.Replace(e.Name); name != "" {
		dst = append(dst, "event: "+name+"\n"...)
	}
	for line := range strings.SplitSeq(lineEnds.Replace(e.Data), "\n") {
		dst = append(dst, "data: "+line+"\n"...)
	}
	return append(dst, '\n')
	// lesson:end
}
