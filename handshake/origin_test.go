package handshake_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/handshake"
)

// from returns a request to this host from a page of this origin.
func from(host, origin string) *handshake.Request {
	return &handshake.Request{Header: handshake.Header{{"Host", host}, {"Origin", origin}}}
}

func TestSameOrigin(t *testing.T) {
	for _, tt := range []struct {
		name, host, origin string
		plain, secure      bool // passes over plain TCP, over TLS
	}{
		{"6455-10.2-1 http", "example.com", "http://example.com", true, false},
		{"6455-10.2-1 https, perhaps behind a proxy that takes TLS off", "example.com", "https://example.com", true, true},
		{"6455-10.2-1 a port", "example.com:8443", "https://example.com:8443", true, true},
		{"6455-10.2-1 upper case in the origin", "example.com", "HTTPS://EXAMPLE.com", true, true},
		{"6455-10.2-1 upper case in the host", "EXAMPLE.COM", "https://example.com", true, true},
		{"6455-10.2-1 IPv6", "[::1]:8101", "https://[::1]:8101", true, true},
		{"6455-10.2-1 IPv6 without a port", "[::1]", "https://[::1]", true, true},
		{"6455-10.2-1 localhost", "localhost:8101", "http://localhost:8101", true, false},
		{"6455-10.2-1 a host that names the default port of https", "example.com:443", "https://example.com", true, true},
		{"6455-10.2-1 a host that names the default port of http", "example.com:80", "http://example.com", true, false},

		{"6455-4.2.2-4 another host", "example.com", "https://evil.example", false, false},
		{"6455-4.2.2-4 our name with a suffix", "example.com", "https://example.com.evil.example", false, false},
		{"6455-4.2.2-4 our name with a prefix", "example.com", "https://evilexample.com", false, false},
		{"6455-4.2.2-4 our name as a subdomain", "example.com", "https://www.example.com", false, false},
		{"6455-4.2.2-4 the name above ours", "www.example.com", "https://example.com", false, false},
		{"6455-4.2.2-4 our name with a dot behind", "example.com", "https://example.com.", false, false},
		{"6455-4.2.2-4 our name as a user", "example.com", "https://example.com@evil.example", false, false},
		{"6455-4.2.2-4 a user in front of our name", "example.com", "https://evil@example.com", false, false},
		{"6455-4.2.2-4 our name in the path", "example.com", "https://evil.example/example.com", false, false},
		{"6455-4.2.2-4 our name in the query", "example.com", "https://evil.example?example.com", false, false},
		{"6455-4.2.2-4 our name in the fragment", "example.com", "https://evil.example#example.com", false, false},
		{"6455-4.2.2-4 our name behind a backslash", "example.com", `https://evil.example\example.com`, false, false},
		{"6455-4.2.2-4 a slash behind our name", "example.com", "https://example.com/", false, false},
		{"6455-4.2.2-4 another port", "example.com", "https://example.com:8443", false, false},
		{"6455-4.2.2-4 no port for one", "example.com:8443", "https://example.com", false, false},
		{"6455-4.2.2-4 the default port of the other scheme", "example.com:80", "https://example.com", false, false},
		{"6455-4.2.2-4 a port with our port in front", "example.com:80", "http://example.com:8080", false, false},
		{"6455-4.2.2-4 a port that is no number", "example.com", "https://example.com:x", false, false},
		{"6455-4.2.2-4 an empty port", "example.com", "https://example.com:", false, false},
		{"6455-4.2.2-4 null", "example.com", "null", false, false},
		{"6455-4.2.2-4 null for a host too", "null", "null", false, false},
		{"6455-4.2.2-4 empty", "example.com", "", false, false},
		{"6455-4.2.2-4 no scheme", "example.com", "example.com", false, false},
		{"6455-4.2.2-4 an empty scheme", "example.com", "://example.com", false, false},
		{"6455-4.2.2-4 a scheme that begins with a digit", "example.com", "1https://example.com", false, false},
		{"6455-4.2.2-4 another scheme", "example.com", "ftp://example.com", false, false},
		{"6455-4.2.2-4 ws is not the scheme of a page", "example.com", "ws://example.com", false, false},
		{"6455-4.2.2-4 an extension of the browser", "example.com", "chrome-extension://example.com", false, false},
		{"6455-4.2.2-4 a file", "example.com", "file://", false, false},
		{"6455-4.2.2-4 two origins", "example.com", "https://example.com https://evil.example", false, false},
		{"6455-4.2.2-4 a list of origins", "example.com", "https://example.com, https://evil.example", false, false},
		{"6455-4.2.2-4 localhost is not 127.0.0.1", "127.0.0.1:8101", "http://localhost:8101", false, false},
		{"6455-4.2.2-4 a letter that looks alike", "example.com", "https://ex\u0430mple.com", false, false},
		{"6455-4.2.2-4 a letter that folds to ours", "kiosk.example", "https://\u212Aiosk.example", false, false},
		{"6455-4.2.2-4 an escaped letter", "example.com", "https://ex%61mple.com", false, false},
		{"6455-4.2.2-4 no host to compare with", "", "https://example.com", false, false},
		{"6455-4.2.2-4 nothing equals nothing", "", "https://", false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req := from(tt.host, tt.origin)
			for _, secure := range []bool{false, true} {
				req.Secure = secure
				want := tt.plain
				if secure {
					want = tt.secure
				}
				err := handshake.SameOrigin(req)
				if want {
					assert.NoError(t, err, "secure: %v", secure)
				} else {
					requireRule(t, err, "6455-4.2.2-4", 403)
				}
			}
		})
	}

	t.Run("6455-4.2.1-2 no origin is no browser", func(t *testing.T) {
		assert.NoError(t, handshake.SameOrigin(&handshake.Request{Header: handshake.Header{{"Host", "example.com"}}}))
	})
	t.Run("6455-4.2.2-4 two Origin fields, even equal ones", func(t *testing.T) {
		req := from("example.com", "https://example.com")
		req.Header = append(req.Header, handshake.Field{Name: "origin", Value: "https://example.com"})
		requireRule(t, handshake.SameOrigin(req), "6455-4.2.2-4", 403)
	})
}

