package own

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"example.com/ws101/lessons/internal/lesson"
)

var taskAccept = lesson.Task{Chapter: 24, Name: "Accept", Section: "RFC 6455 section 4.2"}

func TestAccept(t *testing.T) {
	defer taskAccept.Catch(t)
	const call = "Accept, with a good request"
	s := &socket{sends: []string{request + frame(0x81, "Hi")}, stays: true}
	c, req := accept(t, call, s)
	taskAccept.Equal(t, call+"\nthe answer", string(s.gets), answer)
	taskAccept.Equal(t, call+"\nthe request", req.Target, "/echo")
	taskAccept.Equal(t, call+"\nthe socket was read without a deadline", s.unlimited, false,
		lesson.If(true, "a client that connects and sends nothing keeps the socket for ever; a deadline comes first"))
	taskAccept.Equal(t, call+"\nthe deadline stays", !s.readBy.IsZero(), false,
		lesson.If(true, "the deadline of the handshake still stands; a WebSocket may be silent for hours, so take it away in the end"))

	in := "nothing"
	if c.in != nil {
		b, _ := c.in.Peek(c.in.Buffered())
		in = fmt.Sprintf("% x", b)
	}
	taskAccept.Equal(t, call+"\nand a frame right behind it; c.in has", in, fmt.Sprintf("% x", frame(0x81, "Hi")),
		lesson.If(c.in == nil || c.in.Buffered() == 0, "what came with the request is lost; the connection has to read on from the same bufio.Reader (chapter 7)"))
}

func accept(t *testing.T, call string, s *socket) (*Conn, *Request) {
	defer taskAccept.CatchIn(t, call)
	c, req, err := Accept(s)
	if err != nil || c == nil || req == nil {
		taskAccept.Fail(t, call, fmt.Sprintf("got  a Conn %v, a request %v, the error %v\nwant both, and no error", c != nil, req != nil, err))
	}
	return c, req
}

// refusals are requests that are refused, and how the answer begins.
var refusals = []struct{ name, request, want string }{
	{"without a key", strings.Replace(request, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", 1), "HTTP/1.1 400 "},
	{"of a page from elsewhere", strings.Replace(request, "\r\n\r\n", "\r\nOrigin: https://evil.example\r\n\r\n", 1), "HTTP/1.1 403 "},
	{"with version 8", strings.Replace(request, "Version: 13", "Version: 8", 1), "HTTP/1.1 426 "},
	{"that is a POST", strings.Replace(request, "GET", "POST", 1), "HTTP/1.1 405 "},
	{"with two Host fields", strings.Replace(request, "\r\n\r\n", "\r\nHost: another.example\r\n\r\n", 1), "HTTP/1.1 400 "},
	{"that is no HTTP", "hello\r\n\r\n", "HTTP/1.1 400 "},
	{"without end", "GET / HTTP/1.1\r\nX: " + strings.Repeat("x", 9000), "HTTP/1.1 400 "},
	{"with a field of no name", "GET / HTTP/1.1\r\n: x\r\n\r\n", "HTTP/1.1 400 "},
}

func TestAcceptRefuses(t *testing.T) {
	defer taskAccept.Catch(t)
	for _, r := range refusals {
		call := "Accept, with a request " + r.name
		s := &socket{sends: []string{r.request, "more"}}
		c, err := refused(t, call, s)
		got := string(s.gets[:min(len(r.want), len(s.gets))])
		taskAccept.Equal(t, call+"\nthe client gets", got, r.want,
			lesson.If(got == answer[:len(got)] && got != "", "101 was sent before the request was judged"),
			lesson.If(got == "", "the client is not told why; chapter 9 has the answer"))
		taskAccept.Equal(t, call+"\nFIN was sent, and what the client still sent was read", fmt.Sprint(s.fin, ", ", !s.lost), "true, true",
			lesson.If(!s.fin || s.lost, "a client that is refused could lose the answer; chapter 17's HangUp lets it read that"))
		taskAccept.Equal(t, call+"\nthe socket was closed", s.closed, true)
		taskAccept.Equal(t, call+"\nthere is a Conn, and an error", fmt.Sprint(c != nil, ", ", err != nil), "false, true")
	}
}

func refused(t *testing.T, call string, s *socket) (*Conn, error) {
	defer taskAccept.CatchIn(t, call)
	c, _, err := Accept(s)
	return c, err
}

func TestAcceptCut(t *testing.T) {
	defer taskAccept.Catch(t)
	for _, sends := range [][]string{nil, {"GET / HT"}, {strings.TrimSuffix(request, "\r\n")}} {
		for _, stays := range []bool{false, true} {
			call := fmt.Sprintf("Accept, and the client ends after %q", strings.Join(sends, ""))
			if stays {
				call = fmt.Sprintf("Accept, and the client falls silent after %q", strings.Join(sends, ""))
			}
			s := &socket{sends: slices.Clone(sends), stays: stays}
			c, err := refused(t, call, s)
			taskAccept.Equal(t, call+"\nthe client gets", string(s.gets), "",
				lesson.If(true, "the socket has failed or ended, so there is no request to answer; codeOf is 0 then"))
			taskAccept.Equal(t, call+"\nthe socket was closed, there is a Conn, and an error", fmt.Sprint(s.closed, ", ", c != nil, ", ", err != nil), "true, false, true")
		}
	}
	const call = "Accept, and the answer cannot be sent"
	s := &socket{sends: []string{request}, deaf: os.ErrDeadlineExceeded}
	c, err := refused(t, call, s)
	taskAccept.Equal(t, call+"\nthe socket was closed, there is a Conn, and an error", fmt.Sprint(s.closed, ", ", c != nil, ", ", err), "true, false, "+s.deaf.Error())
}
