package frames

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
)

// Field is a run of bits of a frame that has a meaning of its own.
type Field struct {
	// Kind says which field it is.
	Kind FieldKind
	// Name is the name of the field, as RFC 6455 section 5.2 has it.
	Name string
	// Bit is where the field begins and Width how long it is, both counted in
	// bits. Bit 0 is the first of the frame: the top bit of its first byte.
	Bit, Width uint64
	// Bits shows a field that is a part of one byte in its place, with the
	// bits of others as dots: ".... 0001". Otherwise it is empty.
	Bits string
	// Value is the field's value for people: "1", "0x8", "37 fa 21 3d". That
	// of a long payload is cut. It is safe to print: no control characters.
	Value string
	// Meaning says what the value means in this frame.
	Meaning string
	// Rule is the ID of the requirement that this field breaks, or empty.
	Rule string
}

// FieldKind is a kind of [Field]: its letter, which marks the field's bits and
// bytes where colour alone would not do.
type FieldKind byte

// The kinds of field. A Close frame has a close code and a reason where other
// frames have a payload.
const (
	FieldFin       FieldKind = 'F'
	FieldRsv1      FieldKind = '1'
	FieldRsv2      FieldKind = '2'
	FieldRsv3      FieldKind = '3'
	FieldOpcode    FieldKind = 'O'
	FieldMask      FieldKind = 'M' // the MASK bit
	FieldLength    FieldKind = 'L' // the 7 bits of length
	FieldExtLength FieldKind = 'X' // the 16 or 64 bits of length
	FieldMaskKey   FieldKind = 'K'
	FieldPayload   FieldKind = 'P'
	FieldCode      FieldKind = 'C'
	FieldReason    FieldKind = 'R'
)

// String returns the letter.
func (k FieldKind) String() string { return string(rune(k)) }

// MarshalText returns the letter, which is what JSON shows of a kind.
func (k FieldKind) MarshalText() ([]byte, error) { return []byte{byte(k)}, nil }

// maxValue is how many bytes of a payload a Field's Value shows.
const maxValue = 32

// fields names every bit of what is there. n is the length of the whole
// header, and lengthEnd where the masking key begins.
func (x *Explanation) fields(n, lengthEnd int) []Field {
	l := fieldList{x: x}
	h := x.Header
	l.bits(FieldFin, "FIN", 1, bit(h.Fin), x.meanFin())
	l.bits(FieldRsv1, "RSV1", 1, bit(h.Rsv1), x.meanRsv1())
	l.bits(FieldRsv2, "RSV2", 1, bit(h.Rsv2), meanRsv(h.Rsv2))
	l.bits(FieldRsv3, "RSV3", 1, bit(h.Rsv3), meanRsv(h.Rsv3))
	l.bits(FieldOpcode, "opcode", 4, fmt.Sprintf("%#x", uint8(h.Opcode)), x.meanOpcode())
	if len(x.Bytes) < 2 {
		return l.fields
	}
	l.bits(FieldMask, "MASK", 1, bit(h.Masked), x.meanMask())
	short := x.Bytes[1] &^ bitMask
	switch short {
	case length16:
		l.bits(FieldLength, "length", 7, "126", "the length is in the next 2 bytes")
	case length64:
		l.bits(FieldLength, "length", 7, "127", "the length is in the next 8 bytes")
	default:
		l.bits(FieldLength, "length", 7, strconv.Itoa(int(short)), meanLength(uint64(short)))
	}
	l.headerBytes(FieldExtLength, "extended length", lengthEnd, strconv.FormatUint(h.Length, 10), x.meanExtLength())
	l.headerBytes(FieldMaskKey, "masking key", n, spaced(h.MaskKey[:]), x.meanMaskKey())

	switch {
	case len(x.Payload) == 0:
	case h.Opcode == Close:
		l.closePayload()
	default:
		value := x.previewPayload()
		l.add(FieldPayload, "payload", len(x.Payload), value, x.meanPayload())
	}
	return l.fields
}

// fieldList gathers fields, each beginning where the last one ended.
type fieldList struct {
	x      *Explanation
	fields []Field
	bit    uint64
}

