package rfc6455

import (
	"context"
	"sync"

	"example.com/ws101/frames"
	"example.com/ws101/handshake"
)

// PreparedMessage is a message that is sent to many connections. Its frame is
// built once, and the same bytes go to every client. So is a compressed frame,
// once for each size of window, for the connections that compress without
// context takeover; those with takeover each compress it for themselves.
type PreparedMessage struct {
	messageType  MessageType
	plain        preparedFrame
	neverDeflate bool

	mu       sync.Mutex
	deflated [handshake.MaxWindowBits + 1]*preparedFrame // by window bits
}

// preparedFrame is a frame without a mask, as a server sends it.
type preparedFrame struct {
	bytes   []byte
	payload []byte // the end of bytes
	rsv1    bool
}

// Prepare makes a prepared message. It copies p. Text that is not UTF-8 is a
// [*frames.Error].
func Prepare(t MessageType, p []byte) (*PreparedMessage, error) {
	if !isMessage(t, p) {
		return nil, errNoMessage(t)
	}
	return &PreparedMessage{messageType: t, plain: *prepareFrame(t, p, false)}, nil
}

// PrepareUncompressed is [Prepare] for a message that is never compressed; see
// [Conn.WriteUncompressed].
func PrepareUncompressed(t MessageType, p []byte) (*PreparedMessage, error) {
	m, err := Prepare(t, p)
	if err == nil {
		m.neverDeflate = true
	}
	return m, err
}

func prepareFrame(t MessageType, p []byte, rsv1 bool) *preparedFrame {
	f := &preparedFrame{bytes: make([]byte, 0, frames.MaxHeaderLen+len(p)), rsv1: rsv1}
	f.bytes = frames.AppendHeader(f.bytes, frames.Header{Fin: true, Rsv1: rsv1, Opcode: t, Length: uint64(len(p))})
	start := len(f.bytes)
	f.bytes = append(f.bytes, p...)
	f.payload = f.bytes[start:]
	return f
}

// WritePrepared sends a prepared message; see [Conn.Write] for what ctx and the
// error mean. On a client each copy needs a masking key of its own, so it is no
// faster there than Write, except that it need not compress.
func (c *Conn) WritePrepared(ctx context.Context, m *PreparedMessage) error {
	f := &m.plain
	if !m.neverDeflate && c.compressed(len(f.payload)) {
		if !c.deflate.send.forgets {
			return c.writeCompressed(ctx, m.messageType, f.payload)
		}
		var err error
		if f, err = m.forDeflate(c.deflate); err != nil {
			return err
		}
	}
	if c.isClient() {
		return c.writeWhole(ctx, frames.Header{Fin: true, Rsv1: f.rsv1, Opcode: m.messageType}, f.payload)
	}
	if err := c.beginWhole(ctx); err != nil {
		return err
	}
	return c.endFrame(c.out.ready(ctx, f.bytes))
}

// forDeflate returns the frame for a connection that compresses without
// takeover. The first connection with its window makes it; the others wait for
// that, which is less work than doing it too.
func (m *PreparedMessage) forDeflate(d *deflation) (*preparedFrame, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	made := &m.deflated[d.send.windowBits()]
	if *made == nil {
		p, err := d.compress(m.plain.payload)
		if err != nil {
			return nil, err
		}
		if len(p) >= len(m.plain.payload) {
			*made = &m.plain
		} else {
			*made = prepareFrame(m.messageType, p, true)
		}
	}
	return *made, nil
}
