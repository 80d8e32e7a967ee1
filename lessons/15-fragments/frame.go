package fragments

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
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

// maxHeader is the most bytes that a header takes: 2, a 64-bit length, and a key.
const maxHeader = 14

// ParseHeader decodes the header at the start of b and returns it with the number of
// bytes it took. n == 0 with a nil error means that b does not hold the whole header
// yet. It is what chapters 10 and 11 build.
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
		return Header{}, 0, nil
	}
	switch lengthEnd {
	case 4:
		if h.Length = uint64(binary.BigEndian.Uint16(b[2:])); h.Length <= 125 {
			err = errNotShortest
		}
	case 10:
		if h.Length = binary.BigEndian.Uint64(b[2:]); h.Length <= 0xffff {
			err = errNotShortest
		} else if h.Length>>63 != 0 {
			err = errTopBit
		}
	}
	if h.Masked {
		h.MaskKey = [4]byte(b[lengthEnd:])
	}
	return h, n, err
}

// ReadHeader reads a header. The end of r is io.EOF in front of the first byte, and
// io.ErrUnexpectedEOF behind it. r is asked for one byte at a time, so it should have
// a buffer. (The Reader of chapter 13 needs none.)
func ReadHeader(r io.Reader) (Header, error) {
	b := make([]byte, 0, maxHeader)
	for {
		if h, n, err := ParseHeader(b); n > 0 {
			return h, err
		}
		b = b[:len(b)+1]
		if _, err := io.ReadFull(r, b[len(b)-1:]); err != nil {
			if err == io.EOF && len(b) > 1 {
				err = io.ErrUnexpectedEOF
			}
			return Header{}, err
		}
	}
}

// AppendPayload reads the payload that stands behind the header h, takes the mask off,
// and appends it to dst. It makes room for all of it, so look at h.Length first.
func AppendPayload(dst []byte, r io.Reader, h Header) ([]byte, error) {
	start := len(dst)
	dst = append(dst, make([]byte, h.Length)...)
	payload := dst[start:]
	if _, err := io.ReadFull(r, payload); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	for i := range payload {
		payload[i] ^= h.MaskKey[i%4]
	}
	return dst, nil
}

// AppendFrame appends a whole frame, as a server sends it, and returns the longer
// slice.
func AppendFrame(dst []byte, fin bool, op Opcode, payload []byte) []byte {
	b0 := byte(op)
	if fin {
		b0 |= 0x80
	}
	dst = append(dst, b0)
	switch n := len(payload); {
	case n <= 125:
		dst = append(dst, byte(n))
	case n <= 0xffff:
		dst = binary.BigEndian.AppendUint16(append(dst, 126), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, 127), uint64(n))
	}
	return append(dst, payload...)
}
