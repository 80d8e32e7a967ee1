package own

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"example.com/ws101/lessons/internal/lesson"
)

var (
	taskNext    = lesson.Task{Chapter: 24, Name: "next", Section: "RFC 6455 section 5.4"}
	taskHeader  = lesson.Task{Chapter: 24, Name: "header", Section: "RFC 6455 section 5.2"}
	taskPayload = lesson.Task{Chapter: 24, Name: "payload", Section: "RFC 6455 section 5.3"}
	taskControl = lesson.Task{Chapter: 24, Name: "control", Section: "RFC 6455 section 5.5"}
	taskWrite   = lesson.Task{Chapter: 24, Name: "WriteMessage", Section: "RFC 6455 section 5.1"}
	taskClose   = lesson.Task{Chapter: 24, Name: "Close", Section: "RFC 6455 section 7.1.2"}
	taskFail    = lesson.Task{Chapter: 24, Name: "fail", Section: "RFC 6455 section 7.1.7"}
)

func TestWriteMessage(t *testing.T) {
	defer taskWrite.Catch(t)
	for _, m := range []struct {
		text    bool
		message string
		want    string
	}{
		{true, "Hi", "81 02 48 69"},
		{false, "Hi", "82 02 48 69"},
		{true, "", "81 00"},
		{true, strings.Repeat("x", 126), "81 7e 00 7e" + strings.Repeat(" 78", 126)},
	} {
		s, c := open()
		call := fmt.Sprintf("WriteMessage(%v, %.10q)", m.text, m.message)
		err := c.WriteMessage(m.text, []byte(m.message))
		taskWrite.Bytes(t, call, s.gets, lesson.Hex(m.want),
			lesson.If(len(s.gets) > 0 && m.message == "Hi" && string(s.gets[1:]) == "\x02Hi", "text and binary are the wrong way round, or always the same"))
		taskWrite.Equal(t, call, err, nil)
		taskWrite.Equal(t, call+"\nwritten without a deadline", s.noLimit, false,
			lesson.If(true, "a client that takes nothing would block this for ever; c.write sets a deadline"))
	}
}

func TestWriteMessageBehindClose(t *testing.T) {
	defer taskWrite.Catch(t)
	const call = "WriteMessage, once a Close frame was sent"
	s, c := open()
	c.closing.Sent = true
	err := c.WriteMessage(true, []byte("Hi"))
	taskWrite.Equal(t, call+"\nthe client gets", told(s.gets), "nothing",
		lesson.If(true, "nothing may be sent behind a Close frame; chapter 16's MaySend knows (RFC 6455 section 5.5.1)"))
	taskWrite.Equal(t, call, err, errClosed)
}

func TestWriteMessageOneAtATime(t *testing.T) {
	defer taskWrite.Catch(t)
	s, c := open()
	c.WriteMessage(true, []byte("Hi"))
	taskWrite.Equal(t, "WriteMessage\nc.mu was held while the frame left", !s.free, true,
		lesson.If(true, "two goroutines can write at once, and their frames get into each other; hold c.mu (chapter 19 says more)"))
	locked(t, taskWrite, "WriteMessage", c)
}

func TestHeader(t *testing.T) {
	defer taskHeader.Catch(t)
	const call = "c.header(), and the frame comes byte by byte"
	// A client that sends a header alone: nobody may wait for what is not there.
	for _, sent := range []string{"\x89\x80\x00\x00\x00\x00", "\x81\x82\x00\x00\x00\x00"} {
		s, c := open(sent)
		s.stays = true
		h, err := header(t, c, fmt.Sprintf("c.header(), and the client sends % x and is silent", sent))
		taskHeader.Equal(t, fmt.Sprintf("c.header(), and the client sends % x", sent), fmt.Sprint(h.Length, ", ", err), fmt.Sprint(sent[1]&0x7f, ", <nil>"))
	}
	for _, length := range []int{2, 200, 70000} {
		sent := frame(0x82, strings.Repeat("x", length))
		size := len(sent) - length
		_, c := open(strings.Split(sent[:size+2], "")...)
		h, err := header(t, c, call)
		taskHeader.Equal(t, call, err, nil)
		taskHeader.Equal(t, call+"\nthe length", h.Length, uint64(length))
		b, _ := c.in.Peek(2)
		taskHeader.Equal(t, call+"\nwhat comes next", string(b), "xx",
			lesson.If(true, fmt.Sprintf("a header of %d bytes was read, and another number of bytes was taken out of c.in", size)))
	}
}

