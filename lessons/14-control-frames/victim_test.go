package control

import (
	"bytes"
	"fmt"
	"testing"

	"example.com/ws101/frames"
	"example.com/ws101/lessons/internal/lesson"
)

var taskAttack = lesson.Task{Chapter: 14, Name: "attack", Section: "RFC 6455 section 5.5.3"}

// careless answers a ping, with a mistake in it: it sends back as many bytes as the
// header announces, however many have come. buf is the buffer of the read, which
// another connection has used before. b are the bytes that came.
func careless(buf, b []byte) (pong []byte) {
	h, n, err := frames.ParseHeader(b)
	if n == 0 || err != nil || (frames.State{FromClient: true}).Check(h) != nil || h.Opcode != frames.Ping {
		return nil
	}
	came := copy(buf, b[n:])
	frames.Mask(h.MaskKey, 0, buf[:came])
	pong = frames.AppendHeader(nil, frames.Header{Fin: true, Opcode: frames.Pong, Length: h.Length})
	return append(pong, buf[:h.Length]...)
}

const (
	// before is what another connection has left in the buffer: its request.
	before = "GET /account HTTP/1.1\r\nHost: bank.example\r\nCookie: session=8c1f5a07\r\nUpgrade: websocket\r\n" +
		"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
	// secret is the part of it that opens an account.
	secret = "session=8c1f5a07"
)

// TestAttack sends your bytes, as a client would, to the careless server. Its answer
// has to hold the secret of somebody else. A right server answers nothing yet: for it,
// your ping is legal and not complete.
func TestAttack(t *testing.T) {
	defer taskAttack.Catch(t)
	b := taskAttack.HexFile(t, "attack.hex")
	fromClient := frames.State{FromClient: true}
	lesson.Trace(t, "out", fromClient, b)

	call := "attack.hex: " + lesson.Spaced(b)
	x := frames.Explain(b, fromClient)
	if x.HeaderLen == 0 || x.Grade == frames.Broken || x.Header.Opcode != frames.Ping || x.Missing == 0 {
		taskAttack.Fail(t, call, "the right server sees\ngot  "+x.Verdict+"\nwant a legal ping, and the end of its payload is still to come",
			lesson.If(x.Grade == frames.Broken, "a frame that breaks a rule; both servers end the connection"),
			lesson.If(x.HeaderLen == 0, "the header is cut short, so both servers wait for the rest of it"),
			lesson.If(x.Header.Opcode != frames.Ping, "nobody answers this frame with its own payload"),
			lesson.If(true, "the payload is complete, so there is nothing to be added to it; announce more than you send"))
	}
	answer := careless([]byte(before), b)
	if !bytes.Contains(answer, []byte(secret)) {
		payload := answer[2:] // 125 bytes at most, so the header is short
		overwritten := bytes.Contains([]byte(before)[:len(payload)], []byte(secret))
		taskAttack.Fail(t, call, fmt.Sprintf("the careless server answers with a pong of\ngot  %q\nwant %q in it", payload, secret),
			lesson.If(overwritten, "your own bytes overwrite what you want to see; they go to the start of the buffer"),
			lesson.If(true, "the secret lies further behind in the buffer; see how much a ping may announce"))
	}
}
