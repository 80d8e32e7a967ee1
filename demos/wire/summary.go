package wire

import (
	"strings"

	"example.com/ws101/frames"
)

// Summary says in a few words what a row is: the first line of a head, the
// opcode and the flags of a frame, and the beginning of what it carries. It is
// safe to print: no control characters.
func (r *Row) Summary() string {
	if r.Injected {
		own := *r
		own.Injected = false
		return "injected: " + own.Summary()
	}
	switch r.Kind {
	case Opened:
		return r.Note
	case Request, Response:
		return r.firstLine()
	case Frame:
		return frameSummary(r.Explain())
	}
	var p Printer
	p.line(r)
	return strings.TrimSuffix(string(p.buf), "\n")
}

// firstLine returns the first line of a head that is not blank.
func (r *Row) firstLine() string {
	line, _, _ := strings.Cut(strings.TrimLeft(string(r.Bytes), "\r\n"), "\n")
	line = Visible(strings.TrimRight(line, "\r"))
	if r.Part == Begun || r.Part == Cut {
		line += " … (" + r.Part.String() + ")"
	}
	return line
}

// frameSummary says `text, FIN, masked  "Hello"`.
func frameSummary(x frames.Explanation) string {
	h := x.Header
	s := h.Opcode.String()
	for _, flag := range []struct {
		set  bool
		name string
	}{{h.Fin, "FIN"}, {h.Rsv1, "RSV1"}, {h.Rsv2, "RSV2"}, {h.Rsv3, "RSV3"}, {h.Masked, "masked"}} {
		if flag.set {
			s += ", " + flag.name
		}
	}
	if x.Missing > 0 {
		s += ", cut short"
	}
	for _, f := range x.Fields {
		switch f.Kind {
		case frames.FieldPayload, frames.FieldCode, frames.FieldReason:
			s += "  " + f.Value
		}
	}
	return s
}
