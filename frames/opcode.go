package frames

import "fmt"

// Opcode says what a frame is for. It is the low four bits of a frame's first
// byte, so only values 0 to 15 exist (RFC 6455 section 5.2).
type Opcode uint8

// The opcodes that RFC 6455 section 11.8 defines. 3 to 7 are reserved for
// further data frames, 11 to 15 for further control frames.
const (
	Continuation Opcode = 0x0
	Text         Opcode = 0x1
	Binary       Opcode = 0x2
	Close        Opcode = 0x8
	Ping         Opcode = 0x9
	Pong         Opcode = 0xa
)

// IsControl reports whether o is a control frame's opcode: the top of its four
// bits is set (RFC 6455 section 5.5). Reserved control opcodes count.
func (o Opcode) IsControl() bool { return o&0x8 != 0 }

// IsReserved reports whether RFC 6455 leaves o undefined: 3 to 7 and 11 to 15.
// So is a value above 15, which does not even fit its four bits.
func (o Opcode) IsReserved() bool { return o&0x7 > 2 || o > 0xf }

// String returns the name the RFC uses, such as "text", or "reserved 0x3".
func (o Opcode) String() string {
	switch o {
	case Continuation:
		return "continuation"
	case Text:
		return "text"
	case Binary:
		return "binary"
	case Close:
		return "close"
	case Ping:
		return "ping"
	case Pong:
		return "pong"
	}
	return fmt.Sprintf("reserved 0x%x", uint8(o))
}
