// Package streaming brings news with a page that never ends: an invisible iframe loads it, and each
// piece that the server adds is a script element, which calls the page around it.
//
// This is how it was done before browsers had EventSource and WebSocket. It works in all of
// them, and it has all the troubles of code that is made of data. So here every text is
// encoded, each response allows only its own scripts, and each script removes itself.
package streaming

import (
	"bytes"
	"context"
	"crypto/rand"
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
	// life is how long a stream lasts. A browser keeps something of every script that it has
	// run, and lets it go only with the iframe; so now and then there is a new one.
	life = 10 * time.Minute
	// padding fills the start of a stream. Browsers and proxies may wait for the first
	// kilobyte before they look at a page.
	padding = 1024
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
//	GET /news?cursor=C  the stream of what came after C, for an iframe; see News
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

// News returns the handler that streams what came after the cursor of a page, as the content of an
// iframe. Each script calls a function of the page around it:
//
//	parent.ws101.take({...})   a feed.Batch, and the first one at once; an empty one, after 15 seconds
//	                           without news, is a beat
//	parent.ws101.end("...")    the last script: why the stream ends; the page may come back at once
//
// When closing ends, the streams do.
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
		nonce := rand.Text()
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'nonce-"+nonce+"'; base-uri 'none'; "+
			"form-action 'none'; frame-ancestors 'self'")
		h.Set("X-Content-Type-Options", "nosniff")
		stream := site.OpenStream(w)
		ctx, done := site.Hold(req, closing)
		defer done()
		ctx, cancel := context.WithTimeout(ctx, life)
		defer cancel()
		defer r.Enter(visitor.Me, "streaming")()
		// The first script comes at once, even if it has nothing new: it is how the page learns that the
		// stream is open.
		first := r.Since(visitor.Cursor)
		if stream.Send(appendScript(head(), nonce, "take", first.AppendJSON(nil))) != nil {
			return
		}
		err = r.Follow(ctx, first.Cursor, beat, func(b feed.Batch) error {
			return stream.Send(appendScript(nil, nonce, "take", b.AppendJSON(nil)))
		})
		if err == ctx.Err() && req.Context().Err() == nil {
			why := `"the server shuts down"`
			if err == context.DeadlineExceeded {
				why = `"a new stream, so that the old one can be let go"`
			}
			_ = stream.Last(appendScript(nil, nonce, "end", []byte(why)))
		}
	})
}

// head returns the start of the page in the iframe. It is never finished.
func head() []byte {
	var b bytes.Buffer
	b.WriteString("<!doctype html>\n<title>A page that never ends</title>\n<!-- ")
	b.Write(bytes.Repeat([]byte{'-', ' '}, padding/2))
	b.WriteString("-->\n")
	return b.Bytes()
}

// appendScript appends a call of a function of the page around the iframe.
//
// The argument is JSON in which <, > and & stand as \u003c and so on. So a text with </script> in
// it does not end the script, and JSON is also JavaScript. The nonce is new for each response:
// only scripts that have it are run.
func appendScript(dst []byte, nonce, function string, json []byte) []byte {
	dst = append(dst, `<script nonce="`...)
	dst = append(dst, nonce...)
	dst = append(dst, `">parent.ws101.`...)
	dst = append(dst, function...)
	dst = append(dst, '(')
	dst = append(dst, json...)
	return append(dst, ");document.currentScript.remove()</script>\n"...)
}
