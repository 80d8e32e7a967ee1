package measure

import (
	"fmt"
	"io"
	"net"
	"time"
)

const (
	writeSize   = 100 // bytes of a bare write: about what an event has
	writeRounds = 20
	writePause  = 20 * time.Millisecond // in which the readers fall asleep again
)

// measureWrite returns the processor time of one bare write to one of n connections, in
// microseconds, or nil where it is not measured. It is the floor below everything else: no server
// that writes once for each client and event can cost less.
func measureWrite(n int, start func() (*server, error)) (*float64, error) {
	s, err := start()
	if err != nil {
		return nil, err
	}
	defer s.end()
	a, err := s.ask(fmt.Sprintf("%s %d", askWrite, n))
	if err != nil {
		return nil, err
	}
	for range n {
		conn, err := net.Dial("tcp", a.Addr)
		if err != nil {
			return nil, err
		}
		defer conn.Close()
		go func() { _, _ = io.CopyBuffer(io.Discard, onlyReader{conn}, make([]byte, 512)) }()
	}
	if a, err = s.ask(askWritten); err != nil || a.CPU < 0 {
		return nil, err
	}
	us := microseconds(a.CPU)
	return &us, nil
}

// onlyReader hides that a connection could copy by itself.
type onlyReader struct{ io.Reader }

// writes accepts n connections, writes to each of them in turn, again and again, and returns the
// processor time of one write.
func writes(listener net.Listener, n int) (time.Duration, error) {
	conns := make([]net.Conn, n)
	for i := range conns {
		conn, err := listener.Accept()
		if err != nil {
			return 0, err
		}
		defer conn.Close()
		conns[i] = conn
	}
	message := make([]byte, writeSize)
	var used time.Duration
	for range writeRounds {
		time.Sleep(writePause)
		before := cpuTime()
		if before < 0 {
			return -1, nil
		}
		for _, conn := range conns {
			if _, err := conn.Write(message); err != nil {
				return 0, err
			}
		}
		used += cpuTime() - before
	}
	return used / time.Duration(n*writeRounds), nil
}
