package frames

// ANSI colours: of the plain sixteen, those that can be read on light and on
// dark terminals.
const (
	colorStrong = "1"
	colorGood   = "32"
	colorOdd    = "33"
	colorBad    = "1;31"
)

// color returns the ANSI colour of a kind of field.
func (k FieldKind) color() string {
	switch k {
	case FieldFin, FieldReason:
		return "36" // cyan
	case FieldOpcode, FieldCode:
		return "33" // yellow
	case FieldMask, FieldMaskKey:
		return "35" // magenta
	case FieldLength, FieldExtLength:
		return "34" // blue
	case FieldPayload:
		return "32" // green
	}
	return "2" // faint, for the reserved bits
}

// paint wraps s in an ANSI colour, if on.
func paint(on bool, color, s string) string {
	if !on || s == "" {
		return s
	}
	return "\x1b[" + color + "m" + s + "\x1b[0m"
}
