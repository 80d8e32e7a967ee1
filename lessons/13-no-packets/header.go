package stream

import (
	"encoding/binary"
	"fmt"
)

// Opcode says what a frame is for.
type Opcode uint8

// The opcodes that RFC 6455 defines.
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

// Header is what the chapters 10 to 12 read of a header, without the bits for
// extensions.
type Header struct {
	Fin     bool
	Opcode  Opcode
	Masked  bool
	MaskKey [4]byte
	Length  uint64
}

// maxHeader is the most bytes that a header takes: 2, a 64-bit length, and a key.
const maxHeader = 14

// ParseHeader decodes the header at the start of b and returns it with the number of
// bytes it took. n == 0 means that b does not hold the whole header yet.
func ParseHeader(b []byte) (h Header, n int) {
	if len(b) < 2 {
		return Header{}, 0
	}
	h = Header{
		Fin:    b[0]&0x80 != 0,
		Opcode: Opcode(b[0] & 0x0f),
		Masked: b[1]&0x80 != 0,
		Length: uint64(b[1] & 0x7f),
	}
	lengthEnd := 2
	switch h.Length {
	case 126:
		lengthEnd = 4
	case 127:
		lengthEnd = 10
	}
	n = lengthEnd
	if h.Masked {
		n += 4
	}
	if len(b) < n {
		return Header{}, 0
	}
	switch lengthEnd {
	case 4:
		h.Length = uint64(binary.BigEndian.Uint16(b[2:]))
	case 10:
		h.Length = binary.BigEndian.Uint64(b[2:])
	}
	if h.Masked {
		h.MaskKey = [4]byte(b[lengthEnd:])
	}
	return h, n
}

// Mask applies a masking key to b in place. pos is the position in the payload at
// which b begins; the value returned is the position at which the next piece does.
// A key of zeros changes nothing.
func Mask(key [4]byte, pos int, b []byte) int {
	for i := range b {
		b[i] ^= key[(pos+i)%4]
	}
	return pos + len(b)
}