func TestAllowOrigins(t *testing.T) {
	allow := handshake.AllowOrigins("https://Partner.example", "http://localhost:3000", "app://desktop", "https://[::1]:8443")
	for _, tt := range []struct {
		name, origin string
		want         bool
	}{
		{"6455-10.2-1 one of the list", "https://partner.example", true},
		{"6455-10.2-1 one of the list, with its default port", "https://partner.example:443", true},
		{"6455-10.2-1 another one", "http://localhost:3000", true},
		{"6455-10.2-1 a scheme of an app", "app://desktop", true},
		{"6455-10.2-1 IPv6", "https://[::1]:8443", true},
		{"6455-10.2-1 the same origin", "https://example.com", true},
		{"6455-4.2.2-4 http for https", "http://partner.example", false},
		{"6455-4.2.2-4 another port", "https://partner.example:444", false},
		{"6455-4.2.2-4 another port on localhost", "http://localhost:3001", false},
		{"6455-4.2.2-4 a subdomain", "https://a.partner.example", false},
		{"6455-4.2.2-4 a suffix", "https://partner.example.evil", false},
		{"6455-4.2.2-4 a user", "https://partner.example@evil", false},
		{"6455-4.2.2-4 a path", "https://partner.example/", false},
		{"6455-4.2.2-4 null", "null", false},
		{"6455-4.2.2-4 empty", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req := from("example.com", tt.origin)
			req.Secure = true
			if tt.want {
				assert.NoError(t, allow(req))
			} else {
				requireRule(t, allow(req), "6455-4.2.2-4", 403)
			}
		})
	}
	t.Run("6455-4.2.1-2 no origin is no browser", func(t *testing.T) {
		assert.NoError(t, allow(&handshake.Request{}))
	})
	t.Run("an empty list is the same origin", func(t *testing.T) {
		only := handshake.AllowOrigins()
		assert.NoError(t, only(from("example.com", "http://example.com")))
		assert.Error(t, only(from("example.com", "http://partner.example")))
	})
	t.Run("what is not an origin is a mistake that shows at once", func(t *testing.T) {
		for _, text := range []string{"", "*", "null", "example.com", "https://example.com/", "https://*.example.com", "https://", "https://a:b", "1app://desktop", "+app://desktop"} {
			assert.Panics(t, func() { handshake.AllowOrigins("https://example.com", text) }, "%q", text)
		}
		require.PanicsWithValue(t, `handshake.AllowOrigins: "example.com" is not an origin; write it like https://example.com`,
			func() { handshake.AllowOrigins("example.com") })
	})
}

func TestAnyOrigin(t *testing.T) {
	for _, origin := range []string{"https://evil.example", "null", "", "\xff"} {
		assert.NoError(t, handshake.AnyOrigin(from("example.com", origin)))
	}
}