func header(t *testing.T, c *Conn, call string) (Header, error) {
	defer taskHeader.CatchIn(t, call, lesson.If(true, "more bytes were asked for than the header has; the client has sent all of it, and waits for an answer"))
	return c.header()
}

func TestHeaderEnd(t *testing.T) {
	defer taskHeader.Catch(t)
	sent := frame(0x82, strings.Repeat("x", 200))[:8]
	for n := range 8 {
		s, c := open(sent[:n])
		if n == 0 {
			s.sends = nil
		}
		want := io.ErrUnexpectedEOF
		if n == 0 {
			want = io.EOF
		}
		call := fmt.Sprintf("c.header(), and the client ends after %d bytes of it", n)
		_, err := header(t, c, call)
		taskHeader.Equal(t, call, err, want)
	}
}

func TestPayload(t *testing.T) {
	defer taskPayload.Catch(t)
	key := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	const call = `c.payload("He", a frame with the rest of it)`
	_, c := open("\x5b\x96", "\x4e")
	got, err := payload(t, call, c, []byte("He"), Header{Length: 3, Masked: true, MaskKey: key})
	taskPayload.Equal(t, call, string(got), "Hello",
		lesson.If(string(got) == "llo", "what the message held before is gone"),
		lesson.If(string(got) == "He[\x96N", "the mask was not taken off"),
		lesson.If(len(got) == 5 && string(got[:2]) != "He", "the mask was taken off the whole message, and not off the new payload alone"))
	taskPayload.Equal(t, call, err, nil)

	for _, length := range []uint64{maxMessage - 1, 1 << 40, 1<<63 - 1} {
		call := fmt.Sprintf(`c.payload("He", a header that declares %d bytes)`, length)
		_, c := open("x")
		_, err := payload(t, call, c, []byte("He"), Header{Length: length})
		taskPayload.Equal(t, call, err, errTooBig,
			lesson.If(errors.Is(err, io.ErrUnexpectedEOF), "a stranger made this server take memory for bytes that were only promised; makeRoom looks at the limit (RFC 6455 section 10.4)"))
	}
	for _, sent := range []string{"", "ll"} {
		_, c := open(sent)
		call := fmt.Sprintf("c.payload, and the client ends after %d of 3 bytes", len(sent))
		_, err := payload(t, call, c, nil, Header{Length: 3})
		taskPayload.Equal(t, call, err, io.ErrUnexpectedEOF)
	}
}

func payload(t *testing.T, call string, c *Conn, message []byte, h Header) ([]byte, error) {
	defer taskPayload.CatchIn(t, call, lesson.If(true, "a stranger's number became the size of a slice; makeRoom looks at the limit first (RFC 6455 section 10.4)"))
	return c.payload(message, h)
}

