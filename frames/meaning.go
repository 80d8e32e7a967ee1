package frames

// What the fields of a frame mean in it, each in a few words. A value that
// breaks a rule says so here too.

func (x *Explanation) meanFin() string {
	switch control := x.Header.Opcode.IsControl(); {
	case x.Header.Fin && control:
		return "whole, as a control frame always is"
	case x.Header.Fin:
		return "the last frame of its message"
	case control:
		return "more frames to follow, which a control frame may not say"
	}
	return "more frames of the message follow"
}

func (x *Explanation) meanRsv1() string {
	h := x.Header
	first := !h.Opcode.IsControl() && h.Opcode != Continuation
	switch {
	case !x.State.Deflate:
		return meanRsv(h.Rsv1)
	case h.Rsv1 && first:
		return "the message is compressed"
	case h.Rsv1:
		return "set, which only the first frame of a message may have"
	case first:
		return "the message is not compressed"
	}
	return "set on the first frame of a compressed message only"
}

func meanRsv(set bool) string {
	if set {
		return "set, though no extension that uses it was agreed"
	}
	return "no extension uses it"
}

func (x *Explanation) meanOpcode() string {
	op, open := x.Header.Opcode, x.State.Open
	switch {
	case op == Continuation && open == Continuation:
		return "continuation, though no message is open"
	case op == Continuation:
		return "continuation of the open " + open.String() + " message"
	case (op == Text || op == Binary) && open != Continuation:
		return op.String() + ", though a " + open.String() + " message is still open"
	case op.IsReserved() && op.IsControl():
		return "reserved for a control frame, without a meaning yet"
	case op.IsReserved():
		return "reserved for a data frame, without a meaning yet"
	}
	return op.String()
}

func (x *Explanation) meanMask() string {
	switch masked, client := x.Header.Masked, x.State.FromClient; {
	case masked && client:
		return "masked: every frame from a client must be"
	case masked:
		return "masked, though no frame from a server may be"
	case client:
		return "not masked, though every frame from a client must be"
	}
	return "not masked: no frame from a server may be"
}

func meanLength(n uint64) string {
	if n == 0 {
		return "no payload"
	}
	return count(n, "byte") + " of payload"
}

func (x *Explanation) meanExtLength() string {
	n := x.Header.Length
	switch {
	case n < length16:
		return meanLength(n) + ", for which the 7 bits before are enough"
	case n < 1<<16 && x.Bytes[1]&^bitMask == length64:
		return meanLength(n) + ", for which 16 bits are enough"
	case n > 1<<63-1:
		return "the top bit is set, and must be 0"
	}
	return meanLength(n)
}

func (x *Explanation) meanMaskKey() string {
	if x.Header.MaskKey == [4]byte{} {
		return "zero, which leaves the payload as it is"
	}
	return "in the clear: whoever sees the frame can unmask it"
}

// isCompressed reports whether the payload is a part of a compressed message.
func (x *Explanation) isCompressed() bool {
	h, s := x.Header, x.State
	switch h.Opcode {
	case Text, Binary:
		return h.Rsv1 && s.Deflate
	case Continuation:
		return s.Compressed
	}
	return false
}

// isText reports whether the payload is shown as text rather than as bytes.
func (x *Explanation) isText() bool {
	return x.State.IsText(x.Header)
}

func (x *Explanation) meanPayload() string {
	amount := x.amount(x.Header.Length)
	switch op := x.Header.Opcode; {
	case x.isCompressed():
		return amount + ", compressed"
	case x.isText():
		s := amount + " of text"
		before := x.textBefore()
		if before.need > 0 {
			s += ", begins inside a character"
		}
		if before.Add(x.Payload) == nil && before.need > 0 && x.NotKept == 0 {
			s += ", ends inside a character"
		}
		return s
	case op == Ping:
		return amount + ", which a pong must repeat"
	case op == Pong:
		return amount + ", as in the ping it answers, if any"
	}
	return amount
}

// amount says how many bytes of a part of the payload there are: "5 bytes", or
// "2 of 5 bytes".
func (x *Explanation) amount(of uint64) string {
	if x.Missing == 0 {
		return count(of, "byte")
	}
	return grouped(of-x.Missing) + " of " + count(of, "byte")
}

// meaning says what a close code in a Close frame tells.
func (c CloseCode) meaning() string {
	switch name := c.name(); {
	case !c.IsSendable() && name != "":
		return name + ", which must not be sent"
	case !c.IsSendable():
		return "not a close code that may be sent"
	case name != "":
		return name
	case c < 4000:
		return "registered with IANA by a library, framework or application"
	}
	return "private: what the two ends agreed that it means"
}
