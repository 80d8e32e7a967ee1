package longpolling

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Hold is how long a server holds a request at most. Proxies and browsers lose patience with a silent
// answer after a while; 30 seconds are safe (RFC 6202 section 5.5).
const Hold = 30 * time.Second

// Server answers questions for news.
type Server struct {
	Log  *Log
	Hold time.Duration // how long a request may wait for news
}

// News answers GET /news?cursor=N with the events behind the cursor, as JSON (see AppendJSON). It holds
// the request until there is one, and for s.Hold at most; then the answer has no events. When the
// client goes away, the request is over at once. A cursor that is no number gets 400.
func (s *Server) News(w http.ResponseWriter, r *http.Request) {
	// lesson:begin News
	cursor, err := strconv.Atoi(r.FormValue("cursor"))
	if err != nil {
		http.Error(w, "The cursor has to be a number.", http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.Hold)
	defer cancel()
	events, next := s.Log.Wait(ctx, cursor)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Write(AppendJSON(nil, events, next))
	// lesson:end
}

// AppendJSON appends an answer to dst: {"cursor":3,"events":[...]}. The cursor is the next one.
func AppendJSON(dst []byte, events []string, next int) []byte {
	return fmt.Appendf(dst, `{"cursor":%d,"events":[%s]}`, next, strings.Join(events, ","))
}
