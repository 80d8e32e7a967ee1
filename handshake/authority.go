// This file holds "host" and "host:port", as they stand in Host, in Origin and in URLs.

package handshake

import (
	"net/netip"
	"strconv"
	"strings"
)

// parseAuthority takes "host", "host:port" or "[IPv6]:port" apart. The host keeps its case and
// its brackets; port is 0 if there is none. There is no user in front of it, and nothing behind
// (RFC 3986 section 3.2; a percent sign, which no browser sends in a host, is refused).
func parseAuthority(s string) (host string, port int, ok bool) {
	end := strings.IndexByte(s, ':')
	if strings.HasPrefix(s, "[") {
		end = strings.IndexByte(s, ']') + 1
		if end == 0 {
			return "", 0, false
		}
		addr, err := netip.ParseAddr(s[1 : end-1])
		if err != nil || !addr.Is6() || addr.Zone() != "" {
			return "", 0, false
		}
	} else {
		if end < 0 {
			end = len(s)
		}
		if !isHostName(s[:end]) {
			return "", 0, false
		}
	}
	if end == len(s) {
		return s, 0, true
	}
	port, ok = parsePort(s[end:])
	return s[:end], port, ok
}

// parsePort reads ":port", with a port from 1 to 65535.
func parsePort(s string) (int, bool) {
	if s[0] != ':' || len(s) > len(":65535") {
		return 0, false
	}
	port, err := strconv.ParseUint(s[1:], 10, 16)
	return int(port), err == nil && port > 0
}

// isHostName reports whether s is made of the bytes of a registered name or an IPv4 address.
func isHostName(s string) bool {
	for i := range len(s) {
		c := lower(s[i])
		if !('a' <= c && c <= 'z') && !isDigit(c) && strings.IndexByte("-._~!$&'()*+,;=", c) < 0 {
			return false
		}
	}
	return s != ""
}

// defaultPort returns the port that a URL of this scheme means when it names none, or 0.
func defaultPort(scheme string) int {
	switch scheme {
	case "ws", "http":
		return 80
	case "wss", "https":
		return 443
	}
	return 0
}
