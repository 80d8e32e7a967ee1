// Package polling is the simplest of the techniques: the page asks on a timer, and each
// answer comes at once and is whole.
//
// Its price: news waits half an interval on average until somebody asks for it, and most
// answers say nothing new. The second is made cheap here by an ETag: while
// nothing has changed, the answer is a 304 without a body.
package polling

import (
	"embed"
	"io/fs"
	"net/http"

	"example.com/ws101/demos/site"
	"example.com/ws101/demos/vote"
)

//go:embed page
var page embed.FS

// Options say what is served.
type Options struct {
	// Tally is the vote. It must be set.
	Tally *vote.Tally
	// Origins are allowed to vote; nil means our own pages only.
	Origins *site.Origins
	// PageFile is a file to serve in place of our own page, if not empty.
	PageFile string
}

// New returns the demo, to be served at the root:
//
//	GET /           the page
//	POST /vote      a vote, {"uid": 1}
//	GET /get_vote   the counts, at once
func New(o Options) http.Handler {
	own, err := fs.Sub(page, "page")
	if err != nil {
		panic(err) // the folder is embedded
	}
	mux := http.NewServeMux()
	if o.PageFile == "" {
		mux.Handle("/{$}", site.Page(own))
	} else {
		mux.Handle("/{$}", site.PageFile(o.PageFile))
	}
	mux.Handle("/", site.Files(own))
	mux.HandleFunc("/vote", o.Tally.Post)
	mux.HandleFunc("/get_vote", func(w http.ResponseWriter, r *http.Request) { getVote(w, r, o.Tally) })
	return o.Origins.Protect(mux)
}

// getVote answers with the whole state, or with 304 if the client says that it has it.
func getVote(w http.ResponseWriter, r *http.Request, tally *vote.Tally) {
	if !site.Allow(w, r, http.MethodGet, http.MethodHead) {
		return
	}
	state := tally.State()
	// The version names the state exactly, and no other run of the server will use it again.
	etag := `"` + state.Version.String() + `"`
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
	_, _ = w.Write(state.JSON) // a poll that is gone asks again
}
