package failing

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"example.com/ws101/frames"
	"example.com/ws101/lessons/internal/lesson"
)

var taskServe = lesson.Task{Chapter: 17, Name: "Serve", Section: "RFC 6455 section 7.1.7"}

// text is a text frame of a client.
func text(s string) []byte { return part(frames.Text, s) }

func part(op frames.Opcode, payload string) []byte {
	h := frames.Header{Fin: true, Opcode: op, Masked: true, MaskKey: [4]byte{0x37, 0xfa, 0x21, 0x3d}, Length: uint64(len(payload))}
	b := frames.AppendHeader(nil, h)
	start := len(b)
	b = append(b, payload...)
	frames.Mask(h.MaskKey, 0, b[start:])
	return b
}

// served is what Serve does with what a client sends.
type served struct {
	Handled string // the messages, with a blank between them
	Err     error
}

// program is a handler that notes what it is given, and refuses some of it.
type program struct{ handled []string }

func (p *program) handle(op Opcode, message []byte) error {
	p.handled = append(p.handled, string(message))
	switch {
	case op == Binary:
		return errUnsupported
	case string(message) == "bug":
		return errDatabase
	}
	return nil
}

// serve calls Serve.
func serve(s *socket) served {
	var p program
	defer s.task.CatchIn(s.t, s.call)
	err := Serve(s, p.handle)
	return served{strings.Join(p.handled, " "), err}
}

func TestServe(t *testing.T) {
	defer taskServe.Catch(t)
	unmasked := lesson.Hex("81 02 48 69")
	rsv := append([]byte{0xc1}, text("Hi")[1:]...)
	huge := lesson.Hex("82 ff 00 00 00 01 00 00 00 00 37 fa 21 3d")
	bye := part(frames.Close, "\x03\xe8bye")
	for _, c := range []struct {
		name  string
		sends [][]byte
		want  served
		err   string // what the error says, or "" for none
		gets  []byte
	}{
		{"two messages and a Close", [][]byte{text("one"), text("two"), bye}, served{Handled: "one two"}, "",
			closing(1000, "")},
		{"a Close without a code", [][]byte{part(frames.Close, "")}, served{}, "",
			lesson.Hex("88 00")},
		{"a frame that is not masked, and more messages", [][]byte{text("one"), append(unmasked, text("two")...), text("three")}, served{Handled: "one"}, "not masked",
			closing(1002, "a frame of a client is not masked")},
		{"a frame with RSV1, and a Close behind it", [][]byte{append(rsv, bye...), bye}, served{}, "reserved bit",
			closing(1002, "a reserved bit is set, and no extension was agreed")},
		{"the header of a frame of 4 GiB", [][]byte{huge, text("two")}, served{}, "larger than the limit",
			closing(1009, "the message is larger than the limit")},
		{"text that is not UTF-8", [][]byte{append(text("\xff"), text("two")...)}, served{}, "not valid UTF-8",
			closing(1007, "the text is not valid UTF-8")},
		{"a Close with 1005", [][]byte{part(frames.Close, "\x03\xed")}, served{}, "1005",
			closing(1002, "close code 1005 must not be in a Close frame")},
		{"a message that handle refuses, and another", [][]byte{append(part(frames.Binary, "one"), text("two")...)}, served{Handled: "one"}, "not taken here",
			closing(1003, "this type of message is not taken here")},
		{"a message that handle fails with, and another", [][]byte{append(text("bug"), text("two")...)}, served{Handled: "bug"}, "db:",
			closing(1011, "")},
	} {
		s := &socket{task: taskServe, t: t, call: "Serve, of " + c.name, sends: c.sends}
		for _, b := range c.sends {
			lesson.Trace(t, "in", frames.State{FromClient: true}, b)
		}
		got := serve(s)
		s.checkServed(c.want, c.err, got)
		s.checkGets(c.gets)
		s.checkEnd(lesson.If(!partsWork(t), partsFirst), lesson.If(c.err == "" && s.closed > 0 && !s.fin, "both Close frames have passed, and the socket was closed without FIN; HangUp ends it"))
	}
}

// checkServed compares what handle was called with, and the error.
func (s *socket) checkServed(want served, part string, got served) {
	failed := part != ""
	right := got.Err == nil
	if failed {
		right = got.Err != nil && strings.Contains(got.Err.Error(), part)
	}
	if got.Handled != want.Handled {
		s.task.Fail(s.t, s.call, fmt.Sprintf("got  %q for handle\nwant %q", got.Handled, want.Handled),
			lesson.If(failed && len(got.Handled) > len(want.Handled), "a message was handled behind the error; after that nothing counts, whether it has come already or not"),
			lesson.If(!failed && strings.Contains(got.Handled, "\x03\xe8"), "a Close was given to handle; it is the end, and no message"),
			lesson.If(true, "a message is missing, or came twice"))
	}
	if !right {
		wanted := "nil"
		if failed {
			wanted = "an error that says " + part
		}
		s.task.Fail(s.t, s.call, fmt.Sprintf("got  error %v\nwant %s", got.Err, wanted),
			lesson.If(failed && got.Err == nil, "the connection failed, and Serve returned nil; whoever called it wants to know, and to write it into a log"),
			lesson.If(!failed, "the client closed, and that is no error"),
			lesson.If(true, "the error is not the one that was the reason"))
	}
}

// TestServeCut has a socket that ends or fails.
func TestServeCut(t *testing.T) {
	defer taskServe.Catch(t)
	for _, c := range []struct {
		name  string
		sends [][]byte
		fails error
	}{
		{"a message, and a reset", [][]byte{text("one")}, errReset},
		{"a message, and the end of the stream", [][]byte{text("one")}, io.EOF},
	} {
		s := &socket{task: taskServe, t: t, call: "Serve, of " + c.name, sends: c.sends, fails: c.fails}
		got := serve(s)
		s.checkServed(served{Handled: "one"}, c.fails.Error(), got)
		s.checkGets(nil)
		taskServe.Equal(t, s.call, struct{ Closed bool }{s.closed > 0}, struct{ Closed bool }{true},
			lesson.If(!partsWork(t), partsFirst),
			lesson.If(true, "the socket was left open; every connection that ends so keeps one"))
	}
}
