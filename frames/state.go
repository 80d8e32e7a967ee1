package frames

// State is what decides, beside its own bits, whether a frame is legal: who
// sends it, what was negotiated, and what came before it in the same
// direction. It is a plain value; its zero value is a connection just opened
// on which a server sends.
//
// Judging a stream of frames is a loop: Check the header, look at the payload,
// and go on with the State that After returns.
type State struct {
	// FromClient is set when the frames come from a client, which must mask
	// them; a server must not.
	FromClient bool
	// Deflate is set when permessage-deflate was negotiated, which gives RSV1
	// a meaning (RFC 7692 section 6).
	Deflate bool
	// Open is the type of the fragmented message that is not finished yet,
	// Text or Binary; it is Continuation (zero) between messages.
	Open Opcode
	// Compressed is set while the Open message is a compressed one.
	Compressed bool
	// Closed is set once a Close frame has passed.
	Closed bool
	// Text is how far the text of the Open message has been checked.
	Text UTF8
}

// Check judges a header and returns nil or an [*Error] with close code 1002.
// It looks at everything that can be known before the payload has arrived,
// except for how the length is written: that only [ParseHeader] sees.
func (s State) Check(h Header) error {
	if s.Allows(&h) {
		return nil
	}
	return s.problems(h)[0]
}

// Allows reports whether Check finds nothing wrong with h. Like [Header.Parse]
// it works in place, and is for loops in which each nanosecond counts.
func (s *State) Allows(h *Header) bool {
	if h.Masked != s.FromClient || h.Rsv2 || h.Rsv3 {
		return false
	}
	switch h.Opcode {
	case Continuation:
		return s.Open != Continuation && !h.Rsv1 && !s.Closed
	case Text, Binary:
		return s.Open == Continuation && (!h.Rsv1 || s.Deflate) && !s.Closed
	case Close, Ping, Pong:
		return h.Fin && h.Length <= MaxControlPayload && !h.Rsv1
	}
	return false
}

// problems lists every rule that a header breaks, or none. The first is the
// one that Check reports; [Explain] tells them all.
func (s State) problems(h Header) (list []*Error) {
	const code = CloseProtocolError
	op := h.Opcode
	if h.Rsv2 || h.Rsv3 || h.Rsv1 && !s.Deflate {
		list = append(list, broken("6455-5.2-2", code, "a reserved bit (RSV) is set, and no extension that gives it a meaning was agreed"))
	}
	if op.IsReserved() {
		list = append(list, broken("6455-5.2-3", code, "opcode %#x is reserved; it has no meaning yet", uint8(op)))
	}
	if h.Rsv1 && s.Deflate && (op.IsControl() || op == Continuation) {
		list = append(list, broken("7692-6.1-3", code, "RSV1 is set on a %v frame; only the first frame of a message may say that it is compressed", op))
	}
	if !h.Masked && s.FromClient {
		list = append(list, broken("6455-5.1-2", code, "the client sent a frame that is not masked; every frame from a client must be"))
	}
	if h.Masked && !s.FromClient {
		list = append(list, broken("6455-5.1-4", code, "the server sent a masked frame; no frame from a server may be masked"))
	}
	if op.IsControl() && !h.Fin {
		list = append(list, broken("6455-5.5-2", code, "a %v frame has FIN 0; a control frame must not be fragmented", op))
	}
	if op.IsControl() && h.Length > MaxControlPayload {
		list = append(list, broken("6455-5.5-1", code, "a %v frame announces %d bytes; a control frame carries %d at most", op, h.Length, MaxControlPayload))
	}
	if op == Continuation && s.Open == Continuation {
		list = append(list, broken("6455-5.4-6", code, "a continuation frame came with no message open to continue"))
	}
	if (op == Text || op == Binary) && s.Open != Continuation {
		list = append(list, broken("6455-5.4-6", code, "a new %v message began before the last frame of a %v message", op, s.Open))
	}
	if s.Closed && !op.IsControl() {
		list = append(list, broken("6455-5.5.1-4", code, "a %v frame came after a Close frame; no data may follow one", op))
	}
	return list
}

// MessageType returns the type of the message that a data frame belongs to:
// its own opcode or, for a continuation, that of the open message.
func (s State) MessageType(h Header) Opcode {
	if h.Opcode == Continuation {
		return s.Open
	}
	return h.Opcode
}

// IsText reports whether the payload of h must be UTF-8 as it stands: it
// belongs to a text message that is not compressed. (A compressed one is
// checked after it has been inflated.)
func (s State) IsText(h Header) bool {
	return s.MessageType(h) == Text && !h.Rsv1 && !s.Compressed
}

// After returns the state once the frame h has passed whole. Text it only
// clears, at the end of a message: what a payload adds to it, the one who sees
// the payload adds. A frame that Check refuses leads nowhere in particular: a
// receiver fails the connection.
func (s State) After(h Header) State {
	s.Pass(&h)
	return s
}

// Pass makes s what After returns, in place.
func (s *State) Pass(h *Header) {
	switch {
	case h.Opcode == Close:
		s.Closed = true
	case h.Opcode.IsControl(), h.Opcode.IsReserved():
		// Neither begins, continues nor ends a message.
	case h.Fin:
		s.Open, s.Compressed, s.Text = Continuation, false, UTF8{}
	case h.Opcode != Continuation:
		s.Open, s.Compressed = h.Opcode, h.Rsv1
	}
}
