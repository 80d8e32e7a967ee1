package inspect

import (
	"bytes"
	"compress/flate"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"example.com/ws101/frames"
)

// Inflated is a compressed message (permessage-deflate, RFC 7692) as it was
// before.
type Inflated struct {
	// Size is its length in bytes, and Compressed that on the wire.
	Size       int `json:"size"`
	Compressed int `json:"compressed"`
	// Start is its beginning: text or, if Hex is set, bytes.
	Start string `json:"start"`
	Hex   bool   `json:"hex,omitempty"`
	// Why says why it could not be inflated.
	Why string `json:"why,omitempty"`
}

const (
	// maxCompressed and maxInflated are what a message may have here, in bytes.
	// A larger one is passed on by the connection, and just not shown.
	maxCompressed = 32 << 10
	maxInflated   = 4 << 20
	window        = 32 << 10 // as far back as DEFLATE can refer
	shownText     = 2 << 10
	shownBinary   = 256
)

// inflater inflates the messages of one direction.
type inflater struct {
	takeover bool // each message refers to those before
	past     []byte
	message  []byte // what has come of the one at hand
	lost     string // why the next ones cannot be inflated
	skip     string // why this one cannot
}

// add takes a frame of a compressed message and returns the message when it
// ends. The error is that of a text that is no UTF-8.
func (z *inflater) add(x *frames.Explanation) (*Inflated, error) {
	switch {
	case x.NotKept > 0 || x.Missing > 0:
		z.skip = "not all of its bytes were kept"
	case len(z.message)+len(x.Payload) > maxCompressed:
		z.skip = fmt.Sprintf("it has more than %d bytes", maxCompressed)
	default:
		z.message = append(z.message, x.Payload...)
	}
	if !x.Header.Fin {
		return nil, nil
	}
	whole, skip := z.message, z.skip
	z.message, z.skip = nil, ""
	if z.lost != "" {
		skip = z.lost
	}
	if skip == "" {
		return z.inflate(whole, x.State.MessageType(x.Header) == frames.Text)
	}
	z.lose(skip)
	return &Inflated{Compressed: len(whole), Why: skip}, nil
}

// lose takes note that a message was not inflated: those that refer to it cannot
// be either.
func (z *inflater) lose(why string) {
	if z.takeover && z.lost == "" {
		z.lost = "it refers to an earlier message, which could not be inflated: " + why
	}
}

// messageEnd is what the sender has cut off, and a last block behind it.
var messageEnd = []byte("\x00\x00\xff\xff\x01\x00\x00\xff\xff")

func (z *inflater) inflate(message []byte, text bool) (*Inflated, error) {
	r := flate.NewReaderDict(io.MultiReader(bytes.NewReader(message), bytes.NewReader(messageEnd)), z.past)
	clear, err := io.ReadAll(io.LimitReader(r, maxInflated+1))
	switch {
	case err != nil:
		z.lose("it is no DEFLATE")
		return &Inflated{Compressed: len(message), Why: "it is no DEFLATE: " + err.Error()}, nil
	case len(clear) > maxInflated:
		why := fmt.Sprintf("it becomes more than %d bytes", maxInflated)
		z.lose(why)
		return &Inflated{Compressed: len(message), Why: why}, nil
	}
	if z.takeover {
		past := append(z.past, clear...)
		z.past = bytes.Clone(past[max(0, len(past)-window):])
	}
	shown := &Inflated{Size: len(clear), Compressed: len(message)}
	if text && utf8.Valid(clear) {
		shown.Start = string(bytes.ToValidUTF8(clear[:min(len(clear), shownText)], nil))
		return shown, nil
	}
	shown.Start, shown.Hex = hex.EncodeToString(clear[:min(len(clear), shownBinary)]), true
	if text {
		return shown, errInflatedText
	}
	return shown, nil
}

var errInflatedText = errors.New("the inflated text is not valid UTF-8")
