package failing

import (
	"fmt"
	"slices"
	"testing"

	"example.com/ws101/frames"
	"example.com/ws101/lessons/internal/lesson"
)

var taskAttack = lesson.Task{Chapter: 17, Name: "attack", Section: "RFC 6455 section 7.1.7"}

// careless is a server with a mistake in it: a frame that breaks a rule is noted in the
// log, and then the server reads on. It returns the messages that it handles.
func careless(b []byte) (messages []string) {
	for {
		h, n, err := frames.ParseHeader(b)
		if n == 0 || err != nil {
			return messages
		}
		b = b[n:]
		if err := (frames.State{FromClient: true}).Check(h); err != nil {
			continue // it is in the log
		}
		if h.Length > uint64(len(b)) {
			return messages
		}
		payload := slices.Clone(b[:h.Length])
		frames.Mask(h.MaskKey, 0, payload)
		messages = append(messages, string(payload))
		b = b[h.Length:]
	}
}

// command is the message that a guard in front of the server lets nobody send.
const command = "/op mallory"

// TestAttack sends your frame, as a client would. A right server, and the guard, see one
// frame that breaks a rule, and nothing else: the connection fails. The careless server
// has to handle the command.
func TestAttack(t *testing.T) {
	defer taskAttack.Catch(t)
	b := taskAttack.HexFile(t, "attack.hex")
	fromClient := frames.State{FromClient: true}
	lesson.Trace(t, "out", fromClient, b)

	call := "attack.hex: " + lesson.Spaced(b)
	x := frames.Explain(b, fromClient)
	rest := b[len(x.Bytes):]
	if x.Grade != frames.Broken || x.Missing > 0 || len(rest) > 0 {
		got := x.Verdict
		if x.Grade == frames.Broken {
			got = fmt.Sprintf("a frame that breaks a rule, with %d bytes missing, and %d bytes behind it", x.Missing, len(rest))
		}
		taskAttack.Fail(t, call, "the guard sees\ngot  "+got+"\nwant one whole frame that breaks a rule",
			lesson.If(x.Grade != frames.Broken && len(rest) == 0 && string(x.Payload) == command, "the command itself; the guard refuses it"),
			lesson.If(x.Grade != frames.Broken, "the first frame is legal, so the connection goes on, and the guard reads all of it"),
			lesson.If(x.Missing > 0, "the length is larger than what follows the header"),
			lesson.If(len(rest) > 0, "the length is smaller than what follows the header"))
	}
	if got := careless(b); !slices.Equal(got, []string{command}) {
		taskAttack.Fail(t, call, fmt.Sprintf("the careless server handles\ngot  %q\nwant [%q]", got, command),
			lesson.If(len(got) == 0, "the careless server finds no legal frame of a client behind the header of the broken one"),
			lesson.If(true, "the careless server finds a frame, and it holds something else; mind its mask"))
	}
}
