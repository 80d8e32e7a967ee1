// This file holds the client's way to a request (RFC 6455 section 4.1).

package handshake

import (
	"net/url"
	"strings"
)

// Offer is what a client may add to its request. The zero value adds nothing.
type Offer struct {
	// Origin is the origin of the page or program, such as "https://example.com". Browsers
	// always send one; others send none, unless a server wants it.
	Origin string

	// Subprotocols are the names offered, the preferred one first.
	Subprotocols []string

	// Extensions are the extensions offered, the preferred one first.
	Extensions []Extension

	// Header holds further fields, such as Authorization or Cookie, which go last. Fields that
	// are part of the handshake, or that would change where the request ends, are refused.
	Header Header
}

// NewRequest returns the request that opens u with this key (see [ParseURL] and [NewKey]). Its
// fields stand in the order of the example in RFC 6455 section 1.3.
//
// What may not be sent is refused here, before any byte leaves, as an [*Error] with status 0: an
// address that is not ws or wss, a key that is not base64 of 16 bytes, a subprotocol that is not
// a token or is given twice, and a field with a line break in it or with a name that belongs to the
// handshake.
func NewRequest(u *url.URL, key string, offer Offer) (*Request, error) {
	if err := checkURL(u); err != nil {
		return nil, err
	}
	host, err := hostField(u)
	if err != nil {
		return nil, err
	}
	if !isKey(key) {
		return nil, failure("6455-4.1-28", "the key is not 16 bytes in base64; make it with NewKey")
	}
	if err := offer.check(); err != nil {
		return nil, err
	}
	header := Header{
		{"Host", host},
		{"Upgrade", "websocket"},
		{"Connection", "Upgrade"},
		{"Sec-WebSocket-Key", key},
	}
	if offer.Origin != "" {
		header = append(header, Field{"Origin", offer.Origin})
	}
	if len(offer.Subprotocols) > 0 {
		header = append(header, Field{"Sec-WebSocket-Protocol", strings.Join(offer.Subprotocols, ", ")})
	}
	header = append(header, Field{"Sec-WebSocket-Version", "13"})
	if len(offer.Extensions) > 0 {
		header = append(header, Field{"Sec-WebSocket-Extensions", FormatExtensions(offer.Extensions)})
	}
	return &Request{
		Method: "GET",
		Target: resourceName(u),
		Proto:  "HTTP/1.1",
		Header: append(header, offer.Header...),
		Secure: u.Scheme == "wss",
	}, nil
}

// check says whether the offer may be sent.
func (o Offer) check() error {
	if o.Origin != "" && !isVisible(o.Origin) {
		return failure("6455-4.1-30", "the origin is %s; write it like https://example.com", shown(o.Origin))
	}
	for i, name := range o.Subprotocols {
		if err := checkSubprotocol(o.Subprotocols[:i], name); err != nil {
			return err
		}
	}
	if err := checkExtensions(o.Extensions); err != nil {
		return err
	}
	if err := checkFurther(o.Header); err != nil {
		return err
	}
	return nil
}

// checkFurther says whether fields may be added to a request or an answer.
func checkFurther(h Header) *Error {
	for _, f := range h {
		switch {
		case !isToken(f.Name):
			return failure("9110-5.1", "%s is not the name of a field; a name is letters, digits and a few signs, and not empty", shown(f.Name))
		case !isValue(f.Value):
			return failure("9110-5.5", "the value of the field %s has a line break or another control byte in it", f.Name)
		case isReserved(f.Name):
			return failure("6455-4.1-18", "the field %s is part of the handshake or of its framing; it cannot be set as a further field", f.Name)
		}
	}
	return nil
}

// isReserved reports whether a field of this name belongs to the handshake, or would
// announce a body.
func isReserved(name string) bool {
	const prefix = "Sec-WebSocket-"
	if len(name) >= len(prefix) && sameFold(name[:len(prefix)], prefix) {
		return true
	}
	for _, own := range []string{
		"Host", "Upgrade", "Connection", "Origin",
		"Content-Length", "Transfer-Encoding", "Trailer", "TE", "Expect", "Keep-Alive", "Proxy-Connection",
	} {
		if sameFold(name, own) {
			return true
		}
	}
	return false
}
