package sse

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"time"
)

// Source does what the browser's EventSource does: it reads a stream, and connects again when the
// stream ends.
type Source struct {
	Client *http.Client
	URL    string
	Parser Parser // what is known of the stream; its LastID is the memory
}

// maxEvent is how large an event may be. The server is a stranger for the client, too.
const maxEvent = 1 << 20

var errTooLarge = errors.New("an event has no end")

// Follow hands each event to take, until ctx ends.
func (s *Source) Follow(ctx context.Context, take func(Event)) error {
	for ctx.Err() == nil {
		if err := s.stream(ctx, take); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(cmp.Or(s.Parser.Retry, 3*time.Second)):
		}
	}
	return ctx.Err()
}

// stream reads one stream to its end. It returns an error if there is no sense in another try.
func (s *Source) stream(ctx context.Context, take func(Event)) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, nil)
	if err != nil {
		return err
	}
	if s.Parser.LastID != "" {
		r.Header.Set("Last-Event-ID", s.Parser.LastID)
	}
	a, err := s.Client.Do(r)
	if err != nil {
		return nil // the network is down; it may come back
	}
	defer a.Body.Close()
	kind, _, _ := mime.ParseMediaType(a.Header.Get("Content-Type"))
	if a.StatusCode != http.StatusOK || kind != "text/event-stream" {
		return fmt.Errorf("the answer is no stream: %s", a.Status)
	}
	var lines Lines
	// What came of the event that was cut off does not count, its id neither.
	s.Parser = Parser{LastID: s.Parser.LastID, Retry: s.Parser.Retry, id: s.Parser.LastID}
	piece := make([]byte, 4096)
	for {
		n, err := a.Body.Read(piece)
		for _, line := range lines.Split(piece[:n]) {
			if e, ok := s.Parser.Take(line); ok {
				take(e)
			}
		}
		if len(lines.line)+len(s.Parser.data) > maxEvent {
			return errTooLarge
		}
		if err != nil {
			return nil
		}
	}
}
