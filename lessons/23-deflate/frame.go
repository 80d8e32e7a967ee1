package deflate

import (
	"encoding/binary"
	"errors"
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

// appendFrame appends a whole frame, as a server sends it.
func appendFrame(dst []byte, fin, rsv1 bool, op Opcode, payload []byte) []byte {
	b0 := byte(op)
	if fin {
		b0 |= 0x80
	}
	if rsv1 {
		b0 |= 0x40
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

// AppendMessage appends a message in frames of at most size bytes of payload, as a server
// sends them. compressed says what the payload is.
func AppendMessage(dst []byte, op Opcode, payload []byte, compressed bool, size int) []byte {
	// lesson:begin AppendMessage
	for {
		n := min(len(payload), size)
		fin := n == len(payload)
		dst = appendFrame(dst, fin, compressed, op, payload[:n])
		if fin {
			return dst
		}
		op, compressed, payload = Continuation, false, payload[n:]
	}
	// lesson:end
}

// Why RSV1 is refused.
var (
	errNotAgreed    = errors.New("RSV1 is set, and no compression was agreed on")
	errControl      = errors.New("RSV1 is set in a control frame, which is never compressed")
	errContinuation = errors.New("RSV1 is set in a continuation; it belongs to the first frame of a message")
)

// CheckRSV1 judges the bit RSV1 of a frame: nil, or the first of the errors above that
// applies, in their order. agreed says whether permessage-deflate was agreed on.
func CheckRSV1(rsv1 bool, op Opcode, agreed bool) error {
	// lesson:begin CheckRSV1
	switch {
	case !rsv1:
		return nil
	case !agreed:
		return errNotAgreed
	case op >= Close:
		return errControl
	case op == Continuation:
		return errContinuation
	}
	return nil
	// lesson:end
}
