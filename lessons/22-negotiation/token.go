package negotiation

import "strings"

// isToken reports whether s is a token: letters, digits and a few signs, and not empty (RFC 9110 section 5.6.2).
func isToken(s string) bool {
	for i := range len(s) {
		if !isTokenByte(s[i]) {
			return false
		}
	}
	return s != ""
}

func isTokenByte(c byte) bool {
	letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
	return letter || '0' <= c && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

// trimSpace cuts spaces and tabs, the white space of HTTP, off both ends.
func trimSpace(s string) string { return strings.Trim(s, " \t") }

// scanner walks over the value of a field.
type scanner struct{ rest string } // what is still to be read

// token takes a token off the front, with the white space before it, or returns "".
func (s *scanner) token() string {
	s.rest = strings.TrimLeft(s.rest, " \t")
	n := 0
	for n < len(s.rest) && isTokenByte(s.rest[n]) {
		n++
	}
	token := s.rest[:n]
	s.rest = s.rest[n:]
	return token
}

// sign takes the byte c off the front, with the white space before it, and reports whether it was there.
func (s *scanner) sign(c byte) bool {
	s.rest = strings.TrimLeft(s.rest, " \t")
	if s.rest == "" || s.rest[0] != c {
		return false
	}
	s.rest = s.rest[1:]
	return true
}
