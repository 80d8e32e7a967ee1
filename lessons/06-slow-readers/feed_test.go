package feed

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"

	"example.com/ws101/lessons/internal/lesson"
)

var (
	taskCursor = lesson.Task{Chapter: 6, Name: "ParseCursor"}
	taskUpdate = lesson.Task{Chapter: 6, Name: "Update"}
	taskSince  = lesson.Task{Chapter: 6, Name: "since"}
)

// place is a cursor as a failure shows it.
func place(c Cursor) string { return fmt.Sprintf("%s-%d", c.Epoch, c.N) }

func TestParseCursor(t *testing.T) {
	defer taskCursor.Catch(t)
	const badEpoch = "an epoch was taken that has other characters than a-z and digits, or is too long; a stranger writes it, and it goes into logs and answers"
	const badNumber = "a number was taken that String writes in another way; a cursor has one text only, so that texts can be compared"
	for _, c := range []struct {
		text  string
		want  Cursor
		ok    bool
		looks string
	}{
		{"k3f9a2-17", Cursor{"k3f9a2", 17}, true, "the text of a cursor was not read"},
		{"a-0", Cursor{"a", 0}, true, "0 is the place before the first event"},
		{"abcdefgh12345678-1", Cursor{"abcdefgh12345678", 1}, true, "an epoch of 16 characters is allowed"},
		{"k3f9a2-18446744073709551615", Cursor{"k3f9a2", 1<<64 - 1}, true, "the number has 64 bits, whatever an int has"},
		{"", Cursor{}, true, "no text is the zero Cursor; it comes from a page that has nothing yet"},
		{"17", Cursor{}, false, "there is no epoch in front"},
		{"-17", Cursor{}, false, "there is no epoch in front"},
		{"k3f9a2", Cursor{}, false, "there is no number"},
		{"k3f9a2-", Cursor{}, false, "there is no number"},
		{"k3f9a2-x", Cursor{}, false, "there is no number"},
		{"k3f9a2--1", Cursor{}, false, "no number is below 0"},
		{"k3f9a2-18446744073709551616", Cursor{}, false, "this number does not fit into 64 bits"},
		{"k3f9a2-+17", Cursor{}, false, badNumber},
		{"k3f9a2-017", Cursor{}, false, badNumber},
		{"k3f9a2-17 ", Cursor{}, false, "there is something behind the number"},
		{"k3f9a2-1-7", Cursor{}, false, "there is something behind the number"},
		{"K3F9A2-17", Cursor{}, false, badEpoch},
		{"k\n-17", Cursor{}, false, badEpoch},
		{"k_f-17", Cursor{}, false, badEpoch},
		{"é-17", Cursor{}, false, badEpoch},
		{"abcdefgh123456789-1", Cursor{}, false, badEpoch},
	} {
		got, err := ParseCursor(c.text)
		type parsed struct {
			Cursor string
			OK     bool
		}
		taskCursor.Equal(t, fmt.Sprintf("ParseCursor(%q)", c.text), parsed{place(got), err == nil}, parsed{place(c.want), c.ok},
			lesson.If(c.ok == (err == nil) && !c.ok, "beside an error stands the zero Cursor"),
			lesson.If(true, c.looks))
	}
}

// count is a state that a feed tells about: how many events there were. The event says the same.
type count struct {
	*Feed
	n int
}

func newCount(most int) *count {
	c := &count{}
	c.Feed = New("run1", most, func() string { return strconv.Itoa(c.n) })
	return c
}

// add makes n events.
func (c *count) add(n int) {
	for range n {
		c.Update(func() string {
			c.n++
			return strconv.Itoa(c.n)
		})
	}
}

// seen is a batch as a failure shows it.
type seen struct {
	Events   []string
	Snapshot string
	Next     string
}

func see(b Batch) seen { return seen{append([]string{}, b.Events...), b.Snapshot, place(b.Next)} }

// numbers are the events from one to another.
func numbers(from, to int) []string {
	list := []string{}
	for n := from; n <= to; n++ {
		list = append(list, strconv.Itoa(n))
	}
	return list
}

