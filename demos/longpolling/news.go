package longpolling

import (
	"net/http"

	"example.com/ws101/demos/feed"
	"example.com/ws101/demos/site"
)

// news answers a page that carries its own cursor. The server remembers nothing: if an answer
// is lost on the way, the page asks again with the same cursor and gets the same events.
//
// The answer is a feed.Batch as JSON. An empty cursor gets a snapshot at once. With wait=0
// the answer comes at once in any case, which makes a plain poll of it.
func (d *demo) news(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	cursor, err := feed.ParseCursor(query.Get("cursor"))
	if err != nil {
		site.Refuse(w, http.StatusBadRequest, "The cursor must be empty, or as an earlier answer gave it, such as k3f9a2-17.")
		return
	}
	limit := hold
	switch query.Get("wait") {
	case "":
	case "0":
		limit = 0
	default:
		site.Refuse(w, http.StatusBadRequest, "The only value that wait can have is 0.")
		return
	}
	begin(w)
	ctx, done := d.patience(r, limit)
	defer done()
	// When the time is over the batch is empty, and that is the answer.
	batch, _ := d.tally.Wait(ctx, cursor)
	if r.Context().Err() != nil {
		return // nobody is there to read it
	}
	_, _ = w.Write(batch.AppendJSON(nil))
}
