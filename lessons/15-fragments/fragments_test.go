package fragments

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/ws101/frames"
	"example.com/ws101/lessons/internal/lesson"
)

var (
	taskCheck  = lesson.Task{Chapter: 15, Name: "Check", Section: "RFC 6455 section 5.4"}
	taskAfter  = lesson.Task{Chapter: 15, Name: "After", Section: "RFC 6455 section 5.4"}
	taskRead   = lesson.Task{Chapter: 15, Name: "Read", Section: "RFC 6455 section 5.4"}
	taskAppend = lesson.Task{Chapter: 15, Name: "AppendMessage", Section: "RFC 6455 section 5.4"}
)

// head is a header of a server.
func head(fin bool, op Opcode, length uint64) Header {
	return Header{Fin: fin, Opcode: op, Length: length}
}

// checks are headers, the type of the message that is open when they come, and what
// Check says.
var checks = []struct {
	open Opcode
	h    Header
	want error
}{
	{0, head(true, Text, 5), nil},
	{0, head(false, Binary, 70000), nil},
	{0, head(true, Ping, 5), nil},
	{Text, head(false, Continuation, 3), nil},
	{Text, head(true, Continuation, 0), nil},
	{Binary, head(true, Continuation, 3), nil},
	{Text, head(true, Ping, 0), nil},
	{Binary, head(true, Pong, 125), nil},
	{Text, head(true, Close, 2), nil},
	{0, Header{Fin: true, Rsv1: true, Opcode: Text}, errRsv},
	{0, Header{Fin: true, Rsv2: true, Opcode: Binary}, errRsv},
	{0, Header{Fin: true, Rsv3: true, Opcode: Text}, errRsv},
	{0, Header{Fin: true, Rsv1: true, Opcode: Ping}, errRsv},
	{0, head(true, 0x3, 5), errReserved},
	{0, head(false, 0x7, 5), errReserved},
	{0, head(true, 0xb, 5), errReserved},
	{Text, head(false, Ping, 5), errFragmented},
	{0, head(true, Ping, 126), errTooLong},
	{0, head(true, Continuation, 3), errNotOpen},
	{0, head(false, Continuation, 3), errNotOpen},
	{Text, head(true, Text, 5), errStillOpen},
	{Text, head(false, Text, 5), errStillOpen},
	{Binary, head(true, Text, 5), errStillOpen},
	{Text, head(true, Binary, 5), errStillOpen},
}

// say writes a header in a few words: "FIN 1, text, length 5".
func say(h Header) string {
	words := []string{"FIN 0"}
	if h.Fin {
		words[0] = "FIN 1"
	}
	for i, set := range []bool{h.Rsv1, h.Rsv2, h.Rsv3} {
		if set {
			words = append(words, fmt.Sprintf("RSV%d 1", i+1))
		}
	}
	return strings.Join(append(words, h.Opcode.String(), fmt.Sprintf("length %d", h.Length)), ", ")
}

func sayState(open Opcode) string {
	if open == Continuation {
		return "State{}"
	}
	return fmt.Sprintf("State{Open: %v}", open)
}

func TestCheck(t *testing.T) {
	defer taskCheck.Catch(t)
	for _, c := range checks {
		got := State{Open: c.open}.Check(c.h)
		if got == c.want {
			continue
		}
		control := c.h.Opcode.IsControl()
		taskCheck.Equal(t, fmt.Sprintf("%s.Check(%s)", sayState(c.open), say(c.h)), got, c.want,
			lesson.If(c.want == errRsv, "a reserved bit was ignored; no extension was agreed that gives it a meaning (RFC 6455 section 5.2)"),
			lesson.If(control && c.want == nil, "a control frame was refused because a message is open; it may come between two fragments"),
			lesson.If(control, "the rules for control frames were not asked; checkControl knows them (RFC 6455 section 5.5)"),
			lesson.If(c.want == nil && c.h.Opcode == Continuation, "a continuation was refused, and there is a message that it continues"),
			lesson.If(c.want == nil, "a frame was refused that is as it should be"),
			lesson.If(c.want == errReserved, "an opcode that means nothing was let through; 0, 1 and 2 are the data frames there are (RFC 6455 section 5.2)"),
			lesson.If(got == nil && c.want == errNotOpen, "a continuation was let through, and there is nothing to continue"),
			lesson.If(got == nil && c.want == errStillOpen, "a new message was let through in the middle of another; its last fragment could belong to either"),
			lesson.If(got != nil, "the frame is refused, and for another reason"))
	}
}

