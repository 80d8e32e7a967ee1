package client

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"example.com/ws101/frames"
	"example.com/ws101/lessons/internal/lesson"
)

var (
	taskFrame = lesson.Task{Chapter: 21, Name: "AppendFrame", Section: "RFC 6455 section 5.3"}
	taskOpen  = lesson.Task{Chapter: 21, Name: "Open", Section: "RFC 6455 section 4.1"}
	taskRead  = lesson.Task{Chapter: 21, Name: "Read", Section: "RFC 6455 section 5.1"}
)

// nonce is what the key of the RFC's example is made of, and mask the masking key of its
// frames.
const (
	nonce = "the sample nonce"
	mask  = "\x37\xfa\x21\x3d"
)

var errNoRandom = errors.New("there are no random bytes")

func TestAppendFrame(t *testing.T) {
	defer taskFrame.Catch(t)
	lesson.InOrder(t)
	random := iotest.OneByteReader(strings.NewReader(mask + mask + "\x01\x02\x03\x04" + mask))
	for _, c := range []struct {
		op      Opcode
		payload string
		want    []byte
	}{
		{Text, "Hello", lesson.Hex("81 85 37 fa 21 3d 7f 9f 4d 51 58")},
		{Close, "", lesson.Hex("88 80 37 fa 21 3d")},
		{Text, "Hello", lesson.Hex("81 85 01 02 03 04 49 67 6f 68 6e")},
		{Binary, strings.Repeat("\x00", 300), append(lesson.Hex("82 fe 01 2c 37 fa 21 3d"), strings.Repeat(mask, 75)...)},
	} {
		call := "AppendFrame(nil, random, " + c.op.String() + ", " + lesson.Spaced([]byte(c.payload)[:min(5, len(c.payload))]) + ")"
		if len(c.payload) > 5 {
			call = "AppendFrame(nil, random, binary, 300 zeros)"
		}
		payload := []byte(c.payload)
		got, err := AppendFrame(nil, random, c.op, payload)
		taskFrame.Equal(t, call, struct{ Err error }{err}, struct{ Err error }{nil})
		x := frames.Explain(got, frames.State{FromClient: true})
		unmasked := x.HeaderLen > 0 && !x.Header.Masked
		key := x.Header.MaskKey[:]
		taskFrame.Frame(t, call, frames.State{FromClient: true}, got, c.want,
			lesson.If(unmasked, "the frame is not masked; a server closes the connection for that"),
			lesson.If(bytes.Equal(key, make([]byte, 4)), "the masking key is zero, so the payload leaves as it is"),
			lesson.If(c.want[2] == 1 && string(key) == mask, "the key of the frame before was used again; each frame has its own, so that nobody can foresee it"),
			lesson.If(key[0] == c.want[2] && key[1] == 0, "a Read of random brought one byte, and was taken for four; io.ReadFull goes on"),
			lesson.If(bytes.HasPrefix(got, c.want[:6]) && bytes.HasSuffix(got, payload) && len(payload) > 0, "the frame says that it is masked, and the payload is not"))
		taskFrame.Bytes(t, call+"\nthe caller's payload, afterwards", payload, []byte(c.payload),
			lesson.If(true, "the caller's bytes were masked in place; whoever sends them to the next server sends garbage"))
	}
	got, err := AppendFrame([]byte("xx"), strings.NewReader(mask), Text, nil)
	taskFrame.Bytes(t, `AppendFrame("xx", random, text, no bytes)`, got, lesson.Hex("78 78 81 80 37 fa 21 3d"),
		lesson.If(true, "the frame is to be appended to what is in dst"))
	taskFrame.Equal(t, "", err, nil)
	got, err = AppendFrame(nil, iotest.ErrReader(errNoRandom), Text, []byte("Hello"))
	taskFrame.Equal(t, "AppendFrame, and random fails", struct {
		Frame []byte
		Err   error
	}{got, err}, struct {
		Frame []byte
		Err   error
	}{nil, errNoRandom}, lesson.If(err == nil, "there were no random bytes, and the frame was made all the same; its key is known to everybody"))
}

// closer is a socket that notes when it is closed.
type closer struct {
	net.Conn
	closed bool
}

func (c *closer) Close() error {
	c.closed = true
	if c.Conn == nil {
		return nil
	}
	return c.Conn.Close()
}

// opened is what came of Open.
type opened struct {
	conn   *Conn
	err    error
	ours   *closer       // the socket that Open was given
	theirs net.Conn      // the server's end
	req    *http.Request // what the server got, or nil
}

// open calls Open against a server that sends these bytes when it has the request, or closes
// if there are none.
func open(t *testing.T, call, random, sends string) *opened {
	ours, theirs := net.Pipe()
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	o := &opened{ours: &closer{Conn: ours}, theirs: theirs}
	answered := make(chan struct{})
	taskOpen.Go(t, func() {
		defer close(answered)
		req, err := http.ReadRequest(bufio.NewReader(theirs))
		if err != nil {
			return
		}
		o.req = req
		if sends == "" {
			theirs.Close()
			return
		}
		io.WriteString(theirs, sends)
	})
	defer taskOpen.CatchIn(t, call)
	o.conn, o.err = Open(o.ours, parse(t, "ws://example.com/chat"), strings.NewReader(random))
	if o.err != nil {
		theirs.Close() // the server may still wait for a request
	}
	<-answered
	return o
}

const never = "Open waits for something that never comes; is the request sent, and ended by an empty line?"

