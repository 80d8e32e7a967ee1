package site

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// IsLocal reports whether a request comes from this machine, and not through a
// proxy.
func IsLocal(r *http.Request) bool {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via"} {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if ok {
		at, err := netip.ParseAddrPort(local.String())
		if err != nil || !at.Addr().Unmap().IsLoopback() {
			return false
		}
	}
	host := (&url.URL{Host: r.Host}).Hostname()
	at, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && at.Unmap().IsLoopback()
}
