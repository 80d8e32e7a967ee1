package streaming

import (
	"bufio"
	"context"
	"net/http"
	"strconv"
	"time"
)

// Head is the head of the response. There is no Content-Length in it, since nobody knows the length.
const Head = "HTTP/1.1 200 OK\r\n" +
	"Content-Type: text/html; charset=utf-8\r\n" +
	"Transfer-Encoding: chunked\r\n" +
	"Cache-Control: no-store\r\n" +
	"\r\n"

// Start is the start of the page in the iframe, the first chunk. It makes take the function of that
// name in the page around it.
const Start = "<!doctype html><script>const take = parent.take</script>"

// Beat is for how long a stream is silent at most. Many proxies cut a connection on which nothing
// happens for a minute.
const Beat = 15 * time.Second

// Stream writes the response: Head, then Start as a chunk, then a chunk with a script for each event
// behind the cursor, as soon as it is there. After each Beat without an event it writes a chunk with
// nothing but "\n" in it. What it writes leaves at once.
//
// When ctx ends, Stream writes LastChunk and returns nil. When w fails, it returns that error.
func Stream(ctx context.Context, w *bufio.Writer, log *Log, cursor int) error {
	// lesson:begin Stream
	w.WriteString(Head)
	w.Write(AppendChunk(nil, []byte(Start)))
	for {
		if err := w.Flush(); err != nil {
			return err
		}
		wait, cancel := context.WithTimeout(ctx, Beat)
		events, next := log.Wait(wait, cursor)
		cancel()
		for _, event := range events {
			w.Write(AppendChunk(nil, AppendScript(nil, event)))
		}
		if ctx.Err() != nil {
			w.WriteString(LastChunk)
			return w.Flush()
		}
		if len(events) == 0 {
			w.Write(AppendChunk(nil, []byte("\n")))
		}
		cursor = next
	}
	// lesson:end
}

// News returns a handler that answers GET /news?cursor=N with a Stream, until the client goes or
// closing ends. It takes the connection over from net/http, which would write the chunks by itself.
func News(closing context.Context, log *Log) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cursor, err := strconv.Atoi(r.FormValue("cursor"))
		if err != nil {
			http.Error(w, "The cursor has to be a number.", http.StatusBadRequest)
			return
		}
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			http.Error(w, "This connection cannot be taken over.", http.StatusInternalServerError)
			return
		}
		defer conn.Close()
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(closing, cancel)()
		go func() {
			rw.ReadByte() // the client says nothing more, so this ends when it goes
			cancel()
		}()
		Stream(ctx, rw.Writer, log, cursor)
	})
}
