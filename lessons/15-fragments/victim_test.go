package fragments

import (
	"fmt"
	"slices"
	"testing"

	"example.com/ws101/frames"
	"example.com/ws101/lessons/internal/lesson"
)

var taskAttack = lesson.Task{Chapter: 15, Name: "attack", Section: "RFC 6455 section 5.4"}

// careless is a guard that stands in front of a chat and reads along, with a mistake in
// it: it takes a control frame for a part of the conversation. It returns the messages
// that it believes to see.
func careless(b []byte) (seen []string) {
	var message []byte
	for len(b) > 0 {
		x := frames.Explain(b, frames.State{FromClient: true})
		if x.Header.Opcode != frames.Continuation {
			message = nil // a new message begins
		}
		message = append(message, x.Payload...)
		if x.Header.Fin {
			seen = append(seen, string(message))
			message = nil
		}
		b = b[len(x.Bytes):]
	}
	return seen
}

// forbidden is the message that the guard must not let pass.
const forbidden = "/kick"

// right returns the messages that are really in b, and how many frames these have; or what
// is wrong with b, and what to do about it.
func right(b []byte) (seen []string, parts int, problem, advice string) {
	s := frames.State{FromClient: true}
	var message []byte
	for len(b) > 0 {
		x := frames.Explain(b, s)
		switch {
		case x.Missing > 0:
			return seen, parts, x.Verdict, "the last frame is cut short, so everybody waits for the rest of it"
		case x.Grade == frames.Broken && s.Closed:
			return seen, parts, x.Verdict, "a Close ends the conversation for the chat as well; there are other control frames"
		case x.Grade == frames.Broken:
			return seen, parts, x.Verdict, "a frame that breaks a rule; the chat ends the connection, so all of yours have to be legal"
		}
		if !x.Header.Opcode.IsControl() {
			parts++
			message = append(message, x.Payload...)
			if x.Header.Fin {
				seen = append(seen, string(message))
				message = nil
			}
		}
		b, s = b[len(x.Bytes):], x.Next
	}
	if s.Open != frames.Continuation {
		return seen, parts, "a message that does not end", "the last fragment has FIN; without it the chat waits for more"
	}
	return seen, parts, "", ""
}

// TestAttack sends your bytes, as a client would, past the careless guard to the chat.
// The chat has to get the forbidden message, and nothing else. A right guard sees it
// too. The careless one must not.
func TestAttack(t *testing.T) {
	defer taskAttack.Catch(t)
	b := taskAttack.HexFile(t, "attack.hex")
	lesson.Trace(t, "out", frames.State{FromClient: true}, b)
	call := "attack.hex: " + lesson.Spaced(b)

	got, parts, problem, advice := right(b)
	if problem != "" {
		taskAttack.Fail(t, call, fmt.Sprintf("the chat sees\ngot  %s\nwant the message %q", problem, forbidden), lesson.If(true, advice))
	}
	if !slices.Equal(got, []string{forbidden}) {
		taskAttack.Fail(t, call, fmt.Sprintf("the chat gets\ngot  %s\nwant [%q]", quoted(got), forbidden),
			lesson.If(len(got) > 1, "several messages; send one, and only control frames beside it"),
			lesson.If(len(got) == 1 && len(got[0]) > 0, "another message; mind the mask, of which a key of four zeros is the simplest"))
	}
	if seen := careless(b); slices.Contains(seen, forbidden) {
		taskAttack.Fail(t, call, fmt.Sprintf("the careless guard sees\ngot  %s\nwant anything but %q", quoted(seen), forbidden),
			lesson.If(parts == 1, "your message stands in one frame, which any guard can read"),
			lesson.If(len(seen) == 1, "the careless guard puts fragments together as it should; it is something else that it does wrong"),
			lesson.If(true, "the control frame does not stand between two fragments, so it does no harm"))
	}
}

func quoted(list []string) string { return fmt.Sprintf("%q", list) }
