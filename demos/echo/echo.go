// Package echo sends every message back as it came. It is the smallest WebSocket server there
// is, and shows how package rfc6455 is used under net/http. Its page shows all that the browser's own
// WebSocket has.
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

// subprotocols are what a client may choose from, the preferred one first. The echo is the same
// in both, and without one.
var subprotocols = []string{"echo.v2", "echo.v1"}

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
//	GET /upgrade         with Upgrade: its own head as a first message, and then the same
//	GET /headers         its own head
//
// A head is JSON: {"line": "GET /headers HTTP/1.1", "fields": [{"name": "Accept", "value": "*/*"}, ...]}.
func New(o Options) http.Handler {
	own, err := fs.Sub(page, "page")
	if err != nil {
		panic(err) // the folder is embedded
	}
	accept := &rfc6455.AcceptOptions{
		Options:      rfc6455.Options{MaxMessage: MaxMessage, WriteTimeout: writeTimeout, Group: o.Group},
		Origin:       o.Origins.CheckUpgrade,
		Subprotocols: subprotocols,
	}
	mux := http.NewServeMux()
	if o.PageFile == "" {
		mux.Handle("/{$}", site.Page(own))
	} else {
		mux.Handle("/{$}", site.PageFile(o.PageFile))
	}
	mux.Handle("/", site.Files(own))
	connect := func(w http.ResponseWriter, r *http.Request) {
		if conn, err := rfc6455.Upgrade(w, r, accept); err == nil { // else it has been answered
			go serve(conn, rfc6455.Handler{Message: echo})
		}
	}
	mux.HandleFunc("/ws", connect)
	mux.HandleFunc("/foobar", connect) // the classic tutorials use either
	mux.HandleFunc("/upgrade", func(w http.ResponseWriter, r *http.Request) {
		if conn, err := rfc6455.Upgrade(w, r, accept); err == nil {
			head := headOf(r)
			go serve(conn, rfc6455.Handler{Message: echo, Open: func(c *rfc6455.Conn) { echo(c, rfc6455.Text, head) }})
		}
	})
	mux.HandleFunc("/headers", serveHead)
	return mux
}

func serve(c *rfc6455.Conn, h rfc6455.Handler) { _ = c.Serve(context.Background(), h) }

func echo(c *rfc6455.Conn, t rfc6455.MessageType, p []byte) {
	_ = c.Write(context.Background(), t, p) // an error ends the connection, and Serve with it
}
