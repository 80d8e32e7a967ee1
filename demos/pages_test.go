package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"example.com/ws101/demos/feed"
	"example.com/ws101/demos/room"
	"example.com/ws101/demos/vote"
	"example.com/ws101/demos/wire"
)

func testShared(t *testing.T) shared {
	t.Helper()
	news := feed.New(feed.Options{Epoch: "test"})
	tally, err := vote.New(news, vote.Defaults())
	require.NoError(t, err)
	return shared{room: room.New(news, tally), closing: t.Context(), tap: wire.New(wire.Options{}), inspect: true}
}

func get(h http.Handler, address string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", address, nil))
	return w
}

// Every page, on the server with all demos and alone, is whole and asks nobody else.
func TestPages(t *testing.T) {
	together := all(testShared(t))
	check := func(name string, h http.Handler, address string) {
		t.Run(name, func(t *testing.T) { checkPage(t, h, address) })
	}
	check("start", together, "/")
	for _, d := range demos {
		check(d.name, together, "/"+d.name+"/")
		check(d.name+" alone", d.open(testShared(t)), "/")
	}
}

// kinds are the media types that each sort of reference must have.
var kinds = map[string]string{
	"a": "text/html; charset=utf-8", "script": "text/javascript; charset=utf-8",
	"stylesheet": "text/css; charset=utf-8", "icon": "image/svg+xml",
}

func checkPage(t *testing.T, h http.Handler, address string) {
	w := get(h, address)
	require.Equal(t, 200, w.Code)
	assert.Equal(t, "text/html; charset=utf-8", w.Header().Get("Content-Type"))
	assert.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'")
	assert.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
	assert.NotEmpty(t, w.Header().Get("Referrer-Policy"))

	doc, err := html.Parse(w.Body)
	require.NoError(t, err)
	ids := map[string]bool{}
	seen := map[string]int{}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		seen[n.Data]++
		attr := map[string]string{}
		for _, a := range n.Attr {
			assert.False(t, strings.HasPrefix(a.Key, "on"), "a handler attribute: %s %s", n.Data, a.Key)
			assert.NotEqual(t, "style", a.Key, "an inline style on %s", n.Data)
			attr[a.Key] = a.Val
		}
		if id := attr["id"]; id != "" {
			assert.False(t, ids[id], "the id %s is there twice", id)
			ids[id] = true
		}
		switch n.Data {
		case "style":
			t.Error("an inline style sheet")
		case "script":
			assert.NotEmpty(t, attr["src"], "an inline script")
			assert.Equal(t, "module", attr["type"])
			checkReference(t, h, address, attr["src"], kinds["script"])
		case "link":
			checkReference(t, h, address, attr["href"], kinds[attr["rel"]])
		case "a":
			checkReference(t, h, address, attr["href"], kinds["a"])
		case "img", "iframe", "form", "base", "object", "embed":
			t.Errorf("no page has a <%s> yet; teach this test what to check", n.Data)
		}
	}
	for n := range doc.Descendants() {
		for _, a := range n.Attr {
			if a.Key == "for" || a.Key == "aria-labelledby" || a.Key == "aria-describedby" {
				assert.True(t, ids[a.Val], "%s=%q points to nothing", a.Key, a.Val)
			}
		}
	}
	assert.Equal(t, 1, seen["h1"])
	assert.Equal(t, 1, seen["main"])
	assert.Equal(t, 1, seen["title"])
	if seen["script"] > 0 {
		assert.NotZero(t, seen["noscript"], "a page that needs scripts says so")
	}
	assert.Equal(t, "image/svg+xml", get(h, "/favicon.ico").Header().Get("Content-Type"))
}

var (
	imports   = regexp.MustCompile(`(?m)^import .* from '([^']*)';$`)
	elsewhere = regexp.MustCompile(`\b(?:https?|wss?):\S|url\(|@import`)
	asHTML    = regexp.MustCompile(`\.(inner|outer)HTML|insertAdjacentHTML|document\.write|\beval\(`)
)

// checkReference requires that ref, in a page at address, is relative, and is there.
func checkReference(t *testing.T, h http.Handler, address, ref, kind string) {
	t.Helper()
	base, err := url.Parse(address)
	require.NoError(t, err)
	u, err := url.Parse(ref)
	require.NoError(t, err)
	require.NotEmpty(t, ref)
	assert.Empty(t, u.Host, ref)
	assert.Empty(t, u.Scheme, ref)
	assert.False(t, strings.HasPrefix(ref, "/"), "%s works only at the root", ref)
	target := base.ResolveReference(u).String()
	w := get(h, target)
	require.Equal(t, 200, w.Code, target)
	assert.Equal(t, kind, w.Header().Get("Content-Type"), target)

	text := w.Body.String()
	if kind != kinds["a"] {
		text = strings.ReplaceAll(text, "http://www.w3.org/2000/svg", "")
		assert.Empty(t, elsewhere.FindString(text), "%s asks for something elsewhere", target)
	}
	if kind == kinds["script"] {
		assert.Empty(t, asHTML.FindString(text), "%s takes text for HTML or code", target)
		for _, m := range imports.FindAllStringSubmatch(text, -1) {
			assert.True(t, strings.HasPrefix(m[1], "./"), m[1])
			checkReference(t, h, target, strings.TrimPrefix(m[1], "./"), kind)
		}
	}
}

func TestStartPageListsTheDemosInOrder(t *testing.T) {
	page := get(all(testShared(t)), "/").Body.String()
	at := -1
	for _, d := range demos {
		next := strings.Index(page, `<a href="`+d.name+`/">`+d.title+`</a>`)
		assert.Greater(t, next, at, d.name)
		at = next
		assert.Equal(t, 2, strings.Count(d.about+" ", ". "), "%s is told in two sentences", d.name)
	}
}

func TestAddresses(t *testing.T) {
	h := all(testShared(t))
	for _, d := range demos {
		w := get(h, "/"+d.name+"?x=1")
		assert.Contains(t, []int{301, 307, 308}, w.Code)
		assert.Equal(t, "/"+d.name+"/?x=1", w.Header().Get("Location"))
	}
	w := get(h, "/nothing/here")
	assert.Equal(t, 404, w.Code)
	assert.Equal(t, "There is nothing at this address.\n", w.Body.String())
	assert.Equal(t, 404, get(h, "/get_vote").Code, "the classic addresses are below each demo, or at the root when it is alone")
}

func TestAllDemosShareOneVote(t *testing.T) {
	h := all(testShared(t))
	r := httptest.NewRequest("POST", "/polling/vote", strings.NewReader(`{"uid": 1}`))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	require.Equal(t, 200, w.Code)
	for _, address := range []string{"/polling/get_vote", "/longpolling/news", "/chat/polling/news"} {
		assert.Contains(t, get(h, address).Body.String(), `"count": 301`, address)
	}
}
