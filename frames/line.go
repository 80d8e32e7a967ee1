package frames

import (
	"fmt"
	"strings"
)

// lineBytes is how many bytes of a frame begin its line: enough for the
// commonest header, and a glimpse of the payload.
const lineBytes = 8

// AppendLine appends the explanation on one line, without a newline: the first
// bytes, what the frame is, the beginning of the payload, and what is odd or
// broken. The bytes take the same room in every line, so that the lines of a
// stream of frames stand under each other.
func (x Explanation) AppendLine(dst []byte, o DumpOptions) []byte {
	start := x.Bytes
	more := "  "
	if len(start) > lineBytes {
		start, more = start[:lineBytes], " …"
	}
	dst = fmt.Appendf(dst, "%-*s%s  ", 3*lineBytes-1, spaced(start), more)
	dst = append(dst, paint(o.Color, colorStrong, x.summary())...)
	for _, f := range x.Fields {
		if f.isPayload() {
			dst = append(dst, "  "...)
			dst = append(dst, paint(o.Color, f.Kind.color(), f.Value)...)
		}
	}
	if x.NotKept > 0 {
		dst = fmt.Appendf(dst, " (%s passed and were not kept)", count(x.NotKept, "more byte"))
	}
	switch x.Grade {
	case Odd:
		dst = fmt.Appendf(dst, "  %s: %s", paint(o.Color, colorOdd, "odd"), strings.Join(x.Oddities, "; and "))
	case Broken:
		p := x.Problems[0]
		dst = fmt.Appendf(dst, "  %s %s: %v", paint(o.Color, colorBad, "BROKEN"), p.Rule, p)
		if more := len(x.Problems) - 1; more > 0 {
			dst = fmt.Appendf(dst, ", and %s", count(uint64(more), "more rule"))
		}
	}
	return dst
}

// String returns the line of [Explanation.AppendLine], without colour.
func (x Explanation) String() string { return string(x.AppendLine(nil, DumpOptions{})) }

// summary says in a few words what the frame is: "text, FIN, masked, 5 bytes".
func (x *Explanation) summary() string {
	if len(x.Bytes) == 0 {
		return "no frame yet"
	}
	h := x.Header
	words := []string{h.Opcode.String()}
	for _, bit := range []struct {
		set  bool
		name string
	}{
		{h.Fin, "FIN"}, {h.Rsv1, "RSV1"}, {h.Rsv2, "RSV2"}, {h.Rsv3, "RSV3"}, {h.Masked, "masked"},
	} {
		if bit.set {
			words = append(words, bit.name)
		}
	}
	if x.lengthIsHere() {
		words = append(words, count(h.Length, "byte"))
	}
	s := strings.Join(words, ", ")
	if x.Missing > 0 {
		s += ", cut short"
	}
	return s
}
