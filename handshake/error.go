// This file holds the error that names the broken rule.

package handshake

import (
	"fmt"
	"strconv"
	"strings"
)

// Error says which rule of the handshake was broken, and what would be right.
type Error struct {
	// Rule names the broken rule: the number of the RFC, its section, and for RFC 6455
	// the number of the requirement in that section, such as "6455-4.2.1-1f" or "9112-5.1".
	// All of them are listed in rfc6455/conformance/ledger.
	Rule string

	// Status is the HTTP status a server answers with: 400, 403, 405, 414, 426, 431, 505.
	// It is 0 for errors on the client side, which answers nothing.
	Status int

	// Header holds the fields that belong into that answer, such as Allow.
	Header Header

	// Text is one plain sentence: what was wrong, and what would be right. [Refuse]
	// sends it to the other side, so it holds no secrets.
	Text string

	// Err is the cause, or nil. It is for errors.Is and for the log; [Refuse] does not send it.
	Err error
}

// Error returns the sentence, the section it comes from, and the cause if there is one:
// "... (RFC 6455 section 4.2.1)".
func (e *Error) Error() string {
	if e.Err != nil {
		return e.sentence() + ": " + e.Err.Error()
	}
	return e.sentence()
}

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.Err }

// sentence returns the text and its source, without the cause.
func (e *Error) sentence() string {
	rfc, rest, ok := strings.Cut(e.Rule, "-")
	if !ok {
		return e.Text
	}
	section, _, _ := strings.Cut(rest, "-")
	return e.Text + " (RFC " + rfc + " section " + section + ")"
}

// refusal makes an error for a server to answer with.
func refusal(rule string, status int, format string, args ...any) *Error {
	return &Error{Rule: rule, Status: status, Text: fmt.Sprintf(format, args...)}
}

// failure makes an error for a client, which gives up and answers nothing.
func failure(rule string, format string, args ...any) *Error {
	return refusal(rule, 0, format, args...)
}

// maxShown is how many bytes of a foreign value an error repeats.
const maxShown = 64

// shown quotes a value from the other side for use in a sentence: short, and in plain
// ASCII, so that it can neither flood a log nor break a line.
func shown(s string) string {
	if len(s) > maxShown {
		return strconv.QuoteToASCII(s[:maxShown]) + "..."
	}
	return strconv.QuoteToASCII(s)
}
