package feed

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.com/ws101/lessons/internal/lesson"
)

var taskFollow = lesson.Task{Chapter: 6, Name: "Follow"}

// client is the other end of a Follow.
type client struct {
	net.Conn
	t     *testing.T
	lines *bufio.Reader
	last  string // the line before
	reads bool   // a time was set for reads too
	leave context.CancelFunc
	begun time.Time
	ended bool
	err   error
	after time.Duration // when it ended
}

// served is the connection that Follow is given.
type served struct {
	net.Conn
	to *client
}

func (s served) SetDeadline(at time.Time) error {
	s.to.reads = true
	return s.Conn.SetDeadline(at)
}

// follow starts a Follow, and lets it come as far as it can.
func follow(t *testing.T, c *count, from Cursor) *client {
	ctx, leave := context.WithCancel(t.Context())
	here, there := net.Pipe()
	k := &client{Conn: here, t: t, lines: bufio.NewReader(here), leave: leave, begun: time.Now()}
	taskFollow.Go(t, func() {
		k.err = Follow(ctx, served{there, k}, c.Feed, from)
		k.after, k.ended = time.Since(k.begun), true
	})
	synctest.Wait()
	return k
}

// end ends the client, and so the Follow, whatever it listens to.
func (k *client) end(c *count) {
	k.leave()
	k.Close()
	c.add(1)
	synctest.Wait()
}

// line reads the next line, for which it waits a second at most.
func (k *client) line() string {
	k.SetReadDeadline(time.Now().Add(time.Second))
	line, err := k.lines.ReadString('\n')
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return line + "nothing"
	} else if err != nil {
		return line + err.Error()
	}
	return strings.TrimSuffix(line, "\n")
}

// gets compares the next lines.
func (k *client) gets(call string, want ...string) {
	for i, w := range want {
		got := k.line()
		taskFollow.Equal(k.t, fmt.Sprintf("%s: line %d that the client gets", call, i+1), got, w,
			lesson.If(got != w && isEmpty(got), notWaited),
			lesson.If(errors.Is(k.err, os.ErrDeadlineExceeded), cutTooEarly),
			lesson.If(k.ended, "it has ended; it goes on until ctx ends, or a Write fails"),
			lesson.If(got == k.last || strings.HasSuffix(after(got, "["), ","+after(w, "[")), again),
			lesson.If(strings.HasPrefix(after(w, "events"), strings.TrimSuffix(after(got, "events"), "]}")+","), "the events that came while the client was busy were not sent together"),
			lesson.If(strings.Contains(w, "state"), "a client that is too far behind gets a snapshot, as Wait returns it"))
		k.last = got
	}
}

// quiet fails the test if the client gets something where there is nothing to send.
func (k *client) quiet(call string) {
	if got := k.line(); got != "nothing" {
		taskFollow.Fail(k.t, call+": and then", fmt.Sprintf("got  %s\nwant nothing", got), lesson.If(isEmpty(got), notWaited), lesson.If(got == k.last, again))
	}
}

// isEmpty reports whether a line is a batch without events.
func isEmpty(line string) bool { return strings.HasSuffix(line, `"events":[]}`) }

const notWaited = "an empty batch was sent; Wait returns when there is something to send"

const again = "the same batch was sent again; go on with its cursor"

const cutTooEarly = "the client is slow, and was cut as if it were gone; each Write has its own time to end"

// after returns what stands behind a word, or "-".
func after(line, word string) string {
	_, rest, found := strings.Cut(line, word)
	if !found {
		return "-"
	}
	return rest
}

var hangs = lesson.If(true, "Follow waits for what never comes")

func TestFollowSends(t *testing.T) {
	defer taskFollow.Catch(t)
	needSince(t)
	taskFollow.Bubble(t, "Follow", func(t *testing.T) {
		c := newCount(5)
		c.add(2)
		k := follow(t, c, Cursor{})
		defer k.end(c)
		const call = "Follow, from nothing, of 2 events and then one a minute"
		k.gets(call, `{"cursor":"run1-2","state":2}`)
		k.quiet(call)
		for n := 3; n <= 5; n++ {
			time.Sleep(time.Minute)
			c.add(1)
			k.gets(call, fmt.Sprintf(`{"cursor":"run1-%d","events":[%d]}`, n, n))
		}
		k2 := follow(t, c, Cursor{"run1", 3})
		defer k2.end(c)
		k2.gets("Follow, from run1-3, of 5 events", `{"cursor":"run1-5","events":[4,5]}`)
	}, hangs)
}

