package editor

import (
	"encoding/hex"
	"strings"

	"example.com/ws101/frames"
)

// Preset is a script with a name. What comes of it is not said: that is for the
// reader to predict.
type Preset struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	About  string `json:"about"` // a sentence
	Legal  bool   `json:"legal"`
	Script Script `json:"script"`
}

// key is that of the example in RFC 6455 section 5.7.
const key = "37fa213d"

// text is a whole text message, as a client sends it.
func text(payload string) Frame { return frame(frames.Text, payload) }

func frame(op frames.Opcode, payload string) Frame {
	return Frame{Fin: true, Opcode: uint8(op), Masked: true, Key: key, Payload: payload}
}

// inHex is frame for a payload in hex.
func inHex(op frames.Opcode, payload string) Frame {
	f := frame(op, payload)
	f.Hex = true
	return f
}

// closing is a Close frame with a code and a reason, in hex: neither has to be one
// that may be sent.
func closing(code uint16, reason string) Frame {
	return inHex(frames.Close, hex.EncodeToString(append([]byte{byte(code >> 8), byte(code)}, reason...)))
}

// with returns the frame with something about it changed.
func (f Frame) with(change func(*Frame)) Frame {
	change(&f)
	return f
}

func notLast(f *Frame) { f.Fin = false }

// presets are the legal ones first, and each group from the frame's first bit to
// its last.
var presets = []Preset{
	{"text", "A text message", "Hello, in one frame: the example of the RFC.", true, script(text("Hello"))},
	{"fragments", "Fragments with a ping between", "A message in two frames, cut inside of a character, and a ping that does not wait for its end.", true,
		script(inHex(frames.Text, "e4 bd a0 e5").with(notLast), frame(frames.Ping, "still there?"), inHex(frames.Continuation, "a5 bd"))},
	{"slow", "One byte at a time", "Every byte of the frame leaves alone, 40 ms after the last one.", true,
		Script{Frames: []Frame{text("Hello")}, Cuts: []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, Delays: []int{40}}},
	{"empty", "An empty binary message", "A header and nothing behind it.", true, script(frame(frames.Binary, ""))},
	{"zero-key", "A masking key of zeros", "The payload travels as it is, though the frame counts as masked.", true,
		script(text("Hello").with(func(f *Frame) { f.Key = "00000000" }))},
	{"ping", "A ping", "A control frame with five bytes in it.", true, script(frame(frames.Ping, "Hello"))},
	{"pong", "A pong that nobody asked for", "An answer without a question.", true, script(frame(frames.Pong, "Hello"))},
	{"close", "A Close frame", "Code 1000 and a reason.", true, script(closing(1000, "done"))},
	{"close-empty", "A Close frame without a code", "It has no payload at all.", true, script(frame(frames.Close, ""))},
	{"after-close", "A message after the Close", "The Close frame is in order. What follows it is not.", false, script(closing(1000, ""), text("one more thing"))},
	{"waits", "A length that is never filled", "The header declares 100 bytes, and 5 follow.", true,
		script(text("Hello").with(func(f *Frame) { f.Declared = "100" }))},

	{"rsv1", "RSV1 without an extension", "The bit says that the message is compressed, and nobody has agreed to that.", false,
		script(text("Hello").with(func(f *Frame) { f.Rsv1 = true }))},
	{"opcode-3", "A reserved opcode for data", "Opcode 3 has no meaning yet.", false, script(frame(3, "Hello"))},
	{"opcode-11", "A reserved opcode for control", "Opcode 11 has no meaning yet, and is not a ping.", false, script(frame(11, "Hello"))},
	{"unmasked", "A frame that is not masked", "As a server sends it: with MASK 0, and no key.", false,
		script(text("Hello").with(func(f *Frame) { f.Masked = false }))},
	{"long-form", "A length in more bits than it needs", "The length is 5, written with 16 bits.", false,
		script(text("Hello").with(func(f *Frame) { f.Form = "16" }))},
	{"top-bit", "A length with its top bit set", "The header declares 9223372036854775808 bytes, and 5 follow.", false,
		script(inHex(frames.Binary, "48656c6c6f").with(func(f *Frame) { f.Declared = "9223372036854775808" }))},
	{"too-big", "A message that is too large", "The header declares 16 MiB and a byte more, and 5 follow.", false,
		script(frame(frames.Binary, "Hello").with(func(f *Frame) { f.Declared = "16777217" }))},
	{"no-start", "A continuation of nothing", "No message is open that it could go on with.", false, script(frame(frames.Continuation, "Hello"))},
	{"two-at-once", "A message inside of a message", "The first one has not ended, and another one begins.", false,
		script(text("Hel").with(notLast), text("lo"))},
	{"ping-in-parts", "A ping in fragments", "FIN is 0 in a control frame.", false, script(frame(frames.Ping, "Hello").with(notLast))},
	{"ping-large", "A ping of 126 bytes", "It would fit, if it were a message.", false, script(frame(frames.Ping, strings.Repeat("x", 126)))},
	{"not-utf8", "Text that is not UTF-8", "The byte ff is in no UTF-8 text.", false, script(inHex(frames.Text, "48 65 6c 6c ff"))},
	{"surrogate", "Half of a pair from UTF-16", "The bytes ed a0 80 look like UTF-8, and stand for U+D800, which is no character.", false, script(inHex(frames.Text, "ed a0 80"))},
	{"cut-character", "Text that ends inside of a character", "The last byte of 你 is missing, and FIN says that there is no more.", false, script(inHex(frames.Text, "e4 bd"))},
	{"close-one-byte", "A Close frame with one byte", "A code has two.", false, script(inHex(frames.Close, "03"))},
	{"close-1005", "Close code 1005", "A code that only exists to tell a program that there was none.", false, script(closing(1005, ""))},
	{"close-999", "Close code 999", "Codes begin with 1000.", false, script(closing(999, ""))},
	{"close-reason", "A reason that is not UTF-8", "Code 1000, and the byte ff.", false, script(closing(1000, "\xff"))},
}

func script(f ...Frame) Script { return Script{Frames: f} }
