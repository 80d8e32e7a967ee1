package wire

import "strings"

// ServerSentEvent is what the lines of an event say (HTML standard, section
// 9.2.6). Its texts are as they were sent: they may hold anything.
type ServerSentEvent struct {
	// Name is the type of the event, which a page listens for; where it is
	// empty, browsers say "message".
	Name string
	// ID is what a browser sends back as Last-Event-ID once the connection is
	// lost. An empty one clears that, if HasID is set.
	ID    string
	HasID bool
	// Data is the data, with a line feed between its lines.
	Data string
	// DataLines is how many lines of data there are. With none, a browser
	// takes note of ID and Retry, and dispatches nothing.
	DataLines int
	// Retry is how many milliseconds a browser is to wait before it connects
	// again: digits, or empty.
	Retry string
	// Comments are the lines that begin with a colon, without it. They have no
	// meaning; servers send them as heartbeats.
	Comments []string
	// Ignored are the lines that mean nothing to a browser: an unknown field,
	// an id with a NUL in it, a retry that is no number.
	Ignored []string
}

// IsComment reports whether there is nothing but comments.
func (e *ServerSentEvent) IsComment() bool {
	return len(e.Comments) > 0 && !e.HasID && e.DataLines == 0 && e.Name == "" && e.Retry == "" && len(e.Ignored) == 0
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// Event takes the event of an [Event] row apart. If only its start was kept,
// it is that of the start.
func (r *Row) Event() ServerSentEvent {
	var e ServerSentEvent
	var data []string
	for line := range strings.Lines(lineEnds.Replace(string(r.Payload()))) {
		line, whole := strings.CutSuffix(line, "\n")
		name, value, colon := strings.Cut(line, ":")
		if !whole && !colon || line == "" {
			continue // the beginning of a name is no name
		}
		value = strings.TrimPrefix(value, " ")
		switch {
		case name == "" && colon:
			e.Comments = append(e.Comments, value)
		case name == "event":
			e.Name = value
		case name == "data":
			data = append(data, value)
		case name == "id" && !strings.Contains(value, "\x00"):
			e.ID, e.HasID = value, true
		case name == "retry" && value != "" && strings.Trim(value, "0123456789") == "":
			e.Retry = value
		default:
			e.Ignored = append(e.Ignored, line)
		}
	}
	e.Data, e.DataLines = strings.Join(data, "\n"), len(data)
	return e
}
