// Package feed keeps one log of events for any number of readers. A reader is nothing but a cursor, so
// one who is slow, or gone, costs nothing.
package feed

import (
	"errors"
	"strconv"
	"strings"
)

// Cursor is a place in a feed: all events up to number N have been seen. Epoch names the feed: a server
// that is started again has another one. The zero Cursor means "I have nothing yet".
type Cursor struct {
	Epoch string
	N     uint64
}

// String returns the text form, such as "k3f9a2-17".
func (c Cursor) String() string {
	if c == (Cursor{}) {
		return ""
	}
	return c.Epoch + "-" + strconv.FormatUint(c.N, 10)
}

var errCursor = errors.New("a cursor is an epoch and a number, such as k3f9a2-17")

// ParseCursor reads what String writes, and no other text. The empty text is the zero Cursor. An epoch
// has 1 to 16 letters a-z and digits. A number has digits only, and no 0 in front of others. Anything else
// is errCursor, with the zero Cursor.
func ParseCursor(s string) (Cursor, error) {
	// lesson:begin ParseCursor
	if s == "" {
		return Cursor{}, nil
	}
	epoch, number, _ := strings.Cut(s, "-")
	n, err := strconv.ParseUint(number, 10, 64)
	c := Cursor{epoch, n}
	if err != nil || len(epoch) < 1 || len(epoch) > 16 || c.String() != s {
		return Cursor{}, errCursor
	}
	if strings.Trim(epoch, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return Cursor{}, errCursor
	}
	return c, nil
	// lesson:end
}
