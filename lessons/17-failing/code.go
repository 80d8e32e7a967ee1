// Package failing ends a connection on which something went wrong (RFC 6455 section
// 7.1.7): it tells the client why, lets it read that, and processes nothing more.
package failing

import (
	"errors"
	"io"
	"net"
	"unicode/utf8"
)

// CloseCode says why a connection ends (RFC 6455 section 7.4).
type CloseCode uint16

// The close codes for what went wrong.
const (
	CloseProtocolError   CloseCode = 1002 // a rule of the protocol was broken
	CloseUnsupportedData CloseCode = 1003 // a type of message that is not accepted
	CloseInvalidPayload  CloseCode = 1007 // text that is not UTF-8
	ClosePolicyViolation CloseCode = 1008 // a rule of the application, or no fitting code
	CloseTooBig          CloseCode = 1009 // a message too large to process
	CloseInternalError   CloseCode = 1011 // something unexpected happened at the server
)

// CodeOf returns the close code for an error, which may be wrapped in others:
// CloseProtocolError for a *ProtocolError, CloseUnsupportedData for errUnsupported,
// CloseInvalidPayload for errNotUTF8, ClosePolicyViolation for errTooMany and
// errNotAllowed, CloseTooBig for errTooBig, and CloseInternalError for what nobody has
// foreseen.
//
// An error of the socket has no code, since nobody is there to be told: a net.Error,
// io.EOF and io.ErrUnexpectedEOF are 0.
func CodeOf(err error) CloseCode {
	// lesson:begin CodeOf
	var rule *ProtocolError
	var socket net.Error
	switch {
	case errors.As(err, &rule):
		return CloseProtocolError
	case errors.Is(err, errUnsupported):
		return CloseUnsupportedData
	case errors.Is(err, errNotUTF8):
		return CloseInvalidPayload
	case errors.Is(err, errTooMany), errors.Is(err, errNotAllowed):
		return ClosePolicyViolation
	case errors.Is(err, errTooBig):
		return CloseTooBig
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &socket):
		return 0
	}
	return CloseInternalError
	// lesson:end
}

// ReasonOf returns what a client is told about an error. What has gone wrong inside of
// the server is not told.
func ReasonOf(err error) string {
	var rule *ProtocolError
	if errors.As(err, &rule) {
		return rule.Text
	}
	for _, known := range []error{errNotUTF8, errTooBig, errTooMany, errUnsupported, errNotAllowed} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return ""
}

// CutReason returns the reason, or as much of its beginning as fits in a Close frame: 123
// bytes at most, and no half character at the end. The reason is valid UTF-8.
func CutReason(reason string) string {
	// lesson:begin CutReason
	const most = 123
	if len(reason) <= most {
		return reason
	}
	end := most
	for !utf8.RuneStart(reason[end]) {
		end--
	}
	return reason[:end]
	// lesson:end
}
