package fragments

import (
	"errors"
	"io"
)

// IsControl reports whether a frame with this opcode is a control frame.
func (o Opcode) IsControl() bool { return o&0x8 != 0 }

// Why a control frame is refused.
var (
	errReserved   = errors.New("the opcode is reserved")
	errFragmented = errors.New("a control frame must not be fragmented")
	errTooLong    = errors.New("a control frame carries at most 125 bytes")
)

// checkControl judges the header of a control frame. It is what chapter 14 builds.
func checkControl(h Header) error {
	switch {
	case h.Opcode > Pong:
		return errReserved
	case !h.Fin:
		return errFragmented
	case h.Length > 125:
		return errTooLong
	}
	return nil
}

// handleControl reads the payload of a control frame, whose header was judged before,
// and does what it asks for: it answers a ping. A Close is io.EOF.
func (c *Conn) handleControl(h Header) error {
	payload, err := AppendPayload(nil, c.in, h)
	if err != nil {
		return err
	}
	switch h.Opcode {
	case Ping:
		_, err = c.out.Write(AppendFrame(nil, true, Pong, payload))
	case Close:
		err = io.EOF
	}
	return err
}
