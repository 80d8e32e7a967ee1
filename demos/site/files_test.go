package site

import (
	"net/http/httptest"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
)

func TestFilesHaveTypeTagAndPolicy(t *testing.T) {
	own := fstest.MapFS{
		"index.html": {Data: []byte("the page")},
		"own.js":     {Data: []byte("own")},
	}
	h := Files(own)
	for name, kind := range map[string]string{
		"look.css":      "text/css; charset=utf-8",
		"vote.js":       "text/javascript; charset=utf-8",
		"connection.js": "text/javascript; charset=utf-8",
		"lane.js":       "text/javascript; charset=utf-8",
		"own.js":        "text/javascript; charset=utf-8",
		"favicon.svg":   "image/svg+xml",
		"favicon.ico":   "image/svg+xml",
	} {
		w := answer(h, httptest.NewRequest("GET", "/"+name, nil))
		assert.Equal(t, 200, w.Code, name)
		assert.Equal(t, kind, w.Header().Get("Content-Type"), name)
		assert.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"), name)
		assert.Equal(t, "no-cache", w.Header().Get("Cache-Control"), name)
		assert.NotZero(t, w.Body.Len(), name)

		again := httptest.NewRequest("GET", "/"+name, nil)
		again.Header.Set("If-None-Match", w.Header().Get("ETag"))
		assert.Equal(t, 304, answer(h, again).Code, name)
		assert.Equal(t, 405, answer(h, httptest.NewRequest("POST", "/"+name, nil)).Code, name)
	}
	for _, name := range []string{"", "index.html", "assets", "assets/look.css", "nothing.js", "../files.go"} {
		w := answer(h, httptest.NewRequest("GET", "http://h/"+name, nil))
		assert.Equal(t, 404, w.Code, name)
		assert.Equal(t, "There is nothing at this address.\n", w.Body.String())
	}
}

func TestPageHasAStrictPolicy(t *testing.T) {
	w := answer(Page(fstest.MapFS{"index.html": {Data: []byte("<!doctype html>")}}), httptest.NewRequest("GET", "/", nil))
	assert.Equal(t, "<!doctype html>", w.Body.String())
	assert.Equal(t, "text/html; charset=utf-8", w.Header().Get("Content-Type"))
	assert.Equal(t, "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "+
		"frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'", w.Header().Get("Content-Security-Policy"))
	assert.Equal(t, "same-origin", w.Header().Get("Referrer-Policy"))
}
