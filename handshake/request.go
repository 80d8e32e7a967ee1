// This file holds the request: reading it and writing it.

package handshake

import (
	"bufio"
	"net/url"
	"strings"
)

// Request is the request of a handshake (RFC 6455 section 4.1, RFC 9112 section 3).
type Request struct {
	Method string // GET in every handshake
	Target string // as in the request line: "/chat?room=1", or a whole URL
	Proto  string // "HTTP/1.1"
	Header Header

	// Secure says that the request came, or goes, over TLS. It is not in the bytes: who
	// owns the connection sets it. [SameOrigin] then wants an https page.
	Secure bool
}

// ReadRequest reads one request up to the blank line, and leaves every byte behind it in r: a
// client may not send frames yet, but nothing is lost if it does.
//
// ReadRequest judges only the form of the request; [Request.Check] judges what it asks for. A
// request of the wrong form is an [*Error] with status 400, one beyond the limits 414 or 431.
// The end of the stream is io.EOF before the first byte and wraps io.ErrUnexpectedEOF later.
// Other errors of the stream come back wrapped, so that errors.Is and errors.As find timeouts.
// One empty line before the request is skipped (RFC 9112 section 2.2).
func ReadRequest(r *bufio.Reader, lim Limits) (*Request, error) {
	h := headReader{r: r, lim: lim.withDefaults(), start: true}
	line, err := h.line()
	if err == nil && line == "" {
		line, err = h.line()
	}
	if err != nil {
		return nil, err
	}
	h.start = false
	req, err := h.requestLine(line)
	if err != nil {
		return nil, err
	}
	req.Header, err = h.fields()
	if err != nil {
		return nil, err
	}
	return req, nil
}

// requestLine takes the first line apart: method SP target SP version.
func (h *headReader) requestLine(line string) (*Request, error) {
	method, rest, _ := strings.Cut(line, " ")
	target, proto, _ := strings.Cut(rest, " ")
	switch {
	case !isToken(method) || !isProto(proto):
		return nil, h.fail("9112-3", 400, "the request begins with %s; it begins with a line like GET /chat HTTP/1.1", shown(line))
	case !isVisible(target):
		return nil, h.fail("9112-3.2", 400, "the request target is %s; a target is visible ASCII, and other characters travel percent-encoded", shown(target))
	case strings.Contains(target, "#"):
		return nil, h.fail("6455-3-2", 400, "the request target is %s; fragments stay with the client, and a # in a path or query travels as %%23", shown(target))
	}
	return &Request{Method: method, Target: target, Proto: proto}, nil
}

// isProto reports whether s is an HTTP version: "HTTP/1.1", with one digit each.
func isProto(s string) bool {
	return len(s) == len("HTTP/1.1") && s[:5] == "HTTP/" && isDigit(s[5]) && s[6] == '.' && isDigit(s[7])
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// upgradable reports whether the version of HTTP is 1.1 or a later 1.x. HTTP/1.0 has no
// Upgrade, HTTP/2 and HTTP/3 have another way to open a WebSocket (RFC 8441, RFC 9220).
func upgradable(proto string) bool {
	return isProto(proto) && proto[5] == '1' && proto[7] >= '1'
}

// Append appends the request as it travels. Control bytes in any part become spaces, so that
// nothing in the request can add a line.
func (r *Request) Append(dst []byte) []byte {
	dst = appendLine(dst, r.Method+" "+r.Target+" "+r.Proto)
	return r.Header.append(dst)
}

// Host returns the host the client wants to reach, as in the Host field: "example.com" or
// "example.com:8080", or "" if there is none.
func (r *Request) Host() string { return r.Header.Get("Host") }

// Path returns the path of the target without its query, as sent and so still percent-encoded:
// "/chat" for "/chat?room=1". It is "/" for a whole URL without a path.
func (r *Request) Path() string {
	path, _, _ := strings.Cut(r.Target, "?")
	if _, rest, ok := strings.Cut(path, "://"); ok && path[0] != '/' {
		_, path, _ = strings.Cut(rest, "/")
		path = "/" + path
	}
	return path
}

// URL returns the address that the client opened: ws or wss, the Host field, and the path and
// query of the target. The error is an [*Error] with status 400; after a successful
// [Request.Check] there is none.
func (r *Request) URL() (*url.URL, error) {
	u, err := url.ParseRequestURI(r.Target)
	if err != nil {
		return nil, &Error{
			Rule:   "9112-3.2",
			Status: 400,
			Text:   "the request target is " + shown(r.Target) + "; it is a path like /chat?room=1",
			Err:    withoutURL(err),
		}
	}
	if r.Target[0] != '/' {
		// RFC 9112 section 3.2.2: a server has to accept a whole URL. One that names another
		// host than the Host field could be checked against one and served as the other.
		isHTTP := u.Scheme == "http" || u.Scheme == "https" || u.Scheme == "ws" || u.Scheme == "wss"
		if !isHTTP || u.User != nil || !sameFold(u.Host, r.Host()) {
			return nil, refusal("9112-3.2.2", 400, "the request target is %s; it is a path, or a URL of the very host in the Host field", shown(r.Target))
		}
	}
	u.Scheme = "ws"
	if r.Secure {
		u.Scheme = "wss"
	}
	u.Host = r.Host()
	return u, nil
}
