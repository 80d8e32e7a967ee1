package stream

import (
	"encoding/hex"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"example.com/ws101/frames"
	"example.com/ws101/lessons/internal/lesson"
)

var taskAttack = lesson.Task{Chapter: 13, Name: "attack", Section: "RFC 6455 section 5.2"}

// careless is a server's reader with a mistake in it: it takes what one Read brings for
// one frame. It returns the opcodes of the frames that it believes to see.
func careless(src io.Reader) (seen []Opcode) {
	buf := make([]byte, 4096)
	for {
		n, err := src.Read(buf)
		if err != nil {
			return seen
		}
		if h, size := ParseHeader(buf[:n]); size > 0 {
			seen = append(seen, h.Opcode)
		}
	}
}

// TestAttack sends your pieces, as a client would, to the careless reader. It has to
// see a Close frame. A right decoder, the library's, has to see one legal binary frame
// and nothing else.
func TestAttack(t *testing.T) {
	defer taskAttack.Catch(t)
	b := taskAttack.HexFile(t, "attack.hex")
	fromClient := frames.State{FromClient: true}
	lesson.Trace(t, "out", fromClient, b)

	pieces := linesOf(t, "attack.hex")
	var shown []string
	for _, p := range pieces {
		shown = append(shown, lesson.Spaced(p))
	}
	call := "attack.hex: " + strings.Join(shown, " | ")
	x := frames.Explain(b, fromClient)
	rest := b[len(x.Bytes):]
	if got := sight(x, rest); got != harmless {
		taskAttack.Fail(t, call, "the right decoder sees\ngot  "+got+"\nwant "+harmless,
			lesson.If(x.Grade == frames.Broken, "a frame that breaks a rule; the right decoder ends the connection and is not fooled"),
			lesson.If(x.Missing > 0, "the length is larger than what follows the header"),
			lesson.If(len(rest) > 0, "the length is smaller than what follows the header, so the right decoder sees a second frame too"))
	}
	seen := careless(&source{pieces: pieces, end: io.EOF, task: taskAttack, t: t})
	if !slices.Contains(seen, Close) {
		taskAttack.Fail(t, call, "the careless reader sees\ngot  "+names(seen)+"\nwant a Close",
			lesson.If(len(pieces) == 1, "in one piece these bytes fool nobody; each line of the file is a piece"),
			lesson.If(len(seen) < len(pieces), "a piece is too short to be a header, and the careless reader forgets it"),
			lesson.If(true, "each piece is a frame for the careless reader, and none of them begins like a Close frame"))
	}
}

// linesOf returns the bytes in each line of a file that HexFile has read before.
func linesOf(t *testing.T, name string) (pieces [][]byte) {
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		if b, err := hex.DecodeString(strings.Join(strings.Fields(line), "")); err == nil && len(b) > 0 {
			pieces = append(pieces, b)
		}
	}
	return pieces
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
		return "no frame"
	}
	return strings.Join(s, ", ")
}
