package frames

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestExplainKept(t *testing.T) {
	notText := (&UTF8{}).Add(wire(t, "ff"))
	for _, c := range []struct {
		name, bytes      string
		passed           uint64
		s                State
		bad              error
		notKept, missing uint64
		verdict          string
	}{
		{"all of it", "82 02 61 62", 4, State{}, nil, 0, 0,
			"Legal: a whole binary message."},
		{"the header alone", "82 02", 4, State{}, nil, 2, 0,
			"Legal: a whole binary message."},
		{"the start", "82 05 61 62", 7, State{}, nil, 3, 0,
			"Legal: a whole binary message."},
		{"the start, and the rest has not passed whole", "82 05 61", 5, State{}, nil, 2, 2,
			"Legal so far: a whole binary message. 2 bytes are still to come."},
		{"more has passed than the frame has", "82 05 61", 500, State{}, nil, 4, 0,
			"Legal: a whole binary message."},
		{"more was kept than has passed", "82 02 61 62", 0, State{}, nil, 0, 0,
			"Legal: a whole binary message."},
		{"a part of the header", "81 fe 01", 9000, State{FromClient: true}, notText, 0, 5,
			"Legal so far: a whole text message. At least 5 bytes are still to come."},
		{"the longest frame", "82 7f 7f ff ff ff ff ff ff ff 00", math.MaxUint64, State{}, nil, math.MaxInt64 - 1, 0,
			"Legal: a whole binary message."},
		{"text, cut in a character", "81 04 61 c3", 6, State{}, nil, 2, 0,
			"Legal: a whole text message."},
		{"6455-8.1-1 text that was wrong later", "81 04 61 62", 6, State{}, notText, 2, 0,
			"Broken by the server: the text is not valid UTF-8: byte 0xff at offset 0 cannot stand there (RFC 6455 section 8.1). The client must fail the connection; the close code for this is 1007 invalid payload data."},
		{"6455-8.1-1 text that was wrong before", "81 04 61 fe", 6, State{}, notText, 2, 0,
			"Broken by the server: the text is not valid UTF-8: byte 0xfe at offset 1 cannot stand there (RFC 6455 section 8.1). The client must fail the connection; the close code for this is 1007 invalid payload data."},
		{"bytes that are no text cannot be wrong", "82 04 61 62", 6, State{}, notText, 2, 0,
			"Legal: a whole binary message."},
		{"a close, cut in its reason", "88 06 03 e8 e4", 8, State{}, nil, 3, 0,
			"Legal: a close with code 1000 normal closure. The client must answer with a Close frame, unless it has sent one already."},
		{"a close, cut in its code", "88 06 03", 8, State{}, nil, 5, 0,
			"Legal: a close. The client must answer with a Close frame, unless it has sent one already."},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := wire(t, c.bytes)
			x := ExplainKept(b, c.passed, c.s, c.bad)
			assert.Equal(t, c.notKept, x.NotKept, "not kept")
			assert.Equal(t, c.missing, x.Missing, "missing")
			assert.Equal(t, c.verdict, x.Verdict)
			if c.missing == 0 {
				assert.Equal(t, c.s.After(x.Header), x.Next)
			} else {
				assert.Equal(t, c.s, x.Next, "the frame has not passed yet")
			}
			var bits uint64
			for _, f := range x.Fields {
				bits += f.Width
			}
			assert.EqualValues(t, 8*len(x.Bytes), bits, "the fields cover the bytes")
		})
	}
}

func TestExplainKeptSaysNothingOfTheEndOfTheText(t *testing.T) {
	x := ExplainKept(wire(t, "01 04 61 c3"), 6, State{}, nil)
	assert.Equal(t, Text, x.Next.Open)
	assert.Equal(t, UTF8{}, x.Next.Text)
	assert.Equal(t, "4 bytes of text", x.field(t, FieldPayload).Meaning)
}

func TestDumpOfKept(t *testing.T) {
	large := AppendHeader(nil, Header{Fin: true, Opcode: Text, Length: 70_000})
	size := uint64(len(large)) + 70_000
	start := append(large, strings.Repeat("0123456789", 20)...)
	close := append(AppendHeader(nil, Header{Fin: true, Opcode: Close, Length: 100}), "\x03\xe8going"...)
	var lines []byte
	for _, c := range []struct {
		name string
		x    Explanation
	}{
		{"kept-start", ExplainKept(start, size, State{}, nil)},
		{"kept-start-of-what-has-begun", ExplainKept(start, 1000, State{}, nil)},
		{"kept-header", ExplainKept(large, size, State{}, nil)},
		{"kept-start-of-close", ExplainKept(close, 102, State{}, nil)},
	} {
		golden(t, c.name, c.x.AppendDump(nil, DumpOptions{}))
		lines = append(c.x.AppendLine(lines, DumpOptions{}), '\n')
	}
	golden(t, "kept-lines", lines)
}