func TestUpdate(t *testing.T) {
	defer taskUpdate.Catch(t)
	c := newCount(5)
	for n := 1; n <= 12; n++ {
		before := c.log
		func() {
			defer taskUpdate.CatchIn(t, fmt.Sprintf("Update, number %d of a feed that keeps 5", n),
				lesson.If(true, "the closed channel is still there; put a new one in its place for those who wait next"))
			c.add(1)
		}()
		got := append([]string{}, c.log...)
		want := numbers(max(1, n-4), n)
		taskUpdate.Equal(t, fmt.Sprintf("Update, number %d of a feed that keeps 5: the log", n), got, want,
			lesson.If(len(got) > 5, "nothing leaves the log; it grows for as long as the server runs"),
			lesson.If(len(got) == 0, "the event is not in the log"),
			lesson.If(n == 5 && len(got) == 4, "an event leaves only when there is one more than the log may keep"),
			lesson.If(len(got) < min(n, 5), "more has left the log than the oldest event; a reader who is only a little behind would find nothing any more"),
			lesson.If(got[0] == "1", "the newest event was left out; the oldest has to go"))
		// Where append has moved the log to another array, nothing holds the old one.
		if n > 5 && &before[1] == &c.log[0] && before[0] != "" {
			taskUpdate.Fail(t, fmt.Sprintf("Update, number %d: what stands in the array in front of the log", n), fmt.Sprintf("got  %q\nwant %q", before[0], ""),
				lesson.If(true, "the event has left the log, and is still in memory; set its place to \"\" before you cut it off"))
		}
		taskUpdate.Equal(t, fmt.Sprintf("Update, number %d: last", n), c.last, uint64(n),
			lesson.If(true, "last is the number of the newest event; it grows by one with each, also with those that have left the log"))
	}
}

func TestUpdateIsOneStep(t *testing.T) {
	defer taskUpdate.Catch(t)
	c := newCount(5)
	before := c.changed
	c.Update(func() string {
		c.n++
		if c.mu.TryLock() {
			c.mu.Unlock()
			taskUpdate.Fail(t, "Update, while change runs", "got  the lock is free\nwant it held",
				lesson.If(true, "change was called without the lock; somebody could see the new state with the old cursor, and would get the event a second time"))
		}
		return "1"
	})
	if !c.mu.TryLock() {
		taskUpdate.Fail(t, "Update, and then", "got  the lock, still held\nwant it free", lesson.If(true, "the lock was not released; the next one to take it waits for ever"))
	}
	c.mu.Unlock()
	select {
	case <-before:
	default:
		taskUpdate.Fail(t, "Update: the channel that was in changed", "got  open\nwant closed",
			lesson.If(true, "nobody was woken; close the channel, and put another one in its place"))
	}
}

// needUpdate ends the test of a later part if Update does not do what it should.
func needUpdate(t *testing.T) {
	t.Helper()
	c := newCount(3)
	before := c.changed
	func() {
		defer func() {
			if v := recover(); v != nil {
				if _, todo := v.(lesson.NotWritten); todo {
					panic(v)
				}
			}
		}()
		c.add(5)
	}()
	ok := c.last == 5 && slices.Equal(c.log, numbers(3, 5)) && c.changed != before && c.mu.TryLock()
	if ok {
		c.mu.Unlock()
	}
	if !ok {
		taskUpdate.Fail(t, t.Name()+" needs Update", "", lesson.If(true, "Update is not right yet; make TestUpdate pass first"))
	}
}

// sinceOf calls Since of a feed that has had total events, and keeps 5.
func sinceOf(t *testing.T, total int, from Cursor) (got seen, call string) {
	c := newCount(5)
	c.add(total)
	call = fmt.Sprintf("Since(%q), of a feed that has had %d events and keeps 5", from, total)
	defer taskSince.CatchIn(t, call,
		lesson.If(from.N < uint64(max(0, total-5)), "this cursor is behind the log; it needs a snapshot, and then nothing more is to be read from the log"),
		lesson.If(from.N > uint64(total), "a number larger than the newest was used as a place in the log; it comes from a stranger"),
		lesson.If(true, "a number was used as a place in the log that is not in it"))
	return see(c.Since(from)), call
}

func TestSinceEvents(t *testing.T) {
	defer taskSince.Catch(t)
	needUpdate(t)
	for _, c := range []struct {
		total int
		from  uint64
	}{{3, 0}, {3, 1}, {3, 2}, {5, 0}, {7, 2}, {7, 3}, {7, 6}, {1000, 995}} {
		got, call := sinceOf(t, c.total, Cursor{"run1", c.from})
		want := seen{numbers(int(c.from)+1, c.total), "", place(Cursor{"run1", uint64(c.total)})}
		edge := c.from == uint64(c.total-5)
		taskSince.Equal(t, call, got, want,
			lesson.If(got.Snapshot != "" && len(got.Events) > 0, "a batch has events or a snapshot; with both, the reader counts the events twice"),
			lesson.If(got.Snapshot != "" && edge, "this reader needs all events that are in the log, and none that has left it; it can have them"),
			lesson.If(got.Snapshot != "", "a reader that could have had the events got a snapshot"),
			lesson.If(len(got.Events) == len(want.Events)+1, "an event came twice; a cursor of 2 says that number 2 has been seen"),
			lesson.If(len(got.Events) > len(want.Events), "events came again that are in front of the cursor"),
			lesson.If(len(got.Events) < len(want.Events), "events are missing"),
			lesson.If(true, "the next cursor is that of the newest event"))
	}
}

