package control

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"example.com/ws101/frames"
	"example.com/ws101/lessons/internal/lesson"
)

var (
	taskCheck = lesson.Task{Chapter: 14, Name: "CheckControl", Section: "RFC 6455 section 5.5"}
	taskPong  = lesson.Task{Chapter: 14, Name: "Pong", Section: "RFC 6455 section 5.5.3"}
	taskRead  = lesson.Task{Chapter: 14, Name: "Read", Section: "RFC 6455 section 5.5.2"}
)

// helloKey is the masking key of the examples in RFC 6455 section 5.7.
var helloKey = [4]byte{0x37, 0xfa, 0x21, 0x3d}

// header is a header as a client sends it.
func header(fin bool, op Opcode, length uint64) Header {
	return Header{Fin: fin, Opcode: op, Masked: true, MaskKey: helloKey, Length: length}
}

// checks are headers and what CheckControl says about them.
var checks = []struct {
	h    Header
	want error
}{
	{header(true, Close, 2), nil},
	{header(true, Ping, 0), nil},
	{header(true, Ping, 125), nil},
	{header(true, Pong, 5), nil},
	{header(true, Text, 5), nil},
	{header(true, Binary, 126), nil},
	{header(false, Text, 5), nil},
	{header(false, Continuation, 70000), nil},
	{header(true, Pong, 70000), errTooLong},
	{header(true, Ping, 126), errTooLong},
	{header(true, Close, 126), errTooLong},
	{header(false, Ping, 5), errFragmented},
	{header(false, Close, 0), errFragmented},
	{header(true, 0xb, 0), errReserved},
	{header(true, 0xf, 0), errReserved},
}

func say(h Header) string {
	fin := 0
	if h.Fin {
		fin = 1
	}
	return fmt.Sprintf("FIN %d, %v, length %d", fin, h.Opcode, h.Length)
}

func TestCheckControl(t *testing.T) {
	defer taskCheck.Catch(t)
	for _, c := range checks {
		got := CheckControl(c.h)
		if got == c.want {
			continue
		}
		data := c.h.Opcode < Close
		taskCheck.Equal(t, "CheckControl("+say(c.h)+")", got, c.want,
			lesson.If(data, "a data frame was refused; these rules are for control frames alone"),
			lesson.If(c.h.Length == 125, "125 bytes were refused; that many are allowed"),
			lesson.If(got == nil && c.h.Length == 126, "126 bytes were let through; 125 are the most that a control frame carries"),
			lesson.If(got == nil && c.want == errTooLong, "a long control frame was let through; the limit keeps the header short, and the answer small"),
			lesson.If(got == nil && c.want == errFragmented, "a control frame with FIN 0 was let through; control frames are whole, so that they can be handled at once"),
			lesson.If(got == nil && c.want == errReserved, "an opcode that means nothing was let through; 8, 9 and 10 are the control frames there are"),
			lesson.If(c.want == nil, "a control frame was refused that is as it should be"))
	}
}

// checkWorks reports whether CheckControl does what it should.
func checkWorks() bool {
	for _, c := range checks {
		if CheckControl(c.h) != c.want {
			return false
		}
	}
	return true
}

// pongs are pongs, and what they do to the pings that wait.
var pongs = []struct {
	waiting, pong string
	n             int
	left          string
}{
	{"a", "a", 1, ""},
	{"a b c", "x", 0, "a b c"},
	{"", "a", 0, ""},
	{"a b c", "a", 1, "b c"},
	{"a b c", "b", 2, "c"},
	{"a b c", "c", 3, ""},
}

// pong calls Pings.Pong.
func pong(t *testing.T, waiting, payload string) (p *Pings, n int) {
	p = &Pings{waiting: strings.Fields(waiting)}
	defer taskPong.CatchIn(t, callPong(waiting, payload),
		lesson.If(true, "a pong came that answers no ping, and it was counted all the same; anybody may send one"))
	return p, p.Pong([]byte(payload))
}