// afters are frames, the type of the message that is open before, and after.
var afters = []struct {
	open Opcode
	h    Header
	want Opcode
}{
	{0, head(true, Text, 5), 0},
	{0, head(false, Text, 5), Text},
	{0, head(false, Binary, 0), Binary},
	{Text, head(false, Continuation, 5), Text},
	{Binary, head(false, Continuation, 5), Binary},
	{Text, head(true, Continuation, 5), 0},
	{0, head(true, Ping, 5), 0},
	{Text, head(true, Ping, 5), Text},
	{Binary, head(true, Pong, 5), Binary},
}

func TestAfter(t *testing.T) {
	defer taskAfter.Catch(t)
	for _, c := range afters {
		got, want := State{Open: c.open}.After(c.h), State{Open: c.want}
		taskAfter.Equal(t, fmt.Sprintf("%s.After(%s)", sayState(c.open), say(c.h)), got, want,
			lesson.If(c.h.Opcode.IsControl() && c.open != 0 && got.Open == 0, "a control frame ended the message; its FIN is about itself"),
			lesson.If(c.h.Opcode.IsControl(), "a control frame changed what is open; it belongs to no message"),
			lesson.If(c.h.Opcode == Continuation && !c.h.Fin, "the type of the message is lost; a continuation does not know it, so it has to be kept from the first frame"),
			lesson.If(c.h.Fin && got.Open != 0, "the message is still open behind its last frame, which is the one with FIN"),
			lesson.If(!c.h.Fin && got.Open == 0, "the message is not open behind its first frame; without FIN there is more to come"))
	}
}

// stateWorks reports whether Check and After do what they should.
func stateWorks() bool {
	for _, c := range checks {
		if (State{Open: c.open}).Check(c.h) != c.want {
			return false
		}
	}
	for _, c := range afters {
		if (State{Open: c.open}).After(c.h).Open != c.want {
			return false
		}
	}
	return true
}

const stateFirst = "Check or After is not right yet; make their tests pass first"

var helloKey = [4]byte{0x37, 0xfa, 0x21, 0x3d}

// part is a frame of a client.
func part(fin bool, op Opcode, payload string) []byte {
	b := frames.AppendHeader(nil, frames.Header{
		Fin: fin, Opcode: frames.Opcode(op), Masked: true, MaskKey: helloKey, Length: uint64(len(payload)),
	})
	start := len(b)
	b = append(b, payload...)
	frames.Mask(helloKey, 0, b[start:])
	return b
}

// socket is the client's end: it sends what is in sends, one frame after the other, and
// keeps what it gets.
type socket struct {
	t     *testing.T
	call  string
	sends [][]byte
	gets  []byte
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
	s.gets = append(s.gets, p...)
	return len(p), nil
}

// open returns a Conn on which a client sends some frames. A message may have 20 bytes,
// in 5 frames.
func open(t *testing.T, list ...[]byte) (*Conn, *socket) {
	s := &socket{t: t, sends: list}
	var shown []string
	for _, b := range list {
		shown = append(shown, lesson.Spaced(b))
	}
	s.call = "Read, of the frames " + strings.Join(shown, " | ")
	lesson.Trace(t, "in", frames.State{FromClient: true}, slices.Concat(list...))
	c := NewConn(s)
	c.maxMessage, c.maxFragments = 20, 5
	return c, s
}

// message is what Read returns.
type message struct {
	Opcode  Opcode
	Message string
	Err     error
}

