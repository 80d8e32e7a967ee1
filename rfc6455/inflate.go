package rfc6455

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"sync"

	"example.com/ws101/frames"
	"example.com/ws101/handshake"
)

// inflater decompresses one message. It does no I/O: it is fed with compressed
// bytes as they arrive, and says when it needs more.
//
// The decompressor of the standard library pulls its input, and an input that
// fails once, be it for a deadline, ends it. But a Read whose context ends in
// the middle of a message must leave the connection usable. So unless all of
// the message is at hand from the start, which is the common case, the
// decompressor runs in a goroutine of its own, as a coroutine: it runs only
// while read waits for it, and stands still while input is missing.
//
// (It is not [iter.Pull], which would be cheaper: a coroutine of that kind
// ends the program if goroutines that are locked to a thread and others take
// turns in resuming it.)
type inflater struct {
	zr  Decompressor
	in  []byte // compressed bytes that were not used yet
	all bool   // no more come behind in

	// whole has the message and messageEnd, if all of it was at hand from the
	// start. There are decompressors that know a bytes.Reader, and take bytes out
	// of it faster than by interface: with klauspost/compress the echo of a
	// compressed message takes a tenth less of time, the copy included.
	whole bytes.Reader

	fed     int  // bytes of the connection's input that it is using; for its user
	ending  bool // in is what is left of messageEnd
	stopped bool // release was called while the coroutine awaited input
	done    bool // the end was read; for its user

	text frames.UTF8 // how far what it came to has been checked; for its user

	past *window // the connection's under takeover, else own
	own  window

	running bool
	buf     []byte        // what whole lies in, or the coroutine decompresses into; from the pool, or nil
	ready   []byte        // the part of it that was not read yet
	resume  chan struct{} // lets the coroutine go on, or end; nil without one
	paused  chan inflated // what it has come to
}

// inflated is what came of one step.
type inflated struct {
	n   int
	err error
}

var (
	errMoreInput = errors.New("rfc6455: the decompressor needs more input")
	errStopped   = errors.New("rfc6455: the decompressor was stopped")
)

// messageEnd is what a receiver puts behind a compressed message: the four
// bytes that the sender has cut off (RFC 7692 section 7.2.2), which complete an
// empty stored block, and one more such block, which is the last one, so that
// the decompressor ends.
var messageEnd = []byte(blockEnd + "\x01" + blockEnd)

const blockEnd = "\x00\x00\xff\xff"

// inflaters hold those with the decompressor of the standard library that are not
// in use.
var inflaters sync.Pool

func (d *Deflate) inflaters() *sync.Pool {
	if d.NewDecompressor != nil {
		return &d.decompressors
	}
	return &inflaters
}

// newInflater returns an inflater for the next message. past is the window of
// the messages before, or nil.
func (d *Deflate) newInflater(past *window) *inflater {
	z, ok := d.inflaters().Get().(*inflater)
	if !ok {
		z = &inflater{}
		if d.NewDecompressor != nil {
			z.zr = d.NewDecompressor(z)
		} else {
			z.zr = flate.NewReader(z).(Decompressor)
		}
	}
	z.past = past
	if past == nil {
		z.own.reset(1 << handshake.MaxWindowBits)
		z.past = &z.own
	}
	return z
}

// putInflater gives an inflater back.
func (d *Deflate) putInflater(z *inflater) {
	z.release()
	d.inflaters().Put(z)
}

// release lets go of all that the message took.
func (z *inflater) release() {
	if z.resume != nil {
		close(z.resume)
		<-z.paused // the coroutine has ended
	}
	if z.buf != nil {
		putBuffer(z.buf)
	}
	*z = inflater{zr: z.zr, own: z.own}
}

// feed gives the inflater more input, which must not change before it asks
// again. all says that this is the rest of the message.
func (z *inflater) feed(p []byte, all bool) { z.in, z.all = p, all }

