package text

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"example.com/ws101/lessons/internal/lesson"
)

var (
	taskStep = lesson.Task{Chapter: 18, Name: "step", Section: "RFC 3629 section 4"}
	taskAdd  = lesson.Task{Chapter: 18, Name: "Add", Section: "RFC 6455 section 8.1"}
	taskEnd  = lesson.Task{Chapter: 18, Name: "End", Section: "RFC 6455 section 8.1"}
)

const secondOnly = "only the second byte has a range of its own; the third and the fourth are any from 80 to bf"

// texts are bytes, and the place of the first one that cannot stand where it does: -1 if all can, and the text
// is whole; and its length if it ends inside of a character.
var texts = []struct {
	bytes string
	bad   int
	looks string
}{
	{"", -1, ""},
	{"48 65 6c 6c 6f", -1, "this is ASCII, in which each byte is a character"},
	{"63 61 66 c3 a9", -1, "this is \"café\"; c3 begins a character of two bytes"},
	{"e4 bd a0 e5 a5 bd", -1, "this is \"你好\", two characters of three bytes"},
	{"f0 9f 8c 8d", -1, secondOnly},
	{"c2 80", -1, "this is U+0080, the first with two bytes"},
	{"df bf", -1, "this is U+07FF, the last with two bytes"},
	{"e0 a0 80", -1, secondOnly},
	{"ed 9f bf", -1, "this is U+D7FF, the last one in front of the surrogates"},
	{"ee 80 80", -1, "this is U+E000, the first one behind the surrogates"},
	{"ef bf bd", -1, "this is U+FFFD, a character like others, though decoders return it for what they cannot read"},
	{"ef bf bf", -1, "this is U+FFFF; it means nothing, and its bytes are valid all the same"},
	{"f0 90 80 80", -1, secondOnly},
	{"f4 8f bf bf", -1, "this is U+10FFFF, the last there is"},
	{"61 00 62", -1, "NUL is a character"},

	{"80", 0, "a byte in the middle of a character has come where a character begins"},
	{"61 bf", 1, "a byte in the middle of a character has come where a character begins"},
	{"c3 a9 a9", 2, "a character of two bytes was whole, and a third came"},
	{"c3 28", 1, "c3 has to be followed by a byte from 80 to bf"},
	{"e4 bd 28", 2, "a character of three bytes has ended after two"},
	{"f0 9f 8c 28", 3, "a character of four bytes has ended after three"},
	{"c3 c3", 1, "a character has begun before the last one was whole"},
	{"c0 af", 0, "a character was written with more bytes than it needs: c0 and c1 never occur"},
	{"c1 bf", 0, "a character was written with more bytes than it needs: c0 and c1 never occur"},
	{"e0 80 af", 1, "a character was written with three bytes that needs fewer; behind e0 comes a0 to bf"},
	{"e0 9f bf", 1, "a character was written with three bytes that needs fewer; behind e0 comes a0 to bf"},
	{"f0 8f bf bf", 1, "a character was written with four bytes that needs fewer; behind f0 comes 90 to bf"},
	{"ed a0 80", 1, "U+D800 to U+DFFF are no characters, but halves of pairs in UTF-16; behind ed comes 80 to 9f"},
	{"ed bf bf", 1, "U+D800 to U+DFFF are no characters, but halves of pairs in UTF-16; behind ed comes 80 to 9f"},
	{"f4 90 80 80", 1, "U+10FFFF is the last character; behind f4 comes 80 to 8f, and f5 to ff never occur"},
	{"f5 80 80 80", 0, "U+10FFFF is the last character; behind f4 comes 80 to 8f, and f5 to ff never occur"},
	{"f8 88 80 80 80", 0, "no character has five bytes any more; f5 to ff never occur"},
	{"ff", 0, "f5 to ff never occur"},

	{"c3", 1, ""},
	{"e4 bd", 2, ""},
	{"f0 9f 8c", 3, ""},
}

// place is where a check stops.
type place struct {
	Stops string
}

func stops(at int) place {
	if at < 0 {
		return place{"nowhere"}
	}
	return place{fmt.Sprintf("at byte %d", at)}
}

