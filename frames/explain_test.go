package frames

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestExplainRFCExamples(t *testing.T) {
	for _, c := range rfcExamples {
		t.Run("6455-5.2-8 "+c.name, func(t *testing.T) {
			b := wire(t, c.bytes)
			s := State{FromClient: c.want.Masked}
			if c.want.Opcode == Continuation {
				s.Open = Text
			}
			x := Explain(append(bytes.Clone(b), "the next frame"...)[:len(b):len(b)], s)
			assert.Equal(t, c.want, x.Header)
			assert.Equal(t, c.payload, string(x.Payload))
			assert.Equal(t, Legal, x.Grade, x.Verdict)
			checkExplanation(t, b, s, x)
		})
	}
}

func TestExplainFields(t *testing.T) {
	b := wire(t, "81 85 37 fa 21 3d 7f 9f 4d 51 58")
	x := Explain(append(b, 0x89, 0x00), State{FromClient: true})
	assert.Equal(t, []Field{
		{FieldFin, "FIN", 0, 1, "1... ....", "1", "the last frame of its message", ""},
		{FieldRsv1, "RSV1", 1, 1, ".0.. ....", "0", "no extension uses it", ""},
		{FieldRsv2, "RSV2", 2, 1, "..0. ....", "0", "no extension uses it", ""},
		{FieldRsv3, "RSV3", 3, 1, "...0 ....", "0", "no extension uses it", ""},
		{FieldOpcode, "opcode", 4, 4, ".... 0001", "0x1", "text", ""},
		{FieldMask, "MASK", 8, 1, "1... ....", "1", "masked: every frame from a client must be", ""},
		{FieldLength, "length", 9, 7, ".000 0101", "5", "5 bytes of payload", ""},
		{FieldMaskKey, "masking key", 16, 32, "", "37 fa 21 3d", "in the clear: whoever sees the frame can unmask it", ""},
		{FieldPayload, "payload", 48, 40, "", `"Hello"`, "5 bytes of text", ""},
	}, x.Fields)
	assert.Equal(t, 6, x.HeaderLen)
	assert.Equal(t, b, x.Bytes, "the next frame is not looked at")
	assert.Equal(t, "Hello", string(x.Payload))
	assert.Zero(t, x.Missing)
	assert.Equal(t, wire(t, "7f 9f 4d 51 58"), b[6:], "the bytes given stay as they are")
}

// field returns the field of a kind, which must be there.
func (x Explanation) field(t *testing.T, kind FieldKind) Field {
	t.Helper()
	for _, f := range x.Fields {
		if f.Kind == kind {
			return f
		}
	}
	require.Fail(t, "no such field", "%v in %v", kind, x)
	return Field{}
}

