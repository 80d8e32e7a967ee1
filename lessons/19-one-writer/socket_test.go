package writer

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"example.com/ws101/frames"
	"example.com/ws101/lessons/internal/lesson"
)

var (
	taskPut      = lesson.Task{Chapter: 19, Name: "put", Section: "RFC 6455 section 6.1"}
	taskSendPong = lesson.Task{Chapter: 19, Name: "sendPong", Section: "RFC 6455 section 5.5.2"}
	taskSend     = lesson.Task{Chapter: 19, Name: "send", Section: "RFC 6455 section 6.1"}
	taskPong     = lesson.Task{Chapter: 19, Name: "Pong", Section: "RFC 6455 section 5.5.3"}
	taskWrite    = lesson.Task{Chapter: 19, Name: "Write", Section: "RFC 6455 section 5.4"}
	taskClose    = lesson.Task{Chapter: 19, Name: "Close", Section: "RFC 6455 section 5.5.1"}
)

// errReset is what a connection says that was cut.
var errReset = errors.New("connection reset by peer")

// socket is what a Writer writes to. With a gate, every Write waits until the test lets it
// go on, as one does whose client is slow to read.
type socket struct {
	gate  chan struct{} // nil if no Write waits
	fails error         // what Write returns, if not nil

	mu     sync.Mutex
	writes [][]byte // in the order in which they ended
	inside int      // the goroutines that are in Write
	most   int      // and the most that ever were
}

func (s *socket) Write(p []byte) (int, error) {
	s.mu.Lock()
	s.inside++
	s.most = max(s.most, s.inside)
	s.mu.Unlock()
	if s.gate != nil {
		<-s.gate
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inside--
	s.writes = append(s.writes, bytes.Clone(p))
	if s.fails != nil {
		return len(p) / 2, s.fails
	}
	return len(p), nil
}

// sent is all that was written.
func (s *socket) sent() []byte { return bytes.Join(s.writes, nil) }

// open returns a Writer of frames of five bytes on a socket whose Writes wait. It belongs
// into a bubble.
func open() (*Writer, *socket) {
	s := &socket{gate: make(chan struct{})}
	return New(s, 5), s
}

// settle returns when nobody can do anything any more.
func (s *socket) settle() { synctest.Wait() }

// open lets everybody go on, so that the test can end.
func (s *socket) open() { close(s.gate) }

// step lets one Write go on when nobody can do anything else, and returns its bytes, or nil
// if nobody is in Write.
func (s *socket) step() []byte {
	synctest.Wait()
	select {
	case s.gate <- struct{}{}:
	default:
		return nil
	}
	synctest.Wait()
	return s.writes[len(s.writes)-1]
}

// free reports whether nobody holds a lock.
func free(l lock) bool {
	if !l.TryLock() {
		return false
	}
	l.Unlock()
	return true
}

// frame is a frame as a server sends it.
func frame(fin bool, op Opcode, payload string) []byte {
	return AppendFrame(nil, fin, op, []byte(payload))
}

// cut shortens bytes for a failure text.
func cut(b []byte) string {
	switch {
	case len(b) == 0:
		return "nothing"
	case len(b) > 16:
		return fmt.Sprintf("%s … (%d bytes)", lesson.Spaced(b[:16]), len(b))
	}
	return lesson.Spaced(b)
}

// wantNext lets one Write go on and compares its bytes.
func (s *socket) wantNext(t *testing.T, k lesson.Task, call string, want []byte, looks ...lesson.Diagnosis) {
	got := s.step()
	if bytes.Equal(got, want) {
		return
	}
	lesson.Trace(t, "out", frames.State{}, s.sent())
	k.Fail(t, call, "got  "+cut(got)+"\nwant "+cut(want), looks...)
}

// notTwo fails the test if two goroutines were in Write at the same moment.
func (s *socket) notTwo(t *testing.T, k lesson.Task, call string, looks ...lesson.Diagnosis) {
	synctest.Wait()
	if s.most > 1 {
		k.Fail(t, call, fmt.Sprintf("got  %d goroutines in dst.Write at the same moment\nwant 1", s.most), looks...)
	}
}
