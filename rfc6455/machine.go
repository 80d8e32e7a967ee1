package rfc6455

import (
	"errors"

	"example.com/ws101/frames"
)

// machine is the receiving half of the protocol, without any I/O. It judges
// headers and payload bytes in the order in which they arrive and keeps what
// the next judgement depends on. Who feeds it, and from where, it does not
// know, so it can be tested with tables and fuzzing alone.
//
// It is fed in two steps, over and over: header until that has taken a whole
// header, then payload until inFrame is false. The state in between can be
// left and taken up again at any byte.
type machine struct {
	state frames.State // what the next header is judged by

	head    frames.Header // of the frame at hand
	left    uint64        // its payload bytes still to come
	maskPos uint8         // where in the masking key the next one is, 0 to 3
	inFrame bool          // its header was taken, its end was not

	kind      MessageType // of the message at hand
	deflated  bool        // it is compressed: size counts what inflated was given
	fragments uint32      // its frames so far
	size      uint64      // its bytes, as announced so far

	// control has the payload of a control frame; see controlPayload. It is made
	// for the first that has one.
	control *[frames.MaxControlPayload]byte

	opts *Options // what else is allowed or not
}

// header takes the header at the start of b and returns its length, or 0 when
// b does not hold all of it yet. The error is a [*frames.Error].
func (m *machine) header(b []byte) (int, error) {
	h := &m.head // parsed and judged in place; see frames.Header.Parse
	n, err := h.Parse(b)
	if n == 0 {
		return 0, nil
	}
	if err != nil && !(m.opts.AllowLongLengths && isLongLength(err)) {
		return 0, err
	}
	if !m.state.Allows(h) {
		return 0, m.state.Check(*h)
	}
	if !h.Opcode.IsControl() {
		if err := m.count(h); err != nil {
			return 0, err
		}
	}
	m.left, m.maskPos, m.inFrame = h.Length, 0, true
	return n, nil
}

// whole takes a message that lies whole at the start of b, in one frame that is
// not compressed, as nearly all messages do. It returns its payload, unmasked and
// checked, and the length of the frame; or 0 if it is anything else, and then
// header and payload are to look at it. There is no account to keep then of what is
// still to come, which saves a small message a quarter of what it costs here.
//
// It must not be called inside a message. The error is a [*frames.Error].
func (m *machine) whole(b []byte) (p []byte, n int, err error) {
	t, start, end := frames.ParseWhole(b, m.state.FromClient)
	// ParseWhole finds no message that is larger than the default limit.
	if end == 0 || m.state.Closed || m.opts.MaxMessage != 0 && uint64(end-start) > m.opts.maxMessage() {
		return nil, 0, nil
	}
	p = b[start:end:end]
	if m.state.FromClient {
		frames.Mask([4]byte(b[start-4:start]), 0, p)
	}
	m.kind = t
	if t == Text && !frames.ValidUTF8(p) { // then this tells where
		if err = m.state.Text.Add(p); err == nil {
			err = m.state.Text.End()
		}
	}
	return p, end, err
}

// count adds a data frame to its message and applies the limits, before a byte
// of the payload has been read or room for it has been made.
func (m *machine) count(h *frames.Header) error {
	if h.Opcode != frames.Continuation {
		m.kind, m.size, m.fragments = h.Opcode, 0, 0
		m.deflated = h.Rsv1
	}
	if m.fragments == m.opts.maxFragments() {
		return &frames.Error{
			Rule: "6455-10.4-2", Code: frames.ClosePolicyViolation,
			Text: "the message has too many fragments",
		}
	}
	m.fragments++
	if m.deflated {
		return nil // what it comes to, its headers do not say: see inflated
	}
	if h.Length > m.opts.maxMessage()-m.size {
		return errTooBig
	}
	m.size += h.Length
	return nil
}

var errTooBig = &frames.Error{
	Rule: "6455-10.4-1", Code: frames.CloseTooBig,
	Text: "the message is larger than the limit",
}

// payload takes the next bytes of the frame at hand, at most left of them. It
// unmasks p in place and checks text. A frame without payload is ended by
// payload(nil).
func (m *machine) payload(p []byte) error {
	if m.head.Masked {
		m.maskPos = uint8(frames.Mask(m.head.MaskKey, int(m.maskPos), p))
	}
	m.left -= uint64(len(p))
	if m.head.Opcode.IsControl() {
		m.keepControl(p)
	} else if m.kind == Text && !m.deflated {
		if err := m.text(p); err != nil {
			return err
		}
	}
	if m.left == 0 {
		m.inFrame = false
		m.state.Pass(&m.head)
	}
	return nil
}

// keepControl keeps p, the last bytes of a control frame that have come so far.
func (m *machine) keepControl(p []byte) {
	if m.control == nil && len(p) > 0 {
		m.control = new([frames.MaxControlPayload]byte)
	}
	copy(m.controlPayload()[m.head.Length-m.left-uint64(len(p)):], p)
}

// controlPayload is what the control frame at hand has in it. It is valid until
// the next header.
func (m *machine) controlPayload() []byte {
	if m.control == nil {
		return nil
	}
	return m.control[:m.head.Length]
}

func (m *machine) text(p []byte) error {
	if err := m.state.Text.Add(p); err != nil {
		return err
	}
	if m.left == 0 && m.head.Fin {
		return m.state.Text.End()
	}
	return nil
}

// inflated takes the next bytes that a compressed message came to. It counts
// them and checks text, as header and payload do for the others. How far that has
// been checked is in text.
func (m *machine) inflated(p []byte, text *frames.UTF8) error {
	if uint64(len(p)) > m.opts.maxMessage()-m.size {
		return errTooBig
	}
	m.size += uint64(len(p))
	if m.kind == Text {
		return text.Add(p)
	}
	return nil
}

// inflatedEnd takes the end of a compressed message.
func (m *machine) inflatedEnd(text *frames.UTF8) error {
	if m.kind == Text {
		return text.End()
	}
	return nil
}

// inMessage reports whether a data message has begun and not ended.
func (m *machine) inMessage() bool {
	return m.state.Open != frames.Continuation || m.inFrame && !m.head.Opcode.IsControl()
}

func isLongLength(err error) bool {
	var e *frames.Error
	return errors.As(err, &e) && e.Rule == "6455-5.2-5"
}

// newMachine makes the machine of the side that reads what a client sends, or
// what a server sends.
func newMachine(fromClient bool, o *Options) machine {
	return machine{state: frames.State{FromClient: fromClient}, opts: o}
}
