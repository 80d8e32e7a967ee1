package libraries

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"time"
)

// Alone runs a library over a connection that is memory: no kernel, no other
// process. Every reply must be the one that is wanted.
func Alone(l Library, job Job, a Conversation) error {
	nc := &memoryConn{Conversation: a, unread: a.Request, ended: make(chan struct{})}
	server := l.Start(job)
	switch {
	case server.Accept != nil:
		go server.Accept(nc)
	default:
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(a.Request)))
		if err != nil {
			return err
		}
		nc.unread = nil
		go server.HTTP(&memoryResponse{nc: nc}, r)
	}
	select {
	case <-nc.ended:
		return nc.err
	case <-time.After(longest):
		return fmt.Errorf("%s has not come to an end after %v", l.Name, longest)
	}
}

// longest is how long it may take on a slow machine.
const longest = 10 * time.Minute

// A Conversation is what a connection in memory brings and expects.
type Conversation struct {
	Request []byte // of the handshake
	Read    []byte // what each read brings: one or more frames
	Want    []byte // what must be written for it
	Rounds  int    // reads
	Started func() // before the first read that counts, behind a tenth of them
	Ended   func() // after the reply to the last
}
