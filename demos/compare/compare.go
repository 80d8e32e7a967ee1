// Package compare shows all five techniques on one page while they carry the
// same events: what each sends and when, what it costs, and what happens when
// the connection breaks.
//
// A page has five lanes, one for each technique, and asks on each with an id of
// its own: /sse/news?page=ID&cursor=C. What crosses the wire for it comes from a
// tap, over one WebSocket more, the control channel, on which the page also says
// what it wants to happen.
package compare

import (
	"context"
	"embed"
	"net/http"

	"example.com/ws101/demos/longpolling"
	"example.com/ws101/demos/polling"
	"example.com/ws101/demos/room"
	"example.com/ws101/demos/site"
	"example.com/ws101/demos/sse"
	"example.com/ws101/demos/streaming"
	"example.com/ws101/demos/websocket"
	"example.com/ws101/demos/wire"
	"example.com/ws101/rfc6455"
)

// Page has the modules of the comparison, which the start page uses.
//
//go:embed page
var Page embed.FS

// Modules are the folders whose modules the comparison uses beside its own.
var Modules = []embed.FS{polling.Page, longpolling.Page, streaming.Page, sse.Page, websocket.Page, Page}

// Options say what is compared.
type Options struct {
	// Room is what is told. It must be set.
	Room *room.Room
	// Tap is on the connections of the server, whose ConnContext is that of
	// package wire. Nil is for a server that has none: the comparison is off.
	Tap *wire.Tap
	// Everywhere serves also those who come from other machines.
	Everywhere bool
	// Closing, when it ends, answers all requests that are held. Nil never ends.
	Closing context.Context
	// Group has all WebSockets while they are open. Nil is allowed.
	Group *rfc6455.Group
}

// IsFor reports whether the comparison may be used by whoever made a request. It
// shows what crosses the wire, so it is for people at this machine.
func (o Options) IsFor(r *http.Request) bool {
	return o.Tap != nil && (o.Everywhere || site.IsLocal(r))
}

// New returns the comparison, without a page:
//
//	GET /control?page=ID          with Upgrade: the control channel; see control.go
//	GET /polling/news?page=ID     and for the other techniques: a lane of that page
//	GET /sse/poll?page=ID         the same at once, while a lane may not hold a request
func New(o Options) http.Handler {
	s := &server{Options: o, pages: map[string]*page{}}
	mux := http.NewServeMux()
	for technique, news := range map[string]http.Handler{
		"polling":     polling.News(o.Room),
		"longpolling": longpolling.News(o.Room, o.Closing),
		"streaming":   streaming.News(o.Room, o.Closing),
		"sse":         sse.News(o.Room, o.Closing),
		"websocket":   websocket.News(websocket.Options{Room: o.Room, Group: o.Group}),
	} {
		mux.Handle("/"+technique+"/news", s.lane(technique, news))
		mux.Handle("/"+technique+"/poll", s.lane(technique, polling.News(o.Room)))
	}
	mux.HandleFunc("/control", s.control)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !o.IsFor(r) {
			site.Refuse(w, http.StatusForbidden, "The comparison is off. It shows what crosses the wire, and this server can be reached "+
				"from other machines. Start it with -inspect to have the comparison all the same.")
			return
		}
		mux.ServeHTTP(w, r)
	})
}