func TestExplainMeanings(t *testing.T) {
	client, deflate, open := State{FromClient: true}, State{Deflate: true}, State{Open: Text}
	inflating := State{Deflate: true, Open: Text, Compressed: true}
	for _, c := range []struct {
		name, bytes    string
		s              State
		kind           FieldKind
		value, meaning string
		rule           string
	}{
		{"not the last", "01 00", State{}, FieldFin, "0", "more frames of the message follow", ""},
		{"a control frame", "89 00", State{}, FieldFin, "1", "whole, as a control frame always is", ""},
		{"6455-5.5-2 a control frame in pieces", "09 00", State{}, FieldFin, "0", "more frames to follow, which a control frame may not say", "6455-5.5-2"},

		{"6455-5.2-2 RSV1", "c1 00", State{}, FieldRsv1, "1", "set, though no extension that uses it was agreed", "6455-5.2-2"},
		{"6455-5.2-2 RSV2 is to blame", "e1 00", deflate, FieldRsv2, "1", "set, though no extension that uses it was agreed", "6455-5.2-2"},
		{"6455-5.2-2 RSV1 is not to blame", "e1 00", deflate, FieldRsv1, "1", "the message is compressed", ""},
		{"6455-5.2-2 RSV3", "91 00", deflate, FieldRsv3, "1", "set, though no extension that uses it was agreed", "6455-5.2-2"},
		{"not compressed", "81 00", deflate, FieldRsv1, "0", "the message is not compressed", ""},
		{"a later fragment", "80 00", inflating, FieldRsv1, "0", "set on the first frame of a compressed message only", ""},
		{"7692-6.1-3 a later fragment", "c0 00", inflating, FieldRsv1, "1", "set, which only the first frame of a message may have", "7692-6.1-3"},

		{"6455-5.2-3 reserved data", "83 00", State{}, FieldOpcode, "0x3", "reserved for a data frame, without a meaning yet", "6455-5.2-3"},
		{"6455-5.2-3 reserved control", "8b 00", State{}, FieldOpcode, "0xb", "reserved for a control frame, without a meaning yet", "6455-5.2-3"},
		{"continuation", "80 00", open, FieldOpcode, "0x0", "continuation of the open text message", ""},
		{"6455-5.4-6 continuation of nothing", "80 00", State{}, FieldOpcode, "0x0", "continuation, though no message is open", "6455-5.4-6"},
		{"6455-5.4-6 binary inside text", "82 00", open, FieldOpcode, "0x2", "binary, though a text message is still open", "6455-5.4-6"},
		{"6455-5.5.1-4 data after Close", "82 00", State{Closed: true}, FieldOpcode, "0x2", "binary", "6455-5.5.1-4"},

		{"6455-5.1-2 not masked", "81 00", client, FieldMask, "0", "not masked, though every frame from a client must be", "6455-5.1-2"},
		{"6455-5.1-4 masked", "81 80 37 fa 21 3d", State{}, FieldMask, "1", "masked, though no frame from a server may be", "6455-5.1-4"},
		{"not masked", "81 00", State{}, FieldMask, "0", "not masked: no frame from a server may be", ""},
		{"zero key", "81 80 00 00 00 00", client, FieldMaskKey, "00 00 00 00", "zero, which leaves the payload as it is", ""},
		{"half a key", "81 80 37 fa", client, FieldMaskKey, "37 fa …", "2 of 4 bytes", ""},

		{"no payload", "81 00", State{}, FieldLength, "0", "no payload", ""},
		{"one byte", "81 01", State{}, FieldLength, "1", "1 byte of payload", ""},
		{"6455-5.5-1 a large ping", "89 7e 00 7e", State{}, FieldLength, "126", "the length is in the next 2 bytes", "6455-5.5-1"},
		{"16 bits", "82 7e 01 2c", State{}, FieldExtLength, "300", "300 bytes of payload", ""},
		{"64 bits", "82 7f 00 00 00 00 00 01 00 00", State{}, FieldExtLength, "65536", "65,536 bytes of payload", ""},
		{"half a length", "82 7f 00 00 00 00", State{}, FieldExtLength, "00 00 00 00 …", "4 of 8 bytes", ""},
		{"6455-5.2-5 16 bits too many", "82 7e 00 05", State{}, FieldExtLength, "5", "5 bytes of payload, for which the 7 bits before are enough", "6455-5.2-5"},
		{"6455-5.2-5 64 bits too many", "82 7f 00 00 00 00 00 00 01 2c", State{}, FieldExtLength, "300", "300 bytes of payload, for which 16 bits are enough", "6455-5.2-5"},
		{"6455-5.2-4 top bit", "82 7f ff ff ff ff ff ff ff ff", State{}, FieldExtLength, "18446744073709551615", "the top bit is set, and must be 0", "6455-5.2-4"},

		{"text", "81 06 e4 bd a0 e5 a5 bd", State{}, FieldPayload, `"你好"`, "6 bytes of text", ""},
		{"text with control characters", "81 05 1b 5b 32 4a 0a", State{}, FieldPayload, `"\x1b[2J\n"`, "5 bytes of text", ""},
		{"text that turns the line around", "81 03 e2 80 ae", State{}, FieldPayload, `"\u202e"`, "3 bytes of text", ""},
		{"half a character", "01 03 48 e4 bd", State{}, FieldPayload, `"H\xe4\xbd"`, "3 bytes of text, ends inside a character", ""},
		{"6455-8.1-1 not UTF-8", "81 02 48 ff", State{}, FieldPayload, `"H\xff"`, "2 bytes of text", "6455-8.1-1"},
		{"part of a text", "81 05 48 65", State{}, FieldPayload, `"He"`, "2 of 5 bytes of text", ""},
		{"binary", "82 03 00 01 ff", State{}, FieldPayload, "00 01 ff", "3 bytes", ""},
		{"compressed", "c1 07 f2 48 cd c9 c9 07 00", deflate, FieldPayload, "f2 48 cd c9 c9 07 00", "7 bytes, compressed", ""},
		{"compressed, a later fragment", "80 01 00", inflating, FieldPayload, "00", "1 byte, compressed", ""},
		{"ping", "89 02 68 69", State{}, FieldPayload, `"hi"`, "2 bytes, which a pong must repeat", ""},
		{"ping with bytes", "89 02 00 69", State{}, FieldPayload, "00 69", "2 bytes, which a pong must repeat", ""},
		{"pong", "8a 02 68 69", State{}, FieldPayload, `"hi"`, "2 bytes, as in the ping it answers, if any", ""},
		{"of an unknown kind", "83 02 68 69", State{}, FieldPayload, "68 69", "2 bytes", ""},

		{"close code", "88 02 03 e8", State{}, FieldCode, "1000", "normal closure", ""},
		{"close code of a library", "88 02 0b b8", State{}, FieldCode, "3000", "registered with IANA by a library, framework or application", ""},
		{"close code of one's own", "88 02 0f a0", State{}, FieldCode, "4000", "private: what the two ends agreed that it means", ""},
		{"6455-7.4.1-1 close code 1005", "88 02 03 ed", State{}, FieldCode, "1005", "no status received, which must not be sent", "6455-7.4.1-1"},
		{"6455-7.4.2-1 close code 999", "88 02 03 e7", State{}, FieldCode, "999", "not a close code that may be sent", "6455-7.4.2-1"},
		{"6455-5.5.1-1 half a code", "88 01 03", State{}, FieldCode, "03", "half a code; it takes 2 bytes", "6455-5.5.1-1"},
		{"a code still on its way", "88 02 03", State{}, FieldCode, "03", "1 of 2 bytes", ""},
		{"reason", "88 05 03 e8 62 79 65", State{}, FieldReason, `"bye"`, "3 bytes, for logs rather than for users", ""},
		{"reason still on its way", "88 05 03 e8 62", State{}, FieldReason, `"b"`, "1 of 3 bytes, for logs rather than for users", ""},
		{"6455-8.1-1 reason that is not UTF-8", "88 03 03 e8 ff", State{}, FieldReason, `"\xff"`, "1 byte, for logs rather than for users", "6455-8.1-1"},
	} {
		t.Run(c.name+" "+c.kind.String(), func(t *testing.T) {
			b := wire(t, c.bytes)
			x := Explain(b, c.s)
			f := x.field(t, c.kind)
			assert.Equal(t, []string{c.value, c.meaning, c.rule}, []string{f.Value, f.Meaning, f.Rule})
			checkExplanation(t, b, c.s, x)
		})
	}
}

