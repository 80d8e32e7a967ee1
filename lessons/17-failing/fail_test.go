package failing

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"example.com/ws101/frames"
	"example.com/ws101/lessons/internal/lesson"
)

var (
	taskCode   = lesson.Task{Chapter: 17, Name: "CodeOf", Section: "RFC 6455 section 7.4.1"}
	taskCut    = lesson.Task{Chapter: 17, Name: "CutReason", Section: "RFC 6455 section 5.5"}
	taskHangUp = lesson.Task{Chapter: 17, Name: "HangUp", Section: "RFC 6455 section 7.1.1"}
	taskFail   = lesson.Task{Chapter: 17, Name: "Fail", Section: "RFC 6455 section 7.1.7"}
)

// Errors that come from elsewhere.
var (
	errReset    = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	errDatabase = errors.New("db: login of admin with hunter2 refused")
	errRule     = broken("5.1", "a frame of a client is not masked")
)

// codes are errors and their close codes. Each is tried alone and wrapped.
var codes = []struct {
	err   error
	want  CloseCode
	looks string
}{
	{errRule, CloseProtocolError, "a rule of the protocol was broken, which is 1002"},
	{errUnsupported, CloseUnsupportedData, "a type of message that is not taken is 1003"},
	{errNotUTF8, CloseInvalidPayload, "text that is not UTF-8 is 1007"},
	{errTooMany, ClosePolicyViolation, "there is no code of its own for too many fragments; 1008 is for what has none"},
	{errNotAllowed, ClosePolicyViolation, "a rule of the application was broken, which is 1008"},
	{errTooBig, CloseTooBig, "a message that is too large is 1009"},
	{errDatabase, CloseInternalError, "nobody has foreseen this error, so the server is at fault: 1011"},
	{io.EOF, 0, "the socket itself has failed or ended; nobody is there to be told, so there is no code"},
	{io.ErrUnexpectedEOF, 0, "the socket itself has failed or ended; nobody is there to be told, so there is no code"},
	{errReset, 0, "the socket itself has failed or ended; nobody is there to be told, so there is no code"},
	{os.ErrDeadlineExceeded, 0, "a deadline of the socket was taken for another error; it is a net.Error, and errors.As finds it"},
}

func wrap(err error) error { return fmt.Errorf("message 7: %w", err) }

func TestCodeOf(t *testing.T) {
	defer taskCode.Catch(t)
	for _, c := range codes {
		for _, err := range []error{c.err, wrap(c.err)} {
			got := CodeOf(err)
			taskCode.Equal(t, fmt.Sprintf("CodeOf(%q)", err.Error()), got, c.want,
				lesson.If(err != c.err && CodeOf(c.err) == c.want, "the error is wrapped in another one; errors.Is and errors.As look inside, and == does not"),
				lesson.If(true, c.looks))
		}
	}
}

func codeWorks() bool {
	for _, c := range codes {
		if CodeOf(c.err) != c.want || CodeOf(wrap(c.err)) != c.want {
			return false
		}
	}
	return true
}

// reasons are reasons, and how many bytes of them fit.
var reasons = []struct {
	reason string
	n      int
}{
	{"", 0},
	{"bye", 3},
	{strings.Repeat("x", 123), 123},
	{strings.Repeat("x", 124), 123},
	{strings.Repeat("x", 500), 123},
	{strings.Repeat("x", 121) + "é", 123},
	{strings.Repeat("x", 122) + "é", 122},
	{strings.Repeat("再", 41), 123},
	{"x" + strings.Repeat("再", 41), 121},
	{"xx" + strings.Repeat("再", 41), 122},
	{strings.Repeat("x", 120) + "🙂🙂", 120},
	{strings.Repeat("é", 61) + "xé", 123},
}

func TestCutReason(t *testing.T) {
	defer taskCut.Catch(t)
	for _, c := range reasons {
		call := fmt.Sprintf("CutReason(%q)", c.reason)
		if len(c.reason) > 20 {
			call = fmt.Sprintf("CutReason(%.8q… %d bytes)", c.reason, len(c.reason))
		}
		got := cutReason(t, call, c.reason)
		if got == c.reason[:c.n] {
			continue
		}
		taskCut.Fail(t, call, fmt.Sprintf("got  %d bytes, which end in %q\nwant %d bytes, which end in %q", len(got), end(got), c.n, end(c.reason[:c.n])),
			lesson.If(len(got) > 123, "the reason does not fit; with the code, 125 bytes are the most that a control frame carries"),
			lesson.If(!utf8.ValidString(got), "the reason was cut inside a character; what is left is not UTF-8, and breaks a rule itself"),
			lesson.If(len(got) < c.n, "more was cut off than has to be"))
	}
}

func cutReason(t *testing.T, call, reason string) string {
	defer taskCut.CatchIn(t, call, lesson.If(true, "the reason was read past its end, or before its beginning"))
	return CutReason(reason)
}

