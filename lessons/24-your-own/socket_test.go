package own

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/ws101/frames"
	"example.com/ws101/lessons/internal/lesson"
)

// request is the request of a client, with which a test begins.
const request = "GET /echo HTTP/1.1\r\n" +
	"Host: server.example.com\r\n" +
	"Upgrade: websocket\r\n" +
	"Connection: keep-alive, Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
	"Sec-WebSocket-Version: 13\r\n" +
	"\r\n"

// answer is what Accept writes for it.
const answer = "HTTP/1.1 101 Switching Protocols\r\n" +
	"Upgrade: websocket\r\n" +
	"Connection: Upgrade\r\n" +
	"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" +
	"\r\n"

// socket is a TCP connection as the server sees it. The client sends what is in sends, piece
// by piece, and ends when it has read FIN. What is done with the socket is written down.
type socket struct {
	net.Conn
	sends []string
	stays bool        // behind that, the client stays and is silent
	deaf  error       // what Write returns, if not nil
	lock  *sync.Mutex // that has to be held for a Write

	gets      []byte
	fin       bool
	closed    bool
	lost      bool // bytes of the client were unread when the socket was closed
	readBy    time.Time
	writeBy   time.Time
	free      bool // the lock was free in a Write
	held      bool // the lock was held when FIN was sent
	noLimit   bool // something was written without a deadline
	unlimited bool // something was read without a deadline
}

func (s *socket) Read(p []byte) (int, error) {
	if s.closed {
		return 0, net.ErrClosed
	}
	s.unlimited = s.unlimited || s.readBy.IsZero()
	if len(s.sends) > 0 {
		n := copy(p, s.sends[0])
		if s.sends[0] = s.sends[0][n:]; s.sends[0] == "" {
			s.sends = s.sends[1:]
		}
		return n, nil
	}
	switch {
	case s.fin || !s.stays:
		return 0, io.EOF
	case !s.readBy.IsZero():
		return 0, os.ErrDeadlineExceeded
	}
	panic("a Read without a deadline waits for ever: the client is silent")
}

func (s *socket) Write(p []byte) (int, error) {
	if s.fin || s.closed {
		return 0, net.ErrClosed
	}
	s.noLimit = s.noLimit || s.writeBy.IsZero()
	if s.lock != nil && s.lock.TryLock() {
		s.free = true
		s.lock.Unlock()
	}
	if s.deaf != nil {
		return 0, s.deaf
	}
	s.gets = append(s.gets, p...)
	return len(p), nil
}

func (s *socket) CloseWrite() error {
	s.held = s.lock != nil && !s.lock.TryLock()
	if s.lock != nil && !s.held {
		s.lock.Unlock()
	}
	s.fin = true
	return nil
}

func (s *socket) Close() error {
	s.lost = s.lost || !s.closed && len(s.sends) > 0
	s.closed = true
	return nil
}

func (s *socket) SetDeadline(t time.Time) error {
	s.readBy, s.writeBy = t, t
	return nil
}

func (s *socket) SetReadDeadline(t time.Time) error  { s.readBy = t; return nil }
func (s *socket) SetWriteDeadline(t time.Time) error { s.writeBy = t; return nil }

// open returns a connection behind its handshake, whose client sends these pieces.
func open(sends ...string) (*socket, *Conn) {
	s := &socket{sends: slices.Clone(sends)}
	c := newConn(s, bufio.NewReader(s))
	s.lock = &c.mu
	return s, c
}

// echo sends every message back, until the connection ends, and returns why.
func echo(c *Conn) error {
	for {
		text, message, err := c.ReadMessage()
		if err == nil {
			err = c.WriteMessage(text, message)
		}
		if err != nil {
			return err
		}
	}
}

// told are the frames in b, one word or two for each: text "Hi", close 1000.
func told(b []byte) string {
	var list []string
	for len(b) > 0 {
		h, n, err := frames.ParseHeader(b)
		if n == 0 || err != nil || h.Length > uint64(len(b)-n) {
			return strings.Join(append(list, fmt.Sprintf("no frame (% x)", b[:min(len(b), 16)])), ", ")
		}
		payload := b[n:][:h.Length]
		b = b[n+len(payload):]
		word := h.Opcode.String()
		switch {
		case h.Masked:
			word += ", masked"
		case h.Opcode == frames.Close && len(payload) >= 2:
			word += fmt.Sprint(" ", int(payload[0])<<8|int(payload[1]))
		case len(payload) > 40:
			word += fmt.Sprintf(" of %d bytes", len(payload))
		case len(payload) > 0:
			word += fmt.Sprintf(" %q", payload)
		}
		list = append(list, word)
	}
	if len(list) == 0 {
		return "nothing"
	}
	return strings.Join(list, ", ")
}

// frame is a frame of a client, whose key is zero.
func frame(b0 byte, payload string) string {
	h := frames.Header{
		Fin: b0&0x80 != 0, Rsv1: b0&0x40 != 0, Rsv2: b0&0x20 != 0, Rsv3: b0&0x10 != 0,
		Opcode: frames.Opcode(b0 & 0x0f), Masked: true, Length: uint64(len(payload)),
	}
	return string(frames.AppendHeader(nil, h)) + payload
}

// trace shows what a client sends and gets, under the words about it, if it is wanted.
func trace(t *testing.T, call string, sends []string, gets []byte) {
	if os.Getenv(lesson.TraceVar) != "" {
		fmt.Fprintln(t.Output(), call)
	}
	lesson.Trace(t, "in", frames.State{FromClient: true}, []byte(strings.Join(sends, "")))
	lesson.Trace(t, "out", frames.State{}, gets)
}
