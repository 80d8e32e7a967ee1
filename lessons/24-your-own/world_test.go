package own

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"example.com/ws101/frames"
	"example.com/ws101/lessons/internal/lesson"
	"example.com/ws101/rfc6455"
	"example.com/ws101/rfc6455/conformance/drive"
)

// The tests in this file are about all parts together: an echo made of them meets bytes
// that nobody should send, the client of the library, and a test suite.

// hostile are the bytes of clients that break a rule, or that test how well a rule is known.
// All of them first send the text "Hi". The frames that are not written with frame are
// wrong in a way that it cannot write.
var hostile = []struct {
	name  string
	sends string
	want  string // behind text "Hi"
}{
	{"a frame that is not masked", "\x81\x02Hi", "close 1002"},
	{"RSV1", frame(0xc1, "Hi"), "close 1002"},
	{"RSV2", frame(0xa1, "Hi"), "close 1002"},
	{"RSV3 in a ping", frame(0x99, "Hi"), "close 1002"},
	{"opcode 3", frame(0x83, "Hi"), "close 1002"},
	{"opcode 15", frame(0x8f, "Hi"), "close 1002"},
	{"a ping in two frames", frame(0x09, "Hi"), "close 1002"},
	{"a ping of 126 bytes", frame(0x89, strings.Repeat("x", 126)), "close 1002"},
	{"a ping of 125 bytes", frame(0x89, strings.Repeat("x", 125)), "pong of 125 bytes"},
	{"a close of 126 bytes", frame(0x88, "\x03\xe8"+strings.Repeat("x", 124)), "close 1002"},
	{"length 5 in 16 bits", "\x81\xfe\x00\x05\x00\x00\x00\x00Hello", "close 1002"},
	{"length 5 in 64 bits", "\x81\xff\x00\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00\x00Hello", "close 1002"},
	{"a length whose top bit is set", "\x82\xff\x80\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00\x00Hello", "close 1002"},
	{"64 MiB, as it says", "\x82\xff\x00\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00", "close 1009"},
	{"the limit and a byte", "\x82\xff\x00\x00\x00\x00\x00\x10\x00\x01\x00\x00\x00\x00", "close 1009"},
	{"the limit in two frames and a byte", frame(0x02, "x") + "\x80\xff\x00\x00\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00", "close 1009"},
	{"a continuation of nothing", frame(0x80, "Hi"), "close 1002"},
	{"a message inside of a message", frame(0x01, "a") + frame(0x81, "b"), "close 1002"},
	{"a close inside of a message", frame(0x01, "a") + frame(0x88, "\x03\xe9"), "close 1001"},
	{"text that is no text", frame(0x81, "\xed\xa0\x80"), "close 1007"},
	{"half a character at the end", frame(0x81, "\xe5\x86"), "close 1007"},
	{"a close with half a code", frame(0x88, "\x03"), "close 1002"},
	{"a close with 1005", frame(0x88, "\x03\xed"), "close 1002"},
	{"a close with 1006", frame(0x88, "\x03\xee"), "close 1002"},
	{"a close with 65535", frame(0x88, "\xff\xff"), "close 1002"},
	{"a close with 3000", frame(0x88, "\x0b\xb8"), "close 3000"},
	{"a close whose reason is no text", frame(0x88, "\x03\xe8\xff"), "close 1007"},
	{"an empty close", frame(0x88, ""), "close"},
	{"a message behind a close", frame(0x88, "\x03\xe8") + frame(0x81, "Hi"), "close 1000"},
	{"a ping behind a close", frame(0x88, "\x03\xe8") + frame(0x89, "Hi"), "close 1000"},
	{"a message behind a mistake", "\x81\x00" + frame(0x81, "Hi"), "close 1002"},
	{"a second close", frame(0x88, "\x03\xe8") + frame(0x88, "\x03\xe9"), "close 1000"},
	{"a pong that nobody asked for", frame(0x8a, "Hi"), ""},
	{"half a frame, and the end", "\x81\x85\x00\x00", ""},
	{"HTTP", request, "close 1002"},
}

func TestFailHostile(t *testing.T) {
	defer taskFail.Catch(t)
	lesson.InOrder(t)
	for _, h := range hostile {
		want := `text "Hi"`
		if h.want != "" {
			want += ", " + h.want
		}
		first := frame(0x81, "Hi")
		for _, sends := range [][]string{{request + first + h.sends}, strings.Split(request+first+h.sends, "")} {
			call := fmt.Sprintf("an echo gets %q and %s, ", "Hi", h.name)
			if len(sends) == 1 {
				call += "in one piece with its request"
			} else {
				call += "byte by byte"
			}
			s := &socket{sends: slices.Clone(sends)}
			c, _ := accept(t, call, s)
			err := echoed(t, call, c)
			if len(sends) == 1 {
				trace(t, call, []string{first + h.sends}, s.gets[len(answer):])
			}
			got := told(s.gets[len(answer):])
			taskFail.Equal(t, call+"\nand answers", got, want,
				lesson.If(strings.Contains(got, ", close") && strings.Contains(got[strings.Index(got, ", close")+7:], ", "), "the server went on behind its Close frame; nothing counts any more (RFC 6455 section 7.1.7)"))
			taskFail.Equal(t, call+"\nthe end", fmt.Sprintf("closed %v, an error %v", s.closed, err != nil), "closed true, an error true")
		}
	}
}

