package threelengths

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"testing"

	"example.com/ws101/frames"
	"example.com/ws101/lessons/internal/lesson"
)

var (
	taskParse  = lesson.Task{Chapter: 11, Name: "ParseHeader", Section: "RFC 6455 section 5.2"}
	taskAppend = lesson.Task{Chapter: 11, Name: "AppendHeader", Section: "RFC 6455 section 5.2"}
)

// helloKey is the masking key of the examples in RFC 6455 section 5.7.
var helloKey = [4]byte{0x37, 0xfa, 0x21, 0x3d}

// headers are whole headers and what they say.
var headers = []struct {
	bytes string
	want  Header
}{
	{"81 05", Header{Fin: true, Opcode: Text, Length: 5}},
	{"82 7d", Header{Fin: true, Opcode: Binary, Length: 125}},
	{"82 fd 37 fa 21 3d", Header{Fin: true, Opcode: Binary, Masked: true, MaskKey: helloKey, Length: 125}},
	{"82 7e 01 00", Header{Fin: true, Opcode: Binary, Length: 256}},
	{"82 7e 00 7e", Header{Fin: true, Opcode: Binary, Length: 126}},
	{"82 fe 01 00 37 fa 21 3d", Header{Fin: true, Opcode: Binary, Masked: true, MaskKey: helloKey, Length: 256}},
	{"01 7e ff ff", Header{Opcode: Text, Length: 65535}},
	{"82 7f 00 00 00 00 00 01 00 00", Header{Fin: true, Opcode: Binary, Length: 65536}},
	{"82 ff 00 00 00 00 00 01 00 00 37 fa 21 3d", Header{Fin: true, Opcode: Binary, Masked: true, MaskKey: helloKey, Length: 65536}},
	{"82 7f 01 02 03 04 05 06 07 08", Header{Fin: true, Opcode: Binary, Length: 0x0102030405060708}},
	{"82 7f 40 00 00 00 00 00 00 00", Header{Fin: true, Opcode: Binary, Length: 1 << 62}},
	{"82 7f 7f ff ff ff ff ff ff ff", Header{Fin: true, Opcode: Binary, Length: math.MaxInt64}},
}

// parsed is what ParseHeader returns.
type parsed struct {
	Header
	N   int
	Err error
}

// byteOf tells which byte of a frame a field of parsed comes from.
var byteOf = map[string]int{"Length": 2, "Err": 2, "N": 1}

// parse calls ParseHeader. What lies behind b in memory is no part of b: here it
// is full of 0xee.
func parse(t *testing.T, b []byte) parsed {
	defer taskParse.CatchIn(t, lesson.Call("ParseHeader", b),
		lesson.If(true, "b was read past its end; look at len(b) first"))
	roomy := slices.Concat(b, bytes.Repeat([]byte{0xee}, 16))
	h, n, err := ParseHeader(roomy[:len(b)])
	return parsed{h, n, err}
}

// mark is the length in byte 1, without the MASK bit.
func mark(b []byte) byte { return b[1] & 0x7f }

// keyLen is how many bytes of a header are the masking key.
func keyLen(b []byte) int { return int(b[1]>>7) * 4 }

// misread are the diagnoses for a length that was taken from the wrong bytes.
// whole is a whole header, of which ParseHeader was given all or the beginning.
func misread(whole []byte, got parsed) []lesson.Diagnosis {
	long := mark(whole) > 125
	var swapped, right uint64
	switch mark(whole) {
	case 126:
		swapped, right = uint64(binary.LittleEndian.Uint16(whole[2:])), uint64(binary.BigEndian.Uint16(whole[2:]))
	case 127:
		swapped, right = binary.LittleEndian.Uint64(whole[2:]), binary.BigEndian.Uint64(whole[2:])
	}
	wrong := long && got.N > 0 && got.Length != right
	return []lesson.Diagnosis{
		lesson.If(long && got.Length == uint64(mark(whole)) && got.N == 2+keyLen(whole),
			"126 and 127 were taken for lengths; they only say how many bytes of length follow"),
		lesson.If(mark(whole) == 127 && got.N == 4+keyLen(whole),
			"127 was read like 126; eight bytes of length follow it, and not two"),
		lesson.If(long && got.N == 2+keyLen(whole),
			"the bytes of the length were not counted in n; they belong to the header"),
		lesson.If(wrong && got.Length == swapped,
			"the length was read lowest byte first; on the wire the highest byte comes first (big-endian)"),
		lesson.If(wrong && got.Length == uint64(uint32(right)),
			"the upper half of the 64 bits was lost; all eight bytes count"),
	}
}

func TestParseHeader(t *testing.T) {
	defer taskParse.Catch(t)
	for _, c := range headers {
		b := lesson.Hex(c.bytes)
		got, want := parse(t, b), parsed{Header: c.want, N: len(b)}
		taskParse.Parsed(t, "ParseHeader", b, got, want, byteOf, append(misread(b, got),
			lesson.If(got.Err == errNotShortest && (want.Length == 126 || want.Length == 65536),
				"a length was refused in the shortest form that holds it: 126 needs 16 bits, 65536 needs 64"),
			lesson.If(got.Err == errTopBit, "another bit was taken for the top one, which is the 0x80 of byte 2"),
			lesson.If(got.Err != nil, "a length in its right form was refused"),
			lesson.If(got.N == 0, "a whole header was taken for one that is cut short"),
		)...)
	}
}

