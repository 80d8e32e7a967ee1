package threelengths

import "errors"

// errTooBig is the answer to a message that is larger than the limit.
var errTooBig = errors.New("the message is larger than the limit")

// MakeRoom makes room for the payload of a frame: it returns a slice that begins
// with the bytes of p and is length bytes longer. p is what the message holds so
// far, from earlier frames; it is empty at the message's first frame, and never
// longer than limit.
//
// limit is the most bytes that a message may have. If the frame goes beyond it,
// the error is errTooBig, and no memory was made. length comes from the peer and
// may be any number.
func MakeRoom(p []byte, length uint64, limit int) ([]byte, error) {
	// lesson:begin MakeRoom
	if length > uint64(limit-len(p)) {
		return nil, errTooBig
	}
	return append(p, make([]byte, length)...), nil
	// lesson:end
}
