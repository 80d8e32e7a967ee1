// Package fragments puts a message together that comes in several frames (RFC 6455
// section 5.4), with control frames in between, and sends one in several frames.
package fragments

import "errors"

// State is what decides, beside its own bits, whether a frame may come. Its zero value
// is a connection just opened.
type State struct {
	// Open is the type of the fragmented message that is not finished yet, Text or
	// Binary. It is Continuation between messages.
	Open Opcode
}

// Why a frame is refused that is no control frame.
var (
	errRsv       = errors.New("a reserved bit is set, and no extension was agreed")
	errNotOpen   = errors.New("a continuation frame came with no message to continue")
	errStillOpen = errors.New("a new message began before the last frame of another")
)

// Check judges a header and returns nil or an error: errRsv if any of the three bits is
// set, since no extension was agreed; for a control frame what checkControl says; and
// for a data frame errReserved (opcodes 3 to 7), errNotOpen or errStillOpen.
func (s State) Check(h Header) error {
	// lesson:begin Check
	if h.Rsv1 || h.Rsv2 || h.Rsv3 {
		return errRsv
	}
	if h.Opcode.IsControl() {
		return checkControl(h)
	}
	if h.Opcode > Binary {
		return errReserved
	}
	if h.Opcode == Continuation && s.Open == Continuation {
		return errNotOpen
	}
	if h.Opcode != Continuation && s.Open != Continuation {
		return errStillOpen
	}
	return nil
	// lesson:end
}

// After returns the state once the frame h, which Check has let pass, is there whole.
func (s State) After(h Header) State {
	// lesson:begin After
	switch {
	case h.Opcode.IsControl():
	case h.Fin:
		s.Open = Continuation
	case h.Opcode != Continuation:
		s.Open = h.Opcode
	}
	return s
	// lesson:end
}
