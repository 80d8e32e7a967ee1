package firstframe

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"example.com/ws101/frames"
	"example.com/ws101/lessons/internal/lesson"
)

var (
	taskParse  = lesson.Task{Chapter: 10, Name: "ParseHeader", Section: "RFC 6455 section 5.2"}
	taskAppend = lesson.Task{Chapter: 10, Name: "AppendHeader", Section: "RFC 6455 section 5.2"}
)

// helloKey is the masking key of the examples in RFC 6455 section 5.7.
var helloKey = [4]byte{0x37, 0xfa, 0x21, 0x3d}

// headers are frames, or their beginnings, and what their headers say.
var headers = []struct {
	bytes string
	want  Header
	n     int // the header's bytes
}{
	{"81 05 48 65 6c 6c 6f", Header{Fin: true, Opcode: Text, Length: 5}, 2},
	{"01 03 48 65 6c", Header{Opcode: Text, Length: 3}, 2},
	{"80 02 6c 6f", Header{Fin: true, Opcode: Continuation, Length: 2}, 2},
	{"82 00", Header{Fin: true, Opcode: Binary}, 2},
	{"89 05 48 65 6c 6c 6f", Header{Fin: true, Opcode: Ping, Length: 5}, 2},
	{"c1 07 f2 48 cd c9 c9 07 00", Header{Fin: true, Rsv1: true, Opcode: Text, Length: 7}, 2},
	{"a2 00", Header{Fin: true, Rsv2: true, Opcode: Binary}, 2},
	{"92 00", Header{Fin: true, Rsv3: true, Opcode: Binary}, 2},
	{"0f 7d", Header{Opcode: 0xf, Length: 125}, 2},
	{"81 85 37 fa 21 3d 7f 9f 4d 51 58", Header{Fin: true, Opcode: Text, Masked: true, MaskKey: helloKey, Length: 5}, 6},
	{"88 80 37 fa 21 3d", Header{Fin: true, Opcode: Close, Masked: true, MaskKey: helloKey}, 6},
	{"8a fd 00 00 00 01", Header{Fin: true, Opcode: Pong, Masked: true, MaskKey: [4]byte{3: 1}, Length: 125}, 6},
}

// parsed is what ParseHeader returns.
type parsed struct {
	Header
	N   int
	Err error
}

// byteOf tells which byte of a frame a field of parsed comes from. An error can
// only come from the length.
var byteOf = map[string]int{
	"Fin": 0, "Rsv1": 0, "Rsv2": 0, "Rsv3": 0, "Opcode": 0,
	"Masked": 1, "Length": 1, "Err": 1, "MaskKey": 2,
}

// parse calls ParseHeader. What lies behind b in memory is no part of b: here it
// is full of 0xee.
func parse(t *testing.T, b []byte) parsed {
	defer taskParse.CatchIn(t, lesson.Call("ParseHeader", b),
		lesson.If(true, "b was read past its end; look at len(b) first"))
	roomy := slices.Concat(b, []byte{0xee, 0xee, 0xee, 0xee})
	h, n, err := ParseHeader(roomy[:len(b)])
	return parsed{h, n, err}
}

const maskInLength = "the MASK bit was left in the length, which is the lower seven bits"

func TestParseHeader(t *testing.T) {
	defer taskParse.Catch(t)
	for _, c := range headers {
		b := lesson.Hex(c.bytes)
		got, want := parse(t, b), parsed{Header: c.want, N: c.n}
		taskParse.Parsed(t, "ParseHeader", b, got, want, byteOf,
			lesson.If(want.Masked && (got.Length == want.Length|0x80 || got.Err == errLongLength), maskInLength),
			lesson.If(want.Length == 125 && got.Err == errLongLength, "125 was taken for a mark; only 126 and 127 are"),
			lesson.If(got.Err != nil, "a whole header was refused"),
			lesson.If(got.N == 0, "a whole header was taken for one that is cut short"),
			lesson.If(got.Fin != want.Fin,
				"FIN came out inverted; it is the top bit of byte 0, and 1 means the last frame"),
			lesson.If(got.Opcode == Opcode(b[0]>>4) && got.Opcode != want.Opcode,
				"the opcode was taken from the upper four bits; it is the lower four"),
			lesson.If(got.Opcode&0x0f == want.Opcode && got.Opcode != want.Opcode,
				"bits of FIN and RSV were left in the opcode; it is four bits wide"),
			lesson.If(rsv(want.Header) != "" && rsv(got.Header) == "",
				"the RSV bits were dropped; whoever judges the frame has to see them"),
			lesson.If(want.Masked && got.N == 2,
				"the masking key was not counted; its four bytes belong to the header"),
			lesson.If(want.Length > 0 && got.N == want.N+int(want.Length),
				"the payload was counted; n is the length of the header alone"),
		)
	}
}

