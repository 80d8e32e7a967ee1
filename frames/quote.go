package frames

import (
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
)

// isASCII reports whether p is nothing but printable ASCII.
func isASCII(p []byte) bool {
	return !slices.ContainsFunc(p, func(b byte) bool { return b < ' ' || b > '~' })
}

// quote writes text in quotes, with an escape for every byte and character
// that a terminal might not just print, and cut after limit bytes or a little
// less, at a character.
func quote(p []byte, limit int) string {
	if len(p) <= limit {
		return strconv.Quote(string(p))
	}
	p = p[:limit]
	p = p[:limit-openTail(p)]
	return strconv.Quote(string(p)) + " …"
}

// spaced writes bytes as they are read on the wire: "37 fa 21 3d".
func spaced(p []byte) string {
	var s strings.Builder
	for i, b := range p {
		if i > 0 {
			s.WriteByte(' ')
		}
		s.WriteString(hex.EncodeToString([]byte{b}))
	}
	return s.String()
}
