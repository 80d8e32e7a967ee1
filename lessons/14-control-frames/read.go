package control

import (
	"bufio"
	"io"
)

// Conn is the server's end of a connection, behind the handshake.
type Conn struct {
	in    *bufio.Reader // what the client sends
	out   io.Writer     // what the client gets
	pings Pings         // those that we sent
}

// NewConn returns a Conn over a socket.
func NewConn(nc io.ReadWriter) *Conn { return &Conn{in: bufio.NewReader(nc), out: nc} }

// Ping sends a ping. Read notices its pong.
func (c *Conn) Ping(payload string) error {
	c.pings.Sent(payload)
	_, err := c.out.Write(AppendFrame(nil, Ping, []byte(payload)))
	return err
}

// Read waits for the next message, here always a frame of its own, and returns its
// opcode and its payload. It handles the control frames that come before the message:
// a ping is answered with a pong that carries the same payload, a pong is given to
// c.pings, and a Close is the end, io.EOF. If the pong cannot be written, the error of the
// write ends the reading too.
//
// A control frame that CheckControl refuses ends the reading with that error, before
// its payload is read.
func (c *Conn) Read() (op Opcode, payload []byte, err error) {
	// lesson:begin Read
	for {
		h, err := ReadHeader(c.in)
		if err != nil {
			return 0, nil, err
		}
		if err := CheckControl(h); err != nil {
			return 0, nil, err
		}
		payload, err := ReadPayload(c.in, h)
		if err != nil {
			return 0, nil, err
		}
		switch h.Opcode {
		case Ping:
			if _, err := c.out.Write(AppendFrame(nil, Pong, payload)); err != nil {
				return 0, nil, err
			}
		case Pong:
			c.pings.Pong(payload)
		case Close:
			return 0, nil, io.EOF
		default:
			return h.Opcode, payload, nil
		}
	}
	// lesson:end
}