func TestFollowSlow(t *testing.T) {
	defer taskFollow.Catch(t)
	needSince(t)
	taskFollow.Bubble(t, "Follow", func(t *testing.T) {
		c := newCount(5)
		k := follow(t, c, Cursor{"run1", 0})
		defer k.end(c)
		for range 4 { // the first of them wakes Follow, which then waits for the client
			c.add(1)
			synctest.Wait()
		}
		call := "Follow, and 4 events while the client takes nothing"
		k.gets(call, `{"cursor":"run1-1","events":[1]}`, `{"cursor":"run1-4","events":[2,3,4]}`)
		for range 20 {
			c.add(1)
			synctest.Wait()
		}
		call = "Follow, and 20 events while the client takes nothing, of a feed that keeps 5"
		k.gets(call, `{"cursor":"run1-5","events":[5]}`, `{"cursor":"run1-24","state":24}`)
	}, hangs)
}

func TestFollowStuck(t *testing.T) {
	defer taskFollow.Catch(t)
	needSince(t)
	taskFollow.Bubble(t, "Follow", func(t *testing.T) {
		c := newCount(5)
		k := follow(t, c, Cursor{"run1", 0})
		defer k.end(c)
		// A client that is slow and alive: it takes a line each 8 s.
		for n := 1; n <= 8; n++ {
			c.add(1)
			time.Sleep(8 * time.Second)
			k.gets("Follow, and a client that takes a line each 8 s", fmt.Sprintf(`{"cursor":"run1-%d","events":[%d]}`, n, n))
		}
		synctest.Wait()
		if k.ended {
			taskFollow.Fail(t, "Follow, and a client that takes a line each 8 s", fmt.Sprintf("got  its end, after %v: %v\nwant to go on", k.after, k.err),
				lesson.If(true, cutTooEarly))
		}
		if k.reads {
			taskFollow.Fail(t, "Follow, and its deadlines", "got  SetDeadline\nwant SetWriteDeadline",
				lesson.If(true, "the time was set for reads as well; whoever has given you the connection may be reading from it"))
		}
		before := time.Since(k.begun)
		c.add(1)
		time.Sleep(time.Minute)
		synctest.Wait()
		call := "Follow, and a client that takes nothing for a minute"
		if !k.ended {
			taskFollow.Fail(t, call, "got  it waits\nwant its end after 10 s",
				lesson.If(true, "the client takes nothing, and Follow waits for it for ever; give each Write until Stuck with SetWriteDeadline"))
		}
		type end struct {
			After   time.Duration
			Timeout bool
		}
		taskFollow.Equal(t, call, end{k.after - before, errors.Is(k.err, os.ErrDeadlineExceeded)}, end{Stuck, true},
			lesson.If(k.err == nil || errors.Is(k.err, context.Canceled), "the error of the Write was lost; the caller wants to know why it has ended"))
	}, hangs)
}

func TestFollowEnds(t *testing.T) {
	defer taskFollow.Catch(t)
	needSince(t)
	taskFollow.Bubble(t, "Follow", func(t *testing.T) {
		c := newCount(5)
		k := follow(t, c, Cursor{"run1", 0})
		defer k.end(c)
		k.leave()
		synctest.Wait()
		const call = "Follow, and ctx ends"
		if !k.ended {
			taskFollow.Fail(t, call, "got  it goes on\nwant its end", lesson.If(true, "ctx has ended, and Follow goes on"))
		}
		taskFollow.Equal(t, call, struct{ Err error }{k.err}, struct{ Err error }{context.Canceled},
			lesson.If(k.err == nil, "the error of ctx was lost; the caller wants to know why it has ended"),
			lesson.If(true, "it has ended with another error than that of ctx; was something sent after the end?"))

		// There is something to send all the time, and ctx ends.
		k = follow(t, c, Cursor{"run1", 0})
		defer k.end(c)
		c.add(1)
		synctest.Wait()
		c.add(1) // while the first is being sent
		k.leave()
		k.line()
		synctest.Wait()
		if !k.ended {
			taskFollow.Fail(t, call+" while events keep coming", "got  it goes on\nwant its end",
				lesson.If(true, "Wait returns events also when ctx has ended; look at ctx itself"))
		}
	}, hangs)
}
