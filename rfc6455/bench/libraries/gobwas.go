package libraries

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
)

// gobwas is the library by its helpers, as its README begins.
func gobwas(job Job) Server {
	members := &room[net.Conn]{}
	return gobwasServer(members, func(nc net.Conn) {
		for {
			p, op, err := wsutil.ReadClientData(nc)
			if err != nil {
				return
			}
			if job.Broadcast {
				gobwasBroadcast(members, op, p)
				continue
			}
			if job.Deadline {
				nc.SetWriteDeadline(time.Now().Add(writeTimeout))
			}
			if wsutil.WriteServerMessage(nc, op, p) != nil {
				return
			}
		}
	})
}

// gobwasLow is the library by its headers and its cipher alone: one buffer for
// each connection, in which the reply is put together, and one write. Fragments,
// control frames, limits and UTF-8 are left to the caller, who does nothing
// about them here.
func gobwasLow(job Job) Server {
	return gobwasFrames(job, func(r io.Reader, _ []byte) (ws.Header, error) { return ws.ReadHeader(r) })
}

// gobwasMin is the same, with the function that reads a header without
// allocating.
func gobwasMin(job Job) Server { return gobwasFrames(job, ws.ReadHeaderBuffer) }

func gobwasFrames(job Job, readHeader func(io.Reader, []byte) (ws.Header, error)) Server {
	members := &room[net.Conn]{}
	return gobwasServer(members, func(nc net.Conn) {
		var in io.Reader = nc
		if !job.Quiet { // else a buffer for each connection is what is to be avoided
			in = bufio.NewReader(nc)
		}
		head := make([]byte, ws.MaxHeaderSize)
		var out bytes.Buffer
		for {
			h, err := readHeader(in, head)
			if err != nil {
				return
			}
			mask, size := h.Mask, int(h.Length)
			h.Masked, h.Mask = false, [4]byte{}
			out.Reset()
			ws.WriteHeaderBuffer(&out, h, head)
			start := out.Len()
			out.Grow(size)
			frame := out.Bytes()[:start+size]
			payload := frame[start:]
			if _, err := io.ReadFull(in, payload); err != nil {
				return
			}
			ws.Cipher(payload, mask, 0)
			if job.Broadcast {
				members.each(func(nc net.Conn) { nc.Write(frame) })
				continue
			}
			if job.Deadline {
				nc.SetWriteDeadline(time.Now().Add(writeTimeout))
			}
			if _, err := nc.Write(frame); err != nil {
				return
			}
		}
	})
}

func gobwasServer(members *room[net.Conn], serve func(net.Conn)) Server {
	begin := func(nc net.Conn) {
		members.join(nc)
		go func() {
			defer nc.Close()
			serve(nc)
		}()
	}
	return Server{
		Accept: func(nc net.Conn) {
			if _, err := ws.Upgrade(nc); err != nil {
				nc.Close()
				return
			}
			begin(nc)
		},
		HTTP: func(w http.ResponseWriter, r *http.Request) {
			if nc, _, _, err := ws.UpgradeHTTP(r, w); err == nil {
				begin(nc)
			}
		},
	}
}

func gobwasBroadcast(members *room[net.Conn], op ws.OpCode, p []byte) {
	frame, err := ws.CompileFrame(ws.NewFrame(op, true, p))
	if err != nil {
		return
	}
	members.each(func(nc net.Conn) { nc.Write(frame) })
}