func callPong(waiting, payload string) string {
	return fmt.Sprintf("Pong(%q), with %s", payload, orNone("the ping", strings.Fields(waiting)))
}

func orNone(what string, list []string) string {
	switch len(list) {
	case 0:
		return "no ping waiting"
	case 1:
		return fmt.Sprintf("%s %q waiting", what, list[0])
	}
	return fmt.Sprintf("%ss %q waiting", what, list)
}

// pongWorks reports whether Pong does what it should.
func pongWorks() (works bool) {
	defer func() { works = recover() == nil && works }()
	for _, c := range pongs {
		p := &Pings{waiting: strings.Fields(c.waiting)}
		if n := p.Pong([]byte(c.pong)); n != c.n || !slices.Equal(p.waiting, strings.Fields(c.left)) {
			return false
		}
	}
	return true
}

func TestPong(t *testing.T) {
	defer taskPong.Catch(t)
	type result struct {
		N    int
		Left string
	}
	for _, c := range pongs {
		p, n := pong(t, c.waiting, c.pong)
		got, want := result{n, strings.Join(p.waiting, " ")}, result{c.n, c.left}
		taskPong.Equal(t, callPong(c.waiting, c.pong), got, want,
			lesson.If(c.n == 0 && (got.Left != want.Left || n > 0), "a pong came that answers no ping, and it was counted all the same; anybody may send one"),
			lesson.If(c.n > 1 && len(p.waiting) > len(strings.Fields(c.left)) && !slices.Contains(p.waiting, c.pong), "the older pings are still waiting; the other side may answer the latest of several alone"),
			lesson.If(len(got.Left) < len(want.Left), "a ping that was sent later is gone; its own pong is still to come"),
			lesson.If(slices.Contains(p.waiting, c.pong), "the ping is still waiting, and its pong has come"),
			lesson.If(got.Left == want.Left, "the right pings are left, and the number is not how many were removed"))
	}
}

// frame is a frame of a client.
func frame(fin bool, op Opcode, payload string) []byte {
	b := frames.AppendHeader(nil, frames.Header{
		Fin: fin, Opcode: frames.Opcode(op), Masked: true, MaskKey: helloKey, Length: uint64(len(payload)),
	})
	start := len(b)
	b = append(b, payload...)
	frames.Mask(helloKey, 0, b[start:])
	return b
}

// socket is the client's end: it sends what is in sends, one piece after the other,
// and keeps what it gets.
type socket struct {
	t     *testing.T
	call  string
	sends [][]byte
	gets  []byte
	deaf  error // what a Write fails with, if it does
	got   []int // how much it had got when it was asked for more
	late  int   // reads behind the end
}

func (s *socket) Read(p []byte) (int, error) {
	s.got = append(s.got, len(s.gets))
	if len(s.sends) == 0 {
		if s.late++; s.late > 100 {
			taskRead.Fail(s.t, s.call, "got  more than 100 reads behind the end of the stream\nwant an end",
				lesson.If(true, "the end of the stream was ignored; Read returns it again and again, and the loop keeps a core busy"))
		}
		return 0, io.EOF
	}
	n := copy(p, s.sends[0])
	if s.sends[0] = s.sends[0][n:]; len(s.sends[0]) == 0 {
		s.sends = s.sends[1:]
	}
	return n, nil
}

func (s *socket) Write(p []byte) (int, error) {
	if s.deaf != nil {
		return 0, s.deaf
	}
	s.gets = append(s.gets, p...)
	return len(p), nil
}

// message is what Read returns.
type message struct {
	Opcode  Opcode
	Payload string
	Err     error
}

// open returns a Conn on which a client sends some frames.
func open(t *testing.T, list ...[]byte) (*Conn, *socket) {
	s := &socket{t: t, call: "Read, of the frames", sends: list}
	if len(list) == 0 {
		s.call = "Read, of a stream that ends"
	}
	for i, b := range list {
		bar := " |"
		if i == 0 {
			bar = ""
		}
		shown := lesson.Spaced(b)
		if len(b) > 16 {
			shown = fmt.Sprintf("%s … (%d bytes)", lesson.Spaced(b[:8]), len(b))
		}
		s.call += bar + " " + shown
		lesson.Trace(t, "in", frames.State{FromClient: true}, b)
	}
	return NewConn(s), s
}

