package polling

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const me = "0123456789abcdef"

func TestNewsIsWhatCameAfterTheCursor(t *testing.T) {
	r := newRoom(t)
	h := New(Options{Room: r})
	snapshot := `{"cursor": "test-0", "snapshot": true, "state": {"vote": ` + start + `, "chat": [], "here": []}}`
	w := do(h, "GET", "/news", "")
	assert.Equal(t, snapshot, w.Body.String())
	assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
	assert.Equal(t, "no-cache", w.Header().Get("Cache-Control"))
	assert.Equal(t, snapshot, do(h, "GET", "/news?cursor=other-7", "").Body.String(), "of an earlier server")
	assert.Equal(t, `{"cursor": "test-0", "snapshot": false, "events": []}`, do(h, "GET", "/news?cursor=test-0", "").Body.String())

	_, err := r.Tally.Vote(1)
	require.NoError(t, err)
	_, err = r.Tally.Vote(2)
	require.NoError(t, err)
	assert.Equal(t, `{"cursor": "test-2", "snapshot": false, "events": [{"vote": {"uid": 2, "name": "厂长", "count": 201}}]}`,
		do(h, "GET", "/news?cursor=test-1", "").Body.String())
}

func TestNewsOfTheSameVersionIsNotModified(t *testing.T) {
	r := newRoom(t)
	h := New(Options{Room: r})
	etag := do(h, "GET", "/news?cursor=test-0", "").Header().Get("ETag")
	assert.Equal(t, `"test-0"`, etag)
	w := do(h, "GET", "/news?cursor=test-0", "", "If-None-Match", etag)
	assert.Equal(t, 304, w.Code)
	assert.Empty(t, w.Body.String())

	// A line of the chat is news here, and is none for the classic address.
	classic := do(h, "GET", "/get_vote", "").Header().Get("ETag")
	_, err := r.SayAs("Ada", "hello")
	require.NoError(t, err)
	assert.Equal(t, 200, do(h, "GET", "/news?cursor=test-0", "", "If-None-Match", etag).Code)
	assert.Equal(t, 304, do(h, "GET", "/get_vote", "", "If-None-Match", classic).Code)
}

func TestNewsRefuses(t *testing.T) {
	h, _ := newDemo(t)
	for _, test := range []struct {
		method, path string
		status       int
		answer       string
	}{
		{"POST", "/news", 405, "This address takes only GET and HEAD.\n"},
		{"GET", "/news?cursor=x", 400, "The cursor must be empty, or as an earlier answer gave it, such as k3f9a2-17.\n"},
		{"GET", "/news?me=short", 400, "The id of a page (me) is 16 to 64 letters and digits that it made up.\n"},
	} {
		w := do(h, test.method, test.path, "")
		assert.Equal(t, test.status, w.Code, test.path)
		assert.Equal(t, test.answer, w.Body.String(), test.path)
	}
}

// Who polls may be in a hidden tab, where timers run once a minute.
func TestWhoAsksOnceAMinuteIsHere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t)
		h := New(Options{Room: r})
		require.NoError(t, r.Join(me, "Ada"))
		for range 5 {
			do(h, "GET", "/news?me="+me, "")
			time.Sleep(time.Minute)
		}
		ada := `"here": [{"name":"Ada","by":"polling","here":true}]`
		assert.Contains(t, do(h, "GET", "/news", "").Body.String(), ada)
		time.Sleep(31 * time.Second)
		assert.NotContains(t, do(h, "GET", "/news", "").Body.String(), ada)
	})
}
