// Package polling is the simplest of the techniques: the page asks on a timer, and each
// answer comes at once and is whole.
//
// Its price: news waits half an interval on average until somebody asks for it, and most
// answers say nothing new. The second is made cheap here by an ETag: while
// nothing has changed, the answer is a 304 without a body.
package polling

import (
	"embed"
	"net/http"

	"example.com/ws101/demos/room"
	"example.com/ws101/demos/site"
	"example.com/ws101/demos/vote"
)

// Page has the page, and the module that brings news to it.
//
//go:embed page
var Page embed.FS

// Options say what is served.
type Options struct {
	// Room is what is told. It must be set.
	Room *room.Room
	// Origins are allowed to vote; nil means our own pages only.
	Origins *site.Origins
	// PageFile is a file to serve in place of our own page, if not empty.
	PageFile string
}

// New returns the demo, to be served at the root:
//
//	GET /               the page
//	POST /vote          a vote, {"uid": 1}
//	GET /get_vote       the counts, at once
//	GET /news?cursor=C  what came after C, at once; see News
//
// and what [room.Room.Handle] adds.
func New(o Options) http.Handler {
	mux := site.Mux(o.PageFile, Page)
	o.Room.Handle(mux)
	mux.HandleFunc("/get_vote", func(w http.ResponseWriter, r *http.Request) { getVote(w, r, o.Room.Tally) })
	mux.Handle("/news", News(o.Room))
	return o.Origins.Protect(mux)
}

// getVote answers with the whole state of the vote, or with 304 if the client says that it has it.
func getVote(w http.ResponseWriter, r *http.Request, tally *vote.Tally) {
	if !site.Allow(w, r, http.MethodGet, http.MethodHead) {
		return
	}
	state := tally.State()
	answer(w, r, state.Version.String(), func() []byte { return state.JSON })
}

// News returns the handler that answers at once with what came after the cursor of a page: a
// feed.Batch as JSON. While there is nothing new, the same request is answered with 304.
func News(r *room.Room) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if !site.Allow(w, req, http.MethodGet, http.MethodHead) {
			return
		}
		visitor, err := room.Visit(req)
		if err != nil {
			site.RefuseError(w, err)
			return
		}
		r.Seen(visitor.Me, "polling")
		// The version first: if there is news in between, the tag is too old and costs a request.
		version := r.Version().String()
		answer(w, req, version, func() []byte { return r.Since(visitor.Cursor).AppendJSON(nil) })
	})
}

// answer answers with a body of this version, unless the client has it already.
func answer(w http.ResponseWriter, r *http.Request, version string, body func() []byte) {
	// The version names the state exactly, and no other run of the server will use it again.
	etag := `"` + version + `"`
	h := w.Header()
	h.Set("ETag", etag)
	// no-cache does not mean "do not keep". It means "keep, but ask me before you use it", and
	// with that a browser sends If-None-Match by itself.
	h.Set("Cache-Control", "no-cache")
	if matches(r.Header.Values("If-None-Match"), etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", "application/json")
	_, _ = w.Write(body()) // a poll that is gone asks again
}
