package writer

import (
	"encoding/binary"
	"fmt"
)

// Opcode says what a frame is for.
type Opcode uint8

// The opcodes that RFC 6455 defines. Those of control frames come last.
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
