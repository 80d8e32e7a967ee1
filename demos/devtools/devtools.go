// Package devtools drives a Chromium without a window, for tests: it opens pages, runs scripts in
// them, waits until something is true there, and keeps what the pages did.
//
// A browser is driven over its DevTools protocol, which is JSON over a WebSocket. So this package
// is also a program that lives on our own client, against a server that we did not write.
package devtools

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"example.com/ws101/rfc6455"
)

// maxMessage is the most bytes of one message of the browser. A screenshot comes in one.
const maxMessage = 64 << 20

// A wire is the connection to the browser. Requests carry a number, and so do their
// answers. In between come events. All of it belongs to a session, which is a page, or to
// the browser itself, whose session has the name "".
type wire struct {
	conn *rfc6455.Conn

	mu      sync.Mutex
	last    int
	pending map[int]chan<- answer
	pages   map[string]func(method string, params json.RawMessage)
	err     error         // why it ended
	ended   chan struct{} // closed when it did
}

type request struct {
	ID      int    `json:"id"`
	Session string `json:"sessionId,omitempty"`
	Method  string `json:"method"`
	Params  any    `json:"params,omitempty"`
}

// incoming is an answer or an event.
type incoming struct {
	ID      int             `json:"id"`
	Session string          `json:"sessionId"`
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params"`
	answer
}

type answer struct {
	Result json.RawMessage `json:"result"`
	Error  *Error          `json:"error"`
}

// An Error is the browser's answer to a request that it could not fulfil.
type Error struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Data    string `json:"data"`
}

// Error returns the browser's words.
func (e *Error) Error() string {
	if e.Data != "" {
		return "the browser says: " + e.Message + ": " + e.Data
	}
	return "the browser says: " + e.Message
}

func dial(ctx context.Context, address string) (*wire, error) {
	conn, _, err := rfc6455.Dial(ctx, address, &rfc6455.DialOptions{
		Options: rfc6455.Options{MaxMessage: maxMessage},
	})
	if err != nil {
		return nil, err
	}
	w := &wire{
		conn:    conn,
		pending: map[int]chan<- answer{},
		pages:   map[string]func(string, json.RawMessage){},
		ended:   make(chan struct{}),
	}
	go w.read()
	return w, nil
}

// read hands out what comes until the connection ends. Events are handed over before any answer that
// comes behind them, so who has an answer has all events from before it.
func (w *wire) read() {
	for {
		_, message, err := w.conn.Read(context.Background())
		var in incoming
		if err == nil {
			err = json.Unmarshal(message, &in)
		}
		if err != nil {
			w.conn.CloseNow()
			w.mu.Lock()
			w.err = fmt.Errorf("the connection to the browser has ended: %w", err)
			w.mu.Unlock()
			close(w.ended)
			return
		}
		w.mu.Lock()
		to, waits := w.pending[in.ID]
		delete(w.pending, in.ID)
		event := w.pages[in.Session]
		w.mu.Unlock()
		switch {
		case waits:
			to <- in.answer
		case in.Method != "" && event != nil:
			event(in.Method, in.Params)
		}
	}
}

// listen hands the events of a session to event, in order. event must not call the browser.
func (w *wire) listen(session string, event func(method string, params json.RawMessage)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if event == nil {
		delete(w.pages, session)
	} else {
		w.pages[session] = event
	}
}

// call sends a request and waits for the answer, which is decoded into result unless that is nil.
func (w *wire) call(ctx context.Context, session, method string, params, result any) error {
	to := make(chan answer, 1)
	w.mu.Lock()
	w.last++
	id := w.last
	w.pending[id] = to
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		delete(w.pending, id)
		w.mu.Unlock()
	}()

	message, err := json.Marshal(request{id, session, method, params})
	if err != nil {
		return err
	}
	if err := w.conn.Write(ctx, rfc6455.Text, message); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	select {
	case a := <-to:
		if a.Error != nil {
			return fmt.Errorf("%s: %w", method, a.Error)
		}
		if result == nil {
			return nil
		}
		return json.Unmarshal(a.Result, result)
	case <-w.ended:
		w.mu.Lock()
		defer w.mu.Unlock()
		return fmt.Errorf("%s: %w", method, w.err)
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", method, ctx.Err())
	}
}

// isLeft reports whether a document was left while a script of it was waited for.
func isLeft(err error) bool {
	var refusal *Error
	return errors.As(err, &refusal) && refusal.Code == -32000
}
