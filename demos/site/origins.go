package site

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"example.com/ws101/handshake"
)

// Origins says which pages may do more than look: those of this server itself, and those of
// other origins that were allowed by name.
//
// An origin is scheme, host and port, such as https://example.com or
// http://localhost:3000. The browser tells it with each request, and a page cannot lie about it; but only
// the server can refuse. Without that, any page in the world could vote for whoever visits it.
// A request with no sign of a browser passes, since it is nobody's page.
//
// A nil *Origins allows this server's own pages only.
type Origins struct {
	named      []string
	protection *http.CrossOriginProtection
	upgrade    func(*handshake.Request) error
}

// AllowOrigins returns the rules that also allow the origins in named.
func AllowOrigins(named ...string) (*Origins, error) {
	o := &Origins{protection: newProtection()}
	for _, origin := range named {
		// AddTrustedOrigin would take HTTP://Host too, which no browser ever sends.
		u, err := url.Parse(origin)
		if err != nil || origin != strings.ToLower(origin) || (u.Scheme != "http" && u.Scheme != "https") {
			return nil, fmt.Errorf("%q is not an origin, such as https://example.com or http://localhost:3000", origin)
		}
		if err := o.protection.AddTrustedOrigin(origin); err != nil || !forUpgrade(origin) {
			return nil, fmt.Errorf("%q is not an origin, such as https://example.com or http://localhost:3000", origin)
		}
		o.named = append(o.named, origin)
	}
	o.upgrade = handshake.AllowOrigins(o.named...)
	return o, nil
}

// forUpgrade reports whether handshake takes this origin. It panics on others, since there
// they are a mistake in a program; here a person has typed it.
func forUpgrade(origin string) (ok bool) {
	defer func() { ok = recover() == nil }()
	handshake.AllowOrigins(origin)
	return
}

// CheckUpgrade is the same rule for a WebSocket, which Protect does not guard: an Upgrade is a GET,
// and no browser asks the server beforehand whether it may connect. The error is one of handshake,
// with status 403.
func (o *Origins) CheckUpgrade(r *handshake.Request) error {
	if o == nil {
		return handshake.SameOrigin(r)
	}
	return o.upgrade(r)
}

// Named returns the other origins that are allowed.
func (o *Origins) Named() []string {
	if o == nil {
		return nil
	}
	return slices.Clone(o.named)
}

// Protect returns next behind these rules: a POST from a page of another origin gets 403 and a
// sentence. For the origins allowed by name it answers what the browser
// asks before it lets such a page in (CORS).
func (o *Origins) Protect(next http.Handler) http.Handler {
	if o == nil {
		return newProtection().Handler(next)
	}
	guarded := o.protection.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(o.named) > 0 {
			w.Header().Add("Vary", "Origin")
		}
		origin := r.Header.Get("Origin")
		if !slices.Contains(o.named, origin) {
			guarded.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Set("Access-Control-Allow-Credentials", "true")
		if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
			w.Header().Set("Access-Control-Allow-Methods", "GET, POST")
			w.Header().Set("Access-Control-Allow-Headers", "Content-Type")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		guarded.ServeHTTP(w, r)
	})
}

func newProtection() *http.CrossOriginProtection {
	p := http.NewCrossOriginProtection()
	p.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		Refuse(w, http.StatusForbidden, "This request comes from a page of another origin, which may not do that here.")
	}))
	return p
}
