package inspect

import (
	"math"
	"strings"
	"time"

	"example.com/ws101/demos/wire"
	"example.com/ws101/frames"
)

// Entry is a row of the time line: what crossed the wire, and what is to be said
// about it. Some of that is known only later, such as what a ping is answered
// with; then the entry changes.
type Entry struct {
	// Seq, Conn, From, Kind, Part, Path and Size are those of the [wire.Row].
	Seq  uint64    `json:"seq"`
	Conn uint64    `json:"conn"`
	From wire.Side `json:"from"`
	Kind wire.Kind `json:"kind"`
	Part wire.Part `json:"part"`
	Path string    `json:"path,omitempty"`
	Size uint64    `json:"size"`
	// Injected is that of the row: the editor has slipped it in.
	Injected bool `json:"injected,omitempty"`
	// Time is in milliseconds since 1970, with three places.
	Time float64 `json:"time"`
	// Technique is the one of the path, or of what is spoken there.
	Technique string `json:"technique,omitempty"`
	Summary   string `json:"summary"`

	Verdict
	Frame  *Frame `json:"frame,omitempty"`
	Method string `json:"method,omitempty"` // of a request
	Status int    `json:"status,omitempty"` // of a response

	// Thread says where a frame stands in a message of several, or between two
	// of its fragments: "first", "middle", "last" or "between". Message is the
	// number of the first one.
	Thread  string `json:"thread,omitempty"`
	Message uint64 `json:"message,omitempty"`
	// Answers is the ping, Close or request that this row answers, and After
	// how many milliseconds it came after that.
	Answers uint64  `json:"answers,omitempty"`
	After   float64 `json:"after,omitempty"`
	// Reaction is what this row asks of the other side.
	Reaction *Reaction `json:"reaction,omitempty"`
	// States are those of both peers after the row; nil where none is a WebSocket's.
	States *States `json:"states,omitempty"`
	// Inflated is the compressed message that ends with this frame.
	Inflated *Inflated `json:"inflated,omitempty"`
}

// Verdict is the judgement on a row.
type Verdict struct {
	// Grade is that of [frames.Grade], or empty for what nobody judges here.
	Grade string `json:"grade,omitempty"`
	// Text is a sentence or two.
	Text string `json:"verdict,omitempty"`
	// Rule is the first one that is broken, Source where it stands, Level how
	// it binds ("MUST" or "SHOULD"), and By who broke it.
	Rule   string `json:"rule,omitempty"`
	Source string `json:"source,omitempty"`
	Level  string `json:"level,omitempty"`
	By     string `json:"by,omitempty"`
}

// Frame is the header of a frame, as filters ask for it.
type Frame struct {
	Opcode uint8  `json:"opcode"`
	Name   string `json:"name"`
	Fin    bool   `json:"fin"`
	Rsv    uint8  `json:"rsv"` // RSV1 is 4, RSV2 is 2, RSV3 is 1
	Masked bool   `json:"masked"`
	Length uint64 `json:"length"` // as declared
	Code   uint16 `json:"code,omitempty"`
}

// States are the ready states of the two peers, in the words of the browser's
// API.
type States struct {
	Client string `json:"client"`
	Server string `json:"server"`
}

const (
	connecting = "CONNECTING"
	open       = "OPEN"
	closing    = "CLOSING"
	closed     = "CLOSED"
)

func newEntry(r *wire.Row) Entry {
	e := Entry{
		Seq: r.Seq, Conn: r.Conn, From: r.From, Kind: r.Kind, Part: r.Part, Path: r.Path, Size: r.Size,
		Injected: r.Injected, Time: milliseconds(r.Time), Technique: technique(r.Path),
	}
	if r.Kind != wire.Frame { // which is explained only once
		e.Summary = r.Summary()
	}
	return e
}

func milliseconds(t time.Time) float64 { return float64(t.UnixMicro()) / 1000 }

// after is how many milliseconds an entry came after a time, with three places.
func (e *Entry) after(at time.Time) float64 {
	return math.Round(1000*(e.Time-milliseconds(at))) / 1000
}

// cost is what an entry takes in memory, roughly.
func (e *Entry) cost() int {
	n := 600 + len(e.Summary) + len(e.Path) + len(e.Text)
	if e.Inflated != nil {
		n += len(e.Inflated.Start)
	}
	return n
}

// technique returns the part of a path that names a technique or, without one,
// its first part.
func technique(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	for part := range strings.SplitSeq(path, "/") {
		switch part {
		case "polling", "longpolling", "streaming", "sse", "websocket":
			return part
		}
	}
	return first
}

func newFrame(x *frames.Explanation) *Frame {
	h := x.Header
	f := &Frame{Opcode: uint8(h.Opcode), Name: h.Opcode.String(), Fin: h.Fin, Masked: h.Masked, Length: h.Length}
	for i, set := range []bool{h.Rsv3, h.Rsv2, h.Rsv1} {
		if set {
			f.Rsv |= 1 << i
		}
	}
	if h.Opcode == frames.Close && len(x.Payload) >= 2 {
		code, _, _ := frames.ParseClose(x.Payload[:2])
		f.Code = uint16(code)
	}
	return f
}

func frameVerdict(x *frames.Explanation) Verdict {
	v := Verdict{Grade: x.Grade.String(), Text: x.Verdict}
	if len(x.Problems) > 0 {
		first := x.Problems[0]
		v.Rule, v.Source, v.Level, v.By = first.Rule, first.Source(), must, side(x.State.FromClient).String()
	}
	return v
}

// The levels of RFC 2119 that rules have here.
const (
	must   = "MUST"
	should = "SHOULD"
)

func side(client bool) wire.Side {
	if client {
		return wire.Client
	}
	return wire.Server
}
