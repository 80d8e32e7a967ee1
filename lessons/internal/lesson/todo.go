package lesson

import (
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"
)

// NotWritten is what a part panics with that the learner has not written yet.
type NotWritten struct {
	// Part is the name of the part, Place the line that it belongs to.
	Part, Place string
}

func (n NotWritten) Error() string { return n.Part + ": not written yet (" + n.Place + ")" }

// report ends the test. It is called once for a test, so the line comes once.
func (n *NotWritten) report(t testing.TB) {
	running.clear()
	fmt.Fprintln(t.Output(), n.Error())
	t.FailNow()
}

// TODO stands where a part is missing: it panics with [NotWritten]. The stubs
// call it through a function of their own, todo, so the place is that of the
// caller's caller.
func TODO(part string) {
	n := NotWritten{Part: part, Place: "its place is not known"}
	if _, file, line, ok := runtime.Caller(2); ok {
		n.Place = fmt.Sprintf("%s:%d", filepath.Base(file), line)
	}
	running.reach(n)
	panic(n)
}

// running is what the test that runs now has reached and started. There is one
// test at a time.
var running state

type state struct {
	mu      sync.Mutex
	reached *NotWritten
	started []chan struct{} // closed when the goroutine has ended
}

func (s *state) reach(n NotWritten) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reached == nil {
		s.reached = &n
	}
}

func (s *state) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reached = nil
}

// notWritten returns the first missing part that this test has reached, or nil.
func notWritten() *NotWritten {
	running.mu.Lock()
	defer running.mu.Unlock()
	return running.reached
}

// Catch is deferred in the first line of every test. It tells that a part is not
// written yet, in one line, and any other panic with its place. It waits for the
// goroutines of [Task.Go].
//
//	defer task.Catch(t)
func (k Task) Catch(t testing.TB) {
	defer noteEnd(t)
	if v := recover(); v != nil {
		k.crashed(t, newCrash(v), "", nil)
	}
	if !running.wait() && !t.Failed() {
		k.Fail(t, t.Name(), "got  a goroutine that still runs\nwant its end, with the end of the test")
	}
	// Reached in a goroutine, or behind a recover of somebody else.
	if n := notWritten(); n != nil {
		n.report(t)
	}
}

// CatchIn is deferred in a function of a test that calls the learner's code. It
// does what [Task.Catch] does, and tells a panic with the call and a diagnosis.
//
//	defer task.CatchIn(t, "ParseHeader(81)", lesson.If(true, "b was read past its end"))
func (k Task) CatchIn(t testing.TB, call string, looks ...Diagnosis) {
	if v := recover(); v != nil {
		k.crashed(t, newCrash(v), call, looks)
	}
}

// Go runs f in a goroutine. A part that is not written yet ends the goroutine,
// and the test fails with that line; any other panic fails the test as
// [Task.Catch] does. f has to end when the test does, so close in the test, with
// defer, what f reads from.
func (k Task) Go(t testing.TB, f func()) {
	done := make(chan struct{})
	running.mu.Lock()
	running.started = append(running.started, done)
	running.mu.Unlock()
	go func() {
		defer close(done)
		defer func() {
			v := recover()
			if _, todo := v.(NotWritten); v == nil || todo {
				return // the test itself tells what is missing
			}
			c := newCrash(v)
			fmt.Fprint(t.Output(), k.text("in a goroutine", c.detail(), nil))
			t.Fail()
		}()
		f()
	}()
}

// wait waits for the goroutines of this test, and reports whether all ended.
func (s *state) wait() bool {
	started := s.setStarted(nil)
	late := time.NewTimer(goroutineEnd)
	defer late.Stop()
	for _, done := range started {
		select {
		case <-done:
		case <-late.C:
			return false
		}
	}
	return true
}

// goroutineEnd is how long a test waits for its goroutines.
const goroutineEnd = 2 * time.Second

// crash is a panic that was caught.
type crash struct {
	value any
	place string
}

// newCrash is called by a deferred function, while the panic's stack is there.
func newCrash(v any) *crash {
	return &crash{v, caller(isChapter)}
}

func (c *crash) detail() string {
	s := fmt.Sprintf("panic: %v", c.value)
	if c.place != "" {
		s += "\nat " + c.place
	}
	return s
}

func (k Task) crashed(t testing.TB, c *crash, call string, looks []Diagnosis) {
	if n, ok := c.value.(NotWritten); ok {
		n.report(t)
	}
	if call == "" {
		call = t.Name()
	}
	k.Fail(t, call, c.detail(), looks...)
}