func TestControl(t *testing.T) {
	defer taskControl.Catch(t)
	for _, k := range []struct {
		op      Opcode
		payload string
		before  Closing
		want    string
		err     error
		looks   string
	}{
		{Ping, "Hi", Closing{}, `pong "Hi"`, nil, "a pong carries what the ping carried (RFC 6455 section 5.5.3)"},
		{Ping, "", Closing{}, "pong", nil, ""},
		{Ping, "Hi", Closing{Sent: true}, `pong "Hi"`, nil, "a pong may be sent behind our Close frame, until the client's has come (RFC 6455 section 5.5.2)"},
		{Ping, "Hi", Closing{Sent: true, Received: true}, "nothing", nil, "a ping behind the client's Close frame was answered; c.maySend knows (RFC 6455 section 5.5.2)"},
		{Pong, "Hi", Closing{}, "nothing", nil, "a pong gets no answer (RFC 6455 section 5.5.3)"},
		{Close, "\x03\xe8bye", Closing{}, "close 1000", errClosed, "a Close is answered with its code (RFC 6455 section 5.5.1)"},
		{Close, "", Closing{}, "close", errClosed, ""},
		{Close, "\x03\xe8", Closing{Sent: true}, "nothing", errClosed, "our Close frame was sent before, so this one is the answer to it, and gets none"},
	} {
		s, c := open()
		c.closing = k.before
		call := fmt.Sprintf("c.control(%v, % x)", k.op, k.payload)
		switch {
		case k.before.Received:
			call += ", once a Close frame has come"
		case k.before.Sent:
			call += ", once our Close frame was sent"
		}
		err := c.control(k.op, []byte(k.payload))
		taskControl.Equal(t, call+"\nthe client gets", told(s.gets), k.want, lesson.If(k.looks != "", k.looks))
		taskControl.Equal(t, call, err, k.err)
		taskControl.Equal(t, call+"\nc.mu was held while the frame left", !s.free, true,
			lesson.If(true, "somebody else may be sending, and this frame gets into the middle of theirs; hold c.mu here too"))
		locked(t, taskControl, call, c)
	}
	s, c := open()
	s.deaf = os.ErrDeadlineExceeded
	taskControl.Equal(t, "c.control(ping), and the pong cannot be sent", c.control(Ping, nil), s.deaf)
	s, c = open()
	s.deaf = os.ErrDeadlineExceeded
	taskControl.Equal(t, "c.control(close), and the answer cannot be sent", c.control(Close, nil), errClosed)
	for payload, code := range map[string]CloseCode{"\x03": 1002, "\x03\xed": 1002, "\x03\xe8\xff": 1007} {
		s, c := open()
		call := fmt.Sprintf("c.control(close, % x)", payload)
		err := c.control(Close, []byte(payload))
		taskControl.Equal(t, call+"\nthe client gets, so far", told(s.gets), "nothing")
		taskControl.Equal(t, call+"\nthe error, and its code", fmt.Sprint(err != nil, ", ", uint16(codeOf(err))), fmt.Sprint("true, ", uint16(code)),
			lesson.If(err == errClosed, "this Close breaks a rule, and is no end that anybody agreed on (RFC 6455 section 7.1.7)"),
			lesson.If(code == 1007, "the reason of this Close is not UTF-8, which has a code of its own (RFC 6455 section 8.1)"))
		locked(t, taskControl, call, c)
	}
}

// locked fails the test if c.mu is held.
func locked(t *testing.T, task lesson.Task, call string, c *Conn) {
	if !c.mu.TryLock() {
		task.Fail(t, call, "got  c.mu is still held\nwant it free", lesson.If(true, "the lock was taken and not given back; the next one to write waits for ever"))
	}
	c.mu.Unlock()
}

// messages are what a client sends, and what an echo answers.
var messages = []struct {
	name  string
	sends []string
	want  string
	looks string
}{
	{"a text", []string{frame(0x81, "Hi")}, `text "Hi"`, "the message is text, and came back as something else"},
	{"bytes", []string{frame(0x82, "\xff")}, `binary "\xff"`, "a binary message need not be UTF-8, and comes back as binary"},
	{"two texts", []string{frame(0x81, "a"), frame(0x81, "b")}, `text "a", text "b"`, ""},
	{"one text in three frames", []string{frame(0x01, "a"), frame(0x00, "b"), frame(0x80, "c")}, `text "abc"`,
		"the frames of one message were not put together"},
	{"a ping inside of a message", []string{frame(0x01, "a"), frame(0x89, "p"), frame(0x80, "b")}, `pong "p", text "ab"`,
		"the ping came between two frames of a message, and is no part of it"},
	{"bytes in two frames", []string{frame(0x02, "a"), frame(0x80, "b")}, `binary "ab"`, ""},
	{"a character in two frames", []string{frame(0x01, "\xe5\x86"), frame(0x80, "\x8d")}, `text "再"`,
		"half a character is no mistake; a text is valid or not as a whole"},
	{"a text with nothing in it", []string{frame(0x81, "")}, "text", ""},
	{"a text, and another behind it", []string{frame(0x01, "a"), frame(0x80, "b"), frame(0x81, "c")}, `text "ab", text "c"`,
		"the first message is still open when the second begins; c.state.After closes it"},
}