func TestParseHeaderCutShort(t *testing.T) {
	defer taskParse.Catch(t)
	for _, c := range headers {
		whole := lesson.Hex(c.bytes)
		for i := range len(whole) {
			b := whole[:i]
			got := parse(t, b)
			taskParse.Parsed(t, "ParseHeader", b, got, parsed{}, nil, append([]lesson.Diagnosis{
				lesson.If(got.Err != nil && got.N == 0, "bytes that have not arrived yet are no error; n == 0 asks for more"),
				lesson.If(got.N > len(b), "the length was taken from beyond len(b); a slice of a slice may reach up to its capacity"),
				lesson.If(got.N == 0, "half a header was returned; without all of its bytes there is none"),
			}, misread(whole, got)...)...)
		}
	}
}

const withError = "the header and n are returned with the error, as if there were none"

func TestParseHeaderShortestForm(t *testing.T) {
	defer taskParse.Catch(t)
	for _, c := range []struct {
		bytes  string
		length uint64
	}{
		{"82 7e 00 7d", 125},
		{"82 7e 00 00", 0},
		{"82 7f 00 00 00 00 00 00 00 7d", 125},
		{"82 7f 00 00 00 00 00 00 00 7e", 126},
		{"82 7f 00 00 00 00 00 00 ff ff", 65535},
	} {
		b := lesson.Hex(c.bytes)
		want := parsed{Header{Fin: true, Opcode: Binary, Length: c.length}, len(b), errNotShortest}
		got := parse(t, b)
		taskParse.Parsed(t, "ParseHeader", b, got, want, byteOf, append(misread(b, got),
			lesson.If(got.Err == nil && c.length > 125, "a length that 16 bits hold was accepted in 64"),
			lesson.If(got.Err == nil, "a length that 7 bits hold was accepted in a longer form"),
			lesson.If(got.Err == errNotShortest, withError),
		)...)
	}
}

func TestParseHeaderTopBit(t *testing.T) {
	defer taskParse.Catch(t)
	for _, s := range []string{"82 7f 80 00 00 00 00 00 00 00", "82 7f 80 00 00 00 00 01 00 00", "82 7f ff ff ff ff ff ff ff ff"} {
		b := lesson.Hex(s)
		want := parsed{Header{Fin: true, Opcode: Binary, Length: binary.BigEndian.Uint64(b[2:])}, len(b), errTopBit}
		got := parse(t, b)
		taskParse.Parsed(t, "ParseHeader", b, got, want, byteOf, append(misread(b, got),
			lesson.If(got.Err == nil, "a length with its top bit set was accepted; such a number is negative in many languages"),
			lesson.If(got.Err == errTopBit, withError),
		)...)
	}
}

func TestAppendHeader(t *testing.T) {
	defer taskAppend.Catch(t)
	for _, c := range headers {
		h, want := c.want, lesson.Hex(c.bytes)
		got := AppendHeader(nil, h)
		b1 := byte(0)
		if len(got) > 1 {
			b1 = got[1]
		}
		taskAppend.Frame(t, "AppendHeader(nil, "+say(h)+")", frames.State{FromClient: h.Masked}, got, want,
			lesson.If(h.Masked && b1 == want[1]&0x7f, "the MASK bit of byte 1 was lost; it is set in all three forms"),
			lesson.If(h.Length == 125 && b1&0x7f > 125, "125 still fits in 7 bits"),
			lesson.If(h.Length == 65536 && b1&0x7f == 126, "65536 does not fit in 16 bits; what does not fit was cut off"),
			lesson.If(h.Length <= 65535 && b1&0x7f == 127, "a length that 16 bits hold was written in 64"),
			lesson.If(b1 == want[1] && len(got) == 2+keyLen(want), "126 or 127 is there, and the length that it announces is missing"),
			lesson.If(b1 != want[1] && b1&0x7f == byte(h.Length)&0x7f, "the length was cut to the bits of byte 1; from 126 on it stands behind that byte"),
			lesson.If(len(got) == len(want) && mark(want) > 125 && b1 == want[1] && string(got) == string(turned(want)),
				"the length was written lowest byte first; the highest byte comes first (big-endian)"),
		)
	}
}

// turned is a header with the bytes of its length in the wrong order.
func turned(b []byte) []byte {
	b = slices.Clone(b)
	slices.Reverse(b[2 : len(b)-keyLen(b)])
	return b
}

func TestAppendHeaderKeepsDst(t *testing.T) {
	defer taskAppend.Catch(t)
	for _, c := range headers {
		got, want := AppendHeader([]byte{0x89, 0x00}, c.want), lesson.Hex("89 00 "+c.bytes)
		if len(got) < 2 || string(got[:2]) != "\x89\x00" {
			taskAppend.Bytes(t, "AppendHeader([]byte{0x89, 0x00}, "+say(c.want)+")", got, want,
				lesson.If(true, "dst was thrown away; the header goes behind what dst holds"))
		}
	}
}

// say writes a header in a few words: "text, length 5".
func say(h Header) string {
	s := fmt.Sprintf("%v, length %d", h.Opcode, h.Length)
	if h.Fin {
		s = "FIN, " + s
	}
	if h.Masked {
		s += ", key " + lesson.Spaced(h.MaskKey[:])
	}
	return s
}
