package frames

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// DumpOptions says how a frame is printed. The zero value prints without
// colour and cuts a long payload.
type DumpOptions struct {
	// Color marks the fields and the verdict with ANSI colours. Whether the
	// output is a terminal that shows them is for the caller to know.
	Color bool
	// MaxPayload is how many bytes of the payload AppendDump shows at most.
	// 0 means 128, and a negative number means all of them.
	MaxPayload int
}

const (
	defaultDumpPayload = 128
	dumpRow            = 16 // payload bytes on a line
)

// AppendDump appends the explanation as a block of lines for a terminal: what
// the frame is, a line for every field, the payload (if it is masked, with the
// key under the masked bytes and the clear bytes under both), the verdict, and
// the rules that are broken if there are several. A field that breaks a rule
// has a "!" in front.
//
// The output is UTF-8, ends with a newline, and holds no control character but
// newlines and, if asked for, those of the colours.
func (x Explanation) AppendDump(dst []byte, o DumpOptions) []byte {
	d := dump{x: &x, o: o, dst: dst}
	d.title()
	d.fields()
	d.payload()
	d.verdict()
	return d.dst
}

type dump struct {
	x   *Explanation
	o   DumpOptions
	dst []byte
}

func (d *dump) printf(format string, args ...any) {
	d.dst = fmt.Appendf(d.dst, format, args...)
}

// paint wraps s in a colour, if colours are wanted.
func (d *dump) paint(color, s string) string { return paint(d.o.Color, color, s) }

// endLine ends a line and takes away the blanks that padded its last column.
func (d *dump) endLine() {
	d.dst = append(bytes.TrimRight(d.dst, " "), '\n')
}

func (d *dump) title() {
	x := d.x
	from, to := x.parties()
	d.printf("%s → %s  %s", from, to, d.paint(colorStrong, x.summary()))
	d.endLine()
	if x.HeaderLen > 0 {
		d.printf("%d bytes of header, %s of payload\n", x.HeaderLen, x.amount(x.Header.Length))
	}
	d.dst = append(d.dst, '\n')
}

// fields prints the table of fields. The bytes of a header stand before the
// first field in them; those of the payload have a part of their own.
func (d *dump) fields() {
	x := d.x
	widthBytes, widthName, widthValue := 2, 0, 0
	for _, f := range x.Fields {
		widthName = max(widthName, len(f.Name))
		if !f.isPayload() {
			widthBytes = max(widthBytes, 3*len(x.bytesAt(f))-1)
		}
		widthValue = max(widthValue, len(f.shortValue()))
	}
	for _, f := range x.Fields {
		mark := " "
		if f.Rule != "" {
			mark = d.paint(colorBad, "!")
		}
		offset, shown := "", ""
		if f.Bit%8 == 0 {
			offset = strconv.FormatUint(f.Bit/8, 10)
			if !f.isPayload() {
				shown = spaced(x.bytesAt(f))
			}
		}
		color := f.Kind.color()
		d.printf("%s%4s  %-*s  %s  %s  %-*s  ", mark, offset, widthBytes, shown,
			d.paint(color, f.Kind.String()), d.bits(f), widthName, f.Name)
		value := f.shortValue()
		d.printf("%s%*s  ", d.paint(color, value), widthValue-len(value), "")
		if f.Kind == FieldReason {
			d.printf("%s, ", d.paint(color, f.Value))
		}
		d.printf("%s", f.Meaning)
		d.endLine()
	}
	if len(x.Fields) > 0 {
		d.dst = append(d.dst, '\n')
	}
}

// bits shows the bits of a field, the digits in the field's colour.
func (d *dump) bits(f Field) string {
	if f.Bits == "" {
		return "         "
	}
	from := strings.IndexAny(f.Bits, "01")
	to := strings.LastIndexAny(f.Bits, "01") + 1
	return f.Bits[:from] + d.paint(f.Kind.color(), f.Bits[from:to]) + f.Bits[to:]
}