func TestExplainLongPayload(t *testing.T) {
	text := strings.Repeat("你好", 100)
	x := Explain(frame(Header{Fin: true, Opcode: Text}, text), State{})
	assert.Equal(t, `"你好你好你好你好你好" …`, x.field(t, FieldPayload).Value, "cut at a character")
	assert.Equal(t, text, string(x.Payload))

	x = Explain(frame(Header{Fin: true, Opcode: Binary}, text), State{})
	assert.Equal(t, "e4 bd a0 e5 a5 bd e4 bd a0 e5 a5 bd e4 bd a0 e5 …", x.field(t, FieldPayload).Value)
}

func TestExplainHeaders(t *testing.T) {
	t.Run("judged as Check does, in every state", func(t *testing.T) {
		everyHeader(func(s State, h Header) {
			if h.Length != 0 && h.Length != 126 {
				return
			}
			b := AppendHeader(nil, h)
			x := Explain(b, s)
			if want := s.problems(h); len(x.Problems) != len(want) || (x.Grade == Broken) != (len(want) > 0) {
				require.Equal(t, want, x.Problems)
				require.Equal(t, len(want) > 0, x.Grade == Broken)
			}
			if h.Length == 0 && x.Grade != Broken && x.Next != s.After(h) {
				require.Equal(t, s.After(h), x.Next)
			}
			broken := map[string]bool{}
			for _, f := range x.Fields {
				broken[f.Rule] = true
			}
			for _, p := range x.Problems {
				// One field tells the first of several rules that it breaks.
				if !broken[p.Rule] && p.Rule != "6455-5.5.1-4" && p.Rule != "6455-5.4-6" {
					require.Fail(t, "no field is to blame", "%v: %v", p.Rule, x)
				}
			}
		})
	})
}

