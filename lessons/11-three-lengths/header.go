// Package threelengths reads and writes payload lengths of any size (RFC 6455
// section 5.2), and makes room for a payload only after it has looked at a limit
// (RFC 6455 section 10.4).
package threelengths

import (
	"encoding/binary"
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

// What can be wrong with a length.
var (
	errNotShortest = errors.New("the payload length is not written in its shortest form")
	errTopBit      = errors.New("the 64-bit payload length has its top bit set")
)

// ParseHeader decodes the header at the start of b and returns it with the
// number of bytes it took. n == 0 with a nil error means that b does not hold
// the whole header yet.
//
// A length that is not in its shortest form is errNotShortest, one with the top
// bit of its 64 bits set is errTopBit. The header and n are returned all the
// same.
func ParseHeader(b []byte) (h Header, n int, err error) {
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
	n = 2
	// lesson:begin ParseHeader
	switch h.Length {
	case 126:
		n = 4
		if len(b) < n {
			return Header{}, 0, nil
		}
		h.Length = uint64(binary.BigEndian.Uint16(b[2:]))
		if h.Length <= 125 {
			err = errNotShortest
		}
	case 127:
		n = 10
		if len(b) < n {
			return Header{}, 0, nil
		}
		h.Length = binary.BigEndian.Uint64(b[2:])
		if h.Length <= 0xffff {
			err = errNotShortest
		}
		if h.Length>>63 != 0 {
			err = errTopBit
		}
	}
	// lesson:end
	if h.Masked {
		keyAt := n
		n += len(h.MaskKey)
		if len(b) < n {
			return Header{}, 0, nil
		}
		copy(h.MaskKey[:], b[keyAt:])
	}
	return h, n, err
}

// AppendHeader appends the header h to dst, its length in the shortest form, and
// returns the longer slice.
func AppendHeader(dst []byte, h Header) []byte {
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
	b1 := byte(0)
	if h.Masked {
		b1 |= 0x80
	}
	// lesson:begin AppendHeader
	switch {
	case h.Length <= 125:
		dst = append(dst, b0, b1|byte(h.Length))
	case h.Length <= 0xffff:
		dst = append(dst, b0, b1|126)
		dst = binary.BigEndian.AppendUint16(dst, uint16(h.Length))
	default:
		dst = append(dst, b0, b1|127)
		dst = binary.BigEndian.AppendUint64(dst, h.Length)
	}
	// lesson:end
	if h.Masked {
		dst = append(dst, h.MaskKey[:]...)
	}
	return dst
}