func TestStep(t *testing.T) {
	defer taskStep.Catch(t)
	for _, c := range texts {
		b := lesson.Hex(c.bytes)
		if c.bad == len(b) {
			c.bad = -1 // the end is for End
		}
		var u UTF8
		at := -1
		for i := range b {
			if !u.step(b[i]) {
				at = i
				break
			}
		}
		taskStep.Equal(t, fmt.Sprintf("step, of the bytes %s", c.bytes), stops(at), stops(c.bad),
			lesson.If(c.looks == "", "this is the beginning of a character"),
			lesson.If(c.bad >= 0 && at > c.bad, "the byte was noticed too late; it is this one that cannot stand here, whatever follows"),
			lesson.If(true, c.looks))
	}
	// And all that there is of two and three bytes.
	for i := range 1 << 19 {
		third := []byte{0x00, 0x7f, 0x80, 0x8f, 0x9f, 0xbf, 0xc0, 0xff}[i&7] // the edges are enough
		b := [3]byte{byte(i >> 11), byte(i >> 3), third}
		var u UTF8
		got := u.step(b[0]) && u.step(b[1]) && u.step(b[2])
		want := canBegin(b[:])
		if got != want {
			taskStep.Equal(t, fmt.Sprintf("step, of the bytes % x", b), got, want, lesson.If(true, "look at the table for the first of these bytes"))
		}
	}
}

// canBegin reports whether a text can begin with three bytes.
func canBegin(b []byte) bool {
	for len(b) > 0 && utf8.FullRune(b) {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			return false
		}
		b = b[n:]
	}
	switch len(b) {
	case 0:
		return true
	case 1:
		return b[0] >= 0xc2 && b[0] <= 0xf4
	}
	return utf8.Valid(append(b[:len(b):len(b)], "\x80\x80\x80"[:4-len(b)]...)) || utf8.Valid(append(b[:len(b):len(b)], "\x80\x80"[:3-len(b)]...))
}

// needStep ends the test of a later part if step does not do what it should.
func needStep(t *testing.T) {
	t.Helper()
	for _, c := range texts {
		var u UTF8
		for i, b := range lesson.Hex(c.bytes) {
			if u.step(b) != (i != c.bad) {
				taskStep.Fail(t, t.Name()+" needs step", "", lesson.If(true, "step is not right yet; make TestStep pass first"))
			}
			if i == c.bad {
				break
			}
		}
	}
}

// TestAdd gives each text in two pieces, cut at each place.
func TestAdd(t *testing.T) {
	defer taskAdd.Catch(t)
	needStep(t)
	for _, c := range texts {
		b := lesson.Hex(c.bytes)
		for cut := range len(b) + 1 {
			first, second := b[:cut], b[cut:]
			var u UTF8
			got := "nowhere"
			if err := u.Add(first); err != nil {
				got = "in the first piece"
			} else if err := u.Add(second); err != nil {
				got = "in the second piece"
			}
			want := "nowhere"
			if c.bad >= 0 && c.bad < cut {
				want = "in the first piece"
			} else if c.bad >= 0 && c.bad < len(b) {
				want = "in the second piece"
			}
			taskAdd.Equal(t, fmt.Sprintf("Add, of the pieces % x | % x", first, second), place{got}, place{want},
				lesson.If(want == "nowhere" && cut > 0 && cut < len(b) && !utf8.Valid(first), "a character was cut by the end of the piece, and refused; its rest comes with the next piece"),
				lesson.If(want == "in the first piece", "a byte that cannot stand where it does was noticed only later, or not at all; Add does not wait for the end of the character"),
				lesson.If(want == "nowhere", "a valid text was refused"))
		}
	}
}

func TestEnd(t *testing.T) {
	defer taskEnd.Catch(t)
	needStep(t)
	for _, c := range texts {
		b := lesson.Hex(c.bytes)
		if c.bad >= 0 && c.bad < len(b) {
			continue
		}
		var u UTF8
		for _, each := range b {
			u.step(each)
		}
		var want error
		if c.bad >= 0 {
			want = errUnfinished
		}
		err := u.End()
		taskEnd.Equal(t, "End, behind "+c.bytes, struct{ Err error }{err}, struct{ Err error }{want},
			lesson.If(want != nil && err == nil, "the text ends inside of a character, and that was not noticed"),
			lesson.If(want == nil, "the text is whole"))
		if err == nil && (!u.step('a') || !u.step(0xe4) || !u.step(0xbd) || !u.step(0xa0)) {
			taskEnd.Fail(t, "End, behind "+c.bytes+", and then another text", "got  it is refused\nwant it taken",
				lesson.If(true, "what was known of this text was kept for the next one"))
		}
	}
}