func TestExplainCutShort(t *testing.T) {
	client := State{FromClient: true}
	for _, c := range []struct {
		name, bytes string
		s           State
		missing     uint64
		grade       Grade
		verdict     string
	}{
		{"nothing", "", client, 2, Legal,
			"Nothing is here yet; the shortest frame has 2 bytes."},
		{"one byte", "89", client, 1, Legal,
			"Legal so far: a ping. At least 1 byte is still to come."},
		{"6455-5.2-3 one byte is enough to be wrong", "83", client, 1, Broken,
			"Broken by the client: opcode 0x3 is reserved; it has no meaning yet (RFC 6455 section 5.2). The server must fail the connection; the close code for this is 1002 protocol error."},
		{"a length on its way", "81 fe 01", client, 1 + 4, Legal,
			"Legal so far: a whole text message. At least 5 bytes are still to come."},
		{"a long length on its way", "81 ff 00 00", client, 6 + 4, Legal,
			"Legal so far: a whole text message. At least 10 bytes are still to come."},
		{"a long length is there", "81 ff 00 00 00 00 00 01 00 00", client, 4 + 65536, Legal,
			"Legal so far: a whole text message. 65,540 bytes are still to come."},
		{"a key on its way", "81 85 37", client, 3 + 5, Legal,
			"Legal so far: a whole text message. 8 bytes are still to come."},
		{"a payload on its way", "81 85 37 fa 21 3d 7f", client, 4, Legal,
			"Legal so far: a whole text message. 4 bytes are still to come."},
		{"the largest legal length", "82 7f 7f ff ff ff ff ff ff ff 00", State{}, math.MaxInt64 - 1, Legal,
			"Legal so far: a whole binary message. 9,223,372,036,854,775,806 bytes are still to come."},
		{"6455-5.2-4 a length beyond it, and half a key", "82 ff ff ff ff ff ff ff ff ff 37 fa", client, math.MaxUint64, Broken,
			"Broken by the client: the 64-bit payload length 0xffffffffffffffff has its top bit set; it must be 0 (RFC 6455 section 5.2). The server must fail the connection; the close code for this is 1002 protocol error."},
		{"6455-8.1-1 the first impossible byte", "81 05 48 c3 28", State{}, 2, Broken,
			"Broken by the server: the text is not valid UTF-8: byte 0x28 at offset 2 cannot stand there (RFC 6455 section 8.1). The client must fail the connection; the close code for this is 1007 invalid payload data."},
		{"a character on its way", "81 05 48 c3", State{}, 3, Legal,
			"Legal so far: a whole text message. 3 bytes are still to come."},
		{"a close without its code", "88 02", State{}, 2, Legal,
			"Legal so far: a close. 2 bytes are still to come."},
		{"half a close code", "88 02 03", State{}, 1, Legal,
			"Legal so far: a close. 1 byte is still to come."},
		{"a reason on its way", "88 06 03 e8 e4", State{}, 3, Legal,
			"Legal so far: a close with code 1000 normal closure. 3 bytes are still to come."},
		{"6455-7.4.1-2 the code is enough to be wrong", "88 06 03 ee", State{}, 4, Broken,
			"Broken by the server: close code 1006 abnormal closure must not be in a Close frame (RFC 6455 section 7.4.1). The client must fail the connection; the close code for this is 1002 protocol error."},
		{"odd already", "81 85 00 00 00 00", client, 5, Odd,
			"Legal but odd so far: the masking key is zero, so the payload travels as it is. 5 bytes are still to come."},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := wire(t, c.bytes)
			x := Explain(b, c.s)
			assert.Equal(t, c.missing, x.Missing)
			assert.Equal(t, c.grade, x.Grade)
			assert.Equal(t, c.verdict, x.Verdict)
			assert.Equal(t, c.s, x.Next, "the frame has not passed yet")
			checkExplanation(t, b, c.s, x)
		})
	}
}

