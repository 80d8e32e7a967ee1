package rfc6455

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"

	"example.com/ws101/frames"
)

// output is the sending end of a socket. Whoever calls its methods holds the
// frame lock.
//
// Header and payload are put together in one buffer and leave in one write, so
// that they cost one system call and travel in one packet. The buffer is held
// only while there is something in it, unless it is the small one of the
// connection.
type output struct {
	*socket

	// lock is the frame lock. It is held while the bytes of a frame are put, and
	// lets control frames in between the fragments of a message.
	lock lock

	buf     []byte   // frames that have not left yet; from the pool, or small, or nil
	client  *Options // where a client has its masking keys from; nil on a server
	maskKey [4]byte  // here and not on the stack, from where it would escape
	hold    bool     // see Serve: frames may gather in buf
	mayWait bool     // attempt may wait; see writeRaw
	errno   uint16   // what attempt came to, 0 if all was sent

	// code is that of the Close frame that was sent, 0 before.
	code atomic.Uint32
	// netConn is set once the connection is used as a net.Conn: its user sets
	// the deadlines, and a frame that was cut by one is finished later.
	netConn atomic.Bool

	attempt func(fd uintptr) bool // see writeShort
	sent    int                   // how much of buf attempt has sent
}

// maxHeld is how many bytes gather before they are sent all the same.
const maxHeld = bufferSize / 2

func (o *output) init(s *socket, client bool, opts *Options) {
	o.socket = s
	if client {
		o.client = opts
	}
	o.writeShort()
}

// sentCode is the code of the Close frame we sent, 0 if none.
func (o *output) sentCode() CloseCode { return CloseCode(o.code.Load()) }

// frame puts one frame and sends it, or lets it gather. p is not changed. When
// ctx ends while something is being sent, that is cut short.
func (o *output) frame(ctx context.Context, h *frames.Header, p []byte) error {
	if err := o.append(ctx, h, p); err != nil {
		return err
	}
	return o.leave(ctx)
}

// leave sends what is in the buffer, unless it may gather there. It is inlined.
func (o *output) leave(ctx context.Context) error {
	if o.hold && len(o.buf) < maxHeld {
		return nil
	}
	return o.flush(ctx)
}

// cuttable sends one frame that fits in half a buffer, and survives a deadline.
// It reports whether the frame has begun to leave. If so, and a deadline cut
// it, the rest stays in the buffer and leaves before anything else; if not, it
// is as if it had never been.
func (o *output) cuttable(h *frames.Header, p []byte) (begun bool, err error) {
	if len(o.buf)+frames.MaxHeaderLen+len(p) > bufferSize {
		if err := o.flush(context.Background()); err != nil {
			return false, err
		}
	}
	before := len(o.buf)
	if err := o.append(context.Background(), h, p); err != nil {
		return false, err
	}
	n, err := o.nc.Write(o.buf)
	switch {
	case err == nil:
		o.release()
		return true, nil
	case n > before:
		o.keep(o.buf[n:])
		return true, err
	default:
		o.keep(o.buf[n:before])
		return false, err
	}
}

// keep leaves only rest, a part of the buffer, in it.
func (o *output) keep(rest []byte) {
	o.buf = o.buf[:copy(o.buf, rest)]
	if len(o.buf) == 0 {
		o.release()
	}
}

// ready sends a frame that is built already, without copying it unless others
// wait in front of it.
func (o *output) ready(ctx context.Context, frame []byte) error {
	if !o.hold && len(o.buf) == 0 {
		if o.raw == nil {
			_, err := o.write(ctx, frame)
			return err
		}
		o.buf = frame // lent
		_, err := o.writeRaw(ctx)
		o.buf = nil
		return err
	}
	if !o.makeRoom(len(frame)) {
		return o.send(ctx, frame)
	}
	o.buf = append(o.buf, frame...)
	return o.leave(ctx)
}

// append adds a frame to the buffer. Only what does not fit is sent. What of h
// depends on p and on who sends, it fills in.
func (o *output) append(ctx context.Context, h *frames.Header, p []byte) error {
	h.Length = uint64(len(p))
	if !o.copies(len(p)) {
		return o.appendParts(ctx, h, p)
	}
	o.buf = append(h.AppendTo(o.buf), p...)
	return nil
}

// copies reports whether a frame with n bytes of payload need only be copied into
// the buffer, in which there is room for it then. It is inlined.
func (o *output) copies(n int) bool {
	n += frames.MaxHeaderLen
	return o.client == nil && (n <= cap(o.buf)-len(o.buf) || o.makeRoom(n))
}

