package lesson

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
)

// Bubble runs f in a bubble of testing/synctest: time stands still as long as anybody has
// something to do, and jumps to the next timer when everybody waits. So 30 seconds take no time
// there. f gets a t of its own.
//
// If everybody waits and no timer is left, nothing can ever happen again. This fails the test, with
// the call, what else is known (lines of its own, may be empty) and the first diagnosis that applies.
func (k Task) Bubble(t *testing.T, call string, f func(t *testing.T), looks ...Diagnosis) {
	t.Helper()
	// What f starts belongs to the bubble, and nobody outside may wait for it.
	outside := running.setStarted(nil)
	defer func() {
		running.setStarted(outside)
		v := recover()
		if v == nil {
			return
		}
		switch {
		case t.Failed():
			t.FailNow() // f has told why; what it had started could not end any more
		case strings.Contains(fmt.Sprint(v), "deadlock"):
			k.Fail(t, call, "got  everything waits, and nothing can happen any more\nwant an end", looks...)
		}
		panic(v)
	}()
	synctest.Test(t, func(t *testing.T) {
		defer k.Catch(t)
		f(t)
	})
}

// setStarted replaces the goroutines that are waited for, and returns those before.
func (s *state) setStarted(list []chan struct{}) (before []chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, s.started = s.started, list
	return before
}
