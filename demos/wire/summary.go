package wire

import (
	"strings"

	"example.com/ws101/frames"
)

// Summary says in a few words what a row is: the first line of a head, the
// opcode of a frame with the beginning of what it carries and its flags. It is
// safe to print: no control characters.
func (r *Row) Summary() string {
	switch r.Kind {
	case Opened:
		return r.Note
	case Request, Response:
		return r.firstLine()
	case Frame:
		x := r.Explain()
		return FrameSummary(&x)
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

// FrameSummary is the [Row.Summary] of a frame that has been explained already:
// `text "Hello" (FIN, masked)`.
func FrameSummary(x *frames.Explanation) string {
	h := x.Header
	s := h.Opcode.String()
	for _, f := range x.Fields {
		switch f.Kind {
		case frames.FieldPayload, frames.FieldCode, frames.FieldReason:
			s += " " + f.Value
		}
	}
	var flags []string
	for _, flag := range []struct {
		set  bool
		name string
	}{
		{h.Fin, "FIN"}, {h.Rsv1, "RSV1"}, {h.Rsv2, "RSV2"}, {h.Rsv3, "RSV3"}, {h.Masked, "masked"}, {x.Missing > 0, "cut short"},
	} {
		if flag.set {
			flags = append(flags, flag.name)
		}
	}
	if len(flags) > 0 {
		s += " (" + strings.Join(flags, ", ") + ")"
	}
	return s
}