// read calls Read.
func read(t *testing.T, c *Conn, s *socket) message {
	defer taskRead.CatchIn(t, s.call, lesson.If(!pongWorks(), pongFirst))
	op, payload, err := c.Read()
	return message{op, string(payload), err}
}

const (
	checkFirst = "CheckControl is not right yet; make TestCheckControl pass first"
	pongFirst  = "Pong is not right yet; make TestPong pass first"
)

// want calls Read and compares the message, and all that the client has got so far.
func want(t *testing.T, c *Conn, s *socket, want message, gets []byte) {
	before := len(s.gets)
	got := read(t, c, s)
	first := lesson.If(!checkWorks(), checkFirst)
	ends := got.Err != nil
	if got != want {
		taskRead.Equal(t, s.call, got, want, first,
			lesson.If(!ends && got.Opcode == Ping, "a ping was returned as if it were a message; it is for the connection, and the program does not see it"),
			lesson.If(!ends && got.Opcode == Pong, "a pong was returned as if it were a message; it is for the connection, and the program does not see it"),
			lesson.If(!ends && got.Opcode == Close && want.Err == io.EOF, "a Close was returned as if it were a message; it is the end, io.EOF"),
			lesson.If(want.Err == io.EOF && !ends, "Read went on behind the Close; it is the last frame that counts"),
			lesson.If(got == message{}, "Read returned without a message; behind a control frame it goes on"),
			lesson.If(want.Err == nil && (got.Err == errFragmented || got.Err == errReserved || got.Err == errTooLong), "a header was looked for where a payload stands; every frame has to be read to its end, a pong too"),
			lesson.If(want.Err == nil && ends, "a message comes behind the control frames, and Read ended before it"),
			lesson.If(want.Err != nil && want.Err != io.EOF && !ends, "CheckControl refuses this frame, and Read went on"),
			lesson.If(want.Err != nil && want.Err != io.EOF && (got.Err == io.ErrUnexpectedEOF || got.Err == errTooBig), "the payload was read before the header was judged; it may never come, or not be worth its memory"),
			lesson.If(want.Err == io.EOF, "a Close is the end, and not an error of another kind"))
	}
	none := len(gets) == before // no answer is due
	answer, _, _ := frames.ParseHeader(s.gets[before:])
	taskRead.Frame(t, s.call+"\nthe client gets", frames.State{}, s.gets, gets, first,
		lesson.If(none && want.Err == nil, "a pong was answered; the other side might answer that, and so on without end"),
		lesson.If(none, "a frame was answered that must not be"),
		lesson.If(len(s.gets) == before, "the ping was not answered before Read returned; Read writes the pong itself, and goes on behind that"),
		lesson.If(answer.Opcode == frames.Ping, "the answer to a ping is a ping again; the other side answers it, and so on without end"),
		lesson.If(answer.Opcode == frames.Pong && answer.Length == 0, "the pong is empty; it carries the payload of its ping"),
		lesson.If(answer.Masked, "the answer is masked; a server does not mask"),
		lesson.If(len(s.gets) < len(gets), "one of the pings was not answered"))
}

// A ping of the client and the pong for it, and a message.
var (
	hello  = frame(true, Ping, "Hello")
	answer = lesson.Hex("8a 05 48 65 6c 6c 6f")
	hi     = frame(true, Text, "Hi")
)