// appendParts is append for a frame that is to be masked, or too long to be added
// at once.
func (o *output) appendParts(ctx context.Context, h *frames.Header, p []byte) error {
	if o.client != nil {
		// A new key for each frame, and from a source that the peer, or the
		// page that chose the payload, cannot guess (RFC 6455 section 10.3).
		if _, err := io.ReadFull(o.client.rand(), o.maskKey[:]); err != nil {
			return err
		}
		h.Masked, h.MaskKey = true, o.maskKey
	}
	need := frames.MaxHeaderLen + len(p)
	if len(o.buf) > 0 && !o.makeRoom(need) {
		if err := o.flush(ctx); err != nil {
			return err
		}
	}
	o.makeRoom(min(need, bufferSize))
	o.buf = h.AppendTo(o.buf)
	switch {
	case o.client != nil:
		return o.appendMasked(ctx, p)
	case len(p) <= bufferSize-len(o.buf):
		o.buf = append(o.buf, p...)
		return nil
	}
	return o.send(ctx, p)
}

// makeRoom makes room for n more bytes in the buffer, and reports whether there is
// so much without sending what is in it.
func (o *output) makeRoom(n int) bool {
	switch n += len(o.buf); {
	case n <= cap(o.buf):
	case n > bufferSize:
		return false
	case o.buf == nil && n <= smallBuffer && o.raw == nil:
		o.buf = o.small.out[:0]
	default:
		bigger := append(getBuffer()[:0], o.buf...)
		o.release()
		o.buf = bigger
	}
	return true
}

// appendMasked copies p and masks the copy, piece by piece: the caller's bytes
// are never touched.
func (o *output) appendMasked(ctx context.Context, p []byte) error {
	pos := 0
	for {
		start := len(o.buf)
		n := min(len(p), cap(o.buf)-start)
		o.buf = append(o.buf, p[:n]...)
		pos = frames.Mask(o.maskKey, pos, o.buf[start:])
		p = p[n:]
		if len(p) == 0 {
			return nil
		}
		if err := o.flush(ctx); err != nil {
			return err
		}
		o.lock.renew() // the peer takes it, so checkWrite may begin anew
		o.buf = getBuffer()[:0]
	}
}

// flush sends what is in the buffer and gives the buffer back. When a deadline
// cuts it short, the rest stays in the buffer.
func (o *output) flush(ctx context.Context) error {
	if len(o.buf) == 0 {
		return nil
	}
	var n int
	var err error
	switch {
	case o.raw != nil:
		n, err = o.writeRaw(ctx)
	case ctx.Done() == nil:
		n, err = o.nc.Write(o.buf)
	default:
		n, err = o.write(ctx, o.buf)
	}
	if err != nil {
		o.keep(o.buf[n:])
		return err
	}
	o.release()
	return nil
}

// send sends what is in the buffer and then p, with one system call where the
// system has writev, and without copying p.
func (o *output) send(ctx context.Context, p []byte) error {
	vec := vectors.Get().(*net.Buffers)
	whole := append((*vec)[:0], o.buf, p) // an empty buffer does no harm
	*vec = whole                          // WriteTo moves the start of the slice it is called on
	w := o.watch(ctx)
	_, err := vec.WriteTo(o.nc)
	err = o.unwatch(ctx, w, err)
	clear(whole)
	*vec = whole[:0]
	vectors.Put(vec)
	o.release()
	return err
}

// vectors are the lists of what send sends together.
var vectors = sync.Pool{New: func() any { return new(net.Buffers) }}

// release gives the buffer back with whatever is in it.
func (o *output) release() {
	if cap(o.buf) == bufferSize {
		putBuffer(o.buf)
		o.buf = nil
	}
	o.buf = o.buf[:0]
}

// write sends p, from where it lies, by net.Conn.
func (o *output) write(ctx context.Context, p []byte) (int, error) {
	w := o.watch(ctx)
	n, err := o.nc.Write(p)
	return n, o.unwatch(ctx, w, err)
}

func (o *output) watch(ctx context.Context) *watching {
	return watch(ctx, o.nc, net.Conn.SetWriteDeadline)
}

// unwatch ends the watching of a write, and says what came of that.
func (o *output) unwatch(ctx context.Context, w *watching, err error) error {
	if w.stop() {
		if isTimeout(err) {
			err = fmt.Errorf("%w: %w", errWriteStopped, ctx.Err())
		}
		o.nc.SetWriteDeadline(noDeadline)
	}
	return err
}

func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