func echoed(t *testing.T, call string, c *Conn) error {
	defer taskFail.CatchIn(t, call)
	return echo(c)
}

// works reports whether an echo can be left alone with a client: it answers what needs an
// answer, without waiting for more. Else the other tests tell what is wrong.
func works() (ok bool) {
	defer func() { ok = recover() == nil && ok }()
	s := &socket{sends: []string{request, frame(0x81, "Hi"), frame(0x89, ""), frame(0x88, "\x03\xe8")}, stays: true}
	c, _, err := Accept(s)
	return err == nil && echo(c) == errClosed && string(s.gets) == answer+"\x81\x02Hi\x8a\x00\x88\x02\x03\xe8"
}

// stranger is how long a test with a real socket may take.
const stranger = 20 * time.Second

// listen serves on a port of this machine until the test ends.
func listen(t *testing.T, serve func(*Conn, *Request)) *url.URL {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			taskAccept.Go(t, func() {
				defer nc.Close()
				if c, req, err := Accept(nc.(Socket)); err == nil {
					serve(c, req)
				}
			})
		}
	}()
	return &url.URL{Scheme: "ws", Host: l.Addr().String(), Path: "/"}
}

// sizes are those around which the form of a length changes, and more than a buffer holds.
var sizes = []int{0, 1, 125, 126, 65535, 65536, 300000}

// TestAcceptLibrary has the client of the library talk with an echo.
func TestAcceptLibrary(t *testing.T) {
	defer taskAccept.Catch(t)
	lesson.InOrder(t)
	if !works() {
		return
	}
	at := listen(t, func(c *Conn, _ *Request) { echo(c) })
	const call = "the library's client meets an echo of yours"
	var err error
	taskAccept.Within(t, stranger, call, func() { err = talk(at.String()) })
	taskAccept.Equal(t, call, err, nil)
}

func talk(at string) error {
	ctx, cancel := context.WithTimeout(context.Background(), stranger)
	defer cancel()
	conn, _, err := rfc6455.Dial(ctx, at, nil)
	if err != nil {
		return err
	}
	defer conn.CloseNow()
	for _, size := range sizes {
		sent := bytes.Repeat([]byte("x"), size)
		w, err := conn.Writer(ctx, rfc6455.Text) // it sends what is long in several frames
		if err != nil {
			return err
		}
		w.Write(sent)
		if err := w.Close(); err != nil {
			return err
		}
		kind, got, err := conn.Read(ctx)
		if err != nil {
			return fmt.Errorf("%d bytes: %w", size, err)
		}
		if kind != rfc6455.Text || !bytes.Equal(got, sent) {
			return fmt.Errorf("sent %d bytes of text, and got %d of %v", size, len(got), kind)
		}
	}
	if err := conn.Close(frames.CloseNormal, "bye"); err != nil {
		return fmt.Errorf("the end: %w", err)
	}
	return nil
}

// TestAcceptDrive plays the server of a test suite, on your code, and has
// rfc6455/conformance/drive take the library's client through it. So your side begins here,
// and the other one echoes.
func TestAcceptDrive(t *testing.T) {
	defer taskAccept.Catch(t)
	lesson.InOrder(t)
	if !works() {
		return
	}
	wrong := make(chan error, 2*len(sizes))
	at := listen(t, func(c *Conn, req *Request) { suite(c, req, wrong) })
	d := drive.Driver{URL: at, Agent: "yours"}
	const call = "conformance drive, through a suite whose server is yours"
	var result drive.Result
	var err error
	taskAccept.Within(t, stranger, call, func() { result, err = d.Run(context.Background()) })
	taskAccept.Equal(t, call, err, nil)
	taskAccept.Equal(t, call+"\ncases, those that ran, and those that could not", result, drive.Result{Cases: cap(wrong), Ran: cap(wrong)})
	for range cap(wrong) {
		taskAccept.Equal(t, call, <-wrong, nil)
	}
}

// suite is the server's side of the suite: each size is a case as text, and one as bytes.
func suite(c *Conn, req *Request, wrong chan<- error) {
	u, err := url.Parse(req.Target)
	if err != nil {
		return
	}
	switch u.Path {
	case "/getCaseCount":
		c.WriteMessage(true, []byte(strconv.Itoa(cap(wrong))))
	case "/runCase":
		n, err := strconv.Atoi(u.Query().Get("case"))
		if err == nil {
			err = play(c, n%2 == 0, sizes[(n-1)/2])
		}
		wrong <- err
	}
	c.Close(1000, "")
	for err == nil {
		_, _, err = c.ReadMessage()
	}
}

func play(c *Conn, text bool, size int) error {
	sent := bytes.Repeat([]byte("x"), size)
	if err := c.WriteMessage(text, sent); err != nil {
		return err
	}
	gotText, got, err := c.ReadMessage()
	if err != nil {
		return err
	}
	if gotText != text || !bytes.Equal(got, sent) {
		return errors.New("a message came back changed")
	}
	return nil
}
