// Package websocket brings news, and votes, over one connection that stays open: after one
// Upgrade both sides send messages whenever they have something to say.
//
// A WebSocket comes in through the three methods of a Conn, so that one of your own can carry
// the vote too; see [Carrier].
package websocket

import (
	"embed"
	"errors"
	"net/http"
	"time"

	"example.com/ws101/demos/room"
	"example.com/ws101/demos/site"
	"example.com/ws101/handshake"
	"example.com/ws101/rfc6455"
)

// Page has the page, and the module that brings news to it.
//
//go:embed page
var Page embed.FS

const (
	// maxMessage is the most bytes that a client may send at once: a line of the chat has less. The
	// rest is room for a sentence to somebody who sends something else.
	maxMessage = 64 << 10
	// writeTimeout is how long a client may take nothing before it is cut.
	writeTimeout = 10 * time.Second
)

// Options say what is served.
type Options struct {
	// Room is what is told. It must be set.
	Room *room.Room
	// Origins are allowed to connect and to vote; nil means our own pages only.
	Origins *site.Origins
	// PageFile is a file to serve in place of our own page, if not empty.
	PageFile string
	// Group has all connections while they are open, so that a server that shuts down can close
	// them: net/http knows nothing of them any more. Nil is allowed.
	Group *rfc6455.Group
}

// New returns the demo, to be served at the root:
//
//	GET /               the page
//	GET /vote           with Upgrade: a connection of the form Classic
//	GET /news?cursor=C  with Upgrade: one of the form Batches, with what came after C; see News
//
// and /do and /leave of [room.Room.Handle].
func New(o Options) http.Handler {
	return newDemo(o).handler(o.PageFile)
}

// News returns the handler of /news alone.
func News(o Options) http.Handler { return http.HandlerFunc(newDemo(o).news) }

type demo struct {
	room    *room.Room
	carrier *Carrier
	origins *site.Origins
	accept  rfc6455.AcceptOptions
}

func newDemo(o Options) *demo {
	return &demo{
		room: o.Room, carrier: NewCarrier(o.Room), origins: o.Origins,
		accept: rfc6455.AcceptOptions{
			Options: rfc6455.Options{MaxMessage: maxMessage, WriteTimeout: writeTimeout, Group: o.Group},
			Origin:  o.Origins.CheckUpgrade,
		},
	}
}

func (d *demo) handler(pageFile string) http.Handler {
	mux := site.Mux(pageFile, Page)
	mux.HandleFunc("/vote", d.classic)
	mux.HandleFunc("/news", d.news)
	// A handshake is guarded by itself, and refused with the rule that it breaks; see Accept. A
	// POST needs another guard.
	posts := http.NewServeMux()
	d.room.Handle(posts)
	guarded := d.origins.Protect(posts)
	mux.Handle("/do", guarded)
	mux.Handle("/leave", guarded)
	return mux
}

// classic answers a handshake for a page that knows no cursor. Without an Upgrade the answer is 426,
// from a page of another origin 403, each with a sentence.
func (d *demo) classic(w http.ResponseWriter, r *http.Request) {
	// Such a page learns the votes from here on. A vote that is counted before the 101 has
	// arrived is among them.
	visitor := room.Visitor{Cursor: d.room.Now()}
	d.connect(w, r, &d.accept, visitor, Classic)
}

// news answers a handshake for a page that tells its cursor.
func (d *demo) news(w http.ResponseWriter, r *http.Request) {
	visitor, err := room.Visit(r)
	accept := &d.accept // one for all: a connection keeps its options
	if err != nil {
		refusing := d.accept
		refusing.Check = func(*handshake.Request) error { return refused(err) }
		accept = &refusing
	}
	d.connect(w, r, accept, visitor, Batches)
}

func (d *demo) connect(w http.ResponseWriter, r *http.Request, accept *rfc6455.AcceptOptions, visitor room.Visitor, form Form) {
	conn, err := rfc6455.Upgrade(w, r, accept)
	if err != nil {
		return // it has been answered
	}
	// In a goroutine of its own: with the end of this one, the request and its
	// buffers are let go.
	c := d.carrier.enter(Adapt(conn), visitor, form)
	go func() { _ = c.carry() }()
}

// refused makes the answer to a handshake out of a *site.Refusal.
func refused(err error) error {
	var r *site.Refusal
	if !errors.As(err, &r) {
		return err
	}
	return &handshake.Error{Status: r.Status, Text: r.Sentence}
}
