package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"example.com/ws101/rfc6455"
)

// A reader follows the room as the page of a technique does, from its cursor, and insists that
// every event comes once and in order.
type reader struct {
	technique string
	dial      func() (net.Conn, error)
	host      string // of the server
	poll      time.Duration

	cursor    string
	votes     map[string]int // by uid
	line      int            // the id of the last line of the chat
	events    int
	snapshots int

	took func() // called when something has been taken in; may be nil
}

// A told is a batch as it stands in JSON; see feed.Batch.
type told struct {
	Cursor   string
	Snapshot bool
	State    state
	Events   []map[string]json.RawMessage
	Ack      *int
	Error    string
}

type state struct {
	Vote map[string]struct{ Count int }
	Chat []struct{ ID int }
}

// follow reads until ctx ends or the connection breaks. The error is never nil.
func (r *reader) follow(ctx context.Context) error {
	conn, err := r.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	switch r.technique {
	case "websocket":
		return r.webSocket(conn)
	case "streaming", "sse":
		return r.stream(conn)
	}
	in := bufio.NewReader(conn)
	for {
		answer, err := r.ask(conn, in)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			return err
		}
		if err := r.message(body); err != nil {
			return err
		}
		if r.technique == "polling" {
			select {
			case <-time.After(r.poll):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}

// ask asks for news and returns the head of the answer.
func (r *reader) ask(conn net.Conn, in *bufio.Reader) (*http.Response, error) {
	if _, err := fmt.Fprintf(conn, "GET /%s/news?cursor=%s HTTP/1.1\r\nHost: %s\r\n\r\n", r.technique, r.cursor, r.host); err != nil {
		return nil, err
	}
	answer, err := http.ReadResponse(in, nil)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = broken("the server answered %s", answer.Status)
	}
	return answer, err
}

func (r *reader) stream(conn net.Conn) error {
	answer, err := r.ask(conn, bufio.NewReader(conn))
	if err != nil {
		return err
	}
	name, id := "", ""
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if r.technique == "streaming" {
			_, call, found := strings.Cut(line, ">parent.ws101.take(")
			text, _, whole := strings.Cut(call, ");document.currentScript.remove()</script>")
			// A piece that was cut off is not a script that the browser would run.
			if found && whole {
				if err := r.message([]byte(text)); err != nil {
					return err
				}
			}
			continue
		}
		field, value, _ := strings.Cut(line, ": ")
		switch field {
		case "id":
			id = value
		case "event":
			name = value
		case "data":
			// The event counts only when its blank line is there. Ours have one line of data each.
			if !lines.Scan() || lines.Text() != "" {
				return io.ErrUnexpectedEOF
			}
			if err := r.serverSent(name, value, id); err != nil {
				return err
			}
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return io.EOF
}

func (r *reader) serverSent(name, data, id string) error {
	switch name {
	case "beat":
		return nil
	case "snapshot":
		return r.message(fmt.Appendf(nil, `{"cursor": %q, "snapshot": true, "state": %s}`, id, data))
	}
	return r.message(fmt.Appendf(nil, `{"cursor": %q, "events": [{%q: %s}]}`, id, name, data))
}

func (r *reader) webSocket(conn net.Conn) error {
	address := "ws://" + r.host + "/websocket/news?cursor=" + r.cursor
	ws, _, err := rfc6455.Client(context.Background(), conn, address, nil)
	if err != nil {
		return err
	}
	defer ws.CloseNow()
	for {
		_, message, err := ws.Read(context.Background())
		if err != nil {
			return err
		}
		if err := r.message(message); err != nil {
			return err
		}
	}
}

// A brokenRule means that the server did wrong, and not only that a connection broke.
type brokenRule struct{ error }

func broken(format string, args ...any) error { return brokenRule{fmt.Errorf(format, args...)} }

// message takes in a batch.
func (r *reader) message(text []byte) error {
	var b told
	if err := json.Unmarshal(text, &b); err != nil {
		return broken("%s: %w", text, err)
	}
	if b.Snapshot {
		r.snapshot(b.State)
	}
	for _, e := range b.Events {
		if err := r.event(e); err != nil {
			return err
		}
	}
	r.cursor = b.Cursor
	if r.took != nil {
		r.took()
	}
	return nil
}

func (r *reader) snapshot(s state) {
	r.snapshots++
	r.votes = map[string]int{}
	for uid, c := range s.Vote {
		r.votes[uid] = c.Count
	}
	r.line = 0
	if n := len(s.Chat); n > 0 {
		r.line = s.Chat[n-1].ID
	}
}

// event takes in an event, which must be the one right after the last of its kind.
func (r *reader) event(e map[string]json.RawMessage) error {
	r.events++
	if text, ok := e["vote"]; ok {
		var v struct{ UID, Count int }
		if err := json.Unmarshal(text, &v); err != nil {
			return broken("%s: %w", text, err)
		}
		uid := fmt.Sprint(v.UID)
		if v.Count != r.votes[uid]+1 {
			return broken("%s: after %d votes for %s came %s", r.technique, r.votes[uid], uid, text)
		}
		r.votes[uid] = v.Count
	}
	if text, ok := e["chat"]; ok {
		var l struct{ ID int }
		if err := json.Unmarshal(text, &l); err != nil {
			return broken("%s: %w", text, err)
		}
		if l.ID != r.line+1 {
			return broken("%s: after line %d came %s", r.technique, r.line, text)
		}
		r.line = l.ID
	}
	return nil
}
