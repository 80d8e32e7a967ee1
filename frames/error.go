package frames

import (
	"fmt"
	"strings"
)

// Error is a broken rule of the protocol.
type Error struct {
	// Rule is the ID of the requirement, such as "6455-5.2-4": the RFC, its
	// section, and a number within the section. Where the RFC lays one duty on
	// the sender and another, to refuse the frame, on the receiver, it is the
	// receiver's. All of them are listed in rfc6455/conformance/ledger.
	Rule string
	// Code is the close code to send to a peer that broke the rule: 1002,
	// 1007, 1008 or 1009. It is 0 when the caller broke it and nothing was
	// sent.
	Code CloseCode
	// Text is one plain sentence that says what was wrong.
	Text string
}

// Error returns the sentence and its source, such as
// "the server sent a masked frame; no frame from a server may be masked
// (RFC 6455 section 5.1)".
func (e *Error) Error() string { return e.Text + " (" + e.Source() + ")" }

// Source names the place the rule comes from: "RFC 6455 section 5.2".
func (e *Error) Source() string {
	rfc, rest, _ := strings.Cut(e.Rule, "-")
	section, _, _ := strings.Cut(rest, "-")
	return "RFC " + rfc + " section " + section
}

// broken makes an Error. Its callers are on paths that end a connection, so
// the cost of formatting does not matter.
func broken(rule string, code CloseCode, format string, args ...any) *Error {
	return &Error{Rule: rule, Code: code, Text: fmt.Sprintf(format, args...)}
}
