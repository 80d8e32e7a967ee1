// Package websocket brings news, and votes, over one connection that stays open: after one
// Upgrade both sides send messages whenever they have something to say.
//
// A WebSocket comes in through the three methods of a Conn, so that one of your own can carry
// the vote too; see Carry.
package websocket

import (
	"context"
	"embed"
	"io/fs"
	"net/http"
	"time"

	"example.com/ws101/demos/feed"
	"example.com/ws101/demos/site"
	"example.com/ws101/demos/vote"
	"example.com/ws101/handshake"
	"example.com/ws101/rfc6455"
)

//go:embed page
var page embed.FS

const (
	// maxMessage is the most bytes that a client may send at once. A vote has one to sixteen; the
	// rest is room for a sentence to somebody who sends something else.
	maxMessage = 64 << 10
	// writeTimeout is how long a client may take nothing before it is cut.
	writeTimeout = 10 * time.Second
)

// Options say what is served.
type Options struct {
	// Tally is the vote. It must be set.
	Tally *vote.Tally
	// Origins are allowed to connect; nil means our own pages only.
	Origins *site.Origins
	// PageFile is a file to serve in place of our own page, if not empty.
	PageFile string
	// Group has all connections while they are open, so that a server that shuts down can close
	// them: net/http knows nothing of them any more. Nil is allowed.
	Group *rfc6455.Group
}

type demo struct {
	tally  *vote.Tally
	accept rfc6455.AcceptOptions
}

// New returns the demo, to be served at the root:
//
//	GET /               the page
//	GET /vote           with Upgrade: a connection of the form Classic
//	GET /vote?cursor=C  with Upgrade: one of the form Batches, with what came after C
func New(o Options) http.Handler {
	own, err := fs.Sub(page, "page")
	if err != nil {
		panic(err) // the folder is embedded
	}
	d := &demo{tally: o.Tally, accept: rfc6455.AcceptOptions{
		Options: rfc6455.Options{MaxMessage: maxMessage, WriteTimeout: writeTimeout, Group: o.Group},
		Origin:  o.Origins.CheckUpgrade,
	}}
	mux := http.NewServeMux()
	if o.PageFile == "" {
		mux.Handle("/{$}", site.Page(own))
	} else {
		mux.Handle("/{$}", site.PageFile(o.PageFile))
	}
	mux.Handle("/", site.Files(own))
	mux.HandleFunc("/vote", d.connect)
	return mux
}

// connect answers a handshake. Without an Upgrade the answer is 426, from a page of another origin
// 403, each with a sentence.
func (d *demo) connect(w http.ResponseWriter, r *http.Request) {
	// A classic page learns the votes from here on. A vote that is counted before the 101 has
	// arrived is among them.
	from, form := d.tally.Now(), Classic
	accept := d.accept
	if query := r.URL.Query(); query.Has("cursor") {
		accept.Check = func(*handshake.Request) (err error) {
			form = Batches
			from, err = feed.ParseCursor(query.Get("cursor"))
			if err != nil {
				return errCursor
			}
			return nil
		}
	}
	conn, err := rfc6455.Upgrade(w, r, &accept)
	if err != nil {
		return // it has been answered
	}
	// In a goroutine of its own: with the end of this one, the request and its
	// buffers are let go.
	go func() { _ = Carry(context.Background(), Adapt(conn), d.tally, from, form) }()
}

var errCursor = &handshake.Error{
	Status: http.StatusBadRequest,
	Text:   "the cursor must be empty, or as an earlier message gave it, such as k3f9a2-17",
}
