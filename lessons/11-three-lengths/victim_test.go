package threelengths

import (
	"fmt"
	"testing"

	"example.com/ws101/frames"
	"example.com/ws101/lessons/internal/lesson"
)

var taskAttack = lesson.Task{Chapter: 11, Name: "attack", Section: "RFC 6455 section 10.4"}

// oneMiB is the most bytes that both servers want to take.
const oneMiB = 1 << 20

// careless is a server with a mistake in it: it compares what the header
// announces with the limit, but only after it has turned it into a number of 32
// bits. log stands for its log, and alloc for the call that makes the memory.
func careless(b []byte, log func(length int32), alloc func(size uint64)) {
	h, n, err := frames.ParseHeader(b)
	if n == 0 || err != nil {
		return
	}
	length := int32(h.Length)
	log(length)
	if length > oneMiB {
		return // too big
	}
	alloc(h.Length)
}

// TestAttack sends your bytes, as a client would, to a server that is right and
// to the careless one. The right one has to refuse a legal header for its size.
// The careless one has to ask for a gigabyte or more, and to write a harmless 5
// into its log. No memory is made here: the sizes are only written down.
func TestAttack(t *testing.T) {
	defer taskAttack.Catch(t)
	b := taskAttack.HexFile(t, "attack.hex")
	fromClient := frames.State{FromClient: true}
	lesson.Trace(t, "out", fromClient, b)
	call := "attack.hex: " + lesson.Spaced(b)

	x := frames.Explain(b, fromClient)
	if x.HeaderLen == 0 || x.Grade == frames.Broken {
		taskAttack.Fail(t, call, "the right server sees\ngot  "+x.Verdict+"\nwant a whole, legal header",
			lesson.If(x.HeaderLen == 0, "the header is cut short, so both servers wait for the rest of it"),
			lesson.If(true, "a frame that breaks a rule; both servers end the connection before they ask for memory"),
		)
	}
	if len(b) > x.HeaderLen {
		taskAttack.Fail(t, call, fmt.Sprintf("got  a header of %d bytes, and more behind it\nwant the header alone", x.HeaderLen),
			lesson.If(true, "the payload need not come; a header alone is enough to ask for memory"))
	}
	var logged int32
	var size uint64
	asked := false
	careless(b, func(length int32) { logged = length }, func(n uint64) { size, asked = n, true })
	got := fmt.Sprintf("logs %d, and makes no memory", logged)
	if asked {
		got = fmt.Sprintf("logs %d, and makes %d bytes", logged, size)
	}
	if size < 1<<30 || logged != 5 {
		taskAttack.Fail(t, call, fmt.Sprintf("the length is %d; the careless server\ngot  %s\nwant logs 5, and makes 1073741824 bytes (1 GiB) or more", x.Header.Length, got),
			lesson.If(!asked, fmt.Sprintf("in 32 bits this length is %d, which is more than the limit too", logged)),
			lesson.If(size < 1<<30, "a length that both servers take; it has to be large where the careless one does not look"),
			lesson.If(true, "the memory is made, and the number in the log would be noticed; see which bits of the length it is made of"),
		)
	}
}