func TestRead(t *testing.T) {
	defer taskRead.Catch(t)
	lesson.InOrder(t)
	long := strings.Repeat("x", 125)
	isHi := message{Opcode: Text, Payload: "Hi"}
	end := message{Err: io.EOF}
	for _, c := range []struct {
		in   [][]byte
		want message
		gets []byte
	}{
		{[][]byte{hi}, isHi, nil},
		{[][]byte{hello, hi}, isHi, answer},
		{[][]byte{frame(true, Ping, ""), hi}, isHi, lesson.Hex("8a 00")},
		{[][]byte{frame(true, Ping, long), hi}, isHi, append(lesson.Hex("8a 7d"), long...)},
		{[][]byte{hello, frame(true, Ping, "2"), hi}, isHi, append(slices.Clip(answer), 0x8a, 0x01, '2')},
		{[][]byte{frame(true, Pong, "Hello"), hi}, isHi, nil},
		{nil, end, nil},
		{[][]byte{frame(true, Close, "\x03\xe8")}, end, nil},
		{[][]byte{frame(true, Close, "\x03\xe8"), hello, hi}, end, nil},
	} {
		conn, s := open(t, c.in...)
		want(t, conn, s, c.want, c.gets)
	}
}

// TestReadInTime has a client that sends its message when it has the pong.
func TestReadInTime(t *testing.T) {
	defer taskRead.Catch(t)
	lesson.InOrder(t)
	c, s := open(t, hello, hi)
	want(t, c, s, message{Opcode: Text, Payload: "Hi"}, answer)
	taskRead.Equal(t, s.call+"\nbytes that the client has got before it sends the message", s.got[1], len(answer),
		lesson.If(true, "the pong is not sent before the next frame is there; a client that waits for it sends none"))
}

// TestReadUnanswered has a socket that takes no pong.
func TestReadUnanswered(t *testing.T) {
	defer taskRead.Catch(t)
	lesson.InOrder(t)
	c, s := open(t, hello, hi)
	s.call += ", while every Write fails"
	s.deaf = io.ErrClosedPipe
	got := read(t, c, s)
	taskRead.Equal(t, s.call, got.Err, s.deaf,
		lesson.If(got.Err == nil, "the pong could not be written, and Read went on; an error of the write is the end too"),
		lesson.If(true, "an error of the write is returned as it is"))
}

// TestReadRefuses sends control frames that break a rule. What stands behind the header
// of such a frame does not count, whether it comes or not.
func TestReadRefuses(t *testing.T) {
	defer taskRead.Catch(t)
	broken := frame(false, Ping, "Hello")
	conn, s := open(t, broken, hi)
	want(t, conn, s, message{Err: errFragmented}, nil)
	for _, c := range []struct {
		h    Header
		want error
	}{
		{header(true, Ping, 126), errTooLong},
		{header(true, Pong, 1<<40), errTooLong},
		{header(false, Ping, 5), errFragmented},
		{header(true, 0xb, 5), errReserved},
	} {
		b := frames.AppendHeader(nil, frames.Header{
			Fin: c.h.Fin, Opcode: frames.Opcode(c.h.Opcode), Masked: true, MaskKey: helloKey, Length: c.h.Length,
		})
		conn, s := open(t, b)
		want(t, conn, s, message{Err: c.want}, nil)
	}
}

// TestReadPong sends two pings of our own and has them answered, while the client also
// sends a pong that nobody has asked for.
func TestReadPong(t *testing.T) {
	defer taskRead.Catch(t)
	c, s := open(t, frame(true, Pong, "?"), frame(true, Pong, "2"), hi)
	for _, payload := range []string{"1", "2", "3"} {
		if err := c.Ping(payload); err != nil {
			t.Fatal(err)
		}
	}
	s.call = "Ping 1, 2, 3; then " + s.call
	want(t, c, s, message{Opcode: Text, Payload: "Hi"}, lesson.Hex("89 01 31 89 01 32 89 01 33"))
	taskRead.Equal(t, s.call+"\nthe pings that wait", c.pings.waiting, []string{"3"},
		lesson.If(!pongWorks(), pongFirst),
		lesson.If(len(c.pings.waiting) == 3, "the pong was not given to c.pings; then every ping looks unanswered"))
}
