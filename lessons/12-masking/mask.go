// Package masking masks payloads (RFC 6455 section 5.3), refuses frames that are
// not masked as they should be (RFC 6455 section 5.1), and sends frames as a
// client does.
package masking

import (
	"errors"
	"io"
)

// Mask applies a masking key to b in place: byte i of the payload is XORed with
// byte i mod 4 of the key. Doing it twice restores the bytes, so Mask both masks
// and unmasks.
//
// A payload may come in pieces. pos is the position in the payload at which b
// begins, 0 for its start, and the value returned is the pos of the next piece.
// Only pos mod 4 matters. pos is never negative.
func Mask(key [4]byte, pos int, b []byte) int {
	// lesson:begin Mask
	for i := range b {
		b[i] ^= key[pos&3]
		pos++
	}
	return pos
	// lesson:end
}

// Why a frame is refused.
var (
	errNotMasked = errors.New("the client sent a frame that is not masked")
	errMasked    = errors.New("the server sent a masked frame")
)

// CheckMasked judges the MASK bit of a frame that was received. fromClient tells who
// sent it: true where a server reads, false where a client reads. The error is
// errNotMasked, errMasked, or nil.
func CheckMasked(h Header, fromClient bool) error {
	// lesson:begin CheckMasked
	if fromClient && !h.Masked {
		return errNotMasked
	}
	if !fromClient && h.Masked {
		return errMasked
	}
	return nil
	// lesson:end
}

// AppendMasked appends a whole frame, as a client sends it, to dst and returns
// the longer slice. h says what the frame is; its Masked, MaskKey and Length are
// set here. The payload is masked on its way into dst and is itself not changed.
//
// random is where masking keys come from: crypto/rand.Reader outside of tests.
// Each frame takes four bytes of it, and no more. If they cannot be had, nothing
// is appended: AppendMasked returns dst and the error.
func AppendMasked(dst []byte, h Header, payload []byte, random io.Reader) ([]byte, error) {
	// lesson:begin AppendMasked
	if _, err := io.ReadFull(random, h.MaskKey[:]); err != nil {
		return dst, err
	}
	h.Masked = true
	h.Length = uint64(len(payload))
	dst = AppendHeader(dst, h)
	start := len(dst)
	dst = append(dst, payload...)
	Mask(h.MaskKey, 0, dst[start:])
	return dst, nil
	// lesson:end
}
