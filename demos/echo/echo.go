// Package echo sends every message back as it came. It is the smallest WebSocket server there
// is, and shows how package rfc6455 is used under net/http.
package echo

import (
	"context"
	"embed"
	"io/fs"
	"net/http"
	"time"

	"example.com/ws101/demos/site"
	"example.com/ws101/rfc6455"
)

//go:embed page
var page embed.FS

const (
	// MaxMessage is the most bytes that a message may have. A longer one ends the connection
	// with 1009.
	MaxMessage = 16 << 20
	// writeTimeout is how long a client may leave its own words unread before it is cut.
	writeTimeout = 10 * time.Second
)

// Options say what is served.
type Options struct {
	// Origins are allowed to connect; nil means our own pages only.
	Origins *site.Origins
	// PageFile is a file to serve in place of our own page, if not empty.
	PageFile string
	// Group has all connections while they are open, so that a server that shuts down can close
	// them. Nil is allowed.
	Group *rfc6455.Group
}

// New returns the demo, to be served at the root:
//
//	GET /                the page
//	GET /ws and /foobar  with Upgrade: every message back, of the same type
func New(o Options) http.Handler {
	own, err := fs.Sub(page, "page")
	if err != nil {
		panic(err) // the folder is embedded
	}
	accept := &rfc6455.AcceptOptions{
		Options: rfc6455.Options{MaxMessage: MaxMessage, WriteTimeout: writeTimeout, Group: o.Group},
		Origin:  o.Origins.CheckUpgrade,
	}
	connect := func(w http.ResponseWriter, r *http.Request) {
		conn, err := rfc6455.Upgrade(w, r, accept)
		if err != nil {
			return // it has been answered
		}
		go func() { _ = conn.Serve(context.Background(), rfc6455.Handler{Message: echo}) }()
	}
	mux := http.NewServeMux()
	if o.PageFile == "" {
		mux.Handle("/{$}", site.Page(own))
	} else {
		mux.Handle("/{$}", site.PageFile(o.PageFile))
	}
	mux.Handle("/", site.Files(own))
	mux.HandleFunc("/ws", connect)
	mux.HandleFunc("/foobar", connect) // the classic tutorials use either
	return mux
}

func echo(c *rfc6455.Conn, t rfc6455.MessageType, p []byte) {
	_ = c.Write(context.Background(), t, p) // an error ends the connection, and Serve with it
}
