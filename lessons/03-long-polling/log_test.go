package longpolling

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"example.com/ws101/lessons/internal/lesson"
)

var (
	taskAdd  = lesson.Task{Chapter: 3, Name: "Add"}
	taskWait = lesson.Task{Chapter: 3, Name: "Wait", Section: "RFC 6202 section 2.1"}
)

// list is a list of events as a failure shows it.
type list []string

func (l list) String() string { return fmt.Sprintf("%q", []string(l)) }

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

var addHangs = lesson.If(true, "Add waits for somebody who reads; nobody has to be there, and close waits for nobody")

func TestAdd(t *testing.T) {
	defer taskAdd.Catch(t)
	taskAdd.Bubble(t, "Add, and nobody waits", func(t *testing.T) {
		l, mu := start("a")
		before := l.changed
		for i, event := range []string{"b", "c"} {
			call := fmt.Sprintf("Add(%q)", event)
			whole := false // what others see as soon as the lock is free
			mu.behind(1, func() { whole = len(l.events) == i+2 && isClosed(before) && l.changed != before })
			func() {
				defer taskAdd.CatchIn(t, call, lesson.If(i > 0, "the closed channel is still there; put a new one in its place for those who wait next"))
				l.Add(event)
			}()
			mu.broken(t, taskAdd, call, false)
			want := list{"a", "b", "c"}[:i+2]
			taskAdd.Equal(t, call+": the events", list(l.events), want,
				lesson.If(len(l.events) == 1, "the event was not appended"))
			if !isClosed(before) {
				taskAdd.Fail(t, call+": the channel that was in changed", "got  open\nwant closed",
					lesson.If(len(before) > 0 || l.changed == before, "the channel was not closed; those who wait for it go on waiting, and a value in it would wake one of them only"),
					lesson.If(true, "the channel was replaced and not closed; those who wait for it wait for ever"))
			}
			if l.changed == nil || isClosed(l.changed) {
				taskAdd.Fail(t, call+": the channel that is in changed now", "got  closed, or nil\nwant a new one",
					lesson.If(true, "the closed channel is still there; put a new one in its place for those who wait next"))
			}
			if !whole {
				taskAdd.Fail(t, call+": what others see when the lock is free", "got  a part of the change\nwant all of it",
					lesson.If(true, "the lock was released before all was done, or not taken; two calls of Add at once would close the same channel twice"))
			}
			before = l.changed
		}
	}, addHangs)
}

// needAdd ends the test of a later part if Add does not do what it should.
func needAdd(t *testing.T) {
	t.Helper()
	ok := works(t, func(t *testing.T) bool {
		l, mu := start("a")
		for range 2 {
			before := l.changed
			l.Add("b")
			if !isClosed(before) || l.changed == nil || isClosed(l.changed) || len(mu.held) > 0 {
				return false
			}
		}
		return slices.Equal(l.events, []string{"a", "b", "b"})
	})
	if !ok {
		taskAdd.Fail(t, t.Name()+" needs Add", "", lesson.If(true, "Add is not right yet; make TestAdd pass first"))
	}
}

// reader is a call of Wait in a goroutine of its own.
type reader struct {
	call   string
	leave  context.CancelFunc
	events []string
	next   int
	ended  bool
	crash  any // what it panicked with
}

// wait starts a Wait and lets it come as far as it can.
func wait(t *testing.T, l *Log, mu *lock, cursor int) *reader {
	ctx, leave := context.WithCancel(t.Context())
	r := &reader{call: fmt.Sprintf("Wait(%d)", cursor), leave: leave}
	taskWait.Go(t, func() {
		defer stopSpinning()
		defer func() {
			if v := recover(); isCrash(v) {
				r.crash = v
			} else if v != nil {
				panic(v)
			}
		}()
		r.events, r.next = l.Wait(ctx, cursor)
		r.ended = true
	})
	settle()
	if r.crash == nil {
		mu.broken(t, taskWait, r.call, !r.ended)
	}
	return r
}

// isCrash reports whether a panic is neither the lock's nor that of a part that is not written.
func isCrash(v any) bool {
	_, missing := v.(lesson.NotWritten)
	return v != nil && v != any(spinning{}) && !missing
}

// result is what a Wait comes to.
type result struct {
	Waits  bool
	Events list
	Next   int
}

func (r *reader) result() result { return result{!r.ended, r.events, r.next} }

