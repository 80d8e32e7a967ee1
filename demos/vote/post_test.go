package vote

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"

	"example.com/ws101/demos/feed"
)

func TestPost(t *testing.T) {
	const jsonType = "application/json"
	for name, test := range map[string]struct {
		method, kind string
		body         io.Reader
		status       int
		answer       string
	}{
		"number":          {"POST", jsonType, strings.NewReader(`{"uid": 1}`), 200, "投票成功"},
		"string":          {"POST", jsonType, strings.NewReader(`{"uid": "1"}`), 200, "投票成功"},
		"with a charset":  {"POST", "application/json;charset=UTF-8", strings.NewReader(`{"uid":1}`), 200, "投票成功"},
		"as large as can": {"POST", jsonType, strings.NewReader(`{"uid":1}` + strings.Repeat(" ", 1024-9)), 200, "投票成功"},
		"too large":       {"POST", jsonType, strings.NewReader(`{"uid":1}` + strings.Repeat(" ", 1024-8)), 413, "The body of a vote has at most 1024 bytes.\n"},
		"unknown":         {"POST", jsonType, strings.NewReader(`{"uid": 9}`), 404, "There is no candidate with the uid 9.\n"},
		"malformed uid":   {"POST", jsonType, strings.NewReader(`{"uid": 1.5}`), 400, "The uid must be a whole number in plain digits, such as 1.\n"},
		"malformed body":  {"POST", jsonType, strings.NewReader(`uid=1`), 400, "The body must be one JSON object with a uid and nothing after it, such as {\"uid\": 1}.\n"},
		"no body":         {"POST", jsonType, nil, 400, "The body must be one JSON object with a uid and nothing after it, such as {\"uid\": 1}.\n"},
		"cut off":         {"POST", jsonType, iotest.ErrReader(errors.New("gone")), 400, "The body of a vote did not arrive.\n"},
		"a form":          {"POST", "application/x-www-form-urlencoded", strings.NewReader(`{"uid":1}`), 415, "The body of a vote must have the Content-Type application/json.\n"},
		"no type":         {"POST", "", strings.NewReader(`{"uid":1}`), 415, "The body of a vote must have the Content-Type application/json.\n"},
		"text":            {"POST", "text/plain", strings.NewReader(`{"uid":1}`), 415, "The body of a vote must have the Content-Type application/json.\n"},
		"another charset": {"POST", "application/json; charset=gbk", strings.NewReader(`{"uid":1}`), 415, "The body of a vote must have the Content-Type application/json.\n"},
		"get":             {"GET", "", nil, 405, "This address takes only POST.\n"},
		"put":             {"PUT", jsonType, strings.NewReader(`{"uid":1}`), 405, "This address takes only POST.\n"},
		"options":         {"OPTIONS", "", nil, 405, "This address takes only POST.\n"},
	} {
		t.Run(name, func(t *testing.T) {
			tally := newTally(t, feed.Options{})
			before := string(tally.State().JSON)
			r := httptest.NewRequest(test.method, "/vote", test.body)
			if test.kind != "" {
				r.Header.Set("Content-Type", test.kind)
			}
			w := httptest.NewRecorder()
			tally.Post(w, r)
			assert.Equal(t, test.status, w.Code)
			assert.Equal(t, test.answer, w.Body.String())
			assert.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"))
			assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
			if test.status == http.StatusOK {
				assert.Equal(t, "test-1", tally.Now().String())
			} else {
				assert.Equal(t, before, string(tally.State().JSON), "nothing is counted")
			}
			if test.status == http.StatusMethodNotAllowed {
				assert.Equal(t, "POST", w.Header().Get("Allow"))
			}
		})
	}
}
