package longpolling

import (
	"context"
	"net/http"

	"example.com/ws101/demos/room"
	"example.com/ws101/demos/site"
)

// News returns the handler that answers a page which carries its own cursor, as soon as something
// came after it, or after 30 seconds. The server remembers nothing: if an answer is lost on the
// way, the page asks again with the same cursor and gets the same events.
//
// The answer is a feed.Batch as JSON. An empty cursor gets a snapshot at once. When closing ends,
// all that is held is answered.
func News(r *room.Room, closing context.Context) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		// Not HEAD: there is no sense in holding an answer that has no body.
		if !site.Allow(w, req, http.MethodGet) {
			return
		}
		visitor, err := room.Visit(req)
		if err != nil {
			site.RefuseError(w, err)
			return
		}
		answer := begin(w)
		ctx, done := patience(req, closing, hold)
		defer done()
		defer r.Enter(visitor.Me, "longpolling")()
		// When the time is over the batch is empty, and that is the answer.
		batch, _ := r.Wait(ctx, visitor.Cursor)
		if req.Context().Err() != nil {
			return // nobody is there to read it
		}
		_ = answer.Last(batch.AppendJSON(nil))
	})
}
