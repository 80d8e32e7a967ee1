// Package chat is the chat by itself, on a page where the technique can be chosen while it runs. It
// also answers what pages for the classic chat servers send.
package chat

import (
	"bytes"
	"context"
	"embed"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"example.com/ws101/demos/longpolling"
	"example.com/ws101/demos/polling"
	"example.com/ws101/demos/room"
	"example.com/ws101/demos/site"
	"example.com/ws101/demos/sse"
	"example.com/ws101/demos/streaming"
	"example.com/ws101/demos/websocket"
	"example.com/ws101/rfc6455"
)

//go:embed page
var page embed.FS

// Options say what is served.
type Options struct {
	// Room is what is told. It must be set.
	Room *room.Room
	// Origins are allowed to talk; nil means our own pages only.
	Origins *site.Origins
	// PageFile is a file to serve in place of our own page, if not empty.
	PageFile string
	// Closing, when it ends, answers all requests that are held. A server that shuts down ends it.
	// Nil never ends.
	Closing context.Context
	// Group has all WebSockets while they are open. Nil is allowed.
	Group *rfc6455.Group
}

// New returns the demo, to be served at the root:
//
//	GET /                     the page
//	GET /polling/news         and for the other techniques, what their own demos answer there
//	POST /new-message         a form with a field msg, and name if there is one: a line of the chat
//	POST /update-message      the lines as a JSON array; with a field cursor=N those after number N,
//	                          and it holds for up to 30 seconds until there are any
//
// and what [room.Room.Handle] adds.
func New(o Options) http.Handler {
	mux := site.Mux(o.PageFile, page, polling.Page, longpolling.Page, streaming.Page, sse.Page, websocket.Page)
	o.Room.Handle(mux)
	mux.Handle("/poll", polling.News(o.Room)) // for pages that may not hold a request
	mux.Handle("/polling/news", polling.News(o.Room))
	mux.Handle("/longpolling/news", longpolling.News(o.Room, o.Closing))
	mux.Handle("/streaming/news", streaming.News(o.Room, o.Closing))
	mux.Handle("/sse/news", sse.News(o.Room, o.Closing))
	d := &demo{o.Room, o.Closing}
	mux.HandleFunc("/new-message", d.newMessage)
	mux.HandleFunc("/update-message", d.updateMessage)

	outer := http.NewServeMux()
	outer.Handle("/", o.Origins.Protect(mux))
	outer.Handle("/websocket/news", websocket.News(websocket.Options{Room: o.Room, Origins: o.Origins, Group: o.Group}))
	return outer
}

type demo struct {
	room    *room.Room
	closing context.Context
}

const (
	// maxForm is the most bytes of a form: a line of four-byte characters, percent-encoded.
	maxForm = 8 << 10
	// hold is how long a request waits for a line; see package longpolling.
	hold = 30 * time.Second
)

func (d *demo) newMessage(w http.ResponseWriter, r *http.Request) {
	if !site.Allow(w, r, http.MethodPost) {
		return
	}
	form, err := readForm(w, r)
	var line []byte
	if err == nil {
		line, err = d.room.SayAs(form.Get("name"), form.Get("msg"))
	}
	answer(w, line, err)
}

func (d *demo) updateMessage(w http.ResponseWriter, r *http.Request) {
	if !site.Allow(w, r, http.MethodPost) {
		return
	}
	// The body is read before anything waits: until then, net/http does not notice that a client is gone.
	form, err := readForm(w, r)
	if err != nil {
		answer(w, nil, err)
		return
	}
	if !form.Has("cursor") || form.Get("cursor") == "" {
		over, cancel := context.WithCancel(r.Context())
		cancel()
		answer(w, d.room.LinesAfter(over, 0), nil)
		return
	}
	id, err := strconv.ParseInt(form.Get("cursor"), 10, 64)
	if err != nil || id < 0 {
		answer(w, nil, &site.Refusal{Status: http.StatusBadRequest,
			Sentence: "The cursor must be the id of a line, or 0 for all that are kept."})
		return
	}
	w.Header().Set("Content-Type", "application/json")
	out := site.OpenStream(w)
	ctx, done := site.Hold(r, d.closing)
	defer done()
	ctx, cancel := context.WithTimeout(ctx, hold)
	defer cancel()
	_ = out.Last(d.room.LinesAfter(ctx, id))
}

// readForm reads the body of a POST as a form, of either of the two types that there are. No body is
// an empty form.
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	body, err := site.ReadBody(w, r, maxForm, "a message")
	if err != nil || len(body) == 0 {
		return nil, err
	}
	var form url.Values
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch kind {
	case "application/x-www-form-urlencoded":
		form, err = url.ParseQuery(string(body))
	case "multipart/form-data":
		r.Body = io.NopCloser(bytes.NewReader(body))
		err = r.ParseMultipartForm(maxForm)
		form = r.PostForm
	default:
		return nil, notAForm(http.StatusUnsupportedMediaType)
	}
	if err != nil {
		return nil, notAForm(http.StatusBadRequest)
	}
	return form, nil
}

func notAForm(status int) error {
	return &site.Refusal{Status: status, Sentence: "The body is not a form, such as msg=hello."}
}

func answer(w http.ResponseWriter, body []byte, err error) {
	if err != nil {
		site.RefuseError(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(body)
}
