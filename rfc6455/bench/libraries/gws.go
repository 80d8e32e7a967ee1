package libraries

import (
	"bufio"
	"net"
	"net/http"
	"time"

	"github.com/lxzan/gws"
)

// gwsServer is gws with its handler, one message of a connection at a time.
func gwsServer(job Job) Server {
	h := &gwsHandler{job: job, members: &room[*gws.Conn]{}}
	opts := &gws.ServerOption{PermessageDeflate: gws.PermessageDeflate{
		Enabled:               job.Deflate != "",
		ServerContextTakeover: job.Deflate == Takeover,
	}}
	upgrader := gws.NewUpgrader(h, opts)
	return Server{
		Accept: func(nc net.Conn) {
			br := bufio.NewReader(nc)
			r, err := http.ReadRequest(br)
			if err != nil {
				nc.Close()
				return
			}
			if c, err := upgrader.UpgradeFromConn(nc, br, r); err == nil {
				go c.ReadLoop()
			}
		},
		HTTP: func(w http.ResponseWriter, r *http.Request) {
			if c, err := upgrader.Upgrade(w, r); err == nil {
				go c.ReadLoop()
			}
		},
	}
}

type gwsHandler struct {
	gws.BuiltinEventHandler
	job     Job
	members *room[*gws.Conn]
}

func (h *gwsHandler) OnOpen(c *gws.Conn) { h.members.join(c) }

func (h *gwsHandler) OnMessage(c *gws.Conn, m *gws.Message) {
	defer m.Close()
	if h.job.Broadcast {
		b := gws.NewBroadcaster(m.Opcode, m.Bytes())
		defer b.Close()
		h.members.each(func(c *gws.Conn) { b.Broadcast(c) })
		return
	}
	if h.job.Deadline {
		c.SetWriteDeadline(time.Now().Add(writeTimeout))
	}
	c.WriteMessage(m.Opcode, m.Bytes())
}
