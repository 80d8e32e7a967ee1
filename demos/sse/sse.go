// Package sse brings news with server-sent events: one answer of the type text/event-stream that
// never ends, and to which the server adds an event whenever there is one.
//
// The browser's EventSource reads it, and connects again by itself when it breaks. Each event has an
// id, the cursor right after it; the browser sends the last one back, so nothing is lost and nothing
// comes twice.
package sse

import (
	"context"
	"embed"
	"net/http"
	"time"

	"example.com/ws101/demos/feed"
	"example.com/ws101/demos/polling"
	"example.com/ws101/demos/room"
	"example.com/ws101/demos/site"
)

// Page has the page, and the module that brings news to it.
//
//go:embed page
var Page embed.FS

const (
	// beat is how long a stream is left without a byte. Most proxies cut a silent one after a minute.
	beat = 15 * time.Second
	// retry is how long a browser waits before it connects again.
	retry = 2 * time.Second
)

// Options say what is served.
type Options struct {
	// Room is what is told. It must be set.
	Room *room.Room
	// Origins are allowed to vote; nil means our own pages only.
	Origins *site.Origins
	// PageFile is a file to serve in place of our own page, if not empty.
	PageFile string
	// Closing, when it ends, ends all streams. A server that shuts down ends it. Nil never ends.
	Closing context.Context
}

// New returns the demo, to be served at the root:
//
//	GET /               the page
//	GET /news?cursor=C  the stream of what came after C; see News
//	GET /poll?cursor=C  the same at once, for a page that may not hold a request; see polling.News
//
// and what [room.Room.Handle] adds.
func New(o Options) http.Handler {
	mux := site.Mux(o.PageFile, Page, polling.Page)
	o.Room.Handle(mux)
	mux.Handle("/news", News(o.Room, o.Closing))
	mux.Handle("/poll", polling.News(o.Room))
	return o.Origins.Protect(mux)
}

// News returns the handler that streams what came after the cursor of a page, and goes on until the
// page goes away. The names of the events are the kinds of package room; the first one may be a
// "snapshot", with the whole state, and after 15 seconds without news comes a "beat", beside a
// comment. A page cannot see a comment, and a proxy does not need an event.
//
// Last-Event-ID, which a browser sends when it connects again, counts more than the cursor in the
// address: that is still the one of the first time. When closing ends, the stream does, with a word
// about when to come back.
func News(r *room.Room, closing context.Context) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if !site.Allow(w, req, http.MethodGet) {
			return
		}
		visitor, err := room.Visit(req)
		if err != nil {
			site.RefuseError(w, err)
			return
		}
		if last, err := feed.ParseCursor(req.Header.Get("Last-Event-ID")); err == nil && !last.IsZero() {
			visitor.Cursor = last
		}
		w.Header().Set("Content-Type", "text/event-stream")
		stream := site.OpenStream(w)
		ctx, done := site.Hold(req, closing)
		defer done()
		defer r.Enter(visitor.Me, "sse")()
		if stream.Send(append(AppendRetry(nil, retry), '\n')) != nil {
			return
		}
		err = r.Follow(ctx, visitor.Cursor, beat, func(b feed.Batch) error {
			return stream.Send(appendBatch(nil, b))
		})
		if err == context.Canceled && req.Context().Err() == nil {
			_ = stream.Last(append(AppendComment(AppendRetry(nil, retry), "goodbye: the server shuts down"), '\n'))
		}
	})
}

// appendBatch appends a batch as events.
func appendBatch(dst []byte, b feed.Batch) []byte {
	if b.Snapshot != nil {
		return Event{ID: b.Cursor.String(), Name: "snapshot", Data: string(b.Snapshot)}.Append(dst)
	}
	if b.Empty() {
		dst = AppendComment(dst, "nothing new")
		return Event{Name: "beat", Data: b.Cursor.String()}.Append(dst)
	}
	for _, e := range b.Events {
		dst = Event{ID: e.Cursor.String(), Name: e.Kind, Data: string(e.JSON)}.Append(dst)
	}
	return dst
}