// check compares the result of a Wait.
func (r *reader) check(t *testing.T, when string, want result, looks ...lesson.Diagnosis) {
	if r.crash != nil {
		taskWait.Fail(t, r.call+when, fmt.Sprintf("panic: %v", r.crash), looks...)
	}
	if len(r.events) == 0 {
		r.events = want.Events[:0]
	}
	got := r.result()
	taskWait.Equal(t, r.call+when, got, want, append(looks,
		lesson.If(!want.Waits && got.Waits, "it waits, and there is no reason to"),
		lesson.If(want.Waits && got.Next != 0 && len(got.Events) == 0, "it returned without an event, and ctx had not ended"),
		lesson.If(want.Waits, "it did not wait"),
		lesson.If(len(want.Events) > 0 && len(got.Events) == 0, "it was woken, and returned nothing; look again when the channel is closed"),
		lesson.If(got.Events.String() == want.Events.String(), "the next cursor is not right; it is how many events the reader has had then, those before included"))...)
}

var hangs = lesson.If(true, "somebody waits for what never comes: a lock that is not released, a channel that nobody closes, or something was started that nobody ends")

const lookFirst = "there were events behind the cursor, and it waited for another one; look before you wait, else what came between two requests is lost"

func TestWaitReturnsAtOnce(t *testing.T) {
	defer taskWait.Catch(t)
	needAdd(t)
	taskWait.Bubble(t, "Wait, where there are events already", func(t *testing.T) {
		events := list{"a", "b", "c"}
		for cursor := range events {
			l, mu := start(events...)
			r := wait(t, l, mu, cursor)
			r.check(t, `, of the events "a" "b" "c"`, result{false, events[cursor:], 3},
				lesson.If(!r.ended, lookFirst),
				lesson.If(cursor > 0 && len(r.events) == 3, "all events came again; the cursor says how many the reader has had"))

			over, cancel := context.WithCancel(t.Context())
			cancel()
			got, next := l.Wait(over, cursor)
			late := &reader{call: r.call, events: got, next: next, ended: true}
			late.check(t, `, of the events "a" "b" "c", and ctx has ended`, result{false, events[cursor:], 3},
				lesson.If(len(got) == 0, "ctx was looked at first; what is there already can be returned whatever ctx says"))
		}
	}, hangs)
}

// TestWaitIsTheReaders changes what was returned.
func TestWaitIsTheReaders(t *testing.T) {
	defer taskWait.Catch(t)
	needAdd(t)
	taskWait.Bubble(t, "Wait, where there are events already", func(t *testing.T) {
		l, mu := start("a", "b")
		r := wait(t, l, mu, 1)
		r.check(t, `, of the events "a" "b"`, result{false, list{"b"}, 2}, lesson.If(!r.ended, lookFirst))
		r.events[0] = "x"
		taskWait.Equal(t, r.call+`, and the reader makes "x" of what it got: the log`, list(l.events), list{"a", "b"},
			lesson.If(true, "what a reader got is a part of the log, and it can change it for all others; return a copy"))
	}, hangs)
}

const notWoken = "an event came, and nobody was woken by it"

func TestWaitHolds(t *testing.T) {
	defer taskWait.Catch(t)
	needAdd(t)
	taskWait.Bubble(t, "Wait, where there is nothing new", func(t *testing.T) {
		l, mu := start("a")
		r := wait(t, l, mu, 1)
		defer r.leave()
		time.Sleep(time.Hour)
		settle()
		r.check(t, ", for an hour", result{Waits: true})
		l.Add("b")
		settle()
		r.check(t, `, and then Add("b")`, result{false, list{"b"}, 2},
			lesson.If(!r.ended, notWoken))
	}, hangs)
}

func TestWaitWakesEverybody(t *testing.T) {
	defer taskWait.Catch(t)
	needAdd(t)
	taskWait.Bubble(t, "three readers in Wait", func(t *testing.T) {
		l, mu := start("a")
		var readers []*reader
		for range 3 {
			r := wait(t, l, mu, 1)
			defer r.leave()
			readers = append(readers, r)
		}
		l.Add("b")
		settle()
		for i, r := range readers {
			r.check(t, fmt.Sprintf(`, three at once, and then Add("b"): number %d`, i+1), result{false, list{"b"}, 2},
				lesson.If(!r.ended, "one event wakes everybody, and this one was not woken"))
		}
	}, hangs)
}

// TestWaitGoesOn is a reader that comes back with each cursor it was given.
func TestWaitGoesOn(t *testing.T) {
	defer taskWait.Catch(t)
	needAdd(t)
	taskWait.Bubble(t, "Wait, again and again", func(t *testing.T) {
		l, mu := start()
		cursor := 0
		for i, event := range []string{"a", "b", "c"} {
			r := wait(t, l, mu, cursor)
			defer r.leave()
			r.check(t, "", result{Waits: true}, lesson.If(r.ended && len(r.events) > 0, "an event came twice"))
			l.Add(event)
			settle()
			r.check(t, fmt.Sprintf(", and then Add(%q)", event), result{false, list{event}, i + 1})
			cursor = r.next
		}
	}, hangs)
}

