// This file holds the limits on what is read before anybody is trusted.

package handshake

// Limits bounds the head of a request or response: the start line and the header
// fields up to the blank line. A field that is zero or negative means its default.
// No field counts for more than 1 GiB.
//
// A head beyond a limit is an [*Error], with status 414 when a request line is too
// long and 431 otherwise (RFC 9112 section 3, RFC 9110 section 5.4). Reading stops at
// the limit: what lies beyond costs neither memory nor time.
type Limits struct {
	Line   int // bytes in one line, its CR LF not counted; default 8192
	Fields int // header fields; default 100
	Total  int // bytes in the whole head, line ends counted; default 32768
}

const (
	defaultLine   = 8192
	defaultFields = 100
	defaultTotal  = 32768
	maxLimit      = 1 << 30 // keeps sums of limits inside an int of 32 bits
)

func (l Limits) withDefaults() Limits {
	return Limits{
		Line:   limitOr(l.Line, defaultLine),
		Fields: limitOr(l.Fields, defaultFields),
		Total:  limitOr(l.Total, defaultTotal),
	}
}

func limitOr(n, otherwise int) int {
	if n <= 0 {
		return otherwise
	}
	return min(n, maxLimit)
}