// payload prints the payload: as it is or, where it is masked, in three rows.
func (d *dump) payload() {
	x := d.x
	if len(x.Payload) == 0 && x.NotKept == 0 {
		return
	}
	clear, wire := x.Payload, x.Bytes[x.HeaderLen:]
	limit := d.o.MaxPayload
	switch {
	case limit == 0:
		limit = defaultDumpPayload
	case limit < 0:
		limit = len(clear)
	}
	shown := min(limit, len(clear))
	for at := 0; at < shown; at += dumpRow {
		end := min(at+dumpRow, shown)
		offset := x.HeaderLen + at
		text := x.rowText(at, end)
		if x.Header.Masked {
			key := x.Header.MaskKey
			var keys []byte
			for i := at; i < end; i++ {
				keys = append(keys, key[i%4])
			}
			d.printf(" %4d  masked   %s\n", offset, spaced(wire[at:end]))
			d.printf("       key      %s\n", d.paint(FieldMaskKey.color(), spaced(keys)))
			d.printf("       clear    ")
		} else {
			d.printf(" %4d  payload  ", offset)
		}
		d.printf("%s%*s  %s", d.paint(FieldPayload.color(), spaced(clear[at:end])),
			3*(min(dumpRow, shown)-(end-at)), "", text)
		d.endLine()
	}
	if rest := len(clear) - shown; rest > 0 {
		d.printf("       … %s\n", count(uint64(rest), "more byte"))
	}
	if x.NotKept > 0 {
		d.printf("       … %s passed and were not kept\n", count(x.NotKept, "more byte"))
	}
	d.dst = append(d.dst, '\n')
}

// rowText shows payload bytes from at to end as text: in quotes the characters
// that begin there or, where the payload is no text, ASCII between bars.
func (x *Explanation) rowText(at, end int) string {
	p := x.Payload
	if x.isText() {
		return strconv.Quote(string(p[charStart(p, at):charStart(p, end)]))
	}
	row := []byte("|")
	for _, b := range p[at:end] {
		if b < ' ' || b > '~' {
			b = '.'
		}
		row = append(row, b)
	}
	return string(append(row, '|'))
}

// charStart returns where the first character at or after i begins, if the one
// that i is in began at most three bytes before; else i.
func charStart(p []byte, i int) int {
	for back := 1; back < utf8.UTFMax && back <= i; back++ {
		if utf8.RuneStart(p[i-back]) {
			if _, size := utf8.DecodeRune(p[i-back:]); size > back {
				return i - back + size
			}
			return i
		}
	}
	return i
}

func (d *dump) verdict() {
	x := d.x
	color := colorGood
	switch x.Grade {
	case Odd:
		color = colorOdd
	case Broken:
		color = colorBad
	}
	grade, rest := x.Verdict, ""
	if i := strings.IndexAny(x.Verdict, ":;"); i > 0 {
		grade, rest = x.Verdict[:i], x.Verdict[i:]
	}
	d.printf("%s%s\n", d.paint(color, grade), strings.ReplaceAll(rest, ". ", ".\n"))
	if len(x.Problems) > 1 {
		for _, p := range x.Problems {
			d.printf("  %s %-12s %s\n", d.paint(colorBad, "!"), p.Rule, p)
		}
	}
}

// bytesAt returns the bytes that a field is in.
func (x *Explanation) bytesAt(f Field) []byte {
	return x.Bytes[f.Bit/8 : (f.Bit+f.Width+7)/8]
}

// shortValue is what stands in the column of values: nothing for a field whose
// value would only repeat bytes that are on show, or fill the line.
func (f Field) shortValue() string {
	switch f.Kind {
	case FieldMaskKey, FieldPayload, FieldReason:
		return ""
	case FieldExtLength:
		if strings.HasSuffix(f.Value, "…") {
			return "" // a part of the length is no length
		}
	}
	return f.Value
}

// isPayload reports whether the field is of the payload.
func (f Field) isPayload() bool {
	return f.Kind == FieldPayload || f.Kind == FieldCode || f.Kind == FieldReason
}