// end is the end of a text.
func end(s string) string { return strings.ToValidUTF8(s[max(0, len(s)-4):], "?") }

func cutWorks() (works bool) {
	defer func() { works = recover() == nil && works }()
	for _, c := range reasons {
		if CutReason(c.reason) != c.reason[:c.n] {
			return false
		}
	}
	return true
}

// socket is a TCP connection as the server sees it. It writes down what is done with it.
type socket struct {
	task lesson.Task
	t    *testing.T
	call string

	sends   [][]byte // what the client still sends
	fails   error    // what Read returns behind that, if not nil
	endless bool     // the client sends on and on
	deaf    error    // what Write returns, if not nil
	noFIN   error    // what CloseWrite returns, if not nil

	gets     []byte // what the client gets
	fin      bool   // FIN was sent
	closed   int    // how often it was closed
	reset    bool   // bytes of the client were unread when it was closed
	deadline time.Time
	reads    int // behind everything that the client sends
	ends     int // reads that got an error
}

func (s *socket) Read(p []byte) (int, error) {
	n, err := s.read(p)
	if err != nil {
		if s.ends++; s.ends > 100 {
			s.task.Fail(s.t, s.call, fmt.Sprintf("got  100 reads after the error %q\nwant none", err),
				lesson.If(true, "a loop goes on behind an error of the socket; every error ends it, and not io.EOF alone"))
		}
	}
	return n, err
}

func (s *socket) read(p []byte) (int, error) {
	if s.closed > 0 {
		return 0, net.ErrClosed
	}
	if len(s.sends) > 0 {
		n := copy(p, s.sends[0])
		if s.sends[0] = s.sends[0][n:]; len(s.sends[0]) == 0 {
			s.sends = s.sends[1:]
		}
		return n, nil
	}
	s.reads++
	switch {
	case s.fails != nil:
		return 0, s.fails
	case s.endless && !s.deadline.IsZero() && s.reads > 100:
		return 0, os.ErrDeadlineExceeded
	case s.endless && s.reads > 10000:
		s.task.Fail(s.t, s.call, "got  10000 reads, and no end\nwant an end when patience is over",
			lesson.If(true, "a client that never stops sending keeps the server reading for ever; set a deadline first"))
	case s.endless:
		return copy(p, "x"), nil
	case s.fin:
		return 0, io.EOF // the client has read the end, and ends its direction too
	case !s.deadline.IsZero():
		return 0, os.ErrDeadlineExceeded
	case s.task.Name != taskHangUp.Name:
		return 0, errReset // what came of it so far tells what is wrong
	}
	s.task.Fail(s.t, s.call, "got  a Read that waits for ever\nwant FIN before it",
		lesson.If(true, "the client waits for the server to end, and the server for the client; send FIN first, and then read"))
	return 0, nil
}

func (s *socket) Write(p []byte) (int, error) {
	if s.deaf != nil {
		return 0, s.deaf
	}
	if s.fin || s.closed > 0 {
		return 0, net.ErrClosed
	}
	s.gets = append(s.gets, p...)
	return len(p), nil
}

func (s *socket) CloseWrite() error {
	if s.noFIN != nil {
		return s.noFIN
	}
	s.fin = true
	return nil
}

func (s *socket) SetReadDeadline(d time.Time) error { s.deadline = d; return nil }

func (s *socket) Close() error {
	if s.closed++; s.closed == 1 {
		s.reset = len(s.sends) > 0
	}
	return nil
}

// checkEnd checks that the socket was hung up.
func (s *socket) checkEnd(looks ...lesson.Diagnosis) {
	past := !s.deadline.IsZero() && !s.deadline.After(time.Now())
	got := fmt.Sprintf("FIN %v, %d bytes left unread, closed %v", s.fin, s.unread(), s.closed > 0)
	if want := "FIN true, 0 bytes left unread, closed true"; got != want || past {
		s.task.Fail(s.t, s.call, "got  "+got+"\nwant "+want, append(looks,
			lesson.If(past, "the deadline is over before it begins; it lies patience in the future"),
			lesson.If(s.closed == 0, "the socket was not closed; every connection that ends so keeps one"),
			lesson.If(s.reset, "the socket was closed while bytes of the client were unread; TCP answers these with RST, and the client loses what it has not read yet, our Close frame too"),
			lesson.If(!s.fin, "the socket was closed without FIN first; if the client is sending, TCP answers with RST, and our Close frame is lost"))...)
	}
}

func (s *socket) unread() (n int) {
	for _, b := range s.sends {
		n += len(b)
	}
	return n
}

// pieces are what a client sends, one Read each.
func pieces(list ...string) (p [][]byte) {
	for _, s := range list {
		p = append(p, []byte(s))
	}
	return p
}