// TestWaitLosesNothing lets an event come at every moment in which Wait does not hold the lock. The
// reader must have it in the end, and once.
func TestWaitLosesNothing(t *testing.T) {
	defer taskWait.Catch(t)
	needAdd(t)
	for _, events := range [][]string{{"a"}, {"a", "b"}} {
		for n := 1; n <= 4; n++ {
			taskWait.Bubble(t, "Wait, and an event at a bad moment", func(t *testing.T) {
				l, mu := start(events...)
				came := false
				mu.behind(n, func() { came = true; l.Add("new") })
				r := wait(t, l, mu, 1)
				defer func() {
					r.leave()
					mu.behind(0, nil)
					l.Add("one more, for a Wait that does not listen to ctx")
				}()
				if !came {
					return // there is no such moment
				}
				call := fmt.Sprintf("%s, of %q, and Add(\"new\") between its Unlock number %d and what comes next", r.call, events, n)
				if !r.ended {
					time.Sleep(time.Hour)
					settle()
					taskWait.Fail(t, call, "got  it waits\nwant the event",
						lesson.If(r.ended, notWoken),
						lesson.If(true, "an event came between the look at the events and the wait, and was lost; take the channel under the same lock"))
				}
				// What it did not get now it gets with the next request.
				all := slices.Clone(r.events)
				rest := wait(t, l, mu, r.next)
				defer rest.leave()
				if rest.ended {
					all = append(all, rest.events...)
				}
				want := append(slices.Clone(events[1:]), "new")
				taskWait.Equal(t, call+", and Wait with the next cursor", list(all), list(want),
					lesson.If(!slices.Contains(all, "new"), "an event came after the look at the events, and the next cursor counts it; make the cursor of the events that you return"),
					lesson.If(len(all) > len(want), "an event came twice"))
			}, hangs)
		}
	}
}

func TestWaitEnds(t *testing.T) {
	defer taskWait.Catch(t)
	needAdd(t)
	taskWait.Bubble(t, "Wait, and ctx ends", func(t *testing.T) {
		l, mu := start("a", "b")
		r := wait(t, l, mu, 2)
		r.leave()
		settle()
		if !r.ended {
			l.Add("c") // so that it comes to an end
			taskWait.Fail(t, r.call+", and ctx ends", "got  it waits\nwant an end",
				lesson.If(true, "the reader has gone, and Wait goes on; wait for ctx.Done() as well"))
		}
		mu.broken(t, taskWait, r.call+", and ctx ends", false)
		r.check(t, ", and ctx ends", result{false, nil, 2},
			lesson.If(len(r.events) > 0, "there was nothing new, and events were returned"),
			lesson.If(r.next == 0, "the cursor was lost; with 0 the reader would get everything again"))
	}, hangs)
}

// TestWaitForeignCursor comes with cursors of another run of the server.
func TestWaitForeignCursor(t *testing.T) {
	defer taskWait.Catch(t)
	needAdd(t)
	taskWait.Bubble(t, "Wait, with a cursor of another run", func(t *testing.T) {
		const beyond = "the cursor is from before a restart, and there are fewer events now; it stands for 0"
		for _, cursor := range []int{0, 3, 17, -1} {
			l, mu := start("a", "b")
			r := wait(t, l, mu, cursor)
			if cursor == 0 {
				r.check(t, `, of the events "a" "b"`, result{false, list{"a", "b"}, 2}, lesson.If(!r.ended, lookFirst))
			}
			r.check(t, `, of the events "a" "b"`, result{false, list{"a", "b"}, 2}, lesson.If(true, beyond))
		}
		l, mu := start()
		r := wait(t, l, mu, 17)
		r.leave()
		settle()
		r.check(t, ", of no events, and ctx ends", result{false, nil, 0},
			lesson.If(r.next == 17, "the cursor of another run was given back; with it the reader would not see the first events of this one"))

		l, mu = start()
		r = wait(t, l, mu, 1)
		defer r.leave()
		other := wait(t, l, mu, 0)
		defer other.leave()
		l.Add("a")
		settle()
		r.check(t, `, of no events, and then Add("a")`, result{false, list{"a"}, 1},
			lesson.If(!other.ended, notWoken),
			lesson.If(!r.ended, "the cursor stood for 0, and was taken for a place when an event came; set it to 0 for good"))
	}, hangs)
}
