// Package wire shows what really crossed the wire. It wraps connections, takes
// the bytes of both directions apart into rows (an HTTP head, a chunk, a
// WebSocket frame), and hands the rows to whoever looks: a terminal, a page.
//
// The wrapper sees bytes, not intentions. It does not know which demo a
// connection belongs to, and the program that uses the connection does not know
// that it is watched.
package wire

import (
	"time"

	"example.com/ws101/frames"
)

// Row is one thing that crossed the wire.
type Row struct {
	// Seq numbers the rows of a [Tap] from 1, in the order in which they
	// happened.
	Seq uint64
	// Conn is the number of the connection, from 1.
	Conn uint64
	// Time is when the row's last byte was seen.
	Time time.Time
	// From is who sent it.
	From Side
	// Kind says what it is.
	Kind Kind
	// Path is the target of the request that the row belongs to, without its
	// query: the one it is a part of or, from the server, the one it answers.
	// Frames belong to the Upgrade. Of a long path the first 256 bytes are
	// kept. It is empty before the first request.
	Path string
	// Part tells a row that is whole from one that has only begun.
	Part Part

	// Size is how many bytes it had on the wire, or has so far. Those of an
	// [Event] are its lines, which the chunks before it carried: they are the
	// only bytes that are shown a second time.
	Size uint64
	// Bytes are the first of those bytes. Those of a large body, or those that
	// passed before anybody looked, were not kept. Do not change them: others
	// look at them too.
	Bytes []byte
	// Skip is how many of Bytes come before the content: the size line of a
	// chunk, the byte order mark of the first event. Content is the content's
	// length on the wire.
	Skip    int
	Content uint64

	// State is what a frame is judged by; see [Row.Explain].
	State frames.State
	// textError is what was wrong with a text in the bytes that were not kept.
	textError error

	// Note is a sentence about the row: who connected, why the decoder gave up.
	Note string
	// Injected is set on what no program at either end has sent: a [Relay] was
	// told to slip it in.
	Injected bool
}

// Side is one of the two ends of a connection.
type Side uint8

// The two sides. The client is the one that opened the connection.
const (
	Client Side = iota
	Server
)

// String returns "client" or "server".
func (s Side) String() string {
	if s == Client {
		return "client"
	}
	return "server"
}

// MarshalText returns what String does, for JSON.
func (s Side) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

func (s Side) other() Side { return 1 - s }

// Kind is what a row shows.
type Kind uint8

// The kinds of row.
const (
	Opened   Kind = iota // the connection is there
	Request              // the head of an HTTP request
	Response             // the head of an HTTP response
	Body                 // a body, or a part of one that has no length
	Chunk                // a chunk of a body
	LastChunk
	Event  // a server-sent event, whose bytes were in the rows before it
	Frame  // a WebSocket frame
	Bytes  // bytes that are none of these
	Unsent // bytes shown before that did not leave after all
	FIN    // the end of what this side sends
	Reset  // the connection was torn down, or broke
)

var kindNames = [...]string{
	"opened", "request", "response", "body", "chunk", "last chunk", "event", "frame", "bytes", "unsent", "FIN", "reset",
}

// String returns the name of the kind.
func (k Kind) String() string { return kindNames[k] }

// MarshalText returns what String does, for JSON.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Part tells whether a row shows a thing from its start to its end.
type Part uint8

// The parts. A thing that takes long is shown as Begun as soon as the other
// side goes on, so that the order of the rows is that of cause and effect, and
// later once more.
const (
	Whole Part = iota // seen from its start to its end
	Begun             // the rest is still to come
	Ended             // whole now, and shown as Begun before
	Cut               // the rest will not come
)

// String returns "whole", "begun", "ended" or "cut".
func (p Part) String() string { return [...]string{"whole", "begun", "ended", "cut"}[p] }

// MarshalText returns what String does, for JSON.
func (p Part) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// Payload returns what was kept of the content: of a body, of a chunk without
// its size line, of an event. For that of a frame see [Row.Explain].
func (r *Row) Payload() []byte {
	if r.Skip >= len(r.Bytes) {
		return nil
	}
	p := r.Bytes[r.Skip:]
	if uint64(len(p)) > r.Content {
		p = p[:r.Content]
	}
	return p
}

// Explain takes the frame of a [Frame] row apart. If only the start of a large
// payload was kept, the explanation's Payload is that start; what it says about
// the frame counts for all of it.
func (r *Row) Explain() frames.Explanation {
	return frames.ExplainKept(r.Bytes, r.Size, r.State, r.textError)
}
