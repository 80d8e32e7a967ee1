package libraries

import (
	"net/http"
	"time"

	"golang.org/x/net/websocket"
)

// xnet receives and sends with a codec that keeps the type of a message.
// It has no prepared messages.
func xnet(job Job) Server {
	members := &room[*websocket.Conn]{}
	server := websocket.Server{Handler: func(c *websocket.Conn) {
		members.join(c)
		for {
			var m xnetMessage
			if xnetCodec.Receive(c, &m) != nil {
				return
			}
			if job.Broadcast {
				members.each(func(c *websocket.Conn) { xnetCodec.Send(c, &m) })
				continue
			}
			if job.Deadline {
				c.SetWriteDeadline(time.Now().Add(writeTimeout))
			}
			if xnetCodec.Send(c, &m) != nil {
				return
			}
		}
	}}
	return Server{HTTP: func(w http.ResponseWriter, r *http.Request) { server.ServeHTTP(w, r) }}
}

type xnetMessage struct {
	kind    byte
	payload []byte
}

var xnetCodec = websocket.Codec{
	Marshal: func(v any) ([]byte, byte, error) {
		m := v.(*xnetMessage)
		return m.payload, m.kind, nil
	},
	Unmarshal: func(p []byte, kind byte, v any) error {
		*v.(*xnetMessage) = xnetMessage{kind, p}
		return nil
	},
}
