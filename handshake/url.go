// This file holds ws and wss addresses (RFC 6455 section 3).

package handshake

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// ParseURL reads the address of a WebSocket: ws://host:port/path?query, or wss for TLS (RFC 6455
// section 3). The scheme may be in any case. A fragment, even an empty one, is an error, and so
// is a user or password, for which the grammar has no place. A host outside ASCII is converted
// (IDNA), as section 11.1 asks. Errors are an [*Error] with status 0.
func ParseURL(raw string) (*url.URL, error) {
	if strings.Contains(raw, "#") {
		return nil, failure("6455-3-1", "the address has a fragment; leave out the # and what follows, or write %%23 for a # in the path or query")
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, &Error{Rule: "6455-4.1-3", Text: "the address is not a URL; write it like ws://example.com/chat", Err: withoutURL(err)}
	}
	if err := checkURL(u); err != nil {
		return nil, err
	}
	if err := convertHost(u); err != nil {
		return nil, err
	}
	if _, err := hostField(u); err != nil {
		return nil, err
	}
	return u, nil
}

// hostNames is idna.Lookup, and refuses empty and overlong labels as well.
var hostNames = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.VerifyDNSLength(true))

// convertHost writes a host outside ASCII in ASCII. Others are left as they are: what looks odd in
// one of them, such as an underscore, may still be a name in somebody's network.
func convertHost(u *url.URL) error {
	host := u.Hostname()
	if !strings.ContainsFunc(host, func(r rune) bool { return r >= 0x80 }) {
		return nil
	}
	ascii, err := hostNames.ToASCII(host)
	if err != nil {
		return &Error{Rule: "6455-11.1-1", Text: fmt.Sprintf("the host %s cannot be written in ASCII", shown(host)), Err: err}
	}
	if port := u.Port(); port != "" {
		ascii = net.JoinHostPort(ascii, port)
	}
	u.Host = ascii
	return nil
}

// withoutURL takes the URL out of an error of net/url: it may hold a password.
func withoutURL(err error) error {
	var parse *url.Error
	if errors.As(err, &parse) {
		return parse.Err
	}
	return err
}

// checkURL says whether u is a WebSocket address.
func checkURL(u *url.URL) error {
	switch {
	case u.Scheme != "ws" && u.Scheme != "wss":
		return failure("6455-4.1-3", "the scheme of the address is %s; it has to be ws or wss", shown(u.Scheme))
	case u.Fragment != "":
		return failure("6455-3-1", "the address has the fragment %s; leave it out", shown(u.Fragment))
	case u.Hostname() == "":
		return failure("6455-4.1-3", "the address names no host; write it like ws://example.com/chat")
	case u.User != nil:
		return failure("6455-4.1-3", "the address has a user in it; send credentials in an Authorization field instead")
	}
	if port := u.Port(); port != "" {
		if _, ok := parsePort(":" + port); !ok {
			return failure("6455-4.1-3", "the port of the address is %s; ports go from 1 to 65535", shown(port))
		}
	}
	return nil
}

// Address returns what to dial for u: "host:port", with 80 for ws and 443 for wss if u names no
// port, and brackets around an IPv6 address (RFC 6455 section 3).
func Address(u *url.URL) string {
	return net.JoinHostPort(u.Hostname(), strconv.Itoa(urlPort(u)))
}

// urlPort returns the port of a checked address.
func urlPort(u *url.URL) int {
	if port, ok := parsePort(":" + u.Port()); ok {
		return port
	}
	return defaultPort(u.Scheme)
}

// hostField returns the Host field for u: the port only when it is not the default one, IPv6 in
// brackets and without its zone, which means something on this machine alone (RFC 6874 section 4).
func hostField(u *url.URL) (string, error) {
	host := u.Hostname()
	if strings.HasPrefix(u.Host, "[") {
		addr, err := netip.ParseAddr(host)
		if err != nil || !addr.Is6() || addr.Zone() != "" && !isHostName(addr.Zone()) {
			return "", failure("6455-4.1-3", "the host in brackets is %s; it has to be an IPv6 address", shown(host))
		}
		host = "[" + addr.WithZone("").String() + "]"
	}
	if _, port, ok := parseAuthority(host); !ok || port != 0 {
		return "", failure("6455-11.1-1", "the host is %s; it has to be an IP address or a name in ASCII, so convert an international name with IDNA first", shown(host))
	}
	if port := urlPort(u); port != defaultPort(u.Scheme) {
		host += ":" + strconv.Itoa(port)
	}
	return host, nil
}

// resourceName returns the target for u: the path, "/" if there is none, and the query, all in
// visible ASCII (RFC 6455 section 3).
func resourceName(u *url.URL) string {
	path := u.EscapedPath()
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	if u.RawQuery == "" && !u.ForceQuery {
		return path
	}
	return path + "?" + escapeQuery(u.RawQuery)
}

// escapeQuery writes what may not stand in a query as %XX: a "#", spaces and control bytes, and
// the UTF-8 of everything that is not ASCII (RFC 6455 sections 3 and 11.1). What is escaped
// already stays as it is.
func escapeQuery(query string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(query) {
		c := query[i]
		if c > ' ' && c < 0x7f && c != '#' {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}
