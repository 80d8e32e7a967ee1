// Package stream takes frames out of a stream of bytes that arrives in whatever
// pieces the network likes (RFC 6455 section 5.2).
package stream

import (
	"errors"
	"io"
)

// Reader reads frames. Make it with [NewReader].
type Reader struct {
	src  io.Reader
	buf  []byte // always of the same length
	r, w int    // buf[r:w] has arrived and was not used yet
}

// bufferSize is how much a Reader asks its source for at most. A buffer has to hold
// a whole header, and need not hold a whole frame.
const bufferSize = 512

// NewReader returns a Reader of the frames in src.
func NewReader(src io.Reader) *Reader {
	return &Reader{src: src, buf: make([]byte, max(bufferSize, maxHeader))}
}

// fill moves the bytes that were not used yet to the start of the buffer, reads once
// from the source into the room behind them, and adds what came.
//
// If bytes came, the error is nil, whatever the source said with them. A source that
// is at its end says so again.
func (f *Reader) fill() error {
	// lesson:begin fill
	f.w = copy(f.buf, f.buf[f.r:f.w])
	f.r = 0
	n, err := f.src.Read(f.buf[f.w:])
	f.w += n
	if n > 0 {
		return nil
	}
	return err
	// lesson:end
}

// Next waits for the next frame and returns its header, and its payload without the
// mask. The payload is the caller's: nothing changes it later.
//
// The end of the stream is io.EOF between two frames, and io.ErrUnexpectedEOF inside
// of one. Other errors of the source come back as they are. A frame that is longer
// than newPayload allows is an error too.
func (f *Reader) Next() (h Header, payload []byte, err error) {
	// lesson:begin Next
	var n int
	for {
		h, n = ParseHeader(f.buf[f.r:f.w])
		if n > 0 {
			break
		}
		err := f.fill()
		if err == io.EOF && f.r < f.w {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return Header{}, nil, err
		}
	}
	f.r += n
	payload, err = newPayload(h)
	if err != nil {
		return Header{}, nil, err
	}
	pos := 0
	for pos < len(payload) {
		if f.r == f.w {
			err := f.fill()
			if err == io.EOF {
				return Header{}, nil, io.ErrUnexpectedEOF
			}
			if err != nil {
				return Header{}, nil, err
			}
		}
		piece := payload[pos:]
		piece = piece[:copy(piece, f.buf[f.r:f.w])]
		f.r += len(piece)
		pos = Mask(h.MaskKey, pos, piece)
	}
	return h, payload, nil
	// lesson:end
}

var errTooLong = errors.New("the frame is longer than this reader allows")

// maxPayload is the longest payload that a Reader makes room for.
const maxPayload = 1 << 20

// newPayload makes room for the payload of a frame, or refuses to: the length comes
// from a stranger.
func newPayload(h Header) ([]byte, error) {
	if h.Length > maxPayload {
		return nil, errTooLong
	}
	return make([]byte, h.Length), nil
}
