package text

import (
	"fmt"
	"strings"
	"testing"

	"example.com/ws101/frames"
	"example.com/ws101/lessons/internal/lesson"
)

var taskAttack = lesson.Task{Chapter: 18, Name: "attack", Section: "RFC 3629 section 10"}

// careless is a server that sends files of the folder public. The message is the name of a file. It must not lead
// out of the folder, so "../" is not allowed in it. There is a mistake in it: its decoder takes everything for
// a character that has the form of one.
func careless(payload []byte) (sends string) {
	if strings.Contains(string(payload), "../") {
		return "nothing: this name leads out of the folder"
	}
	var name strings.Builder
	for len(payload) > 0 {
		r, n := decode(payload)
		name.WriteRune(r)
		payload = payload[n:]
	}
	return clean("public/" + name.String())
}

// decode takes the first character: the bits of its bytes, put together.
func decode(p []byte) (r rune, n int) {
	switch b := p[0]; {
	case b >= 0xf0 && len(p) >= 4:
		return rune(b&0x07)<<18 | rune(p[1]&0x3f)<<12 | rune(p[2]&0x3f)<<6 | rune(p[3]&0x3f), 4
	case b >= 0xe0 && len(p) >= 3:
		return rune(b&0x0f)<<12 | rune(p[1]&0x3f)<<6 | rune(p[2]&0x3f), 3
	case b >= 0xc0 && len(p) >= 2:
		return rune(b&0x1f)<<6 | rune(p[1]&0x3f), 2
	}
	return rune(p[0]), 1
}

// clean resolves "..", as a file system does.
func clean(name string) string {
	var parts []string
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." && len(parts) > 0 {
			parts = parts[:len(parts)-1]
		} else {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "/")
}

const secret = "secret"

// TestAttack sends your frame, as a client would. A right server refuses its text. The careless one has to send
// the file secret, which is beside the folder public.
func TestAttack(t *testing.T) {
	defer taskAttack.Catch(t)
	b := taskAttack.HexFile(t, "attack.hex")
	fromClient := frames.State{FromClient: true}
	lesson.Trace(t, "out", fromClient, b)

	call := "attack.hex: " + lesson.Spaced(b)
	x := frames.Explain(b, fromClient)
	header := fromClient.Check(x.Header)
	if x.HeaderLen == 0 || x.Missing > 0 || header != nil || x.Header.Opcode != frames.Text || len(x.Bytes) != len(b) || !x.Header.Fin {
		taskAttack.Fail(t, call, "both servers see\ngot  "+x.Verdict+"\nwant one whole text frame of a client",
			lesson.If(x.HeaderLen > 0 && header != nil, "the header breaks a rule; both servers end the connection before they look at the text"),
			lesson.If(x.Missing > 0, "the frame is cut short, so both servers wait for the rest of it"),
			lesson.If(x.Header.Opcode == frames.Text && !x.Header.Fin, "FIN is not set, so both servers wait for the next fragment"))
	}
	got := careless(x.Payload)
	var u frames.UTF8
	refused := u.Add(x.Payload) != nil || u.End() != nil
	type servers struct {
		Careless string
		Right    string
	}
	right := map[bool]string{true: "refuses the text", false: "takes the text"}
	taskAttack.Equal(t, call, servers{got, right[refused]}, servers{secret, right[true]},
		lesson.If(strings.HasPrefix(got, "nothing"), "the guard has found ../ in the bytes; write one of its characters in other bytes"),
		lesson.If(!refused, "this is a valid text, and no way out of the folder; which bytes have the form of a character, and are none?"),
		lesson.If(got != secret, fmt.Sprintf("the careless server opens %q; it has to be one folder up, and the file there is called secret", got)))
}
