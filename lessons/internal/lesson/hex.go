package lesson

import (
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"
)

// rowBytes is how many bytes of a long run are shown.
const rowBytes = 16

// Hex returns bytes that are written as people read them: "81 05 48". It is for
// constants in tests, and panics when s is no hex.
func Hex(s string) []byte {
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		panic(fmt.Sprintf("the test itself has bad hex: %q", s))
	}
	return b
}

// Spaced writes bytes as people read them: "81 05 48".
func Spaced(b []byte) string { return fmt.Sprintf("% x", b) }

// HexFile reads bytes that the learner has written into a file: hex digits with
// or without spaces, and comments from "#" to the end of a line. Without a byte
// in it, the part is not written yet.
func (k Task) HexFile(t testing.TB, name string) []byte {
	k.Section = "" // no RFC says how such a file is written
	text, err := os.ReadFile(name)
	if err != nil {
		k.Fail(t, name, "got  no such file\nwant the bytes of "+k.Name+", as hex digits")
	}
	var all []byte
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		line, _, _ = strings.Cut(line, "#")
		b, err := hex.DecodeString(strings.Join(strings.Fields(line), ""))
		if err != nil {
			k.Fail(t, fmt.Sprintf("%s:%d", name, number),
				"got  "+strings.TrimSpace(line)+"\nwant two hex digits for each byte, such as 81 05")
		}
		all = append(all, b...)
	}
	if len(all) == 0 {
		(&NotWritten{Part: k.Name, Place: name}).report(t)
	}
	return all
}

// diffBytes shows two runs of bytes and a caret under the first difference.
// note, if not nil, says what byte i of got means. Of long runs, the part around
// the difference is shown.
func diffBytes(got, want []byte, note func(i int) string) string {
	at := 0
	for at < len(got) && at < len(want) && got[at] == want[at] {
		at++
	}
	from := 0
	if max(len(got), len(want)) > rowBytes {
		from = max(0, at-rowBytes/2)
	}
	gotRow, lead := row(got, from)
	wantRow, _ := row(want, from)
	caret, text := "^^", fmt.Sprintf("byte %d", at)
	switch {
	case at == len(got):
		text = fmt.Sprintf("ends after %s; %d expected", count(len(got)), len(want))
	case at == len(want):
		text += fmt.Sprintf(": too many; %s expected", count(len(want)))
	case note != nil:
		if s := note(at); s != "" {
			text += ": " + s
		}
	}
	return fmt.Sprintf("got  %s\n     %*s%s %s\nwant %s", gotRow, lead+3*(at-from), "", caret, text, wantRow)
}

// row writes the bytes from an offset on, and how wide what stands in front is.
func row(b []byte, from int) (s string, lead int) {
	if len(b) == 0 {
		return "no bytes", 0
	}
	end := min(from+rowBytes, len(b))
	front := ""
	if from > 0 {
		front = "… "
	}
	s = front + Spaced(b[min(from, end):end])
	if end < len(b) {
		s += " …"
	}
	if from > 0 || end < len(b) {
		s += fmt.Sprintf("  (%s)", count(len(b)))
	}
	if front != "" {
		lead = 2
	}
	return s, lead
}

func count(n int) string {
	if n == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}
