package upgrade

import (
	"errors"
	"fmt"
	"net"
	"runtime"
	"strconv"
	"testing"
	"time"

	"example.com/ws101/lessons/internal/lesson"
)

// wire is the server's end of a connection with a client that follows a script.
// Each piece is a packet of its own: one Read gives one piece, or the part of it
// that there is room for.
type wire struct {
	pieces  []string
	last    error  // with the last piece, if not nil
	end     error  // behind the last piece
	endless string // behind the last piece, again and again
	read    int    // bytes read
	behind  int    // reads behind the last piece
	room    int    // the room that the last Read had
	written []byte
	early   bool // something was written before all pieces were read
	flooded bool // endless was read for much too long
	runaway bool // the end was read again and again
}

// errSilent is what a read gets where it would wait forever.
var errSilent = errors.New("the client is silent: it waits for the answer")

const (
	floodBytes   = 1 << 16
	runawayReads = 100
)

func (w *wire) Read(p []byte) (int, error) {
	w.room = len(p)
	if len(p) == 0 {
		return 0, nil
	}
	if len(w.pieces) == 0 && w.endless != "" {
		if w.read > floodBytes {
			w.flooded = true
			runtime.Goexit() // ends the goroutine that Within runs
		}
		w.pieces = []string{w.endless}
	}
	if len(w.pieces) == 0 {
		if w.behind++; w.behind > runawayReads {
			w.runaway = true
			runtime.Goexit()
		}
		if w.end == nil {
			return 0, errSilent
		}
		return 0, w.end
	}
	n := copy(p, w.pieces[0])
	w.read += n
	if w.pieces[0] = w.pieces[0][n:]; w.pieces[0] != "" {
		return n, nil
	}
	if w.pieces = w.pieces[1:]; len(w.pieces) > 0 {
		return n, nil
	}
	return n, w.last
}

func (w *wire) Write(p []byte) (int, error) {
	w.early = w.early || len(w.pieces) > 0
	w.written = append(w.written, p...)
	return len(p), nil
}

func (w *wire) Close() error                     { return nil }
func (w *wire) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (w *wire) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (w *wire) SetDeadline(time.Time) error      { return nil }
func (w *wire) SetReadDeadline(time.Time) error  { return nil }
func (w *wire) SetWriteDeadline(time.Time) error { return nil }

// within runs f, which calls the learner's code on w, and fails the test if it
// does not come to an end.
func within(t *testing.T, k lesson.Task, w *wire, call string, f func()) {
	t.Helper()
	k.Within(t, 2*time.Second, call, f, lesson.If(true, "a loop that does not end"))
	if w.runaway {
		k.Fail(t, call, fmt.Sprintf("got  more than %d reads behind the end of the stream\nwant an end", runawayReads),
			lesson.If(true, "the end of the stream was ignored; Read returns it again and again, and the loop keeps a core busy"))
	}
}

// probe runs f, and reports false if it panics or does not come to an end. It is
// for diagnoses, and prints nothing.
func probe(f func()) bool {
	done := make(chan bool, 1)
	go func() {
		ok := false
		defer func() {
			recover()
			done <- ok
		}()
		f()
		ok = true
	}()
	select {
	case ok := <-done:
		return ok
	case <-time.After(time.Second):
		return false
	}
}

// brief is a text of which a failure shows the beginning and the end.
type brief string

func (s brief) String() string {
	const part = 24
	if len(s) <= 3*part {
		return strconv.Quote(string(s))
	}
	return fmt.Sprintf("%q … %q, %d bytes", string(s[:part]), string(s[len(s)-part:]), len(s))
}

func count(n int) string {
	if n == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}