func TestParseHeaderCutShort(t *testing.T) {
	defer taskParse.Catch(t)
	for _, c := range headers {
		for i := range c.n {
			b := lesson.Hex(c.bytes)[:i]
			got := parse(t, b)
			taskParse.Parsed(t, "ParseHeader", b, got, parsed{}, nil,
				lesson.If(slices.Contains(got.MaskKey[:], 0xee),
					"the masking key was cut out beyond len(b); a slice of a slice may reach up to its capacity"),
				lesson.If(got.Err == errLongLength, maskInLength),
				lesson.If(got.Err != nil,
					"bytes that have not arrived yet are no error; n == 0 asks for more"),
				lesson.If(got.N == 0 && got.Header != Header{},
					"half a header was returned; without all of its bytes there is none"),
			)
		}
	}
}

func TestParseHeaderLongLength(t *testing.T) {
	defer taskParse.Catch(t)
	for _, s := range []string{"82 7e 01 00", "82 7f 00 00 00 00 00 01 00 00", "82 fe 01 00 37 fa 21 3d"} {
		b := lesson.Hex(s)
		got := parse(t, b)
		taskParse.Parsed(t, "ParseHeader", b, got, parsed{Err: errLongLength}, nil,
			lesson.If(got.Length == 126 || got.Length == 127,
				"126 and 127 are marks, not lengths; the real length stands behind them"),
		)
	}
}

func TestAppendHeader(t *testing.T) {
	defer taskAppend.Catch(t)
	for _, c := range headers {
		call := "AppendHeader(nil, " + say(c.want) + ")"
		got, want := AppendHeader(nil, c.want), lesson.Hex(c.bytes)[:c.n]
		b0 := byte(0)
		if len(got) > 0 {
			b0 = got[0]
		}
		taskAppend.Frame(t, call, frames.State{FromClient: c.want.Masked}, got, want,
			lesson.If(b0 == want[0]^0x80, "FIN was written inverted"),
			lesson.If(rsv(c.want) != "" && b0&0x70 == 0, "the RSV bits were not written"),
			lesson.If(c.want.Masked && len(got) == 2, "the masking key is missing; it stands behind the length"),
			lesson.If(c.want.Masked && len(got) > 1 && got[1] == byte(c.want.Length), "a masking key is there and the MASK bit is 0; the reader would take the key for payload"),
			lesson.If(!c.want.Masked && len(got) == 6, "a masking key was written though the frame is not masked"),
		)
	}
}

func TestAppendHeaderKeepsDst(t *testing.T) {
	defer taskAppend.Catch(t)
	h := headers[0].want
	got, want := AppendHeader([]byte{0x01, 0x02}, h), lesson.Hex("01 02 81 05")
	taskAppend.Bytes(t, "AppendHeader([]byte{0x01, 0x02}, "+say(h)+")", got, want,
		lesson.If(string(got) == string(want[2:]), "dst was thrown away; the header goes behind what dst holds"),
		lesson.If(len(got) > 2 && string(got[:2]) != "\x01\x02", "bits were set in what dst held before; the header begins at len(dst), not at 0"),
	)
}

// rsv names the reserved bits that are set.
func rsv(h Header) string {
	var names []string
	for i, set := range []bool{h.Rsv1, h.Rsv2, h.Rsv3} {
		if set {
			names = append(names, fmt.Sprintf("RSV%d", i+1))
		}
	}
	return strings.Join(names, " ")
}

// say writes a header in a few words: "FIN, text, length 5".
func say(h Header) string {
	var words []string
	if h.Fin {
		words = append(words, "FIN")
	}
	if bits := rsv(h); bits != "" {
		words = append(words, bits)
	}
	words = append(words, h.Opcode.String(), fmt.Sprintf("length %d", h.Length))
	if h.Masked {
		words = append(words, "key "+lesson.Spaced(h.MaskKey[:]))
	}
	return strings.Join(words, ", ")
}
