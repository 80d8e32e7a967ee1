package rfc6455

import (
	"net"
	"sync/atomic"
	"syscall"
)

// smallBuffer is what a connection waits with where it cannot wait without a
// buffer: under TLS, on a wrapped net.Conn, on systems other than unix.
const smallBuffer = 512

// input is the receiving end of a socket: bytes that have arrived and were not
// used yet, and the way to get more.
//
// The buffer is the trick. A server holds many connections that do nothing,
// and a read that waits would pin a buffer for each. So input holds one only
// while there are bytes in it. On a plain socket it waits without any (see
// input_unix.go); elsewhere it waits with a small one.
type input struct {
	*socket

	buf  []byte // small, or from the pool, or nil
	r, w int    // buf[r:w] has arrived and was not used

	small *[smallBuffer]byte // made when first needed

	// reads counts by two the reads that have brought bytes, and is odd while a
	// goroutine is in one. See progress.
	reads atomic.Uint32
	full  bool // the last read filled the buffer: more is likely there

	// For the wait without a buffer. readErr is the result of attempt, which has no
	// other way to return it.
	attempt func(fd uintptr) bool
	readErr error
}

// socket is what a connection reads from and writes to.
type socket struct {
	nc  net.Conn
	raw syscall.RawConn // if nc is a plain socket, else nil
}

// newInput makes the input of a socket. early is what arrived already, behind the
// handshake; it is copied.
func newInput(in *input, s *socket, early []byte) {
	in.socket = s
	in.waitWithoutBuffer()
	if len(early) > 0 {
		in.buf = append([]byte(nil), early...)
		in.w = len(early)
	}
}

// bytes returns what has arrived and was not used.
func (in *input) bytes() []byte { return in.buf[in.r:in.w] }

// discard marks the first n of bytes as used.
func (in *input) discard(n int) {
	in.r += n
	if in.r == in.w {
		in.release()
	}
}

// release lets the buffer go. Nothing may be left in it.
func (in *input) release() {
	if len(in.buf) == bufferSize {
		putBuffer(in.buf)
	}
	in.buf, in.r, in.w = nil, 0, 0
}

// fill waits for more bytes and adds them to those that are there. It is
// called when those are not enough to go on: fewer than a header, or none.
func (in *input) fill() error {
	in.beginRead()
	if in.r == in.w && in.raw != nil {
		err := in.waitRaw()
		in.endRead(err == nil)
		return err
	}
	in.makeRoom()
	n, err := in.nc.Read(in.buf[in.w:])
	in.endRead(n > 0)
	in.w += n
	in.full = in.w == len(in.buf)
	if n > 0 {
		return nil
	}
	return err
}

// beginRead and endRead count a read. One that brought nothing does not count.
func (in *input) beginRead() { in.reads.Store(in.reads.Load() + 1) }

func (in *input) endRead(brought bool) {
	n := in.reads.Load()
	if brought {
		in.reads.Store(n + 1)
	} else {
		in.reads.Store(n - 1)
	}
}

// progress returns a number that changes with each read that brings bytes, and
// whether a goroutine is blocked in a read now, or nearly so.
func (in *input) progress() (heard uint32, waiting bool) {
	n := in.reads.Load()
	return n / 2, n&1 == 1
}

// makeRoom moves what is there to the start of a buffer that has room for
// more: a large one if bytes are likely to be waiting, else the small one, so
// that a peer that sends half a header and stops does not pin a large one.
func (in *input) makeRoom() {
	rest := in.bytes()
	var next []byte
	if in.full || len(rest) >= smallBuffer {
		if len(in.buf) == bufferSize {
			in.w = copy(in.buf, rest)
			in.r = 0
			return
		}
		next = getBuffer()
	} else {
		if in.small == nil {
			in.small = new([smallBuffer]byte)
		}
		next = in.small[:]
	}
	n := copy(next, rest)
	in.release()
	in.buf, in.w = next, n
}

// read reads payload into p: from the buffer if there is anything in it, past
// the buffer if p is large.
func (in *input) read(p []byte) (int, error) {
	if in.r == in.w {
		if len(p) >= bufferSize/2 {
			return in.readPast(p)
		}
		if err := in.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, in.bytes())
	in.discard(n)
	return n, nil
}

// readPast reads straight into p, which saves a copy.
func (in *input) readPast(p []byte) (int, error) {
	in.beginRead()
	n, err := in.nc.Read(p)
	in.endRead(n > 0)
	in.full = false // or the next wait would be with a large buffer
	if n > 0 {
		return n, nil
	}
	return 0, err
}
