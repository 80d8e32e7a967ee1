package room

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/feed"
	"example.com/ws101/demos/site"
)

// handler returns what a server has that serves nothing but a room.
func (r *Room) handler() http.Handler {
	mux := http.NewServeMux()
	r.Handle(mux)
	return (*site.Origins)(nil).Protect(mux)
}

func post(h http.Handler, path string, body io.Reader, header ...string) *httptest.ResponseRecorder {
	return request(h, "POST", path, body, append([]string{"Content-Type", "application/json"}, header...)...)
}

func request(h http.Handler, method, path string, body io.Reader, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, body)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestActionsOverHTTP(t *testing.T) {
	bubble(t, func(t *testing.T, r *Room, all *reader) {
		h := r.handler()
		for _, body := range []string{`{"join": "Ada"}`, `{"say": "hello"}`, `{"vote": 1}`, ` {"vote": "2", "more": null} `} {
			w := post(h, "/do?me="+ada, strings.NewReader(body))
			assert.Equal(t, 204, w.Code, body)
			assert.Empty(t, w.Body.String())
			assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
		}
		batch := r.Since(all.cursor)
		require.Len(t, batch.Events, 4)
		assert.Equal(t, `{"name":"Ada","by":"","here":true}`, string(batch.Events[0].JSON))
		assert.Contains(t, string(batch.Events[1].JSON), `"text":"hello"`)
		assert.Equal(t, `{"uid": 1, "name": "明凯", "count": 301}`, string(batch.Events[2].JSON))
		assert.Equal(t, `{"uid": 2, "name": "厂长", "count": 201}`, string(batch.Events[3].JSON))

		all.cursor = batch.Cursor
		w := post(h, "/vote", strings.NewReader(`{"uid": 1}`))
		assert.Equal(t, 200, w.Code)
		assert.Equal(t, "投票成功", w.Body.String())
		all.hears(`vote {"uid": 1, "name": "明凯", "count": 302}`)

		// navigator.sendBeacon has no say in the type of what it sends.
		w = request(h, "POST", "/leave?me="+ada, nil, "Content-Type", "text/plain")
		assert.Equal(t, 204, w.Code)
		pass(graceGoodbye)
		all.hears(went("Ada", ""))
		assert.Equal(t, 204, post(h, "/leave", nil).Code, "one who was nobody")
	})
}

func TestActionsThatAreRefused(t *testing.T) {
	const (
		action = `An action is a JSON object with one of vote, join and say, such as {"vote": 1} or {"say": "hello"}.`
		id     = "The id of a page (me) is 16 to 64 letters and digits that it made up."
		uid    = "The uid must be a whole number in plain digits, such as 1."
		origin = "This request comes from a page of another origin, which may not do that here."
	)
	for _, test := range []struct {
		name, method, path, body string
		header                   []string
		status                   int
		sentence                 string
	}{
		{"a GET", "GET", "/do?me=" + bob, "", nil, 405, "This address takes only POST."},
		{"a goodbye by GET", "GET", "/leave?me=" + bob, "", nil, 405, "This address takes only POST."},
		{"a vote by PUT", "PUT", "/vote", "", nil, 405, "This address takes only POST."},
		{"a form", "POST", "/do?me=" + bob, "say=hello", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415,
			"The body of an action must have the Content-Type application/json."},
		{"no type", "POST", "/do?me=" + bob, `{"vote": 1}`, []string{"Content-Type", ""}, 415,
			"The body of an action must have the Content-Type application/json."},
		{"too large", "POST", "/do?me=" + bob, `{"say": "` + strings.Repeat("x", maxAction) + `"}`, nil, 413,
			"The body of an action has at most 16384 bytes."},
		{"a ballot too large", "POST", "/vote", strings.Repeat(" ", 1025), nil, 413, "The body of a vote has at most 1024 bytes."},
		{"no body", "POST", "/do?me=" + bob, "", nil, 400, action},
		{"no JSON", "POST", "/do?me=" + bob, "hello", nil, 400, action},
		{"no object", "POST", "/do?me=" + bob, `["say", "hello"]`, nil, 400, action},
		{"nothing", "POST", "/do?me=" + bob, `{}`, nil, 400, action},
		{"two at once", "POST", "/do?me=" + bob, `{"vote": 1, "say": "hello"}`, nil, 400, action},
		{"three at once", "POST", "/do?me=" + bob, `{"vote": 1, "say": "hello", "join": "Bob"}`, nil, 400, action},
		{"join and say", "POST", "/do?me=" + bob, `{"say": "hello", "join": "Bob"}`, nil, 400, action},
		{"null", "POST", "/do?me=" + bob, `{"say": null}`, nil, 400, action},
		{"a number", "POST", "/do?me=" + bob, `{"say": 1}`, nil, 400, action},
		{"more after it", "POST", "/do?me=" + bob, `{"vote": 1}{"vote": 1}`, nil, 400, action},
		{"a ballot that is none", "POST", "/vote", `{}`, nil, 400,
			`The body must be one JSON object with a uid and nothing after it, such as {"uid": 1}.`},
		{"uid null", "POST", "/do", `{"vote": null}`, nil, 400, uid},
		{"uid 0", "POST", "/do", `{"vote": 0}`, nil, 400, uid},
		{"uid in an object", "POST", "/do", `{"vote": {"uid": 1}}`, nil, 400, uid},
		{"unknown uid", "POST", "/do", `{"vote": 9}`, nil, 404, "There is no candidate with the uid 9."},
		{"unknown uid in a ballot", "POST", "/vote", `{"uid": 9}`, nil, 404, "There is no candidate with the uid 9."},
		{"an id that is guessed easily", "POST", "/do?me=bob", `{"join": "Bob"}`, nil, 400, id},
		{"a goodbye with such an id", "POST", "/leave?me=bob", ``, nil, 400, id},
		{"no id", "POST", "/do", `{"join": "Bob"}`, nil, 400, id},
		{"a bad cursor", "POST", "/do?cursor=x", `{"vote": 1}`, nil, 400,
			"The cursor must be empty, or as an earlier answer gave it, such as k3f9a2-17."},
		{"no name yet", "POST", "/do?me=" + bob, `{"say": "hello"}`, nil, 403, "Give yourself a name before you say something."},
		{"nobody", "POST", "/do", `{"say": "hello"}`, nil, 403, "Give yourself a name before you say something."},
		{"no name", "POST", "/do?me=" + bob, `{"join": " "}`, nil, 400, "A name has at least one character."},
		{"a long name", "POST", "/do?me=" + bob, `{"join": "` + strings.Repeat("👩‍💻", 9) + `"}`, nil, 400,
			"A name has at most 24 characters, and this one has 27."},
		{"half a character", "POST", "/do?me=" + bob, `{"join": "\ud83d"}`, nil, 400, "A name has only characters that can be seen."},
		{"a taken name", "POST", "/do?me=" + bob, `{"join": "ada"}`, nil, 409, "Somebody here has this name already. Take another one."},
		{"an empty line", "POST", "/do?me=" + ada, `{"say": "\n"}`, nil, 400, "There is nothing in this line."},
		{"a long line", "POST", "/do?me=" + ada, `{"say": "` + strings.Repeat("👩", 3000) + `"}`, nil, 400,
			"A line has at most 500 characters, and this one has 3000."},
		{"an action from another origin", "POST", "/do?me=" + ada, `{"say": "hello"}`, []string{"Origin", "https://evil.example"}, 403, origin},
		{"a ballot from another origin", "POST", "/vote", `{"uid": 1}`, []string{"Sec-Fetch-Site", "cross-site"}, 403, origin},
		{"a goodbye from another origin", "POST", "/leave?me=" + ada, "", []string{"Origin", "null"}, 403, origin},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *Room, all *reader) {
				require.NoError(t, r.Join(ada, "Ada"))
				before := r.Now()
				header := append([]string{"Content-Type", "application/json"}, test.header...)
				w := request(r.handler(), test.method, test.path, strings.NewReader(test.body), header...)
				assert.Equal(t, test.status, w.Code)
				assert.Equal(t, test.sentence+"\n", w.Body.String())
				assert.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"))
				assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
				assert.Equal(t, before, r.Now(), "nothing has happened")
				if test.status == 405 {
					assert.Equal(t, "POST", w.Header().Get("Allow"))
				}
			})
		})
	}
}

