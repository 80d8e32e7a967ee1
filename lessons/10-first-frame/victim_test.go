package firstframe

import (
	"slices"
	"strings"
	"testing"

	"example.com/ws101/frames"
	"example.com/ws101/lessons/internal/lesson"
)

var taskAttack = lesson.Task{Chapter: 10, Name: "attack", Section: "RFC 6455 section 5.2"}

// careless is a server's decoder with a mistake in it: it knows the MASK bit,
// and takes every header for two bytes all the same. So it takes the masking key
// for the beginning of the payload. It returns the opcodes of the frames that it
// believes to see, and stops where the bytes end.
func careless(b []byte) (seen []Opcode) {
	for len(b) >= 2 {
		op, length := Opcode(b[0]&0x0f), int(b[1]&0x7f)
		if length > 125 || len(b) < 2+length {
			break
		}
		seen = append(seen, op)
		b = b[2+length:]
	}
	return seen
}

// TestAttack sends your bytes, as a client would, to a decoder that is right and
// to the careless one. The right one, the library's, has to see one legal binary
// frame and nothing else. The careless one has to see a Close frame.
func TestAttack(t *testing.T) {
	defer taskAttack.Catch(t)
	b := taskAttack.HexFile(t, "attack.hex")
	fromClient := frames.State{FromClient: true}
	lesson.Trace(t, "out", fromClient, b)

	x := frames.Explain(b, fromClient)
	rest := b[len(x.Bytes):]
	call := "attack.hex: " + lesson.Spaced(b)
	if got := sight(x, rest); got != harmless {
		taskAttack.Fail(t, call, "the right decoder sees\ngot  "+got+"\nwant "+harmless,
			lesson.If(x.Grade == frames.Broken, "a frame that breaks a rule; the right decoder ends the connection and is not fooled"),
			lesson.If(x.Missing > 0, "the length is larger than what follows the header"),
			lesson.If(len(rest) > 0, "the length is smaller than what follows the header, so the right decoder sees a second frame too"),
		)
	}
	if seen := careless(b); !slices.Contains(seen, Close) {
		taskAttack.Fail(t, call, "the careless decoder sees\ngot  "+names(seen)+"\nwant a frame, and a Close behind it",
			lesson.If(len(seen) == 0, "the length is too large for the careless decoder as well, and it waits for more"),
			lesson.If(len(seen) == 1, "the careless decoder sees one frame, and what remains is less than a whole one"),
			lesson.If(len(seen) > 1, "the careless decoder sees several frames, and none of them is a Close"),
		)
	}
}

// harmless is what the right decoder has to see.
const harmless = "a whole, legal binary frame"

// sight says what the right decoder sees.
func sight(x frames.Explanation, rest []byte) string {
	switch {
	case x.Grade == frames.Broken || x.Missing > 0:
		return x.Verdict
	case len(rest) > 0:
		return "a frame, and bytes behind it: " + lesson.Spaced(rest)
	case x.Header.Opcode != frames.Binary || !x.Header.Fin:
		return "another frame: " + x.Verdict
	}
	return harmless
}

func names(list []Opcode) string {
	var s []string
	for _, op := range list {
		s = append(s, op.String())
	}
	if len(s) == 0 {
		return "no whole frame"
	}
	return strings.Join(s, ", ")
}
