package polling

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/feed"
	"example.com/ws101/demos/room"
	"example.com/ws101/demos/site"
	"example.com/ws101/demos/vote"
)

const start = `{"1": {"name": "明凯", "count": 300}, "2": {"name": "厂长", "count": 200}, "3": {"name": "7酱", "count": 600}}`

func newDemo(t *testing.T) (http.Handler, *vote.Tally) {
	t.Helper()
	r := newRoom(t)
	return New(Options{Room: r}), r.Tally
}

func newRoom(t *testing.T) *room.Room {
	t.Helper()
	f := feed.New(feed.Options{Epoch: "test", MaxEvents: 8})
	tally, err := vote.New(f, vote.Defaults())
	require.NoError(t, err)
	return room.New(f, tally)
}

func do(h http.Handler, method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestContract(t *testing.T) {
	h, _ := newDemo(t)
	for _, step := range []struct {
		method, path, body string
		status             int
		answer             string
	}{
		{"GET", "/get_vote", "", 200, start},
		{"POST", "/vote", `{"uid": 1}`, 200, "投票成功"},
		{"GET", "/get_vote", "", 200, strings.Replace(start, "300", "301", 1)},
		{"POST", "/vote", `{"uid": "1"}`, 200, "投票成功"},
		{"GET", "/get_vote", "", 200, strings.Replace(start, "300", "302", 1)},
		{"GET", "/get_vote?t=1700000000", "", 200, strings.Replace(start, "300", "302", 1)},
		{"HEAD", "/get_vote", "", 200, ""},
		{"POST", "/vote", `{"uid": 9}`, 404, "There is no candidate with the uid 9.\n"},
		{"GET", "/vote", "", 405, "This address takes only POST.\n"},
		{"POST", "/get_vote", "", 405, "This address takes only GET and HEAD.\n"},
		{"DELETE", "/", "", 405, "This address takes only GET and HEAD.\n"},
		{"GET", "/nothing", "", 404, "There is nothing at this address.\n"},
		{"GET", "/index.html", "", 404, "There is nothing at this address.\n"},
		{"GET", "/get_vote", "", 200, strings.Replace(start, "300", "302", 1)},
	} {
		w := do(h, step.method, step.path, step.body, "Content-Type", "application/json")
		name := step.method + " " + step.path + " " + step.body
		assert.Equal(t, step.status, w.Code, name)
		if step.method != "HEAD" { // net/http, not the handler, leaves out the body
			assert.Equal(t, step.answer, w.Body.String(), name)
		}
	}
}

func TestStateComesWithAnETagAndMustBeRevalidated(t *testing.T) {
	h, _ := newDemo(t)
	w := do(h, "GET", "/get_vote", "")
	assert.Equal(t, `"test-0"`, w.Header().Get("ETag"))
	assert.Equal(t, "no-cache", w.Header().Get("Cache-Control"))
	assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
}

func TestNotModifiedUntilSomebodyVotes(t *testing.T) {
	h, tally := newDemo(t)
	w := do(h, "GET", "/get_vote", "", "If-None-Match", `"test-0"`)
	assert.Equal(t, 304, w.Code)
	assert.Empty(t, w.Body.String())
	assert.Equal(t, `"test-0"`, w.Header().Get("ETag"))
	assert.Equal(t, "no-cache", w.Header().Get("Cache-Control"))
	assert.Empty(t, w.Header().Get("Content-Type"))

	_, err := tally.Vote(2)
	require.NoError(t, err)
	w = do(h, "GET", "/get_vote", "", "If-None-Match", `"test-0"`)
	assert.Equal(t, 200, w.Code)
	assert.Equal(t, `"test-1"`, w.Header().Get("ETag"))
	assert.Equal(t, 304, do(h, "HEAD", "/get_vote", "", "If-None-Match", `"test-1"`).Code)
}

func TestETagOfAnotherRunDoesNotMatch(t *testing.T) {
	h, _ := newDemo(t)
	assert.Equal(t, 200, do(h, "GET", "/get_vote", "", "If-None-Match", `"tset-0"`).Code)
}

func TestMatches(t *testing.T) {
	for _, test := range []struct {
		values []string
		want   bool
	}{
		{nil, false},
		{[]string{""}, false},
		{[]string{`"a-1"`}, true},
		{[]string{`W/"a-1"`}, true},
		{[]string{` "a-1"	`}, true},
		{[]string{`"b", "a-1"`}, true},
		{[]string{`"b",W/"a-1" , "c"`}, true},
		{[]string{`,, "b" ,, "a-1"`}, true},
		{[]string{`"b"`, `"a-1"`}, true},
		{[]string{`"x,y", "a-1"`}, true},
		{[]string{`"x, \"a-1\" "`}, false},
		{[]string{`*`}, true},
		{[]string{` * `}, true},
		{[]string{`*, "b"`}, false},
		{[]string{`"*"`}, false},
		{[]string{`"a-10"`}, false},
		{[]string{`"A-1"`}, false},
		{[]string{`a-1`}, false},
		{[]string{`"a-1`}, false},
		{[]string{`w/"a-1"`}, false},
		{[]string{`"b`, `"a-1"`}, false},
		{[]string{`"`}, false},
		{[]string{`W/`}, false},
	} {
		assert.Equal(t, test.want, matches(test.values, `"a-1"`), "%q", test.values)
		assert.Equal(t, test.want, matches(test.values, `W/"a-1"`), "%q against a weak tag", test.values)
	}
}

func FuzzMatches(f *testing.F) {
	f.Add(`"b", W/"a-1"`)
	f.Fuzz(func(t *testing.T, value string) {
		got := matches([]string{value}, `"a-1"`)
		if got && strings.TrimSpace(value) != "*" {
			assert.Contains(t, value, `"a-1"`)
		}
	})
}

func TestVoteFromAnotherOriginIsRefused(t *testing.T) {
	h, tally := newDemo(t)
	for _, header := range [][]string{
		{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"},
		{"Sec-Fetch-Site", "same-site", "Origin", "http://example.com:8080"},
		{"Origin", "https://evil.example"},
		{"Origin", "null"},
	} {
		w := do(h, "POST", "/vote", `{"uid": 1}`, append(header, "Content-Type", "application/json")...)
		assert.Equal(t, 403, w.Code, header)
		assert.Equal(t, "This request comes from a page of another origin, which may not do that here.\n", w.Body.String())
	}
	assert.Equal(t, start, string(tally.State().JSON))

	for _, header := range [][]string{
		{"Sec-Fetch-Site", "same-origin", "Origin", "http://example.com"},
		{"Origin", "http://example.com"}, // the Host of httptest
		nil,                              // not a browser
	} {
		w := do(h, "POST", "/vote", `{"uid": 1}`, append(header, "Content-Type", "application/json")...)
		assert.Equal(t, 200, w.Code, header)
	}
}

func TestOriginAllowedByNameMayVote(t *testing.T) {
	origins, err := site.AllowOrigins("https://friend.example")
	require.NoError(t, err)
	h := New(Options{Room: newRoom(t), Origins: origins})
	w := do(h, "POST", "/vote", `{"uid": 1}`, "Content-Type", "application/json",
		"Sec-Fetch-Site", "cross-site", "Origin", "https://friend.example")
	assert.Equal(t, 200, w.Code)
	assert.Equal(t, "https://friend.example", w.Header().Get("Access-Control-Allow-Origin"))
}

func TestPageOfOnesOwn(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mine.html")
	require.NoError(t, os.WriteFile(file, []byte("<script>one</script>"), 0o600))
	h := New(Options{Room: newRoom(t), PageFile: file})
	w := do(h, "GET", "/", "")
	assert.Equal(t, "<script>one</script>", w.Body.String())
	assert.Equal(t, "text/html; charset=utf-8", w.Header().Get("Content-Type"))
	assert.Empty(t, w.Header().Get("Content-Security-Policy"), "its own scripts must run")

	require.NoError(t, os.WriteFile(file, []byte("two"), 0o600))
	assert.Equal(t, "two", do(h, "GET", "/", "").Body.String(), "the file is read at each request")
	assert.Equal(t, start, do(h, "GET", "/get_vote", "").Body.String())

	require.NoError(t, os.Remove(file))
	w = do(h, "GET", "/", "")
	assert.Equal(t, 500, w.Code)
	assert.Contains(t, w.Body.String(), "The page cannot be read: ")
}

func TestNoVoteIsLostOverHTTP(t *testing.T) {
	h, tally := newDemo(t)
	server := httptest.NewServer(h)
	defer server.Close()
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			for range 5 {
				answer, err := http.Post(server.URL+"/vote", "application/json", strings.NewReader(`{"uid": 3}`))
				if assert.NoError(t, err) {
					assert.Equal(t, 200, answer.StatusCode)
					answer.Body.Close()
				}
			}
		})
	}
	wg.Wait()
	assert.Equal(t, strings.Replace(start, "600", "1100", 1), string(tally.State().JSON))
}
