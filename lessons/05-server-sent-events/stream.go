package sse

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"time"
)

// Start is the start of every stream: the browser is to wait two seconds before it connects again.
const Start = "retry: 2000\n\n"

// Beat is for how long a stream is silent at most. Many proxies cut a connection on which nothing
// happens for a minute.
const Beat = 15 * time.Second

// Server streams what is in a log.
type Server struct{ Log *Log }

// News answers GET /news with a stream: Start, then an event for each entry of the log behind the
// cursor, as soon as it is there. The id of an event is the cursor right behind it. After each Beat
// without an event comes a line with nothing but ":", which is a comment. What it writes leaves at once.
//
// The cursor is in the field Last-Event-ID, if there is one, else in the address, ?cursor=N. What is no
// number stands for 0. The stream ends when the client goes away, or a write fails.
func (s *Server) News(w http.ResponseWriter, r *http.Request) {
	// lesson:begin News
	last := r.Header.Get("Last-Event-ID")
	if last == "" {
		last = r.FormValue("cursor")
	}
	cursor, err := strconv.Atoi(last)
	if err != nil {
		cursor = 0
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	out := http.NewResponseController(w)
	io.WriteString(w, Start)
	for out.Flush() == nil {
		wait, cancel := context.WithTimeout(r.Context(), Beat)
		events, next := s.Log.Wait(wait, cursor)
		cancel()
		if r.Context().Err() != nil {
			return
		}
		for i, text := range events {
			id := next - len(events) + i + 1
			w.Write(AppendEvent(nil, Event{ID: strconv.Itoa(id), Data: text}))
		}
		if len(events) == 0 {
			io.WriteString(w, ":\n")
		}
		cursor = next
	}
	// lesson:end
}