func TestNext(t *testing.T) {
	defer taskNext.Catch(t)
	for _, m := range messages {
		call := "an echo gets " + m.name
		s, c := open(m.sends...)
		trace(t, call, m.sends, nil)
		var err error
		for err == nil {
			var text bool
			var message []byte
			if text, message, err = next(t, call, c); err == nil {
				c.write(appendFrame(nil, map[bool]Opcode{true: Text, false: Binary}[text], message))
			}
		}
		got := told(s.gets)
		taskNext.Equal(t, call+"\nand answers", got, m.want,
			lesson.If(got == "nothing" && len(m.sends) == 1, fmt.Sprintf("no message came out; next ended with the error %q", err)),
			lesson.If(len(m.sends) > 1 && got == strings.ReplaceAll(m.want, "text", "binary"), "the first frame says what a message is; the continuation only goes on"),
			lesson.If(m.looks != "", m.looks))
		taskNext.Equal(t, call+"\nthe error at the end", err, io.EOF)
	}
	s, c := open(frame(0x01, "\xe5\x86"), frame(0x80, "x"))
	_, _, err := next(t, "next", c)
	taskNext.Equal(t, "next, with a text that is not UTF-8", err, errNotUTF8,
		lesson.If(err == nil, "a text has to be UTF-8, or the connection fails (RFC 6455 section 8.1)"))
	taskNext.Equal(t, "next, with a text that is not UTF-8\nthe client gets, so far", told(s.gets), "nothing")
}

// TestNextFragments is about the two rules of chapter 15 for a message that does not end.
func TestNextFragments(t *testing.T) {
	defer taskNext.Catch(t)
	for _, ping := range []string{"", frame(0x89, "")} {
		for _, want := range []error{nil, errTooMany} {
			n := maxFragments
			if want != nil {
				n++
			}
			call := fmt.Sprintf("next, with a message in %d frames", n)
			if ping != "" {
				call += " and a ping behind each"
			}
			_, c := open(frame(0x01, "") + ping + strings.Repeat(frame(0x00, "")+ping, n-2) + frame(0x80, ""))
			_, _, err := next(t, call, c)
			taskNext.Equal(t, call, err, want,
				lesson.If(want != nil, "empty frames add nothing to the message, so its limit never stops them; count the frames too (chapter 15)"),
				lesson.If(ping != "", "the pings were counted, and are no part of the message"))
		}
	}
	const call = "next, and the client ends behind a frame without FIN"
	_, c := open(frame(0x01, "a"))
	_, _, err := next(t, call, c)
	taskNext.Equal(t, call, err, io.ErrUnexpectedEOF,
		lesson.If(err == io.EOF, "the frame had ended, and the message had not; c.state.Open tells (chapter 15)"))
}

func next(t *testing.T, call string, c *Conn) (bool, []byte, error) {
	defer taskNext.CatchIn(t, call)
	return c.next()
}