func TestSinceSnapshot(t *testing.T) {
	defer taskSince.Catch(t)
	needUpdate(t)
	const (
		foreign = "the number of another run was taken for one of this; the epoch says that it is not"
		behind  = "an event behind this cursor has left the log, and the reader would never know; it needs a snapshot"
		future  = "this cursor is ahead of the newest event; nobody was ever given it, and it needs a snapshot"
	)
	for _, c := range []struct {
		from  Cursor
		looks string
	}{
		{Cursor{}, "who has nothing yet needs a snapshot; the events alone do not make a state"},
		{Cursor{"run0", 5}, foreign},
		{Cursor{"run0", 7}, foreign},
		{Cursor{"", 7}, foreign},
		{Cursor{"run1", 0}, behind},
		{Cursor{"run1", 1}, behind},
		{Cursor{"run1", 8}, future},
		{Cursor{"run1", 1 << 32}, future},
		{Cursor{"run1", 1 << 63}, future},
		{Cursor{"run1", 1<<64 - 1}, future},
	} {
		got, call := sinceOf(t, 7, c.from)
		taskSince.Equal(t, call, got, seen{[]string{}, "7", "run1-7"},
			lesson.If(got.Snapshot != "" && len(got.Events) > 0, "a batch has events or a snapshot; with both, the reader counts the events twice"),
			lesson.If(got.Snapshot == "7", "the cursor of a snapshot is that of the newest event"),
			lesson.If(true, c.looks))
	}
}

func TestSinceNothingNew(t *testing.T) {
	defer taskSince.Catch(t)
	needUpdate(t)
	for _, total := range []int{0, 3, 5, 7} {
		at := Cursor{"run1", uint64(total)}
		got, call := sinceOf(t, total, at)
		taskSince.Equal(t, call, got, seen{[]string{}, "", place(at)},
			lesson.If(got.Snapshot != "", "this reader has everything, and got a snapshot"))
	}
}

// TestSinceIsTheReaders looks at a batch when the log has gone on.
func TestSinceIsTheReaders(t *testing.T) {
	defer taskSince.Catch(t)
	needSince(t)
	c := newCount(5)
	c.add(5)
	b := c.Since(Cursor{"run1", 2})
	c.add(20)
	taskSince.Equal(t, `Since("run1-2"), and 20 events later the same batch`, see(b), seen{numbers(3, 5), "", "run1-5"},
		lesson.If(true, "the events have changed after they were handed out; they are a part of the log, and the log goes on, so return a copy"))
}

// needSince ends the test of a later part if since does not do what it should.
func needSince(t *testing.T) {
	t.Helper()
	needUpdate(t)
	for _, c := range []struct {
		from Cursor
		want seen
	}{
		{Cursor{"run1", 2}, seen{numbers(3, 7), "", "run1-7"}},
		{Cursor{"run1", 7}, seen{numbers(1, 0), "", "run1-7"}},
		{Cursor{"run1", 1}, seen{numbers(1, 0), "7", "run1-7"}},
		{Cursor{"run0", 7}, seen{numbers(1, 0), "7", "run1-7"}},
	} {
		if got, _ := sinceOf(t, 7, c.from); fmt.Sprint(got) != fmt.Sprint(c.want) {
			taskSince.Fail(t, t.Name()+" needs since", "", lesson.If(true, "since is not right yet; make its tests pass first"))
		}
	}
}

// TestSinceManyReaders lets many readers wait at once, and some of them lag.
func TestSinceManyReaders(t *testing.T) {
	defer taskSince.Catch(t)
	needSince(t)
	taskSince.Bubble(t, "many readers", func(t *testing.T) {
		c := newCount(5)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		sums := make([]int, 50)
		for i := range sums {
			taskSince.Go(t, func() {
				var at Cursor
				for {
					b := c.Wait(ctx, at)
					if ctx.Err() != nil {
						return
					}
					if b.Snapshot != "" {
						sums[i], _ = strconv.Atoi(b.Snapshot)
					}
					sums[i] += len(b.Events)
					at = b.Next
				}
			})
		}
		synctest.Wait()
		for range 30 {
			c.add(3)
			synctest.Wait()
		}
		cancel()
		synctest.Wait()
		for i, sum := range sums {
			taskSince.Equal(t, fmt.Sprintf("90 events, and reader %d of 50 has counted", i+1), sum, 90)
		}
	}, lesson.If(true, "somebody waits for what never comes"))
}