func TestExplainVerdict(t *testing.T) {
	client, text := State{FromClient: true}, State{Open: Text}
	for _, c := range []struct {
		name, bytes string
		s           State
		grade       Grade
		verdict     string
	}{
		{"whole", "81 00", State{}, Legal, "Legal: a whole text message."},
		{"compressed", "c2 01 00", State{Deflate: true}, Legal, "Legal: a whole compressed binary message."},
		{"first", "01 01 61", State{}, Legal, "Legal: the first fragment of a text message."},
		{"further", "00 01 61", text, Legal, "Legal: a further fragment of a text message."},
		{"last", "80 01 61", text, Legal, "Legal: the last fragment of a text message."},
		{"an empty last one", "80 00", text, Legal, "Legal: the last fragment of a text message."},
		{"ping", "89 80 37 fa 21 3d", client, Legal,
			"Legal: a ping. The server must answer with a pong that carries the same bytes, unless a Close frame has come first."},
		{"pong between fragments", "8a 00", text, Legal, "Legal: a pong between two fragments of a text message."},
		{"close without a code", "88 00", State{}, Legal,
			"Legal: a close without a code. The client must answer with a Close frame, unless it has sent one already."},
		{"close with a code", "88 02 03 e9", State{}, Legal,
			"Legal: a close with code 1001 going away. The client must answer with a Close frame, unless it has sent one already."},
		{"a pong that crossed the Close", "8a 00", State{Closed: true}, Legal, "Legal: a pong."},

		{"an empty fragment", "00 00", text, Odd, "Legal but odd: it is a fragment with no bytes in it."},
		{"an empty first fragment", "01 00", State{}, Odd, "Legal but odd: it is a fragment with no bytes in it."},
		{"a zero key, and nothing else", "01 80 00 00 00 00", client, Odd,
			"Legal but odd: the masking key is zero, so the payload travels as it is; and it is a fragment with no bytes in it."},
		{"a ping after Close", "89 00", State{Closed: true}, Odd,
			"Legal but odd: it is a ping after a Close frame, which need not be answered (RFC 6455 section 5.5.2)."},
		{"a second Close", "88 00", State{Closed: true}, Odd,
			"Legal but odd: a Close frame has passed before, and only the first one counts."},
		{"a Close inside a message", "88 00", text, Odd,
			"Legal but odd: it closes in the middle of a text message, whose rest will never come. The client must answer with a Close frame, unless it has sent one already."},
		{"1010 from a server", "88 02 03 f2", State{}, Odd,
			"Legal but odd: code 1010 is for clients; a server that lacks an extension refuses the handshake (RFC 6455 section 7.4.1). The client must answer with a Close frame, unless it has sent one already."},
		{"1010 from a client", "88 82 00 00 00 01 03 f2", client, Legal,
			"Legal: a close with code 1010 mandatory extension. The server must answer with a Close frame, unless it has sent one already."},

		{"6455-5.1-2 one rule", "81 00", client, Broken,
			"Broken by the client: the client sent a frame that is not masked; every frame from a client must be (RFC 6455 section 5.1). The server must fail the connection; the close code for this is 1002 protocol error."},
		{"6455-5.5-2 two rules", "09 00", client, Broken,
			"Broken by the client: the client sent a frame that is not masked; every frame from a client must be (RFC 6455 section 5.1), and 1 more rule. The server must fail the connection; the close code for this is 1002 protocol error."},
		{"6455-5.5-1 four rules", "39 7e 00 7e", client, Broken,
			"Broken by the client: a reserved bit (RSV) is set, and no extension that gives it a meaning was agreed (RFC 6455 section 5.2), and 3 more rules. The server must fail the connection; the close code for this is 1002 protocol error."},
		{"6455-5.5.1-4 data after Close", "81 00", State{Closed: true}, Broken,
			"Broken by the server: a text frame came after a Close frame; no data may follow one (RFC 6455 section 5.5.1). The client discards it, as it does all that follows a Close frame (RFC 6455 section 1.4)."},
		{"6455-8.1-1 text that ends too early", "81 02 e4 bd", State{}, Broken,
			"Broken by the server: the text ends inside a UTF-8 character, 1 byte short (RFC 6455 section 8.1). The client must fail the connection; the close code for this is 1007 invalid payload data."},
		{"6455-8.1-1 a reason that is not UTF-8", "88 03 03 e8 ff", State{}, Broken,
			"Broken by the server: the reason in a Close frame is not valid UTF-8 (RFC 6455 section 8.1). The client must fail the connection; the close code for this is 1007 invalid payload data."},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := wire(t, c.bytes)
			x := Explain(b, c.s)
			if c.name != "6455-5.5-1 four rules" {
				assert.Zero(t, x.Missing)
			}
			assert.Equal(t, c.grade, x.Grade)
			assert.Equal(t, c.verdict, x.Verdict)
			checkExplanation(t, b, c.s, x)
		})
	}
}

