// Package firstframe turns the first bytes of a WebSocket frame into a value and
// back: the two bytes that every frame begins with, and the masking key behind
// them (RFC 6455 section 5.2).
package firstframe

import (
	"errors"
	"fmt"
)

// Opcode says what a frame is for. It is the low four bits of byte 0.
type Opcode uint8

// The opcodes that RFC 6455 defines. The others are reserved.
const (
	Continuation Opcode = 0x0
	Text         Opcode = 0x1
	Binary       Opcode = 0x2
	Close        Opcode = 0x8
	Ping         Opcode = 0x9
	Pong         Opcode = 0xa
)

// String returns the name of the opcode, or its number, "0x3", if it has none.
func (o Opcode) String() string {
	names := map[Opcode]string{
		Continuation: "continuation", Text: "text", Binary: "binary",
		Close: "close", Ping: "ping", Pong: "pong",
	}
	if name, ok := names[o]; ok {
		return name
	}
	return fmt.Sprintf("0x%x", uint8(o))
}

// Header is everything in a frame before its payload.
type Header struct {
	Fin              bool    // the last, or only, frame of a message
	Rsv1, Rsv2, Rsv3 bool    // reserved for extensions
	Opcode           Opcode  // what the frame is for
	Masked           bool    // a masking key stands in the header
	MaskKey          [4]byte // that key, or zero
	Length           uint64  // the number of payload bytes behind the header
}

// errLongLength is the answer to a length that takes more than 7 bits. Chapter
// 11 reads those.
var errLongLength = errors.New("the length is written in 16 or 64 bits, which this decoder cannot read")

// ParseHeader decodes the header at the start of b and returns it with the
// number of bytes it took. n == 0 with a nil error means that b does not hold
// the whole header yet. The payload does not belong to the header, and need not
// be there.
//
// A 7-bit length of 126 or 127 is no length: the error is errLongLength then.
func ParseHeader(b []byte) (h Header, n int, err error) {
	// lesson:begin ParseHeader
	if len(b) < 2 {
		return Header{}, 0, nil
	}
	h = Header{
		Fin:    b[0]&0x80 != 0,
		Rsv1:   b[0]&0x40 != 0,
		Rsv2:   b[0]&0x20 != 0,
		Rsv3:   b[0]&0x10 != 0,
		Opcode: Opcode(b[0] & 0x0f),
		Masked: b[1]&0x80 != 0,
		Length: uint64(b[1] & 0x7f),
	}
	if h.Length > 125 {
		return Header{}, 0, errLongLength
	}
	n = 2
	if h.Masked {
		n += len(h.MaskKey)
		if len(b) < n {
			return Header{}, 0, nil
		}
		copy(h.MaskKey[:], b[2:])
	}
	return h, n, nil
	// lesson:end
}

// AppendHeader appends the header h to dst and returns the longer slice.
// h.Length is 125 at most.
func AppendHeader(dst []byte, h Header) []byte {
	// lesson:begin AppendHeader
	b0 := byte(h.Opcode)
	if h.Fin {
		b0 |= 0x80
	}
	if h.Rsv1 {
		b0 |= 0x40
	}
	if h.Rsv2 {
		b0 |= 0x20
	}
	if h.Rsv3 {
		b0 |= 0x10
	}
	b1 := byte(h.Length)
	if h.Masked {
		b1 |= 0x80
	}
	dst = append(dst, b0, b1)
	if h.Masked {
		dst = append(dst, h.MaskKey[:]...)
	}
	return dst
	// lesson:end
}
