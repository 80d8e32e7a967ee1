package frames

import (
	"fmt"
	"strings"
)

// Grade is how a frame is judged.
type Grade uint8

// The grades of a frame.
const (
	Legal  Grade = iota // it breaks no rule
	Odd                 // it breaks no rule, and is yet unusual
	Broken              // it breaks a rule
)

// String returns "legal", "legal but odd" or "broken".
func (g Grade) String() string {
	switch g {
	case Legal:
		return "legal"
	case Odd:
		return "legal but odd"
	}
	return "broken"
}

// MarshalText returns what String does, for JSON.
func (g Grade) MarshalText() ([]byte, error) { return []byte(g.String()), nil }

// oddities lists what is allowed in the frame and yet unusual.
func (x *Explanation) oddities() (list []string) {
	h, s := x.Header, x.State
	if x.HeaderLen == 0 {
		return nil
	}
	if h.Masked && h.MaskKey == [4]byte{} {
		list = append(list, "the masking key is zero, so the payload travels as it is")
	}
	if !h.Opcode.IsControl() && !h.Fin && h.Length == 0 {
		list = append(list, "it is a fragment with no bytes in it")
	}
	switch {
	case h.Opcode == Close && s.Closed:
		list = append(list, "a Close frame has passed before, and only the first one counts")
	case h.Opcode == Ping && s.Closed:
		// A pong is not odd here: a ping that crossed the Close frame on its
		// way still gets its answer.
		list = append(list, "it is a ping after a Close frame, which need not be answered (RFC 6455 section 5.5.2)")
	case h.Opcode == Close && s.Open != Continuation:
		list = append(list, fmt.Sprintf("it closes in the middle of a %v message, whose rest will never come", s.Open))
	}
	if h.Opcode == Close && !s.FromClient && len(x.Payload) >= 2 {
		if code, _, _ := ParseClose(x.Payload[:2]); code == CloseMandatoryExtension {
			list = append(list, "code 1010 is for clients; a server that lacks an extension refuses the handshake (RFC 6455 section 7.4.1)")
		}
	}
	return list
}

// verdict says the grade, the reason, and what is due.
func (x *Explanation) verdict() string {
	switch {
	case len(x.Bytes) == 0:
		return "Nothing is here yet; the shortest frame has 2 bytes."
	case x.Grade == Broken:
		return x.verdictBroken()
	}
	s := "Legal"
	if x.Grade == Odd {
		s += " but odd"
	}
	if x.Missing > 0 {
		s += " so far"
	}
	if x.Grade == Odd {
		s += ": " + strings.Join(x.Oddities, "; and ")
	} else {
		s += ": " + x.role()
	}
	s += "."
	if x.Missing > 0 {
		return s + " " + x.stillToCome()
	}
	if due := x.answerDue(); due != "" {
		s += " " + due
	}
	return s
}

func (x *Explanation) verdictBroken() string {
	sender, receiver := x.parties()
	s := "Broken by the " + sender + ": " + x.Problems[0].Error()
	switch more := len(x.Problems) - 1; more {
	case 0:
	case 1:
		s += ", and 1 more rule"
	default:
		s += fmt.Sprintf(", and %d more rules", more)
	}
	s += ". The " + receiver
	if x.State.Closed {
		return s + " discards it, as it does all that follows a Close frame (RFC 6455 section 1.4)."
	}
	return s + fmt.Sprintf(" must fail the connection; the close code for this is %v.", x.Problems[0].Code)
}

func (x *Explanation) parties() (sender, receiver string) {
	if x.State.FromClient {
		return "client", "server"
	}
	return "server", "client"
}

// role says what part a legal frame plays in the conversation.
func (x *Explanation) role() string {
	h, s := x.Header, x.State
	if h.Opcode.IsControl() {
		role := "a " + h.Opcode.String()
		if h.Opcode == Close {
			role += x.closeCode()
		}
		if h.Opcode != Close && s.Open != Continuation {
			role += " between two fragments of a " + s.Open.String() + " message"
		}
		return role
	}
	kind := s.MessageType(h).String() + " message"
	if x.isCompressed() {
		kind = "compressed " + kind
	}
	switch {
	case h.Opcode == Continuation && h.Fin:
		return "the last fragment of a " + kind
	case h.Opcode == Continuation:
		return "a further fragment of a " + kind
	case h.Fin:
		return "a whole " + kind
	}
	return "the first fragment of a " + kind
}

// closeCode tells the code in a legal Close frame, once it is there.
func (x *Explanation) closeCode() string {
	switch {
	case x.HeaderLen > 0 && x.Header.Length == 0:
		return " without a code"
	case len(x.Payload) < 2:
		return ""
	}
	code, _, _ := ParseClose(x.Payload[:2])
	return " with code " + code.String()
}

// answerDue says what the receiver of a legal frame must send back.
func (x *Explanation) answerDue() string {
	_, receiver := x.parties()
	switch {
	case x.State.Closed:
	case x.Header.Opcode == Ping:
		return "The " + receiver + " must answer with a pong that carries the same bytes, unless a Close frame has come first."
	case x.Header.Opcode == Close:
		return "The " + receiver + " must answer with a Close frame, unless it has sent one already."
	}
	return ""
}

// stillToCome says how much of a frame is missing.
func (x *Explanation) stillToCome() string {
	s := count(x.Missing, "byte")
	if !x.lengthIsHere() {
		s = "At least " + s
	}
	if x.Missing == 1 {
		return s + " is still to come."
	}
	return s + " are still to come."
}

// lengthIsHere reports whether the whole payload length has arrived.
func (x *Explanation) lengthIsHere() bool {
	if len(x.Bytes) < 2 {
		return false
	}
	switch x.Bytes[1] &^ bitMask {
	case length16:
		return len(x.Bytes) >= 2+2
	case length64:
		return len(x.Bytes) >= 2+8
	}
	return true
}
