// Package control handles control frames (RFC 6455 section 5.5): it refuses those
// that break a rule, answers pings, and finds out which ping a pong answers.
package control

import "errors"

// IsControl reports whether a frame with this opcode is a control frame: one that is
// about the connection, and not part of a message. They are the upper half, 8 to 15.
func (o Opcode) IsControl() bool { return o&0x8 != 0 }

// Why a control frame is refused.
var (
	errReserved   = errors.New("the opcode is reserved")
	errFragmented = errors.New("a control frame must not be fragmented")
	errTooLong    = errors.New("a control frame carries at most 125 bytes")
)

// CheckControl judges the header of a control frame. The error is errReserved for the
// opcodes 11 to 15, which mean nothing yet, errFragmented, errTooLong, or nil;
// of several that apply, any. The rules do not concern other frames: for those it is nil.
func CheckControl(h Header) error {
	// lesson:begin CheckControl
	if !h.Opcode.IsControl() {
		return nil
	}
	if h.Opcode > Pong {
		return errReserved
	}
	if !h.Fin {
		return errFragmented
	}
	if h.Length > 125 {
		return errTooLong
	}
	return nil
	// lesson:end
}