func TestExplainTextOverFragments(t *testing.T) {
	t.Run("6455-5.6-1 any split of a text, also inside its characters", func(t *testing.T) {
		const text = "né 你好 👋"
		for i := range len(text) + 1 {
			for j := i; j <= len(text); j++ {
				var s State
				for n, h := range []struct {
					Header
					text string
				}{
					{Header{Opcode: Text}, text[:i]},
					{Header{Fin: true, Opcode: Ping}, "\xff"},
					{Header{}, text[i:j]},
					{Header{Fin: true}, text[j:]},
				} {
					x := Explain(frame(h.Header, h.text), s)
					require.NotEqual(t, Broken, x.Grade, "split at %d and %d, frame %d: %s", i, j, n, x.Verdict)
					s = x.Next
				}
				require.Equal(t, State{}, s)
			}
		}
	})
	t.Run("6455-8.1-1 the byte that fails is told by its place in the message", func(t *testing.T) {
		x := Explain(frame(Header{Opcode: Text}, "h\xc3"), State{})
		require.Equal(t, "2 bytes of text, ends inside a character", x.field(t, FieldPayload).Meaning)
		x = Explain(frame(Header{}, "\xa9\xe4"), x.Next)
		require.Equal(t, "2 bytes of text, begins inside a character, ends inside a character", x.field(t, FieldPayload).Meaning)
		x = Explain(frame(Header{}, "e"), x.Next)
		require.Len(t, x.Problems, 1)
		requireRule(t, x.Problems[0], "6455-8.1-1", CloseInvalidPayload)
		require.Contains(t, x.Problems[0].Text, "byte 0x65 at offset 4")
	})
	t.Run("7692-6.1-4 compressed bytes are not judged as text", func(t *testing.T) {
		x := Explain(frame(Header{Opcode: Text, Rsv1: true}, "\xff"), State{Deflate: true})
		require.Equal(t, Legal, x.Grade)
		x = Explain(frame(Header{Fin: true}, "\xff"), x.Next)
		require.Equal(t, Legal, x.Grade)
		require.Equal(t, State{Deflate: true}, x.Next)
	})
}

func TestExplainJSON(t *testing.T) {
	x := Explain(wire(t, "83 00"), State{})
	j, err := json.Marshal(x)
	require.NoError(t, err)
	for _, want := range []string{
		`"Grade":"broken"`,
		`{"Kind":"O","Name":"opcode","Bit":4,"Width":4,"Bits":".... 0011","Value":"0x3",`,
		`"Problems":[{"Rule":"6455-5.2-3","Code":1002,"Text":"opcode 0x3 is reserved; it has no meaning yet"}]`,
	} {
		assert.Contains(t, string(j), want)
	}
	assert.Equal(t, []string{"legal", "legal but odd", "broken"}, []string{Legal.String(), Odd.String(), Broken.String()})
}

