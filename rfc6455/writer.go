package rfc6455

import (
	"context"
	"errors"
	"io"

	"example.com/ws101/frames"
)

// Writer returns a writer for one message of any length, which is sent in
// fragments as it is written. Close sends the last of them: without it the
// message does not end, and no other one can be sent. ctx holds for the whole
// message. Other writers wait; Pings are answered and Close is sent in between.
//
// A message that fits in one buffer (64 KiB) leaves as a single frame. Where
// messages are compressed (see [Deflate]), so is this one.
func (c *Conn) Writer(ctx context.Context, t MessageType) (io.WriteCloser, error) {
	return c.newWriter(ctx, t, c.deflate != nil)
}

// WriterUncompressed is [Conn.Writer] without compression; see
// [Conn.WriteUncompressed].
func (c *Conn) WriterUncompressed(ctx context.Context, t MessageType) (io.WriteCloser, error) {
	return c.newWriter(ctx, t, false)
}

func (c *Conn) newWriter(ctx context.Context, t MessageType, compressed bool) (io.WriteCloser, error) {
	if t != Text && t != Binary {
		return nil, errNoMessage(t)
	}
	if err := c.lockMessage(ctx); err != nil {
		return nil, err
	}
	if c.closing.Load() {
		c.messageLock.unlock()
		return nil, c.closedError()
	}
	w := &messageWriter{c: c, text: t == Text}
	if compressed {
		w.deflate = c.beginCompress(ctx, t)
		w.frames, w.to = &w.deflate.frames, w.deflate
	} else {
		w.frames = &fragments{c: c, ctx: ctx, opcode: t}
		w.to = w.frames
	}
	return w, nil
}

// messageWriter checks text, and passes what is written on to the fragments of
// the message, through a compressor or not.
type messageWriter struct {
	c       *Conn
	text    bool
	utf8    frames.UTF8
	deflate *compressor // nil if the message is not compressed
	frames  *fragments
	to      io.Writer // deflate or frames
	err     error     // set once the message has ended or failed
}

var errWriterClosed = errors.New("rfc6455: write to a message that has ended")

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
	n, err := w.to.Write(p)
	if err != nil {
		return n, w.abort(err)
	}
	return n, nil
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
	if w.deflate != nil {
		if err := w.deflate.end(); err != nil {
			return w.abort(err)
		}
	}
	if err := w.frames.send(true); err != nil {
		return w.abort(err)
	}
	w.finish(nil)
	return nil
}

// abort gives the message up. If part of it has left, the peer waits for a rest
// that will not come, so the connection cannot go on.
func (w *messageWriter) abort(err error) error {
	begun := w.frames.begun()
	w.finish(err)
	if begun && !w.c.closing.Load() {
		w.c.abort(frames.CloseInternalError, err)
	}
	return err
}

// finish lets go of what the message took. err is why it did not end well.
func (w *messageWriter) finish(err error) {
	if w.deflate != nil {
		w.c.endCompress(w.deflate, err)
	} else {
		w.frames.release()
	}
	w.deflate, w.frames, w.to = nil, nil, nil
	if w.err = err; err == nil {
		w.err = errWriterClosed
	}
	w.c.messageLock.unlock()
}
