package libraries

import (
	"bytes"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// gorilla keeps one buffer for each connection, into which the messages are
// read; ReadMessage would allocate for each.
func gorilla(job Job) Server {
	upgrader := websocket.Upgrader{EnableCompression: job.Deflate != ""}
	if job.Quiet {
		upgrader.WriteBufferPool = &sync.Pool{}
	}
	members := &room[*websocket.Conn]{}
	serve := func(c *websocket.Conn) {
		defer c.Close()
		var buf bytes.Buffer
		for {
			t, r, err := c.NextReader()
			if err != nil {
				return
			}
			buf.Reset()
			if _, err := buf.ReadFrom(r); err != nil {
				return
			}
			if job.Broadcast {
				m, err := websocket.NewPreparedMessage(t, buf.Bytes())
				if err != nil {
					return
				}
				members.each(func(c *websocket.Conn) { c.WritePreparedMessage(m) })
				continue
			}
			if job.Deadline {
				c.SetWriteDeadline(time.Now().Add(writeTimeout))
			}
			if c.WriteMessage(t, buf.Bytes()) != nil {
				return
			}
		}
	}
	return Server{HTTP: func(w http.ResponseWriter, r *http.Request) {
		c, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		members.join(c)
		go serve(c)
	}}
}

// writeTimeout is what a message has where a deadline is set for each.
const writeTimeout = 30 * time.Second
