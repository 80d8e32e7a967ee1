package masking

import (
	"bytes"
	"testing"

	"example.com/ws101/frames"
	"example.com/ws101/lessons/internal/lesson"
)

var taskAttack = lesson.Task{Chapter: 12, Name: "attack", Section: "RFC 6455 section 10.3"}

// carelessKey is what the careless client has drawn for its connection.
var carelessKey = [4]byte{0xa5, 0x0f, 0x3c, 0x96}

// careless is a client with a mistake in it: it draws a masking key when the
// connection begins, and keeps it. It returns a binary frame with the payload.
func careless(payload []byte) []byte {
	h := frames.Header{
		Fin: true, Opcode: frames.Binary,
		Masked: true, MaskKey: carelessKey, Length: uint64(len(payload)),
	}
	frame := frames.AppendHeader(nil, h)
	start := len(frame)
	frame = append(frame, payload...)
	frames.Mask(h.MaskKey, 0, frame[start:])
	return frame
}

// request is what the proxy must not see.
var request = []byte("GET / HTTP/1.1\r\n")

// TestAttack has your payload sent by the careless client and by one that is
// right. Where the careless one sends, the bytes on the wire have to hold a
// request. Where the right one does, they must not: it draws a new key.
func TestAttack(t *testing.T) {
	defer taskAttack.Catch(t)
	payload := taskAttack.HexFile(t, "attack.hex")
	fromClient := frames.State{FromClient: true}
	wire := careless(bytes.Clone(payload))
	lesson.Trace(t, "out", fromClient, wire)

	call := "attack.hex: " + lesson.Spaced(payload)
	if !bytes.Contains(wire, request) {
		// What a mask with the key begun at another place would have made.
		shifted := false
		for pos := 1; pos < 4; pos++ {
			b := bytes.Clone(payload)
			frames.Mask(carelessKey, pos, b)
			shifted = shifted || bytes.Contains(b, request)
		}
		sent := wire[len(wire)-len(payload):]
		taskAttack.Bytes(t, call+"\nas the careless client sends it, behind the header", sent, request,
			lesson.If(bytes.Contains(payload, request), "the request itself; the client masks it, and the wire carries noise. Give what the mask turns into the request"),
			lesson.If(shifted, "masked with the right key from the wrong position; a payload begins at byte 0 of the key, and the request where you put it"),
			lesson.If(len(sent) < len(request) && bytes.HasPrefix(request, sent), "the beginning of the request; the rest of its line is missing, up to 0d 0a"),
			lesson.If(bytes.Equal(sent, bytes.ReplaceAll(request, []byte("\r\n"), []byte("\n"))), "the line ends with 0a alone; in HTTP it ends with 0d 0a"),
		)
	}
	for _, key := range [][4]byte{helloKey, otherKey} {
		b := masked(key, 0, payload)
		if bytes.Contains(b, request) {
			taskAttack.Fail(t, call, "got  a request on the wire of a client that draws a new key\nwant one on the wire of the careless client alone")
		}
	}
}
