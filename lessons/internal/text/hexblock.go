package text

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"example.com/ws101/frames"
)

// Hex checks a block of bytes. A line is bytes, two blanks or more, and what they
// are:
//
//	81              FIN 1, opcode 0x1: a whole text message
//	05              MASK 0, length 5
//	48 65 6c 6c 6f  "Hello"
//
// In ```hex client and ```hex server the bytes are frames that decode, judged as
// they come from that side: legal ones unless the word broken is behind it, and
// whole ones unless the word cut is; deflate means that permessage-deflate was
// negotiated. Where an annotation gives a value to the name of a field (FIN 1,
// RSV1 0, opcode 0x1, MASK 0, length 5), it is the value of that field in these
// bytes. What it has in quotes is the text of these bytes, unmasked if need be,
// also in ```hex bytes.
func Hex(b Block) error {
	lines, all, err := hexLines(b.Text)
	if err != nil {
		return err
	}
	if len(b.Args) == 0 {
		return fmt.Errorf("a hex block says whose bytes they are: client, server or bytes")
	}
	var fields []field
	clear := all
	switch b.Args[0] {
	case "client", "server":
		if fields, clear, err = explain(all, b.Args); err != nil {
			return err
		}
	case "bytes":
	default:
		return fmt.Errorf("```hex %s: it is client, server or bytes", b.Args[0])
	}
	for _, l := range lines {
		if err := l.check(all, clear, fields); err != nil {
			return fmt.Errorf("%q: %w", l.note, err)
		}
	}
	return nil
}

// hexLine is one line: the bytes from one offset to another, and what they are.
type hexLine struct {
	from, to int
	note     string
}

var hexLineForm = regexp.MustCompile(`^((?:[0-9a-f]{2} )*[0-9a-f]{2})  +(\S.*)$`)

func hexLines(text string) (lines []hexLine, all []byte, err error) {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		m := hexLineForm.FindStringSubmatch(line)
		if m == nil {
			return nil, nil, fmt.Errorf("%q is not bytes, two blanks, and what they are", line)
		}
		b, _ := hex.DecodeString(strings.ReplaceAll(m[1], " ", ""))
		lines = append(lines, hexLine{len(all), len(all) + len(b), m[2]})
		all = append(all, b...)
	}
	if len(all) == 0 {
		return nil, nil, fmt.Errorf("a hex block without bytes")
	}
	return lines, all, nil
}

// field is a field of a frame, and the bytes it is in.
type field struct {
	frames.Field
	from, to int
}

// explain takes the bytes apart as frames. It returns their fields, and the bytes
// with the payloads unmasked.
func explain(all []byte, args []string) (fields []field, clear []byte, err error) {
	s := frames.State{FromClient: args[0] == "client"}
	var broken, cut bool
	for _, word := range args[1:] {
		switch word {
		case "broken":
			broken = true
		case "cut":
			cut = true
		case "deflate":
			s.Deflate = true
		default:
			return nil, nil, fmt.Errorf("```hex knows broken, cut and deflate, and not %s", word)
		}
	}
	found := false
	for at := 0; at < len(all); {
		x := frames.Explain(all[at:], s)
		if x.Grade == frames.Broken {
			if !broken {
				return nil, nil, fmt.Errorf("the frame is broken: %s", x.Verdict)
			}
			found = true
		}
		if x.Missing > 0 != cut {
			return nil, nil, fmt.Errorf("%d bytes of the frame are missing", x.Missing)
		}
		for _, f := range x.Fields {
			fields = append(fields, field{f, at + int(f.Bit/8), at + int((f.Bit+f.Width+7)/8)})
		}
		clear = append(append(clear, x.Bytes[:len(x.Bytes)-len(x.Payload)]...), x.Payload...)
		at += len(x.Bytes)
		s = x.Next
	}
	if broken && !found {
		return nil, nil, fmt.Errorf("the block says broken, and all frames are legal")
	}
	return fields, clear, nil
}

var (
	namedValue = regexp.MustCompile(`\b(FIN|RSV1|RSV2|RSV3|opcode|MASK|length|code) ((?:0x)?[0-9a-f]+)\b`)
	quoted     = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
)

func (l hexLine) check(all, clear []byte, fields []field) error {
	for _, m := range namedValue.FindAllStringSubmatch(l.note, -1) {
		if fields == nil {
			continue
		}
		ok := false
		for _, f := range fields {
			name := f.Name
			switch f.Kind {
			case frames.FieldExtLength:
				name = "length"
			case frames.FieldCode:
				name = "code"
			}
			ok = ok || name == m[1] && f.Value == m[2] && l.from <= f.from && f.to <= l.to
		}
		if !ok {
			return fmt.Errorf("these bytes do not say %s %s", m[1], m[2])
		}
	}
	for _, q := range quoted.FindAllString(l.note, -1) {
		s, err := strconv.Unquote(q)
		if err != nil {
			return fmt.Errorf("%s is not a Go string", q)
		}
		if s != string(all[l.from:l.to]) && s != string(clear[l.from:l.to]) {
			return fmt.Errorf("these bytes are %q", all[l.from:l.to])
		}
	}
	return nil
}
