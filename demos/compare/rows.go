package compare

import (
	"bytes"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strings"
	"time"

	"example.com/ws101/demos/wire"
)

// A row is one thing that crossed the wire for a lane, as the page gets it.
type row struct {
	Seq  uint64    `json:"seq"`
	Conn uint64    `json:"conn"`
	Lane string    `json:"lane"` // the technique
	At   float64   `json:"at"`   // milliseconds since the page came
	From wire.Side `json:"from"`
	Kind wire.Kind `json:"kind"`
	// Size is the bytes that it adds to the wire: 0 for an event, whose chunk
	// has been counted.
	Size uint64 `json:"size"`
	// Opening tells that it belongs to the cost of opening the lane: the heads of
	// a stream, the whole state at the start.
	Opening bool `json:"opening"`
	// Events are the names of the events in it; see the page's compare-events.js.
	Events []string `json:"events,omitempty"`
	// Useful is how many bytes of it are events.
	Useful int `json:"useful"`
	// Empty tells an answer, or a message, without news.
	Empty bool `json:"empty"`
	// Cursor is the one that a request has sent.
	Cursor string `json:"cursor,omitempty"`
	// Text is the row for people, as the terminal shows it.
	Text string `json:"text"`
}

// A sorter finds the rows of one page among all rows of a tap.
type sorter struct {
	page  string
	start time.Time
	conns map[uint64]*exchange // by the number of the connection
}

// An exchange is a request of a lane and all that follows on its connection up
// to the next request.
type exchange struct {
	lane    string
	stream  bool // the answer does not end
	opening bool // all of it belongs to the opening
	begun   bool // something has come after the heads
}

// maxConns is how many connections a sorter keeps in mind.
const maxConns = 256

// sort returns the row as the page gets it, if it belongs to one of its lanes.
func (s *sorter) sort(r *wire.Row) (row, bool) {
	if r.Part == wire.Begun || r.Kind == wire.Unsent { // it will be shown once more
		return row{}, false
	}
	if r.Kind == wire.Request {
		s.asks(r)
	}
	x := s.conns[r.Conn]
	if x == nil {
		return row{}, false
	}
	out := row{
		Seq: r.Seq, Conn: r.Conn, Lane: x.lane, At: milliseconds(r.Time.Sub(s.start)),
		From: r.From, Kind: r.Kind, Size: r.Size, Text: text(r),
	}
	switch r.Kind {
	case wire.Request:
		_, _, out.Cursor = target(r.Bytes)
		out.Opening = x.opening || x.stream
	case wire.Response:
		out.Opening = x.opening || x.stream
		out.Empty = bytes.HasPrefix(r.Bytes, []byte("HTTP/1.1 304 "))
	case wire.Event:
		out.Size = 0
		out.Events, _ = find(r.Payload())
	case wire.Body, wire.Chunk, wire.Frame:
		x.content(&out, payload(r))
	case wire.Reset:
		delete(s.conns, r.Conn)
	case wire.FIN:
		if r.From == wire.Server {
			delete(s.conns, r.Conn)
		}
	}
	return out, true
}

// asks looks whose request this is.
func (s *sorter) asks(r *wire.Row) {
	delete(s.conns, r.Conn)
	page, technique, cursor := target(r.Bytes)
	if page != s.page || technique == "" {
		return
	}
	if len(s.conns) >= maxConns {
		clear(s.conns) // their ends have not been seen
	}
	lane, how := path.Split(technique)
	x := &exchange{lane: strings.Trim(lane, "/")}
	x.stream = how == "news" && x.lane != "polling" && x.lane != "longpolling"
	x.opening = !x.stream && cursor == ""
	s.conns[r.Conn] = x
}

// content looks at a piece of an answer or of a stream.
func (x *exchange) content(out *row, payload []byte) {
	if out.From == wire.Client {
		return
	}
	first := !x.begun
	x.begun = true
	if bytes.Contains(payload, []byte(`"snapshot": true`)) || bytes.Contains(payload, []byte("event: snapshot")) {
		out.Opening = true
		return
	}
	out.Opening = x.opening || first && (x.lane == "streaming" || x.lane == "sse") && x.stream
	out.Events, out.Useful = find(payload)
	out.Empty = bytes.Contains(payload, []byte(`"events": []`)) || bytes.Contains(payload, []byte("event: beat"))
}

// payload returns the content of a row as far as it was kept.
func payload(r *wire.Row) []byte {
	if r.Kind != wire.Frame {
		return r.Payload()
	}
	x := r.Explain()
	return x.Payload
}

// target takes the first line of a request of a lane apart: the id of the page,
// technique and address such as "sse/news", and the cursor. A browser that
// connects again by itself says it in a field of its own.
func target(head []byte) (page, technique, cursor string) {
	line, fields, _ := bytes.Cut(head, []byte("\r\n"))
	words := strings.Split(string(line), " ")
	if len(words) != 3 {
		return "", "", ""
	}
	u, err := url.ParseRequestURI(words[1])
	if err != nil {
		return "", "", ""
	}
	dir, how := path.Split(u.Path)
	if how == "news" || how == "poll" {
		technique = path.Base(dir) + "/" + how
	}
	cursor = u.Query().Get("cursor")
	if m := lastEventID.FindSubmatch(fields); m != nil {
		cursor = string(m[1])
	}
	return u.Query().Get("page"), technique, cursor
}

var lastEventID = regexp.MustCompile(`(?im)^last-event-id: *([^\r\n]+)`)

// An event is told by all transports in the same bytes, so that it can be found
// in what they send: a vote, a line of the chat, and somebody who comes or goes.
var (
	aVote   = `\{"uid": (\d+), "name": ` + aText + `, "count": (\d+)\}`
	aLine   = `\{"id":(\d+),"name":` + aText + `,"text":` + aText + `,"at":\d+\}`
	aPerson = `\{"name":` + aText + `,"by":` + aText + `,"here":(?:true|false)\}`
	aText   = `"(?:[^"\\]|\\.)*"`
	anEvent = regexp.MustCompile(aVote + "|" + aLine + "|" + aPerson)
)

// find returns the names of the events in a text, and how many bytes they have.
// Somebody who comes or goes has no name.
func find(text []byte) (names []string, bytes int) {
	for _, m := range anEvent.FindAllSubmatch(text, -1) {
		bytes += len(m[0])
		switch {
		case m[1] != nil:
			names = append(names, voteName(string(m[1]), string(m[2])))
		case m[3] != nil:
			names = append(names, "chat "+string(m[3]))
		}
	}
	return names, bytes
}

func voteName(uid, count any) string { return fmt.Sprintf("vote %v %v", uid, count) }

// text returns a row as the terminal shows it, without its time.
func text(r *wire.Row) string {
	var b strings.Builder
	p := wire.Printer{W: &b, Dump: true}
	_ = p.Print(*r) // a strings.Builder takes everything
	_, after, _ := strings.Cut(b.String(), fmt.Sprintf("#%d ", r.Conn))
	return strings.TrimRight(after, "\n")
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