// read decompresses into p. The error is errMoreInput until it is fed, io.EOF at
// the end of the message, and a [*frames.Error] if the input is not DEFLATE.
// Each of them comes without bytes.
func (z *inflater) read(p []byte) (int, error) {
	if !z.running {
		if len(z.in) == 0 && !z.all {
			return 0, errMoreInput
		}
		z.running = true
		if z.all && len(z.in)+len(messageEnd) <= bufferSize {
			z.buf = append(append(getBuffer()[:0], z.in...), messageEnd...)
			z.whole.Reset(z.buf)
		}
		z.restart()
		if !z.all {
			z.buf = getBuffer()
			z.resume, z.paused = make(chan struct{}), make(chan inflated)
			go z.run()
		}
	}
	if z.resume == nil {
		return z.step(p)
	}
	if len(z.ready) == 0 {
		z.resume <- struct{}{}
		r := <-z.paused
		if r.err != nil {
			return 0, r.err
		}
		z.ready = z.buf[:r.n]
	}
	n := copy(p, z.ready)
	z.ready = z.ready[n:]
	return n, nil
}

// run is the coroutine. It has a buffer of its own: while it stands still, the
// one that was read into may be gone.
func (z *inflater) run() {
	defer close(z.paused)
	for range z.resume {
		n, err := z.step(z.buf)
		if z.stopped {
			return
		}
		z.paused <- inflated{n, err}
	}
}

// step decompresses until there is something to tell.
func (z *inflater) step(p []byte) (int, error) {
	for {
		n, err := z.zr.Read(p)
		if n > 0 {
			z.past.add(p[:n])
			return n, nil // the error comes again
		}
		switch left := z.left(); {
		case err == nil:
		case err != io.EOF:
			return 0, errNotDeflate
		case left >= len(messageEnd):
			// A block was marked as the last one, and yet more follow, from the
			// next whole byte on (RFC 7692 section 7.2.3.4).
			z.restart()
		case left == 0 || left == len(messageEnd)-len(blockEnd):
			return 0, io.EOF
		default:
			return 0, errNotDeflate // a block of the message went on into its end
		}
	}
}

// left is how many bytes are at hand that the decompressor has not taken, with
// those of messageEnd.
func (z *inflater) left() int {
	switch {
	case z.whole.Size() > 0:
		return z.whole.Len()
	case z.ending:
		return len(z.in)
	}
	return len(z.in) + len(messageEnd)
}

var errNotDeflate = &frames.Error{
	Rule: "7692-6.2-1", Code: frames.CloseInvalidPayload,
	Text: "the compressed message cannot be decompressed; it is not DEFLATE, or it is cut off",
}

// restart makes the decompressor begin a new row of blocks, which may refer to
// the window.
func (z *inflater) restart() {
	var past []byte
	if len(z.past.ring) > 0 {
		buf := getBuffer()
		defer putBuffer(buf)
		past = z.past.appendTo(buf[:0])
	}
	if z.whole.Size() > 0 {
		z.zr.Reset(&z.whole, past)
	} else {
		z.zr.Reset(z, past)
	}
}

// ReadByte implements io.ByteReader for the decompressor, which then takes no
// byte that it does not need.
func (z *inflater) ReadByte() (byte, error) {
	if len(z.in) == 0 {
		if err := z.await(); err != nil {
			return 0, err
		}
	}
	b := z.in[0]
	z.in = z.in[1:]
	return b, nil
}

// Read implements io.Reader for the decompressor.
func (z *inflater) Read(p []byte) (int, error) {
	if len(z.in) == 0 {
		if err := z.await(); err != nil {
			return 0, err
		}
	}
	n := copy(p, z.in)
	z.in = z.in[n:]
	return n, nil
}

// await returns when there is input.
func (z *inflater) await() error {
	for len(z.in) == 0 {
		switch {
		case z.ending:
			return io.EOF
		case z.all:
			z.in, z.ending = messageEnd, true
		default:
			z.paused <- inflated{0, errMoreInput}
			if _, more := <-z.resume; !more {
				z.stopped = true
				return errStopped
			}
		}
	}
	return nil
}
