package rfc6455

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"unicode/utf8"

	"example.com/ws101/frames"
)

// Write sends p as one message, in one frame. p is not kept and not changed.
//
// A text message must be UTF-8; if it is not, nothing is sent and the error is
// a [*frames.Error]. If ctx ends before the message begins to leave, because
// other goroutines are writing, nothing is sent either. If it ends later, half
// a frame may be on its way, and the connection fails. After the end the error
// is a [*CloseError], after [Conn.Close] it is [ErrClosing].
func (c *Conn) Write(ctx context.Context, t MessageType, p []byte) error {
	if err := checkMessage(t, p); err != nil {
		return err
	}
	if err := c.lockMessage(ctx); err != nil {
		return err
	}
	err := c.writeFrame(ctx, frames.Header{Fin: true, Opcode: t}, p)
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

// Writer returns a writer for one message of any length, which is sent in
// fragments as it is written. Close sends the last of them: without it the
// message does not end, and no other one can be sent. ctx holds for the whole
// message. Other writers wait; Pings are answered and Close is sent in between.
//
// A message that fits in one buffer (32 KiB) leaves as a single frame.
func (c *Conn) Writer(ctx context.Context, t MessageType) (io.WriteCloser, error) {
	if err := checkType(t); err != nil {
		return nil, err
	}
	if err := c.lockMessage(ctx); err != nil {
		return nil, err
	}
	if c.closing.Load() {
		c.messageLock.unlock()
		return nil, c.closedError()
	}
	return &messageWriter{c: c, ctx: ctx, opcode: t, text: t == Text}, nil
}

// messageWriter gathers what is written into fragments of at most one buffer.
type messageWriter struct {
	c      *Conn
	ctx    context.Context
	opcode frames.Opcode // of the next frame: Continuation after the first
	text   bool
	utf8   frames.UTF8
	buf    []byte // from the pool, or nil
	err    error  // set once the message has ended or failed
}

var errWriterClosed = errors.New("rfc6455: write to a message that has ended")

// fragmentSize leaves room in a buffer for the header.
const fragmentSize = bufferSize - frames.MaxHeaderLen

// Write adds p to the message. In a text message the first byte that cannot be
// UTF-8 ends it: the connection then fails, since part of it may have left.
func (w *messageWriter) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	if w.text {
		if err := w.utf8.Add(p); err != nil {
			return 0, w.abort(err)
		}
	}
	written := 0
	for len(p) > 0 {
		if len(w.buf) == fragmentSize {
			if err := w.fragment(false); err != nil {
				return written, err
			}
		}
		if w.buf == nil {
			w.buf = getBuffer()[:0]
		}
		n := min(len(p), fragmentSize-len(w.buf))
		w.buf = append(w.buf, p[:n]...)
		p = p[n:]
		written += n
	}
	return written, nil
}

// Close sends the last fragment.
func (w *messageWriter) Close() error {
	if w.err != nil {
		if w.err == errWriterClosed {
			return nil
		}
		return w.err
	}
	if w.text {
		if err := w.utf8.End(); err != nil {
			return w.abort(err)
		}
	}
	if err := w.fragment(true); err != nil {
		return err
	}
	w.finish(errWriterClosed)
	return nil
}

func (w *messageWriter) fragment(last bool) error {
	err := w.c.writeFrame(w.ctx, frames.Header{Fin: last, Opcode: w.opcode}, w.buf)
	if err != nil {
		return w.abort(err)
	}
	w.opcode = frames.Continuation
	w.buf = w.buf[:0]
	return nil
}

// abort gives the message up. If part of it has left, the peer waits for a rest
// that will not come, so the connection cannot go on.
func (w *messageWriter) abort(err error) error {
	w.finish(err)
	if w.opcode == frames.Continuation && !w.c.closing.Load() {
		w.c.abort(frames.CloseInternalError, err)
	}
	return err
}

func (w *messageWriter) finish(err error) {
	w.err = err
	if w.buf != nil {
		putBuffer(w.buf)
		w.buf = nil
	}
	w.c.messageLock.unlock()
}
