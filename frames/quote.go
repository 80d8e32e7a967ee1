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

// openTail returns how many bytes at the end of p begin a character without
// finishing it: 0 to 3. Whether they begin it well is not looked at here.
func openTail(p []byte) int {
	for back := 1; back <= 3 && back <= len(p); back++ {
		b := p[len(p)-back]
		switch {
		case b < 0x80:
			return 0
		case b < 0xc0:
			continue // a continuation byte: its lead is further back
		case b >= 0xf0, b >= 0xe0 && back < 3, back < 2:
			return back
		default:
			return 0
		}
	}
	return 0
}
