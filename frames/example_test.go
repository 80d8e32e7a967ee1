package frames_test

import (
	"errors"
	"fmt"
	"os"

	"example.com/ws101/frames"
)

// A header says how long it is itself, and how long the payload behind it is.
func ExampleParseHeader() {
	// The masked "Hello" of RFC 6455 section 5.7.
	b := []byte{0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}

	_, n, err := frames.ParseHeader(b[:5])
	fmt.Println("of 5 bytes:", n, err)

	h, n, err := frames.ParseHeader(b)
	fmt.Println("of all:", n, err)
	fmt.Println(h.Opcode, h.Fin, h.Masked, h.Length)
	// Output:
	// of 5 bytes: 0 <nil>
	// of all: 6 <nil>
	// text true true 5
}

func ExampleAppendHeader() {
	for _, length := range []uint64{5, 256, 65536} {
		h := frames.Header{Fin: true, Opcode: frames.Binary, Length: length}
		fmt.Printf("% x\n", frames.AppendHeader(nil, h))
	}
	// Output:
	// 82 05
	// 82 7e 01 00
	// 82 7f 00 00 00 00 00 01 00 00
}

// A payload that arrives in pieces is unmasked in pieces.
func ExampleMask() {
	key := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	first := []byte{0x7f, 0x9f, 0x4d}
	second := []byte{0x51, 0x58}

	pos := frames.Mask(key, 0, first)
	frames.Mask(key, pos, second)
	fmt.Printf("%s%s\n", first, second)
	// Output: Hello
}

// A character may be split between two pieces. A byte that cannot be right is
// told at once.
func ExampleUTF8() {
	var u frames.UTF8
	fmt.Println(u.Add([]byte("caf\xc3")))
	fmt.Println(u.Add([]byte("\xa9")))
	fmt.Println(u.End())

	fmt.Println(u.Add([]byte("caf\xc3e")))
	// Output:
	// <nil>
	// <nil>
	// <nil>
	// the text is not valid UTF-8: byte 0x65 at offset 4 cannot stand there (RFC 6455 section 8.1)
}

func ExampleParseClose() {
	code, reason, err := frames.ParseClose([]byte("\x03\xe9see you"))
	fmt.Printf("%v, %q, %v\n", code, reason, err)

	_, _, err = frames.ParseClose([]byte{0x03, 0xee})
	var e *frames.Error
	if errors.As(err, &e) {
		fmt.Println(e.Text)
		fmt.Println("rule", e.Rule, "in", e.Source())
		fmt.Println("answer with", e.Code)
	}
	// Output:
	// 1001 going away, "see you", <nil>
	// close code 1006 abnormal closure must not be in a Close frame
	// rule 6455-7.4.1-2 in RFC 6455 section 7.4.1
	// answer with 1002 protocol error
}

func ExampleAppendClose() {
	payload, err := frames.AppendClose(nil, frames.CloseGoingAway, "see you")
	fmt.Printf("%q %v\n", payload, err)
	// Output: "\x03\xe9see you" <nil>
}

// Whether a frame is legal depends on what came before it.
func ExampleState() {
	var s frames.State // of the frames that a server sends
	for _, h := range []frames.Header{
		{Opcode: frames.Text},                    // a message begins,
		{Fin: true, Opcode: frames.Ping},         // a ping may come in between,
		{Fin: true, Opcode: frames.Continuation}, // the message ends,
		{Fin: true, Opcode: frames.Continuation}, // and nothing is left to continue.
	} {
		fmt.Println(s.Check(h))
		s = s.After(h)
	}
	// Output:
	// <nil>
	// <nil>
	// <nil>
	// a continuation frame came with no message open to continue (RFC 6455 section 5.4)
}

func ExampleExplain() {
	b := []byte{0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}
	x := frames.Explain(b, frames.State{FromClient: true})
	for _, f := range x.Fields {
		fmt.Printf("%v  bit %2d, %2d wide  %-11s  %s\n", f.Kind, f.Bit, f.Width, f.Name, f.Value)
	}
	fmt.Println(x.Verdict)
	// Output:
	// F  bit  0,  1 wide  FIN          1
	// 1  bit  1,  1 wide  RSV1         0
	// 2  bit  2,  1 wide  RSV2         0
	// 3  bit  3,  1 wide  RSV3         0
	// O  bit  4,  4 wide  opcode       0x1
	// M  bit  8,  1 wide  MASK         1
	// L  bit  9,  7 wide  length       5
	// K  bit 16, 32 wide  masking key  37 fa 21 3d
	// P  bit 48, 40 wide  payload      "Hello"
	// Legal: a whole text message.
}

// A stream of frames, a line for each: Next judges the frame that follows.
func ExampleExplanation_String() {
	b := []byte("\x01\x03Hel\x89\x00\x80\x02lo\x80\x00")
	var s frames.State
	for len(b) > 0 {
		x := frames.Explain(b, s)
		fmt.Println(x)
		b, s = b[len(x.Bytes):], x.Next
	}
	// Output:
	// 01 03 48 65 6c             text, 3 bytes  "Hel"
	// 89 00                      ping, FIN, 0 bytes
	// 80 02 6c 6f                continuation, FIN, 2 bytes  "lo"
	// 80 00                      continuation, FIN, 0 bytes  BROKEN 6455-5.4-6: a continuation frame came with no message open to continue (RFC 6455 section 5.4)
}

func ExampleExplanation_AppendDump() {
	b := []byte{0x89, 0x82, 0x37, 0xfa, 0x21, 0x3d, 0x5f, 0x93}
	x := frames.Explain(b, frames.State{FromClient: true})
	os.Stdout.Write(x.AppendDump(nil, frames.DumpOptions{}))
	// Output:
	// client → server  ping, FIN, masked, 2 bytes
	// 6 bytes of header, 2 bytes of payload
	//
	//     0  89           F  1... ....  FIN          1    whole, as a control frame always is
	//                     1  .0.. ....  RSV1         0    no extension uses it
	//                     2  ..0. ....  RSV2         0    no extension uses it
	//                     3  ...0 ....  RSV3         0    no extension uses it
	//                     O  .... 1001  opcode       0x9  ping
	//     1  82           M  1... ....  MASK         1    masked: every frame from a client must be
	//                     L  .000 0010  length       2    2 bytes of payload
	//     2  37 fa 21 3d  K             masking key       in the clear: whoever sees the frame can unmask it
	//     6               P             payload           2 bytes, which a pong must repeat
	//
	//     6  masked   5f 93
	//        key      37 fa
	//        clear    68 69  |hi|
	//
	// Legal: a ping.
	// The server must answer with a pong that carries the same bytes, unless a Close frame has come first.
}