// want calls Read and compares. The message comes back as it is in memory.
func want(t *testing.T, c *Conn, s *socket, want message, looks ...lesson.Diagnosis) []byte {
	defer taskRead.CatchIn(t, s.call, looks...)
	op, b, err := c.Read()
	got := message{op, string(b), err}
	if got == want || err != nil && err == want.Err {
		return b
	}
	ends, whole := err != nil, want.Err == nil
	judged := err == errNotOpen || err == errStillOpen
	clean := err == io.EOF && want.Err == io.ErrUnexpectedEOF
	taskRead.Equal(t, s.call, got, want, append([]lesson.Diagnosis{
		lesson.If(!stateWorks(), stateFirst),
		lesson.If(judged && whole || clean && c.state.Open == Continuation, "a frame was judged by a state that is not that of the moment; c.state goes on with After, behind every data frame"),
		lesson.If(!ends && got.Opcode.IsControl(), "a control frame was returned as if it were a message"),
		lesson.If(!ends && strings.Contains(got.Message, "ping"), "the payload of the ping was joined to the message; the ping only came in between"),
		lesson.If(!ends && whole && got.Opcode == Continuation, "the type of the message came out as continuation; its first frame says what it is, and no other does"),
		lesson.If(!ends && len(s.sends) > 0 && (!whole || len(got.Message) < len(want.Message)), "Read returned before the last frame of the message, which is the one with FIN"),
		lesson.If(err == io.EOF && whole && want.Message == "", "an empty message was skipped; it is a message too"),
		lesson.If(err == io.ErrUnexpectedEOF && want.Err == io.EOF && c.state.Open != Continuation, "a Close inside a message is an end that was announced; return what handleControl returns"),
		lesson.If(clean, "the stream ended inside a message, and the error is that of a clean end; a frame ends there, and the message does not"),
	}, append(looks,
		lesson.If(ends && whole, "a message was refused that is as it should be"),
		lesson.If(!ends && !whole, "a frame that must be refused was taken"))...)...)
	return b
}

func TestRead(t *testing.T) {
	defer taskRead.Catch(t)
	for _, c := range []struct {
		in   [][]byte
		want message
	}{
		{[][]byte{part(true, Text, "Hello")}, message{Opcode: Text, Message: "Hello"}},
		{[][]byte{part(true, Binary, "")}, message{Opcode: Binary}},
		{[][]byte{part(false, Text, "Hel"), part(true, Continuation, "lo")}, message{Opcode: Text, Message: "Hello"}},
		{[][]byte{part(false, Binary, "Hel"), part(true, Continuation, "lo")}, message{Opcode: Binary, Message: "Hello"}},
		{[][]byte{part(false, Text, "H"), part(false, Continuation, "ell"), part(true, Continuation, "o")}, message{Opcode: Text, Message: "Hello"}},
		{[][]byte{part(false, Text, ""), part(false, Continuation, "Hello"), part(true, Continuation, "")}, message{Opcode: Text, Message: "Hello"}},
	} {
		conn, s := open(t, c.in...)
		want(t, conn, s, c.want)
	}
}

// TestReadPingInside has a ping between two fragments, and a client that sends the
// second one when it has its pong.
func TestReadPingInside(t *testing.T) {
	defer taskRead.Catch(t)
	for _, payload := range []string{"", "ping"} {
		c, s := open(t, part(false, Text, "Hel"), part(true, Ping, payload), part(true, Continuation, "lo"))
		want(t, c, s, message{Opcode: Text, Message: "Hello"})
		pong := AppendFrame(nil, true, Pong, []byte(payload))
		taskRead.Frame(t, s.call+"\nthe client gets", frames.State{}, s.gets, pong,
			lesson.If(len(s.gets) == 0, "the ping between the fragments was not answered; handleControl does it"),
			lesson.If(payload != "" && string(s.gets) == "\x8a\x00", "the payload of the ping is lost"))
		taskRead.Equal(t, s.call+"\nbytes that the client has got before it sends the last fragment", s.got[2], len(pong),
			lesson.If(true, "the ping is answered behind the message; a client that waits for the pong does not send the rest"))
	}
}

