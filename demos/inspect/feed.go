package inspect

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"example.com/ws101/handshake"
	"example.com/ws101/rfc6455"
)

const (
	// pace is how long rows gather before they are sent together.
	pace = 40 * time.Millisecond
	// writeTimeout is how long a page may leave what it was sent unread before it
	// is cut.
	writeTimeout = 10 * time.Second
	maxQuestion  = 1 << 10
)

// hello is the first message to a page. Another Epoch than the last one is another
// server, whose numbers begin anew.
type hello struct {
	Epoch   string `json:"epoch"`
	MaxRows int    `json:"maxRows"`
}

// question is what a page may send.
type question struct {
	// Explain is the number of a row that is to be taken apart.
	Explain uint64 `json:"explain"`
}

// feed is the WebSocket by which a page gets the rows.
func (d *demo) feed(w http.ResponseWriter, r *http.Request) {
	conn, err := rfc6455.Upgrade(w, r, &rfc6455.AcceptOptions{
		Options: rfc6455.Options{MaxMessage: maxQuestion, WriteTimeout: writeTimeout, Group: d.group},
		Origin:  handshake.SameOrigin, // and no other, whatever the demos allow: it shows cookies
	})
	if err != nil {
		return // it has been answered
	}
	go d.serve(conn)
}

func (d *demo) serve(conn *rfc6455.Conn) {
	page := d.log.join()
	defer d.log.leave(page)
	go d.push(conn, page)
	_ = conn.Serve(context.Background(), rfc6455.Handler{Message: func(c *rfc6455.Conn, _ rfc6455.MessageType, p []byte) {
		var q question
		if json.Unmarshal(p, &q) == nil && q.Explain > 0 {
			_ = send(c, map[string]any{"explained": d.explain(q.Explain)})
		}
	}})
}

// push sends what is new, until the connection ends.
func (d *demo) push(conn *rfc6455.Conn, page *reader) {
	if send(conn, map[string]any{"hello": hello{d.epoch, MaxRows}}) != nil {
		return
	}
	for {
		select {
		case <-page.more:
		case <-conn.Done():
			return
		}
		for {
			b, ok := page.take()
			if !ok {
				break
			}
			if send(conn, b) != nil {
				return
			}
		}
		select {
		case <-time.After(pace):
		case <-conn.Done():
			return
		}
	}
}

// send sends v as JSON. An error ends the connection.
func send(c *rfc6455.Conn, v any) error {
	message, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return c.Write(context.Background(), rfc6455.Text, message)
}
