// Package client opens a WebSocket from the other end: it asks for it, checks the answer,
// and masks what it sends (RFC 6455 sections 4.1 and 5.1).
package client

import (
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// NewKey returns a value for Sec-WebSocket-Key: 16 bytes from random, in base64. The error
// is that of random. It is what chapter 8 builds.
func NewKey(random io.Reader) (string, error) {
	nonce := make([]byte, 16)
	if _, err := io.ReadFull(random, nonce); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(nonce), nil
}

// Address returns what to dial for an address like ws://example.com/chat: "host:port". The
// port is 80 for ws and 443 for wss if the address names none. An IPv6 address gets its
// brackets.
func Address(u *url.URL) string {
	// lesson:begin Address
	port := u.Port()
	switch {
	case port != "":
	case u.Scheme == "wss":
		port = "443"
	default:
		port = "80"
	}
	return net.JoinHostPort(u.Hostname(), port)
	// lesson:end
}

// AppendRequest appends the request that opens u with this key, and returns the longer
// slice.
func AppendRequest(dst []byte, u *url.URL, key string) []byte {
	// lesson:begin AppendRequest
	dst = append(dst, "GET "+u.RequestURI()+" HTTP/1.1\r\n"...)
	dst = append(dst, "Host: "+u.Host+"\r\n"...)
	dst = append(dst, "Upgrade: websocket\r\n"...)
	dst = append(dst, "Connection: Upgrade\r\n"...)
	dst = append(dst, "Sec-WebSocket-Key: "+key+"\r\n"...)
	dst = append(dst, "Sec-WebSocket-Version: 13\r\n"...)
	return append(dst, "\r\n"...)
	// lesson:end
}

// AcceptKey returns the Sec-WebSocket-Accept that belongs to a key. It is what chapter 8
// builds.
func AcceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// HasToken reports whether a list like "keep-alive, Upgrade" has a token in it, in any case
// of letters. It is what chapter 9 builds.
func HasToken(list, token string) bool {
	for part := range strings.SplitSeq(list, ",") {
		if strings.EqualFold(strings.TrimSpace(part), token) {
			return true
		}
	}
	return false
}

// What can be wrong with an answer.
var (
	errStatus     = errors.New("the server did not answer 101")
	errUpgrade    = errors.New("the Upgrade field of the answer is not websocket")
	errConnection = errors.New("the Connection field of the answer does not list Upgrade")
	errAccept     = errors.New("the Sec-WebSocket-Accept does not belong to our key")
	errNotOffered = errors.New("the server uses an extension or a subprotocol that was not offered")
)

// CheckAnswer says whether an answer opens the WebSocket that was asked for with this key:
// nil, or the first of the errors above that applies, in their order. We have offered no
// extension and no subprotocol.
func CheckAnswer(resp *http.Response, key string) error {
	// lesson:begin CheckAnswer
	switch {
	case resp.StatusCode != http.StatusSwitchingProtocols:
		return errStatus
	case !strings.EqualFold(resp.Header.Get("Upgrade"), "websocket"):
		return errUpgrade
	case !HasToken(resp.Header.Get("Connection"), "Upgrade"):
		return errConnection
	case resp.Header.Get("Sec-WebSocket-Accept") != AcceptKey(key):
		return errAccept
	case resp.Header.Get("Sec-WebSocket-Extensions") != "",
		resp.Header.Get("Sec-WebSocket-Protocol") != "":
		return errNotOffered
	}
	return nil
	// lesson:end
}
