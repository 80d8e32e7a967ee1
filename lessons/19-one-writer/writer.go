// Package writer sends the frames of several goroutines on one socket: whole frames, one
// message at a time, and control frames in between (RFC 6455 section 5.4).
package writer

import (
	"errors"
	"io"
	"slices"
	"sync/atomic"
)

// Writer sends frames to one socket. Its methods may be called from any number of
// goroutines at the same time.
type Writer struct {
	dst      io.Writer
	fragment int // the most bytes of a message that one frame carries

	message lock // held while a message is sent, all its frames
	frame   lock // held while one frame is sent

	// These belong to whoever holds frame.
	buf    []byte // used again for each frame
	closed bool   // a Close frame was sent
	err    error  // of the first Write that failed

	due atomic.Pointer[[]byte] // the payload of the pong that waits, or nil
}

// ErrClosed is what a frame gets that comes behind our Close frame.
var ErrClosed = errors.New("a Close frame was sent, and nothing may follow it")

// New returns a Writer of messages in frames of at most fragment bytes of payload.
func New(dst io.Writer, fragment int) *Writer {
	return &Writer{dst: dst, fragment: fragment, message: newLock(), frame: newLock()}
}

// put sends one frame with a single Write. Whoever calls it holds w.frame.
//
// Behind our Close frame it sends no data and no second Close, and returns ErrClosed;
// pings and pongs may still pass. Once a Write has failed, put sends nothing any more, and
// returns the error of that Write: half a frame may be on its way.
func (w *Writer) put(fin bool, op Opcode, payload []byte) error {
	// lesson:begin put
	if w.err != nil {
		return w.err
	}
	if w.closed && op <= Close {
		return ErrClosed
	}
	w.buf = AppendFrame(w.buf[:0], fin, op, payload)
	_, w.err = w.dst.Write(w.buf)
	if op == Close {
		w.closed = true
	}
	return w.err
	// lesson:end
}

// sendPong sends the pong that waits, if there is one and if nobody holds w.frame. It
// never waits for another goroutine.
func (w *Writer) sendPong() {
	// lesson:begin sendPong
	for w.due.Load() != nil && w.frame.TryLock() {
		if payload := w.due.Swap(nil); payload != nil {
			w.put(true, Pong, *payload)
		}
		w.frame.Unlock()
	}
	// lesson:end
}

// send waits until no other frame is being sent, sends this one, and then the pong that
// came due meanwhile.
func (w *Writer) send(fin bool, op Opcode, payload []byte) error {
	// lesson:begin send
	w.frame.Lock()
	err := w.put(fin, op, payload)
	w.frame.Unlock()
	w.sendPong()
	return err
	// lesson:end
}

// Pong answers a ping. It is called by the goroutine that reads, so it never waits for
// another one. If a frame is being sent right now, the pong is left for whoever sends
// that. A pong that waits is replaced: the latest ping is the one to be answered. The
// payload is copied, since the reader uses its memory again.
func (w *Writer) Pong(payload []byte) {
	// lesson:begin Pong
	payload = slices.Clone(payload)
	w.due.Store(&payload)
	w.sendPong()
	// lesson:end
}

// Write sends a message, in as many frames as it takes. Other messages wait until it is
// complete. Control frames do not.
func (w *Writer) Write(op Opcode, message []byte) error {
	// lesson:begin Write
	w.message.Lock()
	defer w.message.Unlock()
	for {
		n := min(len(message), w.fragment)
		fin := n == len(message)
		if err := w.send(fin, op, message[:n]); err != nil || fin {
			return err
		}
		op, message = Continuation, message[n:]
	}
	// lesson:end
}

// Close sends a Close frame with this payload. It does not wait for the end of a message:
// what is missing of that is not sent any more.
func (w *Writer) Close(payload []byte) error {
	// lesson:begin Close
	return w.send(true, Close, payload)
	// lesson:end
}