func TestHangUp(t *testing.T) {
	defer taskHangUp.Catch(t)
	for _, c := range []struct {
		name string
		s    *socket
	}{
		{"a client that is still sending", &socket{sends: pieces("one", "two", "three")}},
		{"a client that waits for the end", &socket{}},
		{"a client that never stops sending", &socket{endless: true}},
		{"a client that is gone", &socket{fails: errReset}},
	} {
		c.s.task, c.s.t, c.s.call = taskHangUp, t, "HangUp, with "+c.name
		HangUp(c.s)
		c.s.checkEnd()
	}
	s := &socket{task: taskHangUp, t: t, call: "HangUp, on a socket that cannot send FIN", sends: pieces("one"), noFIN: errReset}
	HangUp(s)
	taskHangUp.Equal(t, s.call, struct{ Closed bool }{s.closed > 0}, struct{ Closed bool }{true},
		lesson.If(true, "the socket was not closed; every connection that ends so keeps one"))
	taskHangUp.Equal(t, s.call, struct{ Unread int }{s.unread()}, struct{ Unread int }{3},
		lesson.If(true, "FIN could not be sent, so the client does not know that it is to end; do not wait for it"))
}

// hangUpWorks reports whether HangUp ends a socket of a client that is still sending.
func hangUpWorks(t *testing.T) bool {
	s := &socket{task: taskHangUp, t: t, call: "HangUp", sends: pieces("one", "two"), fails: io.EOF}
	HangUp(s)
	return s.fin && s.closed > 0 && !s.reset && !s.deadline.IsZero()
}

const partsFirst = "CodeOf, CutReason or HangUp is not right yet; make their tests pass first"

func partsWork(t *testing.T) bool { return codeWorks() && cutWorks() && hangUpWorks(t) }

// closing returns a Close frame.
func closing(code CloseCode, reason string) []byte {
	b := []byte{0x88, byte(2 + len(reason)), byte(code >> 8), byte(code)}
	return append(b, reason...)
}

// checkGets compares what the client got with what is right.
func (s *socket) checkGets(want []byte) {
	x := frames.Explain(s.gets, frames.State{})
	s.task.Frame(s.t, s.call+"\nthe client gets", frames.State{}, s.gets, want,
		lesson.If(!partsWork(s.t), partsFirst),
		lesson.If(strings.Contains(string(s.gets), "hunter2"), "what went wrong inside of the server was told to the client; ReasonOf leaves that out"),
		lesson.If(len(want) == 0, "a Close frame was sent for an error of the socket; nobody can read it"),
		lesson.If(len(s.gets) == 0, "nothing was sent; the client should learn why the connection ends"),
		lesson.If(len(s.gets) > 127, "the reason was not cut; the Close frame breaks a rule itself"),
		lesson.If(len(s.gets) > len(want) && string(s.gets[:len(want)]) == string(want), "something was sent behind the Close frame; it is the last frame there is"),
		lesson.If(x.Header.Opcode == frames.Close && len(s.gets) == 4 && len(want) > 4, "the reason is missing; it helps whoever looks for the mistake"),
		lesson.If(x.Header.Opcode == frames.Close && len(s.gets) > 4 && string(s.gets[2:4]) == string(want[2:4]), "the reason is not the one that ReasonOf gives"))
}

func TestFail(t *testing.T) {
	defer taskFail.Catch(t)
	long := strings.Repeat("再", 50)
	for _, c := range []struct {
		err  error
		want []byte
	}{
		{errDatabase, closing(1011, "")},
		{errRule, closing(1002, "a frame of a client is not masked")},
		{wrap(errTooBig), closing(1009, "the message is larger than the limit")},
		{broken("5.2", long), closing(1002, long[:123])},
	} {
		s := &socket{task: taskFail, t: t, call: fmt.Sprintf("Fail(%.40q)", c.err.Error()), sends: pieces("more", "and more")}
		fail(s, c.err)
		s.checkGets(c.want)
		s.checkEnd(lesson.If(!partsWork(t), partsFirst))
	}
	for _, c := range []struct {
		s   *socket
		err error
		why string
	}{
		{&socket{sends: pieces("more")}, errReset, ""},
		{&socket{sends: pieces("more")}, io.ErrUnexpectedEOF, ""},
		{&socket{sends: pieces("more"), deaf: errReset}, errRule, ", where no frame can be sent"},
	} {
		c.s.task, c.s.t, c.s.call = taskFail, t, fmt.Sprintf("Fail(%q)%s", c.err.Error(), c.why)
		fail(c.s, c.err)
		c.s.checkGets(nil)
		type result struct {
			Closed bool
			Unread int
		}
		taskFail.Equal(t, c.s.call, result{c.s.closed > 0, c.s.unread()}, result{true, 4},
			lesson.If(!partsWork(t), partsFirst),
			lesson.If(c.s.closed == 0, "the socket was left open; every connection that ends so keeps one"),
			lesson.If(true, "the client cannot be told anything, and was waited for all the same; close the socket at once"))
	}
}

func fail(s *socket, err error) {
	defer s.task.CatchIn(s.t, s.call, lesson.If(!cutWorks(), partsFirst))
	Fail(s, err)
}
