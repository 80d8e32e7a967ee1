// This file holds header fields: a list in the order received.

package handshake

import "strings"

// Field is one header field: "Name: Value". The value has no white space around it.
type Field struct{ Name, Value string }

// Header is a list of fields in the order received or to be sent. Names are compared
// without regard to ASCII case (RFC 6455 section 4.1, RFC 9110 section 5.1). A name may
// occur several times. The nil Header is empty and ready to use.
type Header []Field

// Get returns the value of the first field called name, or "" if there is none.
func (h Header) Get(name string) string {
	for _, f := range h {
		if sameFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// Values returns the values of all fields called name, in order, or nil.
func (h Header) Values(name string) []string {
	var values []string
	for _, f := range h {
		if sameFold(f.Name, name) {
			values = append(values, f.Value)
		}
	}
	return values
}

// Has reports whether there is a field called name, even one with an empty value.
func (h Header) Has(name string) bool { return h.count(name) > 0 }

// count returns how many fields are called name.
func (h Header) count(name string) int {
	n := 0
	for _, f := range h {
		if sameFold(f.Name, name) {
			n++
		}
	}
	return n
}

// HasToken reports whether token is an element of the comma-separated lists in the fields
// called name, without regard to ASCII case: "keep-alive, Upgrade" has the token "upgrade".
// Several fields of one name make one list (RFC 9110 section 5.3). HasToken allocates nothing.
func (h Header) HasToken(name, token string) bool {
	for _, f := range h {
		if !sameFold(f.Name, name) {
			continue
		}
		for rest, more := f.Value, true; more; {
			var element string
			element, rest, more = strings.Cut(rest, ",")
			if sameFold(trimSpace(element), token) {
				return true
			}
		}
	}
	return false
}

// append appends the fields and the blank line that ends a head. A field whose name is not
// a token is left out, and a control byte in a value becomes a space: whatever a caller puts
// into a Header, it cannot break out of its line (RFC 9110 section 5.5).
func (h Header) append(dst []byte) []byte {
	for _, f := range h {
		if !isToken(f.Name) {
			continue
		}
		dst = append(dst, f.Name...)
		dst = append(dst, ": "...)
		dst = appendLine(dst, f.Value)
	}
	return append(dst, "\r\n"...)
}

// appendLine appends s and CR LF, with a space for each control byte in s.
func appendLine(dst []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if !isValueByte(c) {
			c = ' '
		}
		dst = append(dst, c)
	}
	return append(dst, "\r\n"...)
}
