package site

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestRefuseError(t *testing.T) {
	full := &Refusal{Status: 503, Sentence: "The room is full.", After: time.Minute}
	for _, test := range []struct {
		err      error
		status   int
		sentence string
		after    string
	}{
		{&Refusal{Status: 404, Sentence: "There is no such thing."}, 404, "There is no such thing.", ""},
		{full, 503, "The room is full.", "60"},
		{fmt.Errorf("while joining: %w", full), 503, "The room is full.", "60"},
		{&Refusal{Status: 429, Sentence: "Wait.", After: time.Second}, 429, "Wait.", "1"},
		{&Refusal{Status: 429, Sentence: "Wait.", After: time.Second / 5}, 429, "Wait.", "1"}, // not 0: that would mean at once
		{&Refusal{Status: 429, Sentence: "Wait.", After: time.Second + 1}, 429, "Wait.", "2"},
		{errors.New("secret of the server"), 500, "The server failed to do this.", ""},
	} {
		w := httptest.NewRecorder()
		RefuseError(w, test.err)
		assert.Equal(t, test.status, w.Code)
		assert.Equal(t, test.sentence+"\n", w.Body.String())
		assert.Equal(t, test.after, w.Header().Get("Retry-After"))
		assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
		assert.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"))
	}
	assert.Equal(t, "The room is full.", full.Error())
}

func TestAllow(t *testing.T) {
	w := httptest.NewRecorder()
	assert.True(t, Allow(w, httptest.NewRequest("HEAD", "/", nil), "GET", "HEAD"))
	assert.Empty(t, w.Header())
	assert.False(t, Allow(w, httptest.NewRequest("PUT", "/", nil), "GET", "HEAD"))
	assert.Equal(t, 405, w.Code)
	assert.Equal(t, "GET, HEAD", w.Header().Get("Allow"))
	assert.Equal(t, "This address takes only GET and HEAD.\n", w.Body.String())
}