func TestTooFastSaysWhenToComeBack(t *testing.T) {
	bubble(t, func(t *testing.T, r *Room, _ *reader) {
		h := r.handler()
		require.NoError(t, r.Join(ada, "Ada"))
		for range burst - 1 {
			require.NoError(t, r.Say(ada, "hello"))
		}
		w := post(h, "/do?me="+ada, strings.NewReader(`{"say": "hello"}`))
		assert.Equal(t, 429, w.Code)
		assert.Equal(t, "1", w.Header().Get("Retry-After"), "whole seconds, rounded up")
		assert.Equal(t, "That is faster than anybody can read. Wait a second, then send it again.\n", w.Body.String())
	})
}

func TestBodyThatDoesNotArrive(t *testing.T) {
	r := newRoom(t, feed.Options{})
	w := post(r.handler(), "/do?me="+ada, iotest.ErrReader(errors.New("gone")))
	assert.Equal(t, 400, w.Code)
	assert.Equal(t, "The body of an action did not arrive.\n", w.Body.String())
}

// The longest line fits, however its sender has encoded it.
func TestLongestLineOfEscapesFits(t *testing.T) {
	bubble(t, func(t *testing.T, r *Room, _ *reader) {
		require.NoError(t, r.Join(ada, "Ada"))
		w := post(r.handler(), "/do?me="+ada, strings.NewReader(`{"say": "`+strings.Repeat(`\ud83d\ude00`, MaxText)+`"}`))
		assert.Equal(t, 204, w.Code, w.Body.String())
		var s state
		s.take(t, r.Since(feed.Cursor{}))
		assert.Equal(t, strings.Repeat("😀", MaxText), s.Chat[0].Text)
	})
}

func FuzzAction(f *testing.F) {
	for _, seed := range []string{`{"vote": 1}`, `{"join": "Ada"}`, `{"say": "hello"}`, `{"say": "\ud83d"}`, `{"vote": {}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r := newRoom(t, feed.Options{})
		var a Action
		if json.Unmarshal(body, &a) != nil {
			return
		}
		if err := r.Do(Visitor{Me: ada}, a); err != nil {
			var refusal *site.Refusal
			require.ErrorAs(t, err, &refusal)
			assert.Equal(t, "test-0", r.Now().String())
		} else {
			assert.Equal(t, "test-1", r.Now().String())
		}
		assert.True(t, json.Valid(r.Since(feed.Cursor{}).Snapshot))
	})
}