// needUTF8 ends the test of a later part if the ones before do not do what they should.
func needUTF8(t *testing.T) {
	t.Helper()
	needStep(t)
	check := func(end error, pieces ...string) bool {
		var u UTF8
		for _, p := range pieces {
			if u.Add(lesson.Hex(p)) != nil {
				return false
			}
		}
		return u.End() == end
	}
	if !check(nil, "61 c3", "a9 f0 9f", "8c", "8d") || !check(errUnfinished, "61 c3") {
		taskAdd.Fail(t, t.Name()+" needs Add and End", "", lesson.If(true, "Add and End are not right yet; make their tests pass first"))
	}
}

var taskCheck = lesson.Task{Chapter: 18, Name: "Check", Section: "RFC 6455 section 8.1"}

// frame makes a frame of "+1 c3": FIN or not, the opcode, and the payload.
func frame(s string) Frame {
	return Frame{s[0] == '+', Opcode(lesson.Hex("0" + s[1:2])[0]), lesson.Hex(s[2:])}
}

func TestCheck(t *testing.T) {
	defer taskCheck.Catch(t)
	needUTF8(t)
	const (
		perFrame = "a character was cut by the end of a frame, and refused; the text is that of the whole message"
		late     = "the byte cannot stand there, and it was noticed only with a later frame, or not at all"
	)
	for _, c := range []struct {
		frames string // "+" is FIN
		want   error  // of the last of them; the others have none
		looks  string
	}{
		{"+1 63 61 66 c3 a9", nil, ""},
		{"-1 63 61 66 c3 | +0 a9", nil, perFrame},
		{"-1 f0 | -0 9f | -0 | -0 8c | +0 8d", nil, perFrame},
		{"-1 c3 | +9 ff | +a | +0 a9", nil, "a ping between two fragments was taken for a part of the text"},
		{"+2 ff", nil, "binary was checked; it may be anything"},
		{"-2 c3 | +0 28 ff", nil, "a continuation of a binary message was checked; it is binary, as its first frame says"},
		{"+9 ff", nil, "the payload of a ping was checked; it is no text"},
		{"-1 c3 | +0 a9 | +2 ff | +1 61", nil, "what was known of a message was kept for the next one"},
		{"-2 c3 | +0 28 | -1 61 | +0 61", nil, "what was known of a message was kept for the next one"},
		{"-1 61 | +0 61 | -2 61 | +0 ff", nil, "a continuation of a binary message was checked; it is binary, as its first frame says"},
		{"+1 61 ff", errInvalid, ""},
		{"-1 61 | +0 ff", errInvalid, "a continuation of a text was not checked"},
		{"-1 ed", nil, perFrame},
		{"-1 ed | -0 a0", errInvalid, late},
		{"-1 61 ff", errInvalid, late},
		{"-1 c3 | +9 a9 | -0 28", errInvalid, "what was open before a control frame was forgotten"},
		{"+1 61 c3", errUnfinished, "the message ends inside of a character"},
		{"-1 61 | +0 c3", errUnfinished, "the message ends inside of a character"},
		{"-1 c3 | +0", errUnfinished, "the message ends inside of a character; its last frame is empty, and still its last"},
	} {
		var k Checker
		list := strings.Split(c.frames, " | ")
		for i, each := range list {
			var want error
			if i == len(list)-1 {
				want = c.want
			}
			err := k.Check(frame(each))
			taskCheck.Equal(t, "Check, of the frames "+strings.Join(list[:i+1], " | "), struct{ Err error }{err}, struct{ Err error }{want},
				lesson.If(err != nil && err != errInvalid && err != errUnfinished, "another error; it is errInvalid or errUnfinished"),
				lesson.If(c.looks != "", c.looks))
		}
	}
}
