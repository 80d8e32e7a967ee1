package rfc6455

import "sync"

// bufferSize is the size of the buffers that connections share: what one read
// from a socket takes in at most, and what one write sends in one piece at
// most.
const bufferSize = 64 << 10

// buffers holds those that are not in use. A connection takes one when bytes
// have arrived or are about to leave, and gives it back before it waits, so
// that thousands of quiet connections share a few buffers.
//
// The pool keeps pointers to arrays: a slice put into a sync.Pool would cost an
// allocation for its header each time.
var buffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}

// getBuffer returns a buffer of length bufferSize, with whatever its last user
// left in it.
func getBuffer() []byte { return buffers.Get().(*[bufferSize]byte)[:] }

// putBuffer gives back what getBuffer returned, in any length from its start.
func putBuffer(b []byte) { buffers.Put((*[bufferSize]byte)(b[:bufferSize])) }

// A message that does not lie whole in the read buffer is put together in one
// of four sizes, each at least twice the one before, so that growing copies
// little. The first is that of the read buffers and comes from their pool. The
// last has room for DefaultMaxMessage and a little more, which a message that
// is too long when decompressed may fill; what is larger is left to the garbage
// collector.
var (
	messages2  = sync.Pool{New: func() any { return new([2 * bufferSize]byte) }}
	messages8  = sync.Pool{New: func() any { return new([8 * bufferSize]byte) }}
	messages17 = sync.Pool{New: func() any { return new([17 * bufferSize]byte) }}
)

// growMessage returns a buffer that holds what p does, with room for more, and
// takes p back.
func growMessage(p []byte) []byte {
	bigger := newMessage(cap(p) + 1)
	bigger = append(bigger, p...)
	putMessage(p)
	return bigger
}

// newMessage returns an empty buffer with room for at least n bytes.
func newMessage(n int) []byte {
	switch {
	case n <= bufferSize:
		return getBuffer()[:0]
	case n <= 2*bufferSize:
		return messages2.Get().(*[2 * bufferSize]byte)[:0]
	case n <= 8*bufferSize:
		return messages8.Get().(*[8 * bufferSize]byte)[:0]
	case n <= 17*bufferSize:
		return messages17.Get().(*[17 * bufferSize]byte)[:0]
	}
	return make([]byte, 0, 2*n)
}

// putMessage gives back what newMessage or growMessage returned.
func putMessage(p []byte) {
	switch p = p[:cap(p)]; len(p) {
	case bufferSize:
		putBuffer(p)
	case 2 * bufferSize:
		messages2.Put((*[2 * bufferSize]byte)(p))
	case 8 * bufferSize:
		messages8.Put((*[8 * bufferSize]byte)(p))
	case 17 * bufferSize:
		messages17.Put((*[17 * bufferSize]byte)(p))
	}
}
