package site_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/polling"
	"example.com/ws101/demos/site"
	"example.com/ws101/demos/sse"
)

func get(h http.Handler, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w
}

func TestMuxServesThePageItsFilesAndTheModulesOfOthers(t *testing.T) {
	h := site.Mux("", sse.Page, polling.Page)
	page, err := sse.Page.ReadFile("page/index.html")
	require.NoError(t, err)
	w := get(h, "/")
	assert.Equal(t, string(page), w.Body.String())
	assert.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'; script-src 'self';")
	for name, file := range map[string]struct {
		read func(string) ([]byte, error)
		path string
	}{
		"/sse.js":     {sse.Page.ReadFile, "page/sse.js"},
		"/main.js":    {sse.Page.ReadFile, "page/main.js"}, // both have one, and the page's own counts
		"/polling.js": {polling.Page.ReadFile, "page/polling.js"},
		"/look.css":   {os.ReadFile, "assets/look.css"},
	} {
		want, err := file.read(file.path)
		require.NoError(t, err)
		w := get(h, name)
		assert.Equal(t, 200, w.Code, name)
		assert.Equal(t, string(want), w.Body.String(), name)
	}
	for _, path := range []string{"/index.html", "/page/", "/page/sse.js", "/x"} {
		assert.Equal(t, 404, get(h, path).Code, path)
	}
}

func TestMuxServesAPageOfOnesOwn(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mine.html")
	require.NoError(t, os.WriteFile(file, []byte("<script>one</script>"), 0o600))
	h := site.Mux(file, sse.Page)
	w := get(h, "/")
	assert.Equal(t, "<script>one</script>", w.Body.String())
	assert.Empty(t, w.Header().Get("Content-Security-Policy"), "its own scripts must run")
	assert.Equal(t, 200, get(h, "/sse.js").Code, "our modules stay there")
}
