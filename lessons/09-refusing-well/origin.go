package refusing

import (
	"strconv"
	"strings"
)

// SameOrigin passes a request from a page of the same host and port that the
// request was sent to: the Host field and the Origin field name the same ones,
// without regard to ASCII case. A missing port is the default port of the origin's
// scheme, which is http or https.
//
// A request without Origin passes, since it is not from a browser. The error is an
// [*Error] with status 403.
func SameOrigin(r *Request) error {
	// lesson:begin SameOrigin
	origins := r.Header.Values("Origin")
	if len(origins) == 0 {
		return nil
	}
	forbidden := &Error{Status: 403, Text: "a page of this origin may not connect here"}
	scheme, rest, found := strings.Cut(origins[0], "://")
	page, pagePort, pageOK := splitHost(rest)
	server, serverPort, serverOK := splitHost(r.Header.Get("Host"))
	if len(origins) > 1 || !found || !pageOK || !serverOK {
		return forbidden
	}
	standard := defaultPort(scheme)
	if standard == 0 {
		return forbidden
	}
	if pagePort == 0 {
		pagePort = standard
	}
	if serverPort == 0 {
		serverPort = standard
	}
	if !sameFold(page, server) || pagePort != serverPort {
		return forbidden
	}
	return nil
	// lesson:end
}

// splitHost takes "host" or "host:port" apart, as they stand in Host and behind the
// "://" of an Origin. The port is 0 if there is none. Whatever else is in s, a user, a
// path, a port that is no number, makes ok false.
func splitHost(s string) (host string, port int, ok bool) {
	end := strings.IndexByte(s, ':')
	if strings.HasPrefix(s, "[") { // an IPv6 address, which has colons of its own
		end = strings.IndexByte(s, ']') + 1
	} else if end < 0 {
		end = len(s)
	}
	host, digits := s[:end], s[end:]
	for i := range len(host) {
		if c := lower(host[i]); (c < 'a' || c > 'z') && (c < '0' || c > '9') && strings.IndexByte("-._~[]:", c) < 0 {
			return "", 0, false
		}
	}
	if digits == "" {
		return host, 0, host != ""
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(digits, ":"), 10, 16)
	return host, int(n), err == nil && digits[0] == ':' && n > 0 && host != ""
}

// defaultPort returns the port that an address of this scheme means when it names
// none, or 0 for a scheme that no web page has.
func defaultPort(scheme string) int {
	switch strings.ToLower(scheme) {
	case "http":
		return 80
	case "https":
		return 443
	}
	return 0
}
