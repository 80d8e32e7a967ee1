package site

import (
	"context"
	"net/http"
	"time"
)

// stuck is how long a client may take nothing of an answer before it is cut.
const stuck = 10 * time.Second

// Hold returns a context for an answer that is held open: it ends when the client is gone, or when
// the server begins to close. A nil closing never ends.
func Hold(r *http.Request, closing context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(r.Context())
	if closing == nil {
		return ctx, cancel
	}
	stop := context.AfterFunc(closing, cancel)
	return ctx, func() { stop(); cancel() }
}

// A Stream is an answer that goes out piece by piece.
type Stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

// OpenStream sends the status and the header fields, so that from here only the body is held. The
// caller has set Content-Type.
//
// A browser that has asked for the same address before waits to see whether it may reuse that
// answer. Two tabs with the same page would wait for each other. With no-store in front of it at
// once, the browser knows that there is nothing to share.
func OpenStream(w http.ResponseWriter) *Stream {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx passes each piece on as it comes
	s := &Stream{w, http.NewResponseController(w)}
	// An error means that the client is gone. Then its context ends too.
	_ = s.Send(nil)
	return s
}

// Send sends a piece now. A client that takes nothing for ten seconds is cut: a dead one
// must not hold its answer, and what it has not read, for ever.
func (s *Stream) Send(piece []byte) error {
	if err := s.Last(piece); err != nil {
		return err
	}
	return s.control.Flush()
}

// Last writes the last piece, which leaves together with the end of the answer when the handler
// returns. Then net/http takes the deadline away again.
func (s *Stream) Last(piece []byte) error {
	// This fails only where there is no connection with deadlines, as in a test.
	_ = s.control.SetWriteDeadline(time.Now().Add(stuck))
	_, err := s.w.Write(piece)
	return err
}
