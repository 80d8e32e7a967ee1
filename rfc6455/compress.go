package rfc6455

import (
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"io"
	"sync"

	"example.com/ws101/frames"
	"example.com/ws101/handshake"
)

// compressor compresses messages, one after the other, for a window of its own.
//
// The compressors there are do not know about windows: they refer back by up
// to 32 KiB. But one that was reset cannot refer to what went before. So for
// a smaller window of n bytes it is reset after every n bytes, counted over all
// messages since the last time, and never refers back by as much as n. It gives
// away what a sliding window of that size could have found behind the border,
// and writes five bytes more for each reset.
type compressor struct {
	w      Compressor
	to     io.Writer // where w writes
	window int       // its size, or 0 for the largest, which needs no care
	since  int       // bytes taken since the last reset

	frames fragments // where the message at hand goes
}

// begin makes the compressor write the next message to dst, and forget what was
// before if fresh is set.
func (z *compressor) begin(dst io.Writer, window int, fresh bool) {
	if window == 1<<handshake.MaxWindowBits {
		window = 0
	}
	if fresh || dst != z.to || window != z.window {
		z.to, z.window = dst, window
		z.reset()
	}
}

func (z *compressor) reset() {
	z.w.Reset(z.to)
	z.since = 0
}

// Write compresses p.
func (z *compressor) Write(p []byte) (int, error) {
	if z.window == 0 {
		return z.w.Write(p)
	}
	written := 0
	for len(p) > 0 {
		if z.since == z.window {
			if err := z.w.Flush(); err != nil {
				return written, err
			}
			z.reset()
		}
		n := min(len(p), z.window-z.since)
		if _, err := z.w.Write(p[:n]); err != nil {
			return written, err
		}
		z.since += n
		p = p[n:]
		written += n
	}
	return written, nil
}

// fit makes sure that a message of n bytes is not cut by a reset, if it fits in
// a window. One between messages is cheaper.
func (z *compressor) fit(n int) {
	if z.window > 0 && z.since > 0 && n > z.window-z.since {
		z.reset()
	}
}

// end ends the message: its last four bytes are then 00 00 ff ff, which are not
// sent (RFC 7692 section 7.2.1).
func (z *compressor) end() error {
	err := z.w.Flush()
	if z.window > 0 && z.since == z.window {
		z.reset() // now that nothing needs to be flushed before
	}
	return err
}

// levelPools hold the compressors of the standard library that are not in use,
// by level. There is no window in them that would have to be kept.
var levelPools [flate.BestCompression - flate.HuffmanOnly + 1]sync.Pool

func (d *Deflate) compressors(level int) *sync.Pool {
	if d.NewCompressor != nil {
		return &d.pool
	}
	return &levelPools[level-flate.HuffmanOnly]
}

func (d *Deflate) getCompressor(level int) *compressor {
	if z, ok := d.compressors(level).Get().(*compressor); ok {
		return z
	}
	if d.NewCompressor != nil {
		return &compressor{w: d.NewCompressor(io.Discard)}
	}
	w, err := flate.NewWriter(io.Discard, level)
	if err != nil {
		panic(err) // check has looked at the level
	}
	return &compressor{w: w}
}

func (d *Deflate) putCompressor(z *compressor, level int) {
	z.frames.release()
	z.to = nil // so that it is reset before its next use
	d.compressors(level).Put(z)
}

// compressed reports whether a message of n bytes is to be compressed.
func (c *Conn) compressed(n int) bool {
	return c.deflate != nil && n >= c.deflate.threshold()
}

// beginCompress returns a compressor for the next message, which it sends as
// fragments. The caller holds the message lock.
func (c *Conn) beginCompress(ctx context.Context, t MessageType) *compressor {
	d := c.deflate
	z := d.kept
	if z == nil {
		z = d.getCompressor(d.level())
		if !d.send.forgets {
			d.kept = z
		}
	}
	d.used = true
	z.frames = fragments{c: c, ctx: ctx, opcode: t, deflated: true}
	z.begin(&z.frames, d.send.window(), d.send.forgets)
	return z
}

// endCompress lets the compressor go. If it keeps its context, and err says that
// the peer did not get what it has compressed, that context is worth nothing.
func (c *Conn) endCompress(z *compressor, err error) {
	d := c.deflate
	if z != d.kept {
		d.putCompressor(z, d.level())
		return
	}
	z.frames.release()
	if err != nil {
		z.reset()
	}
}

// dropCompressor gives back the compressor that keeps its context: if the
// connection has ended, or if it was not used since the last call. The next
// message then begins with an empty window, which the peer need not know.
func (c *Conn) dropCompressor(ended bool) {
	d := c.deflate
	if d == nil || !c.messageLock.tryLock() {
		return
	}
	if d.kept != nil && (ended || !d.used) {
		d.putCompressor(d.kept, d.level())
		d.kept = nil
	}
	d.used = false
	c.messageLock.unlock()
}

// writeCompressed sends a message compressed.
func (c *Conn) writeCompressed(ctx context.Context, t MessageType, p []byte) error {
	if err := c.lockMessage(ctx); err != nil {
		return err
	}
	defer c.messageLock.unlock()
	z := c.beginCompress(ctx, t)
	err := z.send(p)
	if err != nil && z.frames.begun() && !c.closing.Load() {
		// The peer waits for a rest that will not come.
		c.abort(frames.CloseInternalError, err)
	}
	c.endCompress(z, err)
	return err
}

func (z *compressor) send(p []byte) error {
	h, payload, err := z.lastFrame(p)
	if err != nil {
		return err
	}
	return z.frames.c.writeFrame(z.frames.ctx, h, payload)
}

// lastFrame compresses p and returns the last frame of the message: the only
// one, if the message fits in a buffer. What does not become shorter stays as
// it is, unless the messages after it will refer to it.
func (z *compressor) lastFrame(p []byte) (frames.Header, []byte, error) {
	z.fit(len(p))
	if _, err := z.Write(p); err != nil {
		return frames.Header{}, nil, err
	}
	if err := z.end(); err != nil {
		return frames.Header{}, nil, err
	}
	f := &z.frames
	h, payload, err := f.next(true)
	if err == nil && len(payload) >= len(p) && h.Rsv1 && f.c.deflate.send.forgets {
		h.Rsv1, payload = false, p
	}
	return h, payload, err
}

// compress returns p compressed without a context, as the payload of a message.
func (d *deflation) compress(p []byte) ([]byte, error) {
	z := d.getCompressor(d.level())
	defer d.putCompressor(z, d.level())
	var out bytes.Buffer
	z.begin(&out, d.send.window(), true)
	if _, err := z.Write(p); err != nil {
		return nil, err
	}
	if err := z.end(); err != nil {
		return nil, err
	}
	return withoutEnd(out.Bytes())
}

// withoutEnd cuts the four bytes off that a receiver puts back.
func withoutEnd(p []byte) ([]byte, error) {
	if p, ok := bytes.CutSuffix(p, []byte(blockEnd)); ok {
		return p, nil
	}
	return nil, errNoFlush
}

var errNoFlush = errors.New("rfc6455: the compressor did not end its output with 00 00 ff ff")