func TestReadSeveral(t *testing.T) {
	defer taskRead.Catch(t)
	c, s := open(t,
		part(false, Text, "Hel"), part(true, Continuation, "lo"),
		part(false, Binary, "wor"), part(true, Continuation, "ld"),
		part(true, Text, "again"))
	first := want(t, c, s, message{Opcode: Text, Message: "Hello"})
	for _, m := range []message{{Opcode: Binary, Message: "world"}, {Opcode: Text, Message: "again"}} {
		want(t, c, s, m, lesson.If(true, "the second message begins with the first one, or with a part of it"))
	}
	taskRead.Bytes(t, s.call+": the first message, after the others", first, []byte("Hello"),
		lesson.If(true, "the next message was written over it; each message needs memory of its own"))
	want(t, c, s, message{Err: io.EOF})
}

func TestReadEnds(t *testing.T) {
	defer taskRead.Catch(t)
	for _, list := range [][][]byte{
		{part(false, Text, "Hel")},
		{part(false, Text, "Hel"), part(false, Continuation, "l")},
		{part(false, Text, "Hel"), part(true, Ping, "")},
	} {
		c, s := open(t, list...)
		want(t, c, s, message{Err: io.ErrUnexpectedEOF},
			lesson.If(true, "the message was returned, and its last frame never came"))
	}
	c, s := open(t, part(true, Ping, ""))
	want(t, c, s, message{Err: io.EOF}, lesson.If(true, "no message had begun, so this end is a clean one: io.EOF"))
	c, s = open(t, part(false, Text, "Hel"), part(true, Close, "\x03\xe8"), part(true, Continuation, "lo"))
	want(t, c, s, message{Err: io.EOF}, lesson.If(true, "Read went on behind the Close; what comes there does not count"))
}

func TestReadRefuses(t *testing.T) {
	defer taskRead.Catch(t)
	for _, c := range []struct {
		in   [][]byte
		want error
	}{
		{[][]byte{part(true, Continuation, "lo")}, errNotOpen},
		{[][]byte{part(false, Text, "Hel"), part(true, Text, "lo")}, errStillOpen},
		{[][]byte{part(false, Text, "Hel"), part(false, Ping, "")}, errFragmented},
	} {
		conn, s := open(t, c.in...)
		want(t, conn, s, message{Err: c.want}, lesson.If(true, "a frame that Check refuses was taken"))
	}
}

// TestReadLimits goes up to the limits, and past them. Of what is too much, only the
// header comes.
func TestReadLimits(t *testing.T) {
	defer taskRead.Catch(t)
	const ten = "0123456789"
	announced := func(op Opcode, length uint64) []byte {
		return frames.AppendHeader(nil, frames.Header{Opcode: frames.Opcode(op), Masked: true, MaskKey: helloKey, Length: length})
	}
	ping := part(true, Ping, "ping")
	for _, c := range []struct {
		in    [][]byte
		want  message
		looks string
	}{
		{[][]byte{part(false, Text, ten), part(true, Continuation, ten)}, message{Opcode: Text, Message: ten + ten},
			"a message of exactly the limit was refused; the limit is the most that is allowed"},
		{[][]byte{announced(Text, 21)}, message{Err: errTooBig},
			"the limit was not asked before the payload was read; it may never come, or not be worth its memory"},
		{[][]byte{announced(Text, 1<<63-1)}, message{Err: errTooBig},
			"the length was converted before it was compared; a number that is too big for the type comes out small or negative"},
		{[][]byte{part(false, Text, ten), announced(Continuation, 11)}, message{Err: errTooBig},
			"the limit was applied to the frame alone; it holds for the whole message"},
		{[][]byte{part(false, Text, ten), announced(Continuation, 1<<63-1)}, message{Err: errTooBig},
			"the sum of both lengths is too big for its type; compare with the room that is left"},
		{[][]byte{part(false, Text, "a"), part(false, Continuation, ""), part(false, Continuation, ""), part(false, Continuation, ""), part(true, Continuation, "b")}, message{Opcode: Text, Message: "ab"},
			"a message of exactly as many frames as allowed was refused"},
		{[][]byte{part(false, Text, "a"), ping, ping, part(false, Continuation, "b"), ping, ping, ping, part(true, Continuation, "c")}, message{Opcode: Text, Message: "abc"},
			"control frames were counted; they are no fragments of the message"},
		{slices.Concat([][]byte{part(false, Text, "")}, slices.Repeat([][]byte{part(false, Continuation, "")}, 8)), message{Err: errTooMany},
			"a message may have any number of frames; empty ones never reach a limit in bytes, and go on for ever"},
		{slices.Concat([][]byte{part(false, Text, "")}, slices.Repeat([][]byte{part(false, Continuation, "")}, 5)), message{Err: errTooMany},
			"a message of one frame more than allowed was taken; the first one counts too"},
	} {
		conn, s := open(t, c.in...)
		want(t, conn, s, c.want, lesson.If(true, c.looks))
	}
	// Many messages, one after the other: each has its own count.
	list := slices.Repeat([][]byte{part(true, Text, ten)}, 8)
	conn, s := open(t, list...)
	for range list {
		want(t, conn, s, message{Opcode: Text, Message: ten}, lesson.If(true, "the limits were applied to all messages together; each one begins anew"))
	}
}

