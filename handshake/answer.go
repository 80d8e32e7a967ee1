// This file holds the server's two answers: yes and no (RFC 6455 section 4.2.2).

package handshake

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strconv"
)

// Choice is what a server chooses when it accepts. The zero value chooses nothing.
type Choice struct {
	// Subprotocol is one of those the client offers, or "" for none; see [ChooseSubprotocol].
	Subprotocol string

	// Extensions are those in use, in the order in which they apply, each with a name that the
	// client offers.
	Extensions []Extension

	// Header holds further fields, which go last. Fields that are part of the handshake are refused.
	Header Header
}

// Accepted returns the 101 that accepts req, a request that [Request.Check] passed.
//
// Choosing what was not offered is forbidden, and a mistake in the server, as is a further field with
// a line break in it: then the response is nil and the error an [*Error] with status 500.
func Accepted(req *Request, choice Choice) (*Response, error) {
	subprotocol, extensions := choice.Subprotocol, choice.Extensions
	if err := checkFurther(choice.Header); err != nil {
		err.Status = 500
		return nil, err
	}
	header := Header{
		{"Upgrade", "websocket"},
		{"Connection", "Upgrade"},
		{"Sec-WebSocket-Accept", AcceptKey(req.Header.Get("Sec-WebSocket-Key"))},
	}
	if subprotocol != "" {
		offered, err := req.Subprotocols()
		if err != nil {
			return nil, err
		}
		if !slices.Contains(offered, subprotocol) {
			return nil, refusal("6455-4.2.2-7", 500, "the server chose the subprotocol %s, which the client does not offer", shown(subprotocol))
		}
		header = append(header, Field{"Sec-WebSocket-Protocol", subprotocol})
	}
	if len(extensions) > 0 {
		if err := checkExtensions(extensions); err != nil {
			err.Status = 500
			return nil, err
		}
		offered, err := req.Extensions()
		if err != nil {
			return nil, err
		}
		if name, ok := notOffered(extensions, offered); !ok {
			return nil, refusal("6455-4.2.2-11", 500, "the server chose the extension %s, which the client does not offer", shown(name))
		}
		header = append(header, Field{"Sec-WebSocket-Extensions", FormatExtensions(extensions)})
	}
	header = append(header, choice.Header...)
	return &Response{Proto: "HTTP/1.1", Status: 101, Reason: reason(101), Header: header}, nil
}

// Refuse returns the answer to a request that failed with err, for the server to send before it
// closes the connection. The body says in one line of plain text what was wrong.
//
// An [*Error] gives its status, its fields and its sentence. A status outside 300 to 599 becomes 500.
// Of other errors the client learns little: a timeout is 408, a request that ended in the middle 400,
// and everything else 500, with a sentence that says no more than that.
func Refuse(err error) *Response {
	status, text, extra := 500, "the server failed to answer this request", Header(nil)
	var known *Error
	switch {
	case errors.As(err, &known):
		text, extra = known.sentence(), known.Header
		if 300 <= known.Status && known.Status <= 599 {
			status = known.Status
		}
	case errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded):
		status, text = 408, "the request took too long to arrive"
	case errors.Is(err, io.ErrUnexpectedEOF):
		status, text = 400, "the request ended in the middle; it ends with a blank line"
	}
	connection := "close"
	if extra.HasToken("Connection", "Upgrade") {
		connection = "Upgrade, close"
	}
	var header Header
	for _, f := range extra {
		if !isFraming(f.Name) {
			header = append(header, f)
		}
	}
	body := text + "\n"
	return &Response{
		Proto:  "HTTP/1.1",
		Status: status,
		Reason: reason(status),
		Header: append(header,
			Field{"Connection", connection},
			Field{"Content-Type", "text/plain; charset=utf-8"},
			Field{"Content-Length", strconv.Itoa(len(body))},
			Field{"X-Content-Type-Options", "nosniff"}),
		Body: []byte(body),
	}
}

// isFraming reports whether Refuse itself says what stands in this field.
func isFraming(name string) bool {
	for _, own := range []string{"Connection", "Content-Type", "Content-Length", "Transfer-Encoding", "X-Content-Type-Options"} {
		if sameFold(name, own) {
			return true
		}
	}
	return false
}

// reason returns the words that go with a status (RFC 9110 section 15), or "", which is allowed.
func reason(status int) string {
	switch status {
	case 101:
		return "Switching Protocols"
	case 307:
		return "Temporary Redirect"
	case 308:
		return "Permanent Redirect"
	case 400:
		return "Bad Request"
	case 401:
		return "Unauthorized"
	case 403:
		return "Forbidden"
	case 404:
		return "Not Found"
	case 405:
		return "Method Not Allowed"
	case 408:
		return "Request Timeout"
	case 414:
		return "URI Too Long"
	case 426:
		return "Upgrade Required"
	case 429:
		return "Too Many Requests"
	case 431:
		return "Request Header Fields Too Large"
	case 500:
		return "Internal Server Error"
	case 503:
		return "Service Unavailable"
	case 505:
		return "HTTP Version Not Supported"
	}
	return ""
}
