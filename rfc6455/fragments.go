package rfc6455

import (
	"context"

	"example.com/ws101/frames"
)

// fragments sends what is written to it as the fragments of one message, of at
// most one buffer each. A message that fits in one buffer leaves as a single
// frame. The caller holds the message lock.
type fragments struct {
	c      *Conn
	ctx    context.Context
	opcode frames.Opcode // of the next frame: Continuation after the first
	// deflated is set for a compressed message. Its last four bytes are not
	// sent, so four bytes are always kept back.
	deflated bool
	buf      []byte // from the pool, or nil
}

// fragmentSize leaves room in a buffer for the header.
const fragmentSize = bufferSize - frames.MaxHeaderLen

// Write adds p to the message. Only what does not fit in the buffer is sent.
func (f *fragments) Write(p []byte) (int, error) {
	written := 0
	for len(p) > 0 {
		if len(f.buf) == fragmentSize {
			if err := f.send(false); err != nil {
				return written, err
			}
		}
		if f.buf == nil {
			f.buf = getBuffer()[:0]
		}
		n := min(len(p), fragmentSize-len(f.buf))
		f.buf = append(f.buf, p[:n]...)
		p = p[n:]
		written += n
	}
	return written, nil
}

// send sends what has gathered, as the next fragment or the last one.
func (f *fragments) send(last bool) error {
	h, payload, err := f.next(last)
	if err != nil {
		return err
	}
	if err := f.c.writeFrame(f.ctx, h, payload); err != nil {
		return err
	}
	f.opcode = frames.Continuation
	f.buf = f.buf[:copy(f.buf, f.buf[len(payload):])]
	return nil
}

// next returns the frame that send sends.
func (f *fragments) next(last bool) (h frames.Header, payload []byte, err error) {
	h = frames.Header{Fin: last, Opcode: f.opcode, Rsv1: f.deflated && !f.begun()}
	switch {
	case !f.deflated:
		return h, f.buf, nil
	case last:
		payload, err = withoutEnd(f.buf)
		return h, payload, err
	}
	return h, f.buf[:len(f.buf)-len(blockEnd)], nil
}

// begun reports whether a part of the message was sent.
func (f *fragments) begun() bool { return f.opcode == frames.Continuation }

// release gives the buffer back, and forgets the message.
func (f *fragments) release() {
	if f.buf != nil {
		putBuffer(f.buf)
	}
	*f = fragments{}
}