func TestClose(t *testing.T) {
	defer taskClose.Catch(t)
	const call = `Close(1001, "bye")`
	s, c := open()
	s.stays = true
	err := c.Close(1001, "bye")
	taskClose.Bytes(t, call, s.gets, lesson.Hex("88 05 03 e9 62 79 65"))
	taskClose.Equal(t, call, err, nil)
	taskClose.Equal(t, call+"\nReadMessage has a deadline", !s.readBy.IsZero(), true,
		lesson.If(true, "a client that never answers the Close frame keeps the connection for ever; the read deadline bounds that"))
	taskClose.Equal(t, call+"\nthe socket was closed", s.closed || s.fin, false,
		lesson.If(true, "the client has not answered yet; ReadMessage ends the socket when it has (RFC 6455 section 7.1.1)"))
	taskClose.Equal(t, call+"\nc.mu was held while the frame left", !s.free, true,
		lesson.If(true, "Close may be called while somebody else sends, and its frame gets into the middle; hold c.mu"))
	locked(t, taskClose, call, c)

	err = c.Close(1000, "")
	taskClose.Equal(t, call+" and Close(1000)\nthe client gets", told(s.gets), "close 1001",
		lesson.If(true, "a Close frame was sent before, and there is only one of them"))
	taskClose.Equal(t, call+" and Close(1000)", err, nil)

	for _, code := range []int{999, 1006, 5000, 66536, -1} {
		s, c := open()
		call := fmt.Sprintf("Close(%d)", code)
		err := c.Close(code, "")
		taskClose.Equal(t, call+"\nthe client gets", told(s.gets), "nothing",
			lesson.If(true, "this code must not be in a Close frame; closeCode and chapter 16 keep it out (RFC 6455 section 7.4)"))
		taskClose.Equal(t, call+"\nthere is an error, and a deadline", fmt.Sprint(err != nil, ", ", !s.readBy.IsZero()), "true, false")
	}
}

// failures are errors, and what is done with the socket because of them.
var failures = []struct {
	err   error
	sent  bool
	want  string
	looks string
}{
	{broken("5.1", errors.New("not masked")), false, "close 1002, FIN, closed", "the client is told why: a Close frame with the code of the error"},
	{errTooBig, false, "close 1009, FIN, closed", ""},
	{errNotUTF8, false, "close 1007, FIN, closed", ""},
	{errTooMany, false, "close 1008, FIN, closed", ""},
	{broken("5.2", errors.New(strings.Repeat("wrong ", 40))), false, "close 1002, FIN, closed", "123 bytes are the most that a reason may have; reasonOf cuts it"},
	{errors.New("db: login of admin refused"), false, "close 1011, FIN, closed", "a mistake of ours has a code as well"},
	{errClosed, true, "nothing, FIN, closed", "a Close frame was sent before, and there is only one of them"},
	{broken("5.1", errors.New("not masked")), true, "nothing, FIN, closed", "a Close frame was sent before, and there is only one of them"},
	{io.EOF, false, "nothing, closed", "the socket has ended; there is nobody to send a Close frame to"},
	{os.ErrDeadlineExceeded, true, "nothing, closed", "the client had its time; there is nobody to wait for"},
}

func TestFail(t *testing.T) {
	defer taskFail.Catch(t)
	for _, f := range failures {
		s, c := open("more")
		c.closing.Sent = f.sent
		call := fmt.Sprintf("c.fail(%.50q)", f.err)
		if f.sent {
			call += ", once a Close frame was sent"
		}
		c.fail(f.err)
		got := told(s.gets)
		if s.fin {
			got += ", FIN"
		}
		if s.closed {
			got += ", closed"
		}
		taskFail.Equal(t, call, got, f.want,
			lesson.If(!s.fin && strings.Contains(f.want, "FIN"), "the socket was not hung up; the client may lose the Close frame (chapter 17)"),
			lesson.If(f.looks != "", f.looks))
		if len(s.gets) >= 4 {
			reason := string(s.gets[4:])
			taskFail.Equal(t, call+"\nthe reason", reason, reasonOf(f.err),
				lesson.If(reason == "", "the client is told a code, and not what was wrong"),
				lesson.If(true, "reasonOf says what a stranger may be told; the error itself is for you (chapter 17)"))
		}
		taskFail.Equal(t, call+"\nc.mu was held while the frame left", !s.free, true,
			lesson.If(true, "the Close frame leaves while somebody else may be sending; hold c.mu for it"))
		locked(t, taskFail, call, c)
		taskFail.Equal(t, call+"\nc.mu was held when FIN was sent", s.held, false,
			lesson.If(true, "hangUp waits for the client, for seconds; give c.mu back first"))
		c.closing.Sent = false // what of it is noted belongs to closing alone
	}
}
