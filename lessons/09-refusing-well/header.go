package refusing

import "strings"

// Field is one header field: "Name: Value". The value has no white space around it.
type Field struct{ Name, Value string }

// Header is a list of fields in the order received. A name may occur several times.
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
func (h Header) Values(name string) (values []string) {
	for _, f := range h {
		if sameFold(f.Name, name) {
			values = append(values, f.Value)
		}
	}
	return values
}

// HasToken reports whether token is an element of the comma-separated lists in the
// fields called name, without regard to ASCII case: "keep-alive, Upgrade" has the
// token "upgrade". Several fields of one name make one list.
func (h Header) HasToken(name, token string) bool {
	// lesson:begin HasToken
	for _, value := range h.Values(name) {
		for element := range strings.SplitSeq(value, ",") {
			if sameFold(trimSpace(element), token) {
				return true
			}
		}
	}
	return false
	// lesson:end
}

// trimSpace cuts spaces and tabs, the white space of HTTP, off both ends.
func trimSpace(s string) string { return strings.Trim(s, " \t") }

// sameFold reports whether a and b are equal when the case of ASCII letters is
// ignored.
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
