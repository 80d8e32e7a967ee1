package rfc6455

import (
	"context"

	"example.com/ws101/frames"
)

// PreparedMessage is a message that is sent to many connections. Its frame is
// built once, and the same bytes go to every client.
type PreparedMessage struct {
	messageType MessageType
	frame       []byte // unmasked, as a server sends it
	payload     []byte // the end of frame
}

// Prepare makes a prepared message. It copies p. Text that is not UTF-8 is a
// [*frames.Error].
func Prepare(t MessageType, p []byte) (*PreparedMessage, error) {
	if err := checkMessage(t, p); err != nil {
		return nil, err
	}
	frame := make([]byte, 0, frames.MaxHeaderLen+len(p))
	frame = frames.AppendHeader(frame, frames.Header{Fin: true, Opcode: t, Length: uint64(len(p))})
	start := len(frame)
	frame = append(frame, p...)
	return &PreparedMessage{messageType: t, frame: frame, payload: frame[start:]}, nil
}

// WritePrepared sends a prepared message; see [Conn.Write] for what ctx and the
// error mean. On a client each copy needs a masking key of its own, so it is no
// faster there than Write.
func (c *Conn) WritePrepared(ctx context.Context, m *PreparedMessage) error {
	if err := c.lockMessage(ctx); err != nil {
		return err
	}
	defer c.messageLock.unlock()
	if c.client {
		return c.writeFrame(ctx, frames.Header{Fin: true, Opcode: m.messageType}, m.payload)
	}
	return c.write(ctx, func() error { return c.out.ready(m.frame) })
}
