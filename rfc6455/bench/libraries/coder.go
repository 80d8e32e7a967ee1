package libraries

import (
	"bytes"
	"context"
	"net/http"

	"github.com/coder/websocket"
)

// coder reads into one buffer for each connection. It has no prepared messages.
func coder(job Job) Server {
	opts := &websocket.AcceptOptions{}
	switch job.Deflate {
	case NoTakeover:
		opts.CompressionMode = websocket.CompressionNoContextTakeover
	case Takeover:
		opts.CompressionMode = websocket.CompressionContextTakeover
	}
	members := &room[*websocket.Conn]{}
	return Server{HTTP: func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, opts)
		if err != nil {
			return
		}
		defer c.CloseNow()
		if job.MaxMessage > 0 {
			c.SetReadLimit(job.MaxMessage)
		}
		members.join(c)
		ctx := context.Background()
		if job.Deadline {
			var cancel context.CancelFunc
			ctx, cancel = context.WithCancel(ctx)
			defer cancel()
		}
		var buf bytes.Buffer
		for {
			t, rd, err := c.Reader(ctx)
			if err != nil {
				return
			}
			buf.Reset()
			if _, err := buf.ReadFrom(rd); err != nil {
				return
			}
			if job.Broadcast {
				members.each(func(c *websocket.Conn) { c.Write(ctx, t, buf.Bytes()) })
				continue
			}
			if c.Write(ctx, t, buf.Bytes()) != nil {
				return
			}
		}
	}}
}
