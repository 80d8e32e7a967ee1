package rfc6455

import (
	"context"
	"fmt"
	"net"
	"unicode/utf8"

	"example.com/ws101/frames"
)

// Write sends p as one message, in one frame. p is not kept and not changed.
// Where messages are compressed (see [Deflate]), this one is if it is long
// enough; if it has more than 32 KiB even then, it leaves in fragments.
//
// A text message must be UTF-8; if it is not, nothing is sent and the error is
// a [*frames.Error]. If ctx ends before the message begins to leave, because
// other goroutines are writing, nothing is sent either. If it ends later, half
// a frame may be on its way, and the connection fails. After the end the error
// is a [*CloseError], after [Conn.Close] it is [ErrClosing].
func (c *Conn) Write(ctx context.Context, t MessageType, p []byte) error {
	return c.writeMessage(ctx, t, p, c.compressed(len(p)))
}

// WriteUncompressed is [Conn.Write] without compression, whatever was agreed
// on: for a message that holds a secret beside something that others choose
// (see [Deflate]), or one that is compressed already, such as a picture.
func (c *Conn) WriteUncompressed(ctx context.Context, t MessageType, p []byte) error {
	return c.writeMessage(ctx, t, p, false)
}

func (c *Conn) writeMessage(ctx context.Context, t MessageType, p []byte, compressed bool) (err error) {
	if err := checkMessage(t, p); err != nil {
		return err
	}
	if err := c.lockMessage(ctx); err != nil {
		return err
	}
	if compressed {
		err = c.writeCompressed(ctx, t, p)
	} else {
		err = c.writeFrame(ctx, frames.Header{Fin: true, Opcode: t}, p)
	}
	c.messageLock.unlock()
	return err
}

func checkMessage(t MessageType, p []byte) error {
	if err := checkType(t); err != nil {
		return err
	}
	if t == Text && !utf8.Valid(p) {
		return errNotText
	}
	return nil
}

func checkType(t MessageType) error {
	if t != Text && t != Binary {
		return fmt.Errorf("rfc6455: a message is Text or Binary, not %v", t)
	}
	return nil
}

var errNotText = &frames.Error{
	Rule: "6455-5.6-1",
	Text: "a text message must be valid UTF-8; send other bytes as Binary",
}

// writeFrame sends one frame. For a data frame the caller holds the message
// lock.
func (c *Conn) writeFrame(ctx context.Context, h frames.Header, p []byte) error {
	return c.write(ctx, func() error { return c.out.frame(h, p) })
}

// write calls put, which sends a frame, when it may: when the frame lock is
// free and the connection is not closing.
func (c *Conn) write(ctx context.Context, put func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := c.frameLock.lock(ctx, c.done); err != nil {
		return c.lockError(err)
	}
	defer c.unlockFrame()
	if c.closing.Load() {
		return c.closedError()
	}
	stop := watch(ctx, c.nc, net.Conn.SetWriteDeadline)
	c.out.ctx = ctx
	err := put()
	c.out.ctx = nil
	if stop() {
		if err != nil && isTimeout(err) {
			err = fmt.Errorf("%w: %w", errWriteStopped, ctx.Err())
		}
		c.out.disarm()
	}
	if err != nil {
		return c.failWrite(err)
	}
	return nil
}

// lockMessage waits until no other message is being written.
func (c *Conn) lockMessage(ctx context.Context) error {
	if c.closing.Load() {
		return c.closedError() // at once, whoever holds the lock
	}
	return c.lockError(c.messageLock.lock(ctx, c.done))
}

func (c *Conn) lockError(err error) error {
	if err == errGaveUp {
		return c.closedError()
	}
	return err
}

// failWrite ends the connection because a frame could not be sent. The caller
// holds the frame lock.
func (c *Conn) failWrite(err error) error {
	c.out.release()
	return c.cut(err)
}

// closedError is what a write gets that comes too late.
func (c *Conn) closedError() error {
	if e := c.end(nil); e != nil {
		return e
	}
	return ErrClosing
}

// unlockFrame lets the frame lock go and sends the Pong that came due while it
// was held.
func (c *Conn) unlockFrame() {
	c.frameLock.unlock()
	if c.pongDue.Load() {
		c.sendPong()
	}
}
