package libraries

import (
	"bytes"
	"net"

	"example.com/ws101/frames"
)

// raw writes back whatever arrives, read by read: what the kernel alone costs
// if nobody looks at the bytes.
func raw(job Job) Server {
	return rawServer(job, func(nc net.Conn, reply func([]byte)) {
		buf := make([]byte, 64<<10)
		for {
			n, err := nc.Read(buf)
			if err != nil {
				return
			}
			reply(buf[:n])
		}
	})
}

// rawMessages finds where a frame ends, and writes each back in a write of its
// own: what the kernel alone costs a library that sends message by message.
func rawMessages(job Job) Server {
	return rawServer(job, func(nc net.Conn, reply func([]byte)) {
		buf := make([]byte, 64<<10)
		have := 0
		for {
			n, err := nc.Read(buf[have:])
			if err != nil {
				return
			}
			have += n
			rest := buf[:have]
			need := frameSize(rest)
			for need > 0 && need <= len(rest) {
				reply(rest[:need])
				rest = rest[need:]
				need = frameSize(rest)
			}
			if need > len(buf) {
				larger := make([]byte, need)
				have = copy(larger, rest)
				buf = larger
				continue
			}
			have = copy(buf, rest)
		}
	})
}

func rawServer(job Job, serve func(nc net.Conn, reply func([]byte))) Server {
	members := &room[net.Conn]{}
	return Server{Accept: func(nc net.Conn) {
		defer nc.Close()
		if !switchProtocols(nc) {
			return
		}
		members.join(nc)
		reply := func(b []byte) { nc.Write(b) }
		if job.Broadcast {
			reply = func(b []byte) { members.each(func(to net.Conn) { to.Write(b) }) }
		}
		serve(nc, reply)
	}}
}

// frameSize is the size of the frame that b begins with, or 0 if not enough of
// it is there to tell.
func frameSize(b []byte) int {
	h, n, err := frames.ParseHeader(b)
	if err != nil || n == 0 || h.Length > 1<<30 {
		return 0
	}
	return n + int(h.Length)
}

// switchProtocols reads a request and answers 101 to it, whatever it is.
func switchProtocols(nc net.Conn) bool {
	var head []byte
	buf := make([]byte, 1024)
	for !bytes.HasSuffix(head, []byte("\r\n\r\n")) {
		n, err := nc.Read(buf)
		if err != nil || len(head) > 8192 {
			return false
		}
		head = append(head, buf[:n]...)
	}
	_, err := nc.Write([]byte("HTTP/1.1 101 Switching Protocols\r\n\r\n"))
	return err == nil
}
