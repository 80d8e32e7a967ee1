package feed

import (
	"errors"
	"strconv"
	"strings"
)

// A Cursor is a place in one feed: everything up to number N has been seen.
//
// The epoch names the feed itself. A server that starts again has a new epoch, so a
// client that comes back with an old cursor is recognised, and gets a snapshot
// in place of events that belong to another count.
//
// Cursors are values and can be compared with ==. The zero Cursor means "I have
// nothing yet".
type Cursor struct {
	Epoch string
	N     uint64
}

// errCursor is the one thing that can be wrong with the text of a cursor.
var errCursor = errors.New("a cursor is an epoch and a number, such as k3f9a2-17")

// maxEpoch bounds the text of an epoch, so that a cursor in a request stays small.
const maxEpoch = 16

// ParseCursor reads the text form that String writes, such as "k3f9a2-17".
// The empty text is the zero Cursor. There is exactly one text for each cursor:
// signs, leading zeros and capitals are errors.
func ParseCursor(s string) (Cursor, error) {
	if s == "" {
		return Cursor{}, nil
	}
	epoch, number, found := strings.Cut(s, "-")
	if !found || !validEpoch(epoch) || number == "" {
		return Cursor{}, errCursor
	}
	if number[0] == '+' || number[0] == '0' && number != "0" {
		return Cursor{}, errCursor
	}
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return Cursor{}, errCursor
	}
	return Cursor{Epoch: epoch, N: n}, nil
}

// IsZero reports whether c says "I have nothing yet".
func (c Cursor) IsZero() bool { return c == Cursor{} }

// String returns the text form, such as "k3f9a2-17", or "" for the zero Cursor.
// It needs no escaping in a URL, in JSON, in an ETag or in the id of a server-sent event.
func (c Cursor) String() string {
	if c.IsZero() {
		return ""
	}
	return string(c.append(nil))
}

func (c Cursor) append(dst []byte) []byte {
	dst = append(dst, c.Epoch...)
	dst = append(dst, '-')
	return strconv.AppendUint(dst, c.N, 10)
}

func validEpoch(s string) bool {
	if s == "" || len(s) > maxEpoch {
		return false
	}
	for _, b := range []byte(s) {
		if (b < 'a' || b > 'z') && (b < '0' || b > '9') {
			return false
		}
	}
	return true
}
