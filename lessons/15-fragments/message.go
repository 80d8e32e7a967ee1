package fragments

import (
	"bufio"
	"errors"
	"io"
)

// Conn is the server's end of a connection, behind the handshake.
type Conn struct {
	in    *bufio.Reader // what the client sends
	out   io.Writer     // what the client gets
	state State         // what the next header is judged by

	maxMessage   int // the most bytes that a message may have
	maxFragments int // the most frames that a message may have
}

// NewConn returns a Conn over a socket. It takes messages of 1 MiB at most, in 1000
// frames at most.
func NewConn(nc io.ReadWriter) *Conn {
	return &Conn{in: bufio.NewReader(nc), out: nc, maxMessage: 1 << 20, maxFragments: 1000}
}

// Why a message is refused.
var (
	errTooBig  = errors.New("the message is larger than the limit")
	errTooMany = errors.New("the message has too many fragments")
)

// Read waits for the next message and returns its type, Text or Binary, and its
// payload, whether it came in one frame or in several. The payload is the caller's:
// nothing changes it later. Control frames are handled as they come, by handleControl.
//
// A frame that is refused ends the reading before its payload is read: because of what
// State.Check says, because the message is larger than c.maxMessage (errTooBig), or
// because it has more than c.maxFragments frames (errTooMany). Control frames do not
// count.
//
// The end of the stream is io.EOF between two messages, and io.ErrUnexpectedEOF inside
// of one, also where a frame ends and the message does not. A Close is io.EOF everywhere.
func (c *Conn) Read() (op Opcode, message []byte, err error) {
	// lesson:begin Read
	for frames := 0; ; {
		h, err := ReadHeader(c.in)
		if err == io.EOF && c.state.Open != Continuation {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return 0, nil, err
		}
		if err := c.state.Check(h); err != nil {
			return 0, nil, err
		}
		if h.Opcode.IsControl() {
			if err := c.handleControl(h); err != nil {
				return 0, nil, err
			}
			continue
		}
		if frames++; frames > c.maxFragments {
			return 0, nil, errTooMany
		}
		if h.Length > uint64(c.maxMessage-len(message)) {
			return 0, nil, errTooBig
		}
		if message, err = AppendPayload(message, c.in, h); err != nil {
			return 0, nil, err
		}
		if h.Opcode != Continuation {
			op = h.Opcode
		}
		c.state = c.state.After(h)
		if h.Fin {
			return op, message, nil
		}
	}
	// lesson:end
}

// AppendMessage appends a message, as a server sends it, to dst and returns the longer
// slice. The message is cut into frames of size bytes each; the last one may be
// shorter, and is empty only if the message is. size is at least 1.
func AppendMessage(dst []byte, op Opcode, message []byte, size int) []byte {
	// lesson:begin AppendMessage
	for len(message) > size {
		dst = AppendFrame(dst, false, op, message[:size])
		message = message[size:]
		op = Continuation
	}
	return AppendFrame(dst, true, op, message)
	// lesson:end
}
