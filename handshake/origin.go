// This file holds the check of the Origin: whose page may connect (RFC 6455 section 10.2).
//
// A browser lets any page open a WebSocket to any server, and sends the user's cookies along.
// All that tells a server about the page is the Origin field, which scripts cannot change.

package handshake

import (
	"fmt"
	"strings"
)

// SameOrigin passes a request from a page of the same host and port that the request was sent
// to: Origin and Host are equal, without regard to ASCII case. A missing port is the default port
// of the origin's scheme. If the request is Secure, the page has to be https; if not, it may be
// http or https, since a proxy in front may have taken the TLS off.
//
// Equal means equal text: localhost and 127.0.0.1 are two origins, and so are example.com and
// "example.com." with a dot. The origin "null" of a sandboxed page passes nowhere.
//
// A request without Origin passes: it is not from a browser (RFC 6455 section 4.2.1), and
// whoever is no browser could send any Origin. The error is an [*Error] with status 403.
func SameOrigin(r *Request) error {
	page, err := requestOrigin(r)
	if page == nil || err != nil {
		return err
	}
	if page.sameAs(r) {
		return nil
	}
	return forbidden("the page is from %s and the server is %s; only pages of the same host and port may connect", r)
}

// AllowOrigins returns a check that passes what [SameOrigin] passes, and requests from pages of
// exactly these origins, each "scheme://host" or "scheme://host:port". There are no patterns:
// "https://example.com" does not cover its subdomains. Schemes of apps, as in "app://localhost", work too.
//
// It panics on a text that is not an origin, such as "example.com", "https://example.com/",
// "*" or "null". It would match nothing, or everything; see [AnyOrigin].
func AllowOrigins(origins ...string) func(*Request) error {
	allowed := make(map[pageOrigin]bool, len(origins))
	for _, text := range origins {
		page, ok := parseOrigin(text)
		if !ok || strings.Contains(text, "*") { // a host may hold a star, but here it is meant as a pattern
			panic(fmt.Sprintf("handshake.AllowOrigins: %s is not an origin; write it like https://example.com", shown(text)))
		}
		allowed[page] = true
	}
	return func(r *Request) error {
		page, err := requestOrigin(r)
		if page == nil || err != nil || allowed[*page] || page.sameAs(r) {
			return err
		}
		return forbidden("the page is from %s, which may not connect to %s", r)
	}
}

// AnyOrigin passes every request. With it, any page on the web can open this WebSocket in
// the name of a user who visits the page, with the user's cookies ("cross-site WebSocket
// hijacking"). Use it where a connection gives nothing that the public may not have, or where
// something other than cookies proves who is there.
func AnyOrigin(*Request) error { return nil }

// pageOrigin is an Origin taken apart, in lower case and with its port filled in, so that equal
// origins are equal values.
type pageOrigin struct {
	scheme, host string
	port         int
}

// requestOrigin returns the origin of the page behind the request, or nil if it has no Origin.
func requestOrigin(r *Request) (*pageOrigin, error) {
	switch r.Header.count("Origin") {
	case 0:
		return nil, nil
	case 1:
		if page, ok := parseOrigin(r.Header.Get("Origin")); ok {
			return &page, nil
		}
		return nil, forbidden("the Origin is %s, which names no page that may connect to %s", r)
	}
	return nil, refusal("6455-4.2.2-4", 403, "there are two Origin fields; a page has one origin")
}

func forbidden(format string, r *Request) *Error {
	return refusal("6455-4.2.2-4", 403, format, shown(r.Header.Get("Origin")), shown(r.Host()))
}

// parseOrigin takes "scheme://host:port" apart (RFC 6454 section 7). Anything more, such as a
// user or a path, makes it no origin.
func parseOrigin(s string) (pageOrigin, bool) {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok || !isScheme(scheme) {
		return pageOrigin{}, false
	}
	host, port, ok := parseAuthority(rest)
	if !ok {
		return pageOrigin{}, false
	}
	// Both are ASCII by now, so ToLower folds nothing else.
	page := pageOrigin{scheme: strings.ToLower(scheme), host: strings.ToLower(host), port: port}
	if page.port == 0 {
		page.port = defaultPort(page.scheme)
	}
	return page, true
}

// isScheme reports whether s is the scheme of a URL: a letter, then letters, digits, "+", "-"
// and "." (RFC 3986 section 3.1).
func isScheme(s string) bool {
	for i := range len(s) {
		c := lower(s[i])
		letter := 'a' <= c && c <= 'z'
		if !letter && (i == 0 || !isDigit(c) && c != '+' && c != '-' && c != '.') {
			return false
		}
	}
	return s != ""
}

// sameAs reports whether the page is from the host and port that the request was sent to.
func (p *pageOrigin) sameAs(r *Request) bool {
	if p.scheme != "https" && (p.scheme != "http" || r.Secure) {
		return false
	}
	host, port, ok := parseAuthority(r.Host())
	if port == 0 {
		port = defaultPort(p.scheme)
	}
	return ok && sameFold(host, p.host) && port == p.port
}