func TestAppendMessage(t *testing.T) {
	defer taskAppend.Catch(t)
	for _, c := range []struct {
		dst     string
		op      Opcode
		message string
		size    int
		want    string
	}{
		{"", Text, "Hello", 3, "01 03 48 65 6c 80 02 6c 6f"},
		{"", Binary, "Hello", 2, "02 02 48 65 00 02 6c 6c 80 01 6f"},
		{"", Text, "Hello", 100, "81 05 48 65 6c 6c 6f"},
		{"", Text, "", 3, "81 00"},
		{"", Text, "Hello", 5, "81 05 48 65 6c 6c 6f"},
		{"", Text, "Hello!", 3, "01 03 48 65 6c 80 03 6c 6f 21"},
		{"", Text, "Hey", 1, "01 01 48 00 01 65 80 01 79"},
		{"8a 00", Text, "Hello", 3, "8a 00 01 03 48 65 6c 80 02 6c 6f"},
	} {
		call := fmt.Sprintf("AppendMessage(dst, %v, %q, %d)", c.op, c.message, c.size)
		got := appendMessage(t, call, c.dst, c.op, c.message, c.size)
		want := lesson.Hex(c.want)
		list := split(got)
		last := frames.Header{}
		if len(list) > 0 {
			last = list[len(list)-1]
		}
		count := (max(len(c.message), 1) + c.size - 1) / c.size
		taskAppend.Frame(t, call, frames.State{}, got, want,
			lesson.If(c.dst != "" && !bytes.HasPrefix(got, lesson.Hex(c.dst)), "dst was thrown away; the frames go behind what dst holds"),
			lesson.If(len(got) == 0, "an empty message is a message too; it is one frame without payload"),
			lesson.If(len(list) == count+1 && last.Length == 0, "an empty frame was added at the end; the one before it is the last, and has FIN"),
			lesson.If(len(list) == count && count > 1 && last.Opcode == frames.Opcode(c.op), "the type of the message stands in each frame; behind the first they are continuations, opcode 0"),
			lesson.If(len(list) == count && !last.Fin, "no frame has FIN, so the message never ends"),
			lesson.If(len(list) == count && count > 1 && list[0].Fin, "FIN is set in a frame that is not the last; the message would end there"),
			lesson.If(len(list) < count, "a frame has more payload than size, or a part of the message is missing"))
	}
}

// appendMessage calls AppendMessage.
func appendMessage(t *testing.T, call, dst string, op Opcode, message string, size int) (b []byte) {
	taskAppend.Within(t, time.Second, call, func() { b = AppendMessage(lesson.Hex(dst), op, []byte(message), size) },
		lesson.If(true, "the loop does not end; what is in a frame has to leave the message"))
	return b
}

// split returns the headers of the data frames in b.
func split(b []byte) (list []frames.Header) {
	for len(b) > 0 {
		x := frames.Explain(b, frames.State{})
		if !x.Header.Opcode.IsControl() {
			list = append(list, x.Header)
		}
		b = b[len(x.Bytes):]
	}
	return list
}
