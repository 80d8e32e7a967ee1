package rfc6455

import (
	"net"
	"sync/atomic"
	"syscall"
)

// smallBuffer is the size of the buffer that a connection waits with where it
// cannot wait without one: under TLS, on a wrapped net.Conn, on systems other than
// unix.
const smallBuffer = 512

// input is the receiving end of a socket: bytes that have arrived and were not
// used yet, and the way to get more.
//
// The buffer is the trick. A server holds many connections that do nothing,
// and a read that waits would pin a buffer for each. So input holds one only
// while there are bytes in it. On a plain socket it waits without any (see
// input_unix.go); elsewhere it waits with a small one.
type input struct {
	socket

	rest  []byte            // what has arrived and was not used: the end of a buffer, or nil
	large *[bufferSize]byte // the buffer that rest lies in, if that is from the pool, or nil

	// reads counts by two the reads that have brought bytes, and is odd while a
	// goroutine is in one. See progress.
	reads atomic.Uint32
	full  bool // the last read filled the buffer: more is likely there

	// For the wait without a buffer. errno is what the last read failed with, 0 if
	// it did not: attempt has no other way to return it.
	errno   uint16
	attempt func(fd uintptr) bool
}

// socket is what a connection reads from and writes to.
type socket struct {
	nc  net.Conn
	raw syscall.RawConn // if nc is a plain socket, else nil

	// small is there if nc is not a plain socket. On one it is the reader's alone,
	// and made when that first needs it.
	small *smallBuffers
}

// smallBuffers are what a connection has of its own: in is what it waits with,
// and out what its short frames leave from. To take a buffer from a pool and give
// it back costs a tenth of what a small message does without a system call. Where
// there is a system call, it does not count, and to hold nothing counts for more.
type smallBuffers struct{ in, out [smallBuffer]byte }

// init makes the input of a socket. early is what arrived already, behind the
// handshake; it is copied.
func (in *input) init(nc net.Conn, early []byte) {
	in.nc = nc
	in.waitWithoutBuffer()
	if in.raw == nil {
		in.small = new(smallBuffers)
	}
	in.rest = append(in.rest, early...)
}

// bytes returns what has arrived and was not used.
func (in *input) bytes() []byte { return in.rest }

// discard marks the first n of bytes as used.
func (in *input) discard(n int) {
	if in.rest = in.rest[n:]; len(in.rest) == 0 {
		in.release()
	}
}

// use is discard for a reader that reads on at once. The buffer is kept for the
// attempt to read, and goes when that finds nothing: to give it back and take it
// again would cost a hundredth of a batch.
func (in *input) use(n int) { in.rest = in.rest[n:] }

// release lets the buffer go, with what may be left in it.
func (in *input) release() {
	in.rest = nil
	if in.large != nil {
		buffers.Put(in.large)
		in.large = nil
	}
}

// fill waits for more bytes and adds them to those that are there. It is
// called when those are not enough to go on: fewer than a header, or none.
func (in *input) fill() error {
	in.beginRead()
	if len(in.rest) == 0 && in.raw != nil {
		err := in.waitRaw()
		in.endRead(err == nil)
		return err
	}
	room := in.room()
	had := len(room)
	n, err := in.nc.Read(room[had:cap(room)])
	in.endRead(n > 0)
	in.rest = room[:had+n]
	in.full = had+n == cap(room)
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

// room moves what is there to the start of a buffer that has room for more, and
// returns it: a large one if bytes are likely to be waiting, else the small one,
// so that a peer that sends half a header and stops does not pin a large one.
func (in *input) room() []byte {
	if in.full || len(in.rest) >= smallBuffer {
		if in.large == nil {
			in.large = buffers.Get().(*[bufferSize]byte)
		}
		return in.large[:copy(in.large[:], in.rest)]
	}
	if in.small == nil {
		in.small = new(smallBuffers)
	}
	n := 0
	if in.rest != nil {
		n = copy(in.small.in[:], in.rest)
		in.release()
	}
	return in.small.in[:n]
}

// read reads payload into p: from the buffer if there is anything in it, past
// the buffer if p is large.
func (in *input) read(p []byte) (int, error) {
	if len(in.rest) == 0 {
		if len(p) >= bufferSize/2 {
			return in.readPast(p)
		}
		if err := in.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, in.rest)
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
