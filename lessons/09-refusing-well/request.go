// Package refusing judges the request that opens a WebSocket, and refuses a wrong
// one in a way that the other side can act on (RFC 6455 sections 4.2.1, 4.4 and 10.2).
package refusing

import "encoding/base64"

// Request is the request of a handshake, read to its blank line.
type Request struct {
	Method string // "GET"
	Target string // "/chat"
	Proto  string // "HTTP/1.1"
	Header Header
}

// Error says why a request is refused, and with which status. [Refuse] sends it.
type Error struct {
	Status int    // 400, 403, 405, 426 or 505
	Header Header // the fields that belong into that answer, such as Allow
	Text   string // one sentence: what was wrong, and what would be right
}

// Error returns the text.
func (e *Error) Error() string { return e.Text }

// Check says whether the request may be answered with 101, nil, or why not, an
// [*Error]. If all else is right, the origin function judges; if it is nil,
// [SameOrigin] does.
func (r *Request) Check(origin func(*Request) error) error {
	// lesson:begin Check
	h := r.Header
	switch version := h.Values("Sec-WebSocket-Version"); {
	case r.Proto != "HTTP/1.1":
		return &Error{Status: 505, Text: "a handshake needs HTTP/1.1"}
	case r.Method != "GET":
		return &Error{Status: 405, Header: Header{{"Allow", "GET"}}, Text: "a handshake is a GET request"}
	case len(h.Values("Host")) != 1:
		return &Error{Status: 400, Text: "there has to be one Host field; it names the server"}
	case !h.HasToken("Upgrade", "websocket"):
		return &Error{Status: 426, Header: Header{{"Upgrade", "websocket"}}, Text: "the request does not ask for a WebSocket"}
	case !h.HasToken("Connection", "Upgrade"):
		return &Error{Status: 400, Text: "the Connection field has to list Upgrade"}
	case len(version) != 1 || version[0] != "13":
		return &Error{
			Status: 426,
			Header: Header{{"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "13"}},
			Text:   "this server speaks version 13 of the protocol",
		}
	}
	if key := h.Values("Sec-WebSocket-Key"); len(key) != 1 || !isKey(key[0]) {
		return &Error{Status: 400, Text: "there has to be one Sec-WebSocket-Key, 16 bytes in base64"}
	}
	if origin == nil {
		origin = SameOrigin
	}
	return origin(r)
	// lesson:end
}

// isKey reports whether key is 16 bytes in base64, which are 24 characters.
func isKey(key string) bool {
	nonce, err := base64.StdEncoding.DecodeString(key)
	return len(key) == 24 && err == nil && len(nonce) == 16
}