// bits adds a field that is width bits of one byte.
func (l *fieldList) bits(kind FieldKind, name string, width int, value, meaning string) {
	at := int(l.bit % 8)
	b := l.x.Bytes[l.bit/8]
	var shown []byte
	for i := range 8 {
		if i == 4 {
			shown = append(shown, ' ')
		}
		switch {
		case i < at || i >= at+width:
			shown = append(shown, '.')
		default:
			shown = append(shown, '0'+b>>(7-i)&1)
		}
	}
	l.append(Field{Kind: kind, Name: name, Width: uint64(width), Bits: string(shown), Value: value, Meaning: meaning})
}

// headerBytes adds a field that goes on to the header's byte end, or to the
// last byte there is.
func (l *fieldList) headerBytes(kind FieldKind, name string, end int, value, meaning string) {
	from := int(l.bit / 8)
	to := min(end, len(l.x.Bytes))
	if from >= to {
		return
	}
	if to < end {
		value = spaced(l.x.Bytes[from:to]) + " …"
		meaning = fmt.Sprintf("%d of %s", to-from, count(uint64(end-from), "byte"))
	}
	l.add(kind, name, to-from, value, meaning)
}

// add adds a field of size whole bytes.
func (l *fieldList) add(kind FieldKind, name string, size int, value, meaning string) {
	l.append(Field{Kind: kind, Name: name, Width: 8 * uint64(size), Value: value, Meaning: meaning})
}

func (l *fieldList) append(f Field) {
	f.Bit = l.bit
	f.Rule = l.x.ruleBrokenBy(f.Kind)
	l.bit += f.Width
	l.fields = append(l.fields, f)
}

// closePayload adds the code and the reason of a Close frame.
func (l *fieldList) closePayload() {
	p := l.x.Payload
	if len(p) == 1 {
		meaning := "1 of 2 bytes"
		if l.x.Header.Length == 1 {
			meaning = "half a code; it takes 2 bytes"
		}
		l.add(FieldCode, "close code", 1, spaced(p), meaning)
		return
	}
	code := CloseCode(binary.BigEndian.Uint16(p))
	l.add(FieldCode, "close code", 2, strconv.Itoa(int(code)), code.meaning())
	if reason := p[2:]; len(reason) > 0 {
		l.add(FieldReason, "reason", len(reason), quote(reason, maxCloseReason),
			l.x.amount(l.x.Header.Length-2)+", for logs rather than for users")
	}
}

// ruleBrokenBy returns the ID of the first rule that is broken by the field.
func (x *Explanation) ruleBrokenBy(kind FieldKind) string {
	for _, p := range x.Problems {
		if slices.Contains(x.culprits(p.Rule), kind) {
			return p.Rule
		}
	}
	return ""
}

// culprits returns the fields whose values break a rule.
func (x *Explanation) culprits(rule string) (kinds []FieldKind) {
	switch rule {
	case "6455-5.2-2":
		h := x.Header
		if h.Rsv1 && !x.State.Deflate {
			kinds = append(kinds, FieldRsv1)
		}
		if h.Rsv2 {
			kinds = append(kinds, FieldRsv2)
		}
		if h.Rsv3 {
			kinds = append(kinds, FieldRsv3)
		}
		return kinds
	case "7692-6.1-3":
		return []FieldKind{FieldRsv1}
	case "6455-5.2-3", "6455-5.4-6", "6455-5.5.1-4":
		return []FieldKind{FieldOpcode}
	case "6455-5.1-2", "6455-5.1-4":
		return []FieldKind{FieldMask}
	case "6455-5.5-2":
		return []FieldKind{FieldFin}
	case "6455-5.5-1":
		return []FieldKind{FieldLength, FieldExtLength}
	case "6455-5.2-4", "6455-5.2-5":
		return []FieldKind{FieldExtLength}
	case "6455-8.1-1":
		return []FieldKind{FieldPayload, FieldReason}
	}
	return []FieldKind{FieldCode} // the rules of sections 5.5.1 and 7.4
}

// previewPayload shows the beginning of the payload on one line.
func (x *Explanation) previewPayload() string {
	op := x.Header.Opcode
	if x.isText() || (op == Ping || op == Pong) && isASCII(x.Payload) {
		return quote(x.Payload, maxValue)
	}
	if len(x.Payload) > maxValue/2 {
		return spaced(x.Payload[:maxValue/2]) + " …"
	}
	return spaced(x.Payload)
}

func bit(set bool) string {
	if set {
		return "1"
	}
	return "0"
}
