// This file holds the letters of HTTP: tokens, white space, and case.
//
// Everything here is ASCII on purpose. The Unicode rules of strings.EqualFold also
// fold the Kelvin sign to k and the long s to s, and would take "websoc\u212Aet" for
// "websocket".

package handshake

import "strings"

// isToken reports whether s is a token: one or more of the bytes that may form a
// method, a field name or a subprotocol name (RFC 9110 section 5.6.2).
func isToken(s string) bool {
	for i := range len(s) {
		if !isTokenByte(s[i]) {
			return false
		}
	}
	return s != ""
}

func isTokenByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

// isValueByte reports whether c may stand in a field value. Bytes from 0x80 up are
// allowed and opaque (RFC 9110 section 5.5).
func isValueByte(c byte) bool {
	return c >= ' ' && c != 0x7f || c == '\t'
}

// isValue reports whether s is safe as a field value: no CR, no LF, no other control byte.
func isValue(s string) bool {
	for i := range len(s) {
		if !isValueByte(s[i]) {
			return false
		}
	}
	return true
}

// isVisible reports whether s is one or more visible ASCII characters, without spaces.
func isVisible(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return s != ""
}

// trimSpace cuts spaces and tabs, HTTP's optional white space, off both ends.
func trimSpace(s string) string {
	for s != "" && isSpace(s[0]) {
		s = s[1:]
	}
	for s != "" && isSpace(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' }

// sameFold reports whether a and b are equal when the case of ASCII letters is ignored.
func sameFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
