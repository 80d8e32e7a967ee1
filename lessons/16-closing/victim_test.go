package closing

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"example.com/ws101/frames"
	"example.com/ws101/lessons/internal/lesson"
)

var taskAttack = lesson.Task{Chapter: 16, Name: "attack", Section: "RFC 6455 section 7.4.1"}

// careless is a server for chess, with a mistake in it. A player whose connection is cut
// gets a pause; a player who leaves has lost. It tells them apart by the close code, and
// believes what it reads. payload is that of the player's last frame, a Close.
func careless(payload []byte) (decision string) {
	code := frames.CloseNoStatus
	if len(payload) >= 2 {
		code = frames.CloseCode(binary.BigEndian.Uint16(payload))
	}
	switch {
	case code < 1000 || code > 4999:
		return "the player broke a rule, and has lost"
	case code == frames.CloseAbnormal:
		return pause
	}
	return "the player left, and has lost"
}

const pause = "the connection was cut: the clock stops for an hour"

// TestAttack sends your frame, as a client would. A right server refuses its code. The
// careless one has to stop the clock.
func TestAttack(t *testing.T) {
	defer taskAttack.Catch(t)
	b := taskAttack.HexFile(t, "attack.hex")
	fromClient := frames.State{FromClient: true}
	lesson.Trace(t, "out", fromClient, b)

	call := "attack.hex: " + lesson.Spaced(b)
	x := frames.Explain(b, fromClient)
	header := (frames.State{FromClient: true}).Check(x.Header)
	if x.HeaderLen == 0 || x.Missing > 0 || len(x.Bytes) < len(b) || header != nil || x.Header.Opcode != frames.Close {
		taskAttack.Fail(t, call, "both servers see\ngot  "+x.Verdict+"\nwant a whole Close frame of a client",
			lesson.If(x.HeaderLen > 0 && header != nil, "the header breaks a rule; both servers end the connection before they look at the code"),
			lesson.If(x.Missing > 0, "the frame is cut short, so both servers wait for the rest of it"),
			lesson.If(x.Header.Opcode == frames.Close, "something stands behind your Close frame; nobody looks at it"),
			lesson.If(true, "another frame; the code stands in a Close frame"))
	}
	if got := careless(x.Payload); got != pause {
		code := binary.BigEndian.Uint16(append(x.Payload, 0, 0))
		used := code >= 1000 && code <= 4999
		payload := b[x.HeaderLen:] // as it is in the file
		taskAttack.Fail(t, call, fmt.Sprintf("the careless server decides\ngot  %s\nwant %s", got, pause),
			lesson.If(len(x.Payload) < 2, "a Close without a code says that you left; which code says that you did not?"),
			lesson.If(bytes.HasPrefix(payload, []byte{0x03, 0xee}), "the payload was not masked with the key that stands in front of it; a key of four zeros is the simplest"),
			lesson.If(bytes.HasPrefix(x.Payload, []byte{0xee, 0x03}), "the code is written with its lower byte first; numbers on the wire have the highest byte first"),
			lesson.If(!used, fmt.Sprintf("the first two bytes of the payload are the number %d, without the mask, and that is no close code", code)),
			lesson.If(true, "a code that is for those who leave; look for the one that means that no Close frame came"))
	}
}