func TestOpen(t *testing.T) {
	defer taskOpen.Catch(t)
	lesson.InOrder(t)
	call := "Open(ws://example.com/chat)"
	taskOpen.Bubble(t, call, func(t *testing.T) {
		o := open(t, call, nonce+mask, answer("101 Switching Protocols", nil))
		if o.req == nil {
			taskOpen.Fail(t, call, "got  no request at the server\nwant one", lesson.If(true, "the request was not sent"))
		}
		taskOpen.Equal(t, call+"\nthe key that the server got", o.req.Header.Get("Sec-WebSocket-Key"), rfcKey,
			lesson.If(true, "the key does not come from random; each connection needs a new one"))
		taskOpen.Equal(t, call, struct{ Err error }{o.err}, struct{ Err error }{nil})
		taskOpen.Go(t, func() { o.conn.Write(Text, []byte("Hello")) })
		got := make([]byte, 11)
		io.ReadFull(o.theirs, got)
		taskOpen.Frame(t, call+"\nthen Write(text, Hello)", frames.State{FromClient: true}, got, lesson.Hex("81 85 37 fa 21 3d 7f 9f 4d 51 58"),
			lesson.If(bytes.Equal(got[2:6], []byte(nonce)[:4]), "the random bytes of the key were used for a mask again"))
	}, lesson.If(true, never))
}

// TestOpenKeepsFrames has a server send its first frames together with the answer.
func TestOpenKeepsFrames(t *testing.T) {
	defer taskOpen.Catch(t)
	lesson.InOrder(t)
	call := "Open, and the server sends a frame together with its answer"
	taskOpen.Bubble(t, call, func(t *testing.T) {
		o := open(t, call, nonce, answer("101 Switching Protocols", nil)+"\x81\x05Hello")
		taskOpen.Equal(t, call, struct{ Err error }{o.err}, struct{ Err error }{nil})
		o.theirs.Close() // so that a Read ends that finds nothing
		op, payload, err := o.conn.Read()
		taskOpen.Equal(t, call+"\nthen Read", struct {
			Opcode  Opcode
			Payload string
			Err     error
		}{op, string(payload), err}, struct {
			Opcode  Opcode
			Payload string
			Err     error
		}{Text, "Hello", nil},
			lesson.If(err != nil, "what came behind the answer was thrown away; the bufio.Reader that has read the answer holds it"))
	}, lesson.If(true, never))
}

// TestOpenFails has servers that do not open a WebSocket.
func TestOpenFails(t *testing.T) {
	defer taskOpen.Catch(t)
	lesson.InOrder(t)
	for _, c := range []struct {
		name, random, sends string
		want                error
	}{
		{"Open, and the server answers 403", nonce, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", errStatus},
		{"Open, and the proof is wrong", nonce, answer("101 Switching Protocols", map[string]string{"Sec-WebSocket-Accept": rfcKey}), errAccept},
		{"Open, and the server closes without an answer", nonce, "", io.ErrUnexpectedEOF},
		{"Open, and random fails", nonce[:7], "HTTP/1.1 403 Forbidden\r\n\r\n", io.ErrUnexpectedEOF},
	} {
		taskOpen.Bubble(t, c.name, func(t *testing.T) {
			o := open(t, c.name, c.random, c.sends)
			if !errors.Is(o.err, c.want) {
				taskOpen.Equal(t, c.name, struct{ Err error }{o.err}, struct{ Err error }{c.want},
					lesson.If(o.err == nil, "the answer does not open a WebSocket, and Open goes on"))
			}
			type result struct{ Conn, SocketClosed bool }
			taskOpen.Equal(t, c.name, result{o.conn != nil, o.ours.closed}, result{false, true},
				lesson.If(o.conn != nil, "there is an error, and a Conn all the same"),
				lesson.If(true, "Open has failed, and left the socket open; every failure keeps one"))
		})
	}
}

func TestRead(t *testing.T) {
	defer taskRead.Catch(t)
	lesson.InOrder(t)
	type result struct {
		Opcode  Opcode
		Payload string
		Err     error
	}
	for _, c := range []struct {
		name, in string
		want     result
		looks    string
	}{
		{"a text", "81 05 48 65 6c 6c 6f", result{Text, "Hello", nil}, "a frame of a server is not masked, and that is right"},
		{"a ping", "89 00", result{Ping, "", nil}, "a frame of a server is not masked, and that is right"},
		{"a text that is masked", "81 85 37 fa 21 3d 7f 9f 4d 51 58", result{0, "", errMasked}, "a masked frame was taken from a server; only clients mask, so whoever sent it is not what it seems to be"},
		{"a Close that is masked", "88 80 37 fa 21 3d", result{0, "", errMasked}, "a masked frame was taken from a server; only clients mask, so whoever sent it is not what it seems to be"},
		{"half a header", "81", result{0, "", io.ErrUnexpectedEOF}, "the stream has ended inside a frame"},
	} {
		nc := &closer{}
		b := lesson.Hex(c.in)
		lesson.Trace(t, "in", frames.State{}, b)
		conn := &Conn{nc: nc, br: bufio.NewReader(bytes.NewReader(b))}
		op, payload, err := conn.Read()
		call := "Read, of " + c.name + ": " + c.in
		taskRead.Equal(t, call, result{op, string(payload), err}, c.want, lesson.If(true, c.looks))
		taskRead.Equal(t, call, struct{ Closed bool }{nc.closed}, struct{ Closed bool }{err != nil},
			lesson.If(err != nil, "the connection has failed, and the socket was left open"),
			lesson.If(true, "the socket was closed, and more frames may come"))
	}
}
