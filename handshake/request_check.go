// This file holds the server's judgement of a request (RFC 6455 section 4.2.1).

package handshake

import (
	"errors"
	"strconv"
)

// Check says whether the request may be answered with 101, nil, or which rule it breaks first,
// an [*Error] with the status to answer with. [Refuse] makes that answer.
//
// The origin function judges last, with [SameOrigin] in its place if it is nil. An error from it that
// is not an [*Error] becomes one with status 403, whose text tells the client nothing of the cause.
//
// Fields that Check does not know do not matter, nor does the order of fields.
func (r *Request) Check(origin func(*Request) error) error {
	for _, check := range []func() error{
		r.checkStart,
		r.checkHost,
		r.checkNoBody,
		r.checkUpgrade,
		r.checkVersion,
		r.checkKey,
		r.checkLists,
	} {
		if err := check(); err != nil {
			return err
		}
	}
	if origin == nil {
		origin = SameOrigin
	}
	err := origin(r)
	var known *Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	return &Error{Rule: "6455-4.2.2-4", Status: 403, Text: "this page may not connect here", Err: err}
}

func (r *Request) checkStart() error {
	if !upgradable(r.Proto) {
		if len(r.Proto) > 5 && r.Proto[5] >= '2' {
			return refusal("6455-4.2.1-1b", 505, "the request came over %s, where a connection cannot be upgraded; open the WebSocket over HTTP/1.1", shown(r.Proto))
		}
		return refusal("6455-4.2.1-1b", 505, "the version of HTTP is %s; a handshake needs HTTP/1.1", shown(r.Proto))
	}
	if r.Method != "GET" {
		err := refusal("6455-4.2.1-1a", 405, "the method is %s; a handshake is a GET request", shown(r.Method))
		err.Header = Header{{"Allow", "GET"}}
		return err
	}
	return nil
}

func (r *Request) checkHost() error {
	switch r.Header.count("Host") {
	case 0:
		return refusal("6455-4.2.1-1c", 400, "the Host field is missing; it names the server, as in Host: example.com")
	case 1:
	default:
		return refusal("6455-4.2.1-1c", 400, "there are two Host fields; a request names one server")
	}
	if _, _, ok := parseAuthority(r.Host()); !ok {
		return refusal("6455-4.2.1-1c", 400, "the Host field is %s; it is a host and perhaps a port, as in example.com:8080", shown(r.Host()))
	}
	_, err := r.URL()
	return err
}

// checkNoBody refuses a body. What follows a handshake is frames: if a proxy on the way took the
// same bytes for the body of a GET, the two would disagree on where the next request begins,
// and an attacker could hide one in between ("request smuggling").
func (r *Request) checkNoBody() error {
	length, ok := contentLength(r.Header)
	if r.Header.Has("Transfer-Encoding") || !ok || length > 0 {
		return refusal("9110-9.3.1", 400, "the request announces a body; a handshake has none, and frames follow its blank line")
	}
	return nil
}

// contentLength returns the number in the Content-Length fields, or -1 if there are none. It
// fails on anything but digits and on fields that differ (RFC 9112 section 6.3).
func contentLength(h Header) (n int64, ok bool) {
	n = -1
	for _, f := range h {
		if !sameFold(f.Name, "Content-Length") {
			continue
		}
		// 63 bits: one less than ParseUint takes, so that n cannot become negative.
		u, err := strconv.ParseUint(f.Value, 10, 63)
		if err != nil || n >= 0 && n != int64(u) {
			return 0, false
		}
		n = int64(u)
	}
	return n, true
}

func (r *Request) checkUpgrade() error {
	if !r.Header.HasToken("Upgrade", "websocket") {
		return upgradeRequired("6455-4.2.1-1d", "this is a WebSocket address, and the request does not ask for one; connect with a WebSocket client, which sends Upgrade: websocket")
	}
	if !r.Header.HasToken("Connection", "Upgrade") {
		return refusal("6455-4.2.1-1e", 400, "the Connection field is %s; it has to list Upgrade. A proxy that does not pass Connection: Upgrade on is a common cause", shown(r.Header.Get("Connection")))
	}
	return nil
}

// checkVersion answers 426 to a missing version as well as to a wrong one: drafts before 13
// sent none or another number, and all of them are told what would do (section 4.4).
func (r *Request) checkVersion() error {
	switch r.Header.count("Sec-WebSocket-Version") {
	case 0:
		return versionRequired("6455-4.2.1-1g", "the Sec-WebSocket-Version field is missing; it has to be 13")
	case 1:
	default:
		return versionRequired("6455-11.3.5-1", "there are two Sec-WebSocket-Version fields; there has to be one, with 13")
	}
	if version := r.Header.Get("Sec-WebSocket-Version"); version != "13" {
		return versionRequired("6455-4.2.2-5", "the Sec-WebSocket-Version is "+shown(version)+"; this server speaks 13")
	}
	return nil
}

// upgradeRequired makes a 426, which has to name the protocol to upgrade to (RFC 9110 section
// 15.5.22), and the field that goes with Upgrade (section 7.8).
func upgradeRequired(rule, text string) *Error {
	err := refusal(rule, 426, "%s", text)
	err.Header = Header{{"Upgrade", "websocket"}, {"Connection", "Upgrade"}}
	return err
}

func versionRequired(rule, text string) *Error {
	err := upgradeRequired(rule, text)
	err.Header = append(err.Header, Field{"Sec-WebSocket-Version", "13"})
	return err
}

func (r *Request) checkKey() error {
	switch r.Header.count("Sec-WebSocket-Key") {
	case 0:
		return refusal("6455-4.2.1-1f", 400, "the Sec-WebSocket-Key field is missing; it is 16 random bytes in base64")
	case 1:
	default:
		return refusal("6455-11.3.1-1", 400, "there are two Sec-WebSocket-Key fields; there has to be one")
	}
	if key := r.Header.Get("Sec-WebSocket-Key"); !isKey(key) {
		return refusal("6455-4.2.1-1f", 400, "the Sec-WebSocket-Key is %s; it has to be exactly 16 bytes in base64, which are 24 characters", shown(key))
	}
	return nil
}

func (r *Request) checkLists() error {
	if _, err := r.Subprotocols(); err != nil {
		return err
	}
	_, err := r.Extensions()
	return err
}
