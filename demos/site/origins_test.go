package site

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/handshake"
)

var ok = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(200) })

func request(method string, header ...string) *http.Request {
	r := httptest.NewRequest(method, "http://127.0.0.1:8101/vote", nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func answer(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestNilOriginsAllowOurOwnPagesOnly(t *testing.T) {
	h := (*Origins)(nil).Protect(ok)
	assert.Equal(t, 200, answer(h, request("POST", "Origin", "http://127.0.0.1:8101")).Code)
	assert.Equal(t, 403, answer(h, request("POST", "Origin", "http://localhost:8101")).Code, "localhost and 127.0.0.1 are two origins")
	assert.Equal(t, 403, answer(h, request("POST", "Origin", "http://127.0.0.1:8102")).Code)
	assert.Equal(t, 200, answer(h, request("GET", "Origin", "http://127.0.0.1:8102")).Code, "to look changes nothing")
	assert.Equal(t, 200, answer(h, request("POST")).Code, "no browser")
	assert.Nil(t, (*Origins)(nil).Named())
}

func TestNamedOriginIsLetIn(t *testing.T) {
	o, err := AllowOrigins("http://localhost:3000", "https://example.com")
	require.NoError(t, err)
	assert.Equal(t, []string{"http://localhost:3000", "https://example.com"}, o.Named())
	h := o.Protect(ok)

	w := answer(h, request("POST", "Origin", "http://localhost:3000", "Sec-Fetch-Site", "cross-site"))
	assert.Equal(t, 200, w.Code)
	assert.Equal(t, "http://localhost:3000", w.Header().Get("Access-Control-Allow-Origin"))
	assert.Equal(t, "Origin", w.Header().Get("Vary"))

	w = answer(h, request("OPTIONS", "Origin", "https://example.com", "Access-Control-Request-Method", "POST"))
	assert.Equal(t, 204, w.Code)
	assert.Equal(t, "Content-Type", w.Header().Get("Access-Control-Allow-Headers"))

	w = answer(h, request("OPTIONS", "Origin", "https://evil.example", "Access-Control-Request-Method", "POST"))
	assert.Empty(t, w.Header().Get("Access-Control-Allow-Origin"))
	assert.Equal(t, "Origin", w.Header().Get("Vary"), "a cache must not mix the answers up")
	assert.Equal(t, 403, answer(h, request("POST", "Origin", "https://evil.example")).Code)
	assert.Equal(t, 403, answer(h, request("POST", "Origin", "http://example.com")).Code, "the scheme counts too")
}

func TestAllowOriginsTakesOnlyOrigins(t *testing.T) {
	for _, text := range []string{
		"", "*", "null", "example.com", "localhost:3000", "https://", "https://example.com/", "https://example.com/path",
		"https://example.com?q", "https://example.com#f", "HTTPS://example.com", "https://Example.com", "ftp://example.com", "ws://example.com",
		"https://*.example.com", "https://example.com:0", "https://münchen.example",
	} {
		_, err := AllowOrigins(text)
		assert.ErrorContains(t, err, "is not an origin", "%q", text)
	}
}

func TestCheckUpgradeIsTheSameRule(t *testing.T) {
	o, err := AllowOrigins("http://localhost:3000")
	require.NoError(t, err)
	for origin, want := range map[string]int{
		"": 0, "http://127.0.0.1:8101": 0, "http://localhost:3000": 0,
		"http://localhost:8101": 403, "https://localhost:3000": 403, "null": 403, "http://evil.example": 403,
	} {
		r := request("GET", "Upgrade", "websocket")
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		var refusal *handshake.Error
		if err := o.CheckUpgrade(handshake.FromHTTP(r)); want == 0 {
			assert.NoError(t, err, origin)
		} else if assert.ErrorAs(t, err, &refusal, origin) {
			assert.Equal(t, want, refusal.Status, origin)
		}
		// A POST of the same page is judged in the same way.
		post := request("POST")
		post.Header = r.Header
		assert.Equal(t, want == 0, answer(o.Protect(ok), post).Code == 200, origin)

		err := (*Origins)(nil).CheckUpgrade(handshake.FromHTTP(r))
		assert.Equal(t, origin == "" || origin == "http://127.0.0.1:8101", err == nil, origin)
	}
}
