package rfc6455

import "sync"

// bufferSize is the size of the buffers that connections share: what one read
// from a socket takes in at most, and what one write sends in one piece at
// most.
const bufferSize = 32 << 10

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
// of these sizes, each four times the one before, so that growing copies
// little. The first is that of the read buffers, which come from their own
// pool; what is larger than the last is left to the garbage collector.
var messageSizes = [...]int{bufferSize, 4 * bufferSize, 16 * bufferSize, 64 * bufferSize}

var messagePools [len(messageSizes)]sync.Pool

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
	for i, size := range messageSizes {
		switch {
		case n > size:
			continue
		case i == 0:
			return getBuffer()[:0]
		}
		if p, ok := messagePools[i].Get().(*[]byte); ok {
			return *p
		}
		return make([]byte, 0, size)
	}
	return make([]byte, 0, 2*n)
}

// putMessage gives back what newMessage or growMessage returned.
func putMessage(p []byte) {
	for i, size := range messageSizes {
		switch {
		case cap(p) != size:
			continue
		case i == 0:
			putBuffer(p)
		default:
			p = p[:0]
			messagePools[i].Put(&p)
		}
		return
	}
}
