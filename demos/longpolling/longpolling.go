// Package longpolling brings news at once with plain requests: the server holds a request until
// there is news, or until 30 seconds have passed, then answers, and the page asks again.
//
// The classic server keeps a queue for each client. Here a client is a cursor, so
// nothing is lost between two requests, and nothing is kept for a client that does not come
// back. Our own page carries its cursor in the request (see News); for pages
// written for the classic server, the cursor is found by a session cookie (see classic.go).
package longpolling

import (
	"context"
	"embed"
	"net/http"
	"time"

	"example.com/ws101/demos/polling"
	"example.com/ws101/demos/room"
	"example.com/ws101/demos/site"
	"example.com/ws101/demos/vote"
)

// Page has the page, and the module that brings news to it.
//
//go:embed page
var Page embed.FS

// hold is how long a request waits for news. Proxies and browsers give up on a silent answer
// after a minute or more; half of that is safe everywhere.
const hold = 30 * time.Second

// Options say what is served.
type Options struct {
	// Room is what is told. It must be set.
	Room *room.Room
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
//	GET /               the page, with a session cookie
//	POST /vote          a vote, {"uid": 1}
//	GET /get_vote       the counts, when this session has not had them; "" after 30 s
//	GET /news?cursor=C  what came after C; see News
//	GET /poll?cursor=C  the same at once, for a page that may not hold a request; see polling.News
//
// and what [room.Room.Handle] adds.
func New(o Options) http.Handler {
	if o.MaxSessions <= 0 {
		o.MaxSessions = 10_000
	}
	d := &demo{tally: o.Room.Tally, closing: o.Closing, sessions: newSessions(o.MaxSessions)}
	files := site.Mux(o.PageFile, Page, polling.Page)
	mux := http.NewServeMux()
	mux.Handle("/{$}", d.withSession(files))
	mux.Handle("/", files)
	o.Room.Handle(mux)
	mux.HandleFunc("/get_vote", func(w http.ResponseWriter, r *http.Request) {
		if site.Allow(w, r, http.MethodGet) {
			d.classic(w, r)
		}
	})
	mux.Handle("/news", News(o.Room, o.Closing))
	mux.Handle("/poll", polling.News(o.Room))
	return o.Origins.Protect(mux)
}

// begin sends the status and the header fields of an answer that is held.
func begin(w http.ResponseWriter) *site.Stream {
	w.Header().Set("Content-Type", "application/json")
	return site.OpenStream(w)
}

// patience returns a context that ends when r should be answered even without news: after limit,
// when the client is gone, or when the server closes.
func patience(r *http.Request, closing context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	ctx, done := site.Hold(r, closing)
	ctx, cancel := context.WithTimeout(ctx, limit)
	return ctx, func() { cancel(); done() }
}
