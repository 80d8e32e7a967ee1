package rfc6455

import (
	"context"
	"fmt"

	"example.com/ws101/frames"
)

// Write sends p as one message, in one frame. p is not kept and not changed.
// Where messages are compressed (see [Deflate]), this one is if it is long
// enough; if it has more than 64 KiB even then, it leaves in fragments.
//
// A text message must be UTF-8; if it is not, nothing is sent and the error is
// a [*frames.Error]. If ctx ends before the message begins to leave, because
// other goroutines are writing, nothing is sent either. If it ends later, half
// a frame may be on its way, and the connection fails. After the end the error
// is a [*CloseError], after [Conn.Close] it is [ErrClosing].
func (c *Conn) Write(ctx context.Context, t MessageType, p []byte) error {
	if !isMessage(t, p) {
		return errNoMessage(t)
	}
	if c.compressed(len(p)) {
		return c.writeCompressed(ctx, t, p)
	}
	// This is writeWhole, spelled out to save two stack frames (see writeShort), and
	// with a shorter way for the message that need only be copied.
	if err := c.beginWhole(ctx); err != nil {
		return err
	}
	var err error
	if c.out.copies(len(p)) {
		c.out.buf = frames.AppendWhole(c.out.buf, t, p)
	} else {
		err = c.out.append(ctx, &frames.Header{Fin: true, Opcode: t}, p)
	}
	if err == nil {
		err = c.out.leave(ctx)
	}
	return c.endFrame(err)
}

// WriteUncompressed is [Conn.Write] without compression, whatever was agreed
// on: for a message that holds a secret beside something that others choose
// (see [Deflate]), or one that is compressed already, such as a picture.
func (c *Conn) WriteUncompressed(ctx context.Context, t MessageType, p []byte) error {
	if !isMessage(t, p) {
		return errNoMessage(t)
	}
	return c.writeWhole(ctx, frames.Header{Fin: true, Opcode: t}, p)
}

// writeWhole sends a message that is one frame.
func (c *Conn) writeWhole(ctx context.Context, h frames.Header, p []byte) error {
	if err := c.beginWhole(ctx); err != nil {
		return err
	}
	return c.endFrame(c.out.frame(ctx, &h, p))
}

// isMessage reports whether p can be a message of type t. It is inlined: to look
// at bytes that may be any costs nothing.
func isMessage(t MessageType, p []byte) bool {
	return t == Binary || t == Text && frames.ValidUTF8(p)
}

// errNoMessage is the error for what is not a message of type t.
func errNoMessage(t MessageType) error {
	if t == Text {
		return errNotText
	}
	return fmt.Errorf("rfc6455: a message is Text or Binary, not %v", t)
}

var errNotText = &frames.Error{
	Rule: "6455-5.6-1",
	Text: "a text message must be valid UTF-8; send other bytes as Binary",
}

// writeFrame sends one frame. For a data frame the caller holds the message
// lock.
func (c *Conn) writeFrame(ctx context.Context, h frames.Header, p []byte) error {
	if err := c.beginFrame(ctx); err != nil {
		return err
	}
	return c.endFrame(c.out.frame(ctx, &h, p))
}

// beginFrame waits until a frame may be put: until nobody else puts one. It
// takes the frame lock, which endFrame lets go.
func (c *Conn) beginFrame(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := c.out.lock.lock(ctx, c.Done); err != nil {
		return c.lockError(err)
	}
	if c.closing.Load() {
		c.unlockFrame()
		return c.closedError()
	}
	return nil
}

// beginWhole is beginFrame for a frame that is a whole message. It must not
// come between the fragments of another one, but it needs no message lock of its
// own: what counts is that nobody else holds it at a moment at which we have
// the frame lock. Who takes it after that has to wait for us with his first
// fragment. So the common message pays for one lock and not for two.
func (c *Conn) beginWhole(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.out.lock.tryLock() {
		if _, held := c.messageLock.turn(); !held && !c.closing.Load() {
			return nil
		}
		c.unlockFrame()
	}
	return c.waitWhole(ctx)
}

// waitWhole is beginWhole where somebody else writes, or nobody may any more.
func (c *Conn) waitWhole(ctx context.Context) error {
	if err := c.lockMessage(ctx); err != nil {
		return err
	}
	defer c.messageLock.unlock()
	return c.beginFrame(ctx)
}

// endFrame lets the frame lock go and sends the Pong that came due while it was
// held. err is what came of the frame.
func (c *Conn) endFrame(err error) error {
	if err != nil {
		err = c.failWrite(err)
	}
	c.out.lock.unlock()
	if c.pongDue.Load() {
		c.sendPong()
	}
	return err
}

// unlockFrame is endFrame where there was none.
func (c *Conn) unlockFrame() { c.endFrame(nil) }

// lockMessage waits until no other message is being written.
func (c *Conn) lockMessage(ctx context.Context) error {
	if c.closing.Load() {
		return c.closedError() // at once, whoever holds the lock
	}
	return c.lockError(c.messageLock.lock(ctx, c.Done))
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
