package streaming

import (
	"context"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/feed"
	"example.com/ws101/demos/room"
	"example.com/ws101/demos/vote"
)

// An iframe has no event for "open", so a page that comes back with the newest cursor would seem to be
// connecting until the next news.
func TestTheFirstScriptComesAtOnceEvenWithoutNews(t *testing.T) {
	news := feed.New(feed.Options{Epoch: "test"})
	tally, err := vote.New(news, vote.Defaults())
	require.NoError(t, err)
	over, end := context.WithCancel(t.Context())
	end() // the stream ends right after its beginning
	w := httptest.NewRecorder()
	News(room.New(news, tally), over).ServeHTTP(w, httptest.NewRequest("GET", "/news?cursor=test-0", nil))
	assert.Contains(t, w.Body.String(), `parent.ws101.take({"cursor": "test-0", "snapshot": false, "events": []});`)
	assert.Contains(t, w.Body.String(), `parent.ws101.end("the server shuts down");`)
}
