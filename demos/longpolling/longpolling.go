// Package longpolling brings news at once with plain requests: the server holds a request until
// there is news, or until 30 seconds have passed, then answers, and the page asks again.
//
// The classic server keeps a queue for each client. Here a client is a cursor, so
// nothing is lost between two requests, and nothing is kept for a client that does not come
// back. Our own page carries its cursor in the request (see news.go); for pages
// written for the classic server, the cursor is found by a session cookie (see classic.go).
package longpolling

import (
	"context"
	"embed"
	"io/fs"
	"net/http"
	"time"

	"example.com/ws101/demos/site"
	"example.com/ws101/demos/vote"
)

//go:embed page
var page embed.FS

// hold is how long a request waits for news. Proxies and browsers give up on a silent answer
// after a minute or more; half of that is safe everywhere.
const hold = 30 * time.Second

// Options say what is served.
type Options struct {
	// Tally is the vote. It must be set.
	Tally *vote.Tally
	// Origins are allowed to vote; nil means our own pages only.
	Origins *site.Origins
	// PageFile is a file to serve in place of our own page, if not empty.
	PageFile string
	// Closing, when it ends, answers all requests that are held, as if their time were
	// over, and no request is held after that. A server that shuts down ends it. Nil never ends.
	Closing context.Context
	// MaxSessions bounds how many classic pages are remembered; 0 means 10,000.
	// The one that was quiet longest goes first.
	MaxSessions int
}

type demo struct {
	tally    *vote.Tally
	closing  context.Context
	sessions *sessions
	pace     pace
}

// New returns the demo, to be served at the root:
//
//	GET /                   the page, with a session cookie
//	POST /vote              a vote, {"uid": 1}
//	GET /get_vote           the counts, when this session has not had them; "" after 30 s
//	GET /get_vote?cursor=C  what came after C; nothing new after 30 s
func New(o Options) http.Handler {
	own, err := fs.Sub(page, "page")
	if err != nil {
		panic(err) // the folder is embedded
	}
	if o.Closing == nil {
		o.Closing = context.Background()
	}
	if o.MaxSessions <= 0 {
		o.MaxSessions = 10_000
	}
	d := &demo{tally: o.Tally, closing: o.Closing, sessions: newSessions(o.MaxSessions)}
	mux := http.NewServeMux()
	if o.PageFile == "" {
		mux.Handle("/{$}", d.withSession(site.Page(own)))
	} else {
		mux.Handle("/{$}", d.withSession(site.PageFile(o.PageFile)))
	}
	mux.Handle("/", site.Files(own))
	mux.HandleFunc("/vote", o.Tally.Post)
	mux.HandleFunc("/get_vote", func(w http.ResponseWriter, r *http.Request) {
		// Not HEAD: there is no sense in holding an answer that has no body.
		if !site.Allow(w, r, http.MethodGet) {
			return
		}
		if r.URL.Query().Has("cursor") {
			d.news(w, r)
		} else {
			d.classic(w, r)
		}
	})
	return o.Origins.Protect(mux)
}

// begin sends the status and the header fields, so that from here only the body is held.
//
// A browser that has asked for the same address before waits to see whether it may reuse that
// answer. Two tabs with the same page would wait for each other. With
// no-store in front of it at once, the browser knows that there is nothing to share.
func begin(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx keeps nothing back
	// An error means that the client is gone. Then its context ends too.
	_ = http.NewResponseController(w).Flush()
}

// patience returns a context that ends when r should be answered even without news: after limit,
// when the client is gone, or when the server closes.
func (d *demo) patience(r *http.Request, limit time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(r.Context(), limit)
	stop := context.AfterFunc(d.closing, cancel)
	return ctx, func() { stop(); cancel() }
}
