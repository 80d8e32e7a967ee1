package room

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/feed"
	"example.com/ws101/demos/vote"
)

func TestActionThatComesTwiceIsDoneOnce(t *testing.T) {
	news := feed.New(feed.Options{Epoch: "test"})
	tally, err := vote.New(news, vote.Defaults())
	require.NoError(t, err)
	mux := http.NewServeMux()
	New(news, tally).Handle(mux)
	post := func(query string) (int, string) {
		r := httptest.NewRequest("POST", "/do?"+query, strings.NewReader(`{"vote": 1}`))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	for _, step := range []struct {
		query string
		count int
	}{
		{"me=0123456789abcdef&once=a", 301},
		{"me=0123456789abcdef&once=a", 301},
		{"me=0123456789abcdef&once=b", 302},
		{"me=fedcba9876543210&once=a", 303}, // another page's a is another action
		{"me=0123456789abcdef&once=a", 303},
		{"me=0123456789abcdef", 304}, // without a key, each one counts
		{"me=0123456789abcdef", 305},
	} {
		code, _ := post(step.query)
		assert.Equal(t, 204, code)
		assert.Contains(t, string(tally.State().JSON), fmt.Sprintf(`"count": %d}, "2"`, step.count), step.query)
	}
	code, text := post("once=" + strings.Repeat("x", 65))
	assert.Equal(t, 400, code)
	assert.Equal(t, "The key of an action (once) has at most 64 characters.\n", text)
}

func TestActsAreBoundedAndKeepHowItWent(t *testing.T) {
	var a acts
	no := errors.New("no")
	done := 0
	do := func() error { done++; return no }
	for range 3 {
		assert.Equal(t, no, a.do("first", do))
	}
	assert.Equal(t, 1, done)
	for i := range maxActs {
		assert.Equal(t, no, a.do(fmt.Sprint(i), do))
	}
	assert.Len(t, a.byKey, maxActs)
	assert.Len(t, a.order, maxActs)
	assert.Equal(t, 1+maxActs, done)
	assert.Equal(t, no, a.do("first", do), "it has been forgotten")
	assert.Equal(t, 2+maxActs, done)
}