// checkExplanation asserts what is true of every explanation of b.
func checkExplanation(t *testing.T, b []byte, s State, x Explanation) {
	t.Helper()
	require.Equal(t, s, x.State)

	// The fields cover every bit of what is there, once and in order.
	at := uint64(0)
	for _, f := range x.Fields {
		require.Equal(t, at, f.Bit, "%s begins where the field before it ends", f.Name)
		require.NotZero(t, f.Width, f.Name)
		require.NotEmpty(t, f.Value, f.Name)
		require.NotEmpty(t, f.Meaning, f.Name)
		requirePrintable(t, f.Value, "")
		at += f.Width
	}
	require.Equal(t, 8*uint64(len(x.Bytes)), at, "every bit is named")
	require.True(t, bytes.HasPrefix(b, x.Bytes))

	h, n, err := ParseHeader(b)
	require.Equal(t, n, x.HeaderLen)
	if n > 0 {
		require.Equal(t, h, x.Header)
		require.Equal(t, n+len(x.Payload), len(x.Bytes))
		require.Equal(t, h.Length, uint64(len(x.Payload))+x.Missing)
		clear := bytes.Clone(x.Bytes[n:])
		maskSlowly(h.MaskKey, 0, clear)
		require.Equal(t, string(clear), string(x.Payload))
	} else {
		require.NotZero(t, x.Missing)
		require.Equal(t, len(b), len(x.Bytes))
	}

	// The judgement agrees with what a receiver would find.
	require.Equal(t, x.Grade == Broken, len(x.Problems) > 0)
	require.Equal(t, x.Grade == Odd, len(x.Problems) == 0 && len(x.Oddities) > 0)
	if n > 0 {
		first := err
		if first == nil {
			first = s.Check(h)
		}
		if first != nil {
			require.Equal(t, first, error(x.Problems[0]))
		}
		if len(b) > n+len(x.Payload) || x.Missing == 0 {
			want := s.After(h)
			want.Text = x.Next.Text
			require.Equal(t, want, x.Next)
		}
	}
	if x.Missing > 0 {
		require.Equal(t, s, x.Next)
	}
	require.True(t, strings.HasSuffix(x.Verdict, "."), x.Verdict)
	for _, p := range x.Problems {
		require.NotZero(t, p.Code)
		require.NotContains(t, p.Text, ". ", "one sentence")
	}

	// What was broken early stays broken, by the same rules.
	for cut := range min(len(x.Bytes), MaxHeaderLen+8) {
		early := Explain(b[:cut], s)
		for _, p := range early.Problems {
			require.Condition(t, func() bool {
				for _, q := range x.Problems {
					if q.Rule == p.Rule {
						return true
					}
				}
				return false
			}, "%v, told of the first %d bytes of % x", p, cut, b)
		}
	}

	for _, o := range []DumpOptions{{}, {MaxPayload: -1}, {MaxPayload: 1}} {
		dump := string(x.AppendDump([]byte("> "), o))
		require.True(t, strings.HasPrefix(dump, "> "))
		require.True(t, strings.HasSuffix(dump, "\n"))
		requirePrintable(t, dump, "\n")
	}
	requirePrintable(t, x.String(), "")
	painted := string(x.AppendDump(nil, DumpOptions{Color: true})) + string(x.AppendLine(nil, DumpOptions{Color: true}))
	requirePrintable(t, painted, "\n\x1b")
}

// requirePrintable asserts that s is safe to show on a terminal: UTF-8 without
// control characters, but for those allowed.
func requirePrintable(t *testing.T, s, allowed string) {
	t.Helper()
	require.True(t, utf8.ValidString(s), "%q", s)
	for _, r := range s {
		require.True(t, unicode.IsPrint(r) || strings.ContainsRune(allowed, r), "%q in %q", r, s)
	}
}

func FuzzExplain(f *testing.F) {
	for _, c := range rfcExamples {
		f.Add(wire(f, c.bytes), uint8(0))
		f.Add(wire(f, c.bytes), uint8(1))
	}
	for _, s := range []string{
		"", "81", "88 02 03 ed", "82 ff ff ff ff ff ff ff ff ff 37 fa", "01 03 68 e4 bd 80 01 a0", "c1 07 f2 48 cd c9 c9 07 00 81 00",
		"88 00 89 00", "81 0b 1b 5b 33 31 6d e2 80 ae c2 9b 0a",
	} {
		f.Add(wire(f, s), uint8(0xff))
	}
	f.Fuzz(func(t *testing.T, b []byte, state uint8) {
		s := State{
			FromClient: state&1 != 0,
			Deflate:    state&2 != 0,
			Open:       Opcode((state >> 2 & 3) % 3),
			Closed:     state&16 != 0,
		}
		s.Compressed = s.Deflate && s.Open != Continuation && state&32 != 0
		if s.IsText(Header{}) && state&64 != 0 {
			require.NoError(t, s.Text.Add([]byte("\xf0\x9f")))
		}
		// A stream of frames, each judged by the state after the last.
		for range 8 {
			x := Explain(b, s)
			checkExplanation(t, b, s, x)
			if x.Missing > 0 || x.Grade == Broken {
				return
			}
			require.NoError(t, s.Check(x.Header))
			checkText(t, s, x)
			b, s = b[len(x.Bytes):], x.Next
		}
	})
}

// checkText asserts that Next knows how far the text of a legal frame went.
func checkText(t *testing.T, s State, x Explanation) {
	t.Helper()
	want := s.Text
	if s.IsText(x.Header) {
		err := want.Add(x.Payload)
		if x.Header.Fin {
			err = errors.Join(err, want.End())
		}
		require.NoError(t, err)
	}
	require.Equal(t, want, x.Next.Text)
}

func BenchmarkExplain(b *testing.B) {
	for _, n := range []int{5, 1024} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			raw := frame(Header{Fin: true, Opcode: Text, Masked: true, MaskKey: key}, strings.Repeat("x", n))
			b.ReportAllocs()
			for b.Loop() {
				Explain(raw, State{FromClient: true})
			}
		})
	}
}
