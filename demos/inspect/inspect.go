// Package inspect shows what crosses the wire, live: each HTTP head, chunk,
// server-sent event and WebSocket frame of every connection is a row of a time
// line, taken apart to the last bit and judged.
package inspect

import (
	"context"
	"crypto/rand"
	"embed"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"example.com/ws101/demos/echo"
	"example.com/ws101/demos/inspect/editor"
	"example.com/ws101/demos/inspect/export"
	"example.com/ws101/demos/inspect/proxy"
	"example.com/ws101/demos/site"
	"example.com/ws101/demos/wire"
	"example.com/ws101/rfc6455"
)

// Page is the folder with the page and its modules.
//
//go:embed page
var Page embed.FS

// Options say what is served.
type Options struct {
	// Tap is on the connections that are shown. It hides what [Own] says. If it
	// is nil, the inspector is off: all requests are refused, with a sentence.
	Tap *wire.Tap
	// Everywhere serves also those who come from other machines, or through a
	// proxy. They see everybody's cookies.
	Everywhere bool
	// Origins are allowed to connect to the echo that is served beside the page;
	// the inspector itself is for its own page only.
	Origins *site.Origins
	// Proxy is the one whose connections are on the tap, or nil. The editor can
	// inject into it.
	Proxy *proxy.Proxy
	// PageFile is a file to serve in place of our own page, if not empty.
	PageFile string
	// Group has all WebSockets while they are open, so that a server that shuts
	// down can close them. Nil is allowed.
	Group *rfc6455.Group
	// Closing ends when the server begins to shut down. Nil never ends.
	Closing context.Context
}

// demo is the inspector of one server.
type demo struct {
	tap   *wire.Tap
	log   *log
	group *rfc6455.Group
	epoch string
}

// New returns the demo, to be served at the root:
//
//	GET /       the page
//	GET /ws     with Upgrade: the rows, as JSON; see the page's feed.js
//	GET /echo/  the echo demo, for something to look at
//	GET /export rows as a file; see [export.Handler]
//	/editor/    the frame editor; see [editor.New]
func New(o Options) http.Handler {
	d := &demo{tap: o.Tap, log: newLog(o.Tap), group: o.Group, epoch: rand.Text()}
	if o.Closing != nil {
		context.AfterFunc(o.Closing, d.log.stop)
	}
	mux := site.Mux(o.PageFile, Page)
	mux.HandleFunc("/ws", d.feed)
	echoes := http.StripPrefix("/echo", echo.New(echo.Options{Origins: o.Origins, Group: o.Group}))
	mux.Handle("/echo/", echoes)
	mux.Handle("/export", export.Handler(o.Tap))
	mux.Handle("/editor/", http.StripPrefix("/editor", editor.New(editor.Options{
		Tap: o.Tap, Echo: echoes, MaxMessage: echo.MaxMessage, Proxy: o.Proxy,
	})))
	return guard(o, mux)
}

// Own reports whether a path belongs to an inspector that is served under a
// prefix, such as "/inspect/", or to how it comes to its rows. The echo beside it
// does not.
func Own(prefix, path string) bool {
	rest, ok := strings.CutPrefix(path, prefix)
	return ok && !strings.HasPrefix(rest, "echo/")
}

// guard keeps out who must not see other people's cookies.
func guard(o Options, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if o.Tap == nil || !o.Everywhere && !isLocal(r) {
			site.Refuse(w, http.StatusForbidden, "The inspector is off. It shows all that crosses the wire, and everybody's cookies with it, "+
				"and this server can be reached from other machines. Start it with -inspect to have the inspector all the same.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isLocal reports whether a request comes from this machine, and not through a
// proxy.
func isLocal(r *http.Request) bool {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via"} {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if ok {
		at, err := netip.ParseAddrPort(local.String())
		if err != nil || !at.Addr().Unmap().IsLoopback() {
			return false
		}
	}
	host := (&url.URL{Host: r.Host}).Hostname()
	at, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && at.Unmap().IsLoopback()
}
