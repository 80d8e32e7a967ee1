package wire

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Visible returns s with an escape in place of everything that a terminal would
// obey and not show, or not show as it is: control characters, line breaks,
// marks that turn the direction of writing, bytes that are not UTF-8. Whatever a
// peer sends then stays on its line and changes nothing else.
func Visible(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			b.WriteString(`\x`)
			b.WriteByte(hexDigits[s[0]>>4])
			b.WriteByte(hexDigits[s[0]&0xf])
		case strconv.IsPrint(r):
			b.WriteString(s[:size])
		default:
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		s = s[size:]
	}
	return b.String()
}

const hexDigits = "0123456789abcdef"
