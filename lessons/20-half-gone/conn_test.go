package heartbeat

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"example.com/ws101/frames"
	"example.com/ws101/lessons/internal/lesson"
)

var (
	taskEnd   = lesson.Task{Chapter: 20, Name: "End"}
	taskWrite = lesson.Task{Chapter: 20, Name: "write"}
	taskRead  = lesson.Task{Chapter: 20, Name: "Read"}
	taskTick  = lesson.Task{Chapter: 20, Name: "tick", Section: "RFC 6455 section 5.5.2"}
	taskBeat  = lesson.Task{Chapter: 20, Name: "Beat", Section: "RFC 6455 section 5.5.2"}
)

const (
	every    = 30 * time.Second
	patience = 10 * time.Second
)

// client is the other side, at the end of a pipe without a buffer. Nothing is read from it
// unless the test does.
type client struct {
	nc net.Conn

	mu  sync.Mutex
	got []byte // what it has got
}

// open returns a Conn and its other side. It belongs into a bubble, and both are closed at
// its end.
func open(t *testing.T) (*Conn, *client) {
	ours, theirs := net.Pipe()
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	return New(ours, every, patience), &client{nc: theirs}
}

// take reads all that comes, as the kernel does for a program that is frozen. For each ping
// it sends answer, if there is one.
func (p *client) take(k lesson.Task, t *testing.T, answer []byte) {
	k.Go(t, func() {
		buf := make([]byte, 512)
		for {
			n, err := p.nc.Read(buf)
			if err != nil {
				return
			}
			p.mu.Lock()
			p.got = append(p.got, buf[:n]...)
			p.mu.Unlock()
			if answer != nil && n == 2 && buf[0] == 0x89 {
				p.nc.Write(answer)
			}
		}
	})
}

// taken is what has come so far.
func (p *client) taken() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return bytes.Clone(p.got)
}

// readAll is what came of calling Read until it failed.
type readAll struct {
	err  error
	at   time.Time     // when it failed
	done chan struct{} // closed then
}

// readAll calls Read until it fails. It returns once that waits for the other side.
func (c *Conn) readAll(k lesson.Task, t *testing.T) *readAll {
	r := &readAll{done: make(chan struct{})}
	k.Go(t, func() {
		defer close(r.done)
		buf := make([]byte, 64)
		for r.err == nil {
			_, r.err = c.Read(buf)
		}
		r.at = time.Now()
	})
	synctest.Wait()
	return r
}

// over reports whether Read has failed, once nobody can do anything more at this moment.
func (r *readAll) over() bool {
	synctest.Wait()
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// beat runs Beat, and returns a channel that is closed when it has returned.
func (c *Conn) beat(t *testing.T) <-chan struct{} {
	done := make(chan struct{})
	taskBeat.Go(t, func() {
		defer close(done)
		c.Beat()
	})
	return done
}

// wantEnd waits until Beat has returned, behind the end of the connection.
func wantEnd(t *testing.T, call string, done <-chan struct{}) {
	select {
	case <-done:
	case <-time.After(10 * time.Minute):
		taskBeat.Fail(t, call, "got  Beat still runs, 10 minutes behind the end of the connection\nwant its end",
			lesson.If(true, "the connection has ended, and Beat goes on; every connection that ends so leaves one behind"))
	}
}

// ended reports whether done is closed.
func (c *Conn) ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

var (
	errFirst  = errors.New("the first reason")
	errSecond = errors.New("the second reason")
)

type ending struct {
	First, Second, Reason error
	Done                  bool
}

func TestEnd(t *testing.T) {
	defer taskEnd.Catch(t)
	lesson.InOrder(t)
	call := "End(the first reason), End(the second reason)"
	taskEnd.Bubble(t, call, func(t *testing.T) {
		c, p := open(t)
		defer taskEnd.CatchIn(t, call, lesson.If(true, "a second End must do nothing; a channel can be closed only once"))
		got := ending{First: c.End(errFirst), Second: c.End(errSecond)}
		got.Reason, got.Done = c.reason, c.ended()
		taskEnd.Equal(t, call, got, ending{errFirst, errFirst, errFirst, true},
			lesson.If(got.First != errFirst && got.Reason == errFirst, "the reason was noted, and not returned"),
			lesson.If(got.Reason == errSecond || got.Second == errSecond, "the second reason has replaced the first; what comes later is only a consequence"),
			lesson.If(!got.Done, "done was not closed; the heartbeat goes on for ever"))
		p.nc.SetReadDeadline(time.Now().Add(time.Second))
		_, err := p.nc.Read(make([]byte, 1))
		taskEnd.Equal(t, call+"\nwhat the other side reads", struct{ Err error }{err}, struct{ Err error }{io.EOF},
			lesson.If(true, "the socket was not closed; whoever is blocked in a Read stays there for ever"))
	}, lesson.If(true, "the reason is wanted before it is there"))
}

// TestEndTogether has two goroutines end a connection at the same moment, many times, while
// others wait for the end to learn the reason.
func TestEndTogether(t *testing.T) {
	defer taskEnd.Catch(t)
	lesson.InOrder(t)
	const call = "End, called by two goroutines at the same moment"
	for range 3000 {
		nc, _ := net.Pipe()
		c := New(nc, every, patience)
		const watchers = 20
		seen := make(chan error, watchers)
		for range watchers {
			go func() {
				<-c.done
				seen <- c.reason
			}()
		}
		got := make(chan error, 2)
		var here atomic.Int32
		for _, reason := range []error{errFirst, errSecond} {
			go func() {
				defer func() {
					if v := recover(); v != nil {
						got <- fmt.Errorf("panic: %v", v)
					}
				}()
				for here.Add(1); here.Load() < 2; {
					runtime.Gosched()
				}
				got <- c.End(reason)
			}()
		}
		one, two := <-got, <-got
		taskEnd.Equal(t, call+"\nwhat one of them gets, and the other", fmt.Sprint(one, ", ", two), fmt.Sprint(c.reason, ", ", c.reason),
			lesson.If(true, "both were the first; between a look at done and its end somebody else may pass, and c.once lets nobody"))
		taskEnd.Equal(t, call+"\ndone is closed", c.ended(), true)
		for range watchers {
			taskEnd.Equal(t, call+"\nc.reason, when done is closed", <-seen, c.reason,
				lesson.If(true, "done was closed before the reason was there; whoever waits for done looks at the reason next"))
		}
	}
}

// TestWriteInTime has another side that reads each frame late, and one of them too late.
func TestWriteInTime(t *testing.T) {
	defer taskWrite.Catch(t)
	lesson.InOrder(t)
	frame := lesson.Hex("81 02 48 69")
	call := "Send(81 02 48 69), which is read after 9 s, and again an hour later"
	taskWrite.Bubble(t, call, func(t *testing.T) {
		c, p := open(t)
		read := make(chan error, 1)
		taskWrite.Go(t, func() {
			_, err := c.nc.Read(make([]byte, 1))
			read <- err
		})
		for i := range 2 {
			taskWrite.Go(t, func() {
				time.Sleep(9 * time.Second)
				io.ReadFull(p.nc, make([]byte, len(frame)))
			})
			err := c.Send(frame)
			taskWrite.Equal(t, call, struct{ Err error }{err}, struct{ Err error }{nil},
				lesson.If(i == 0, "the other side has 10 s to accept a frame, and got less"),
				lesson.If(true, "a deadline is a moment, and that of the first frame is long over; each write needs its own"))
			time.Sleep(time.Hour)
			select {
			case err := <-read:
				taskWrite.Fail(t, call, fmt.Sprintf("got  Read fails, %v\nwant it to go on waiting", err),
					lesson.If(true, "the deadline of the write has ended a Read too; SetDeadline sets both"))
			default:
			}
		}
		c.nc.Close()
	})
}

func TestWriteTooLate(t *testing.T) {
	defer taskWrite.Catch(t)
	lesson.InOrder(t)
	call := "Send(81 02 48 69), to somebody who reads nothing"
	taskWrite.Bubble(t, call, func(t *testing.T) {
		c, _ := open(t)
		begin := time.Now()
		err := c.Send(lesson.Hex("81 02 48 69"))
		took := time.Since(begin)
		taskWrite.Equal(t, call, struct {
			After   time.Duration
			Timeout bool
			Ended   bool
		}{took, errors.Is(err, os.ErrDeadlineExceeded), c.ended()}, struct {
			After   time.Duration
			Timeout bool
			Ended   bool
		}{patience, true, true},
			lesson.If(took == every, "that is c.every, which is for the heartbeat; the other side has c.patience"),
			lesson.If(!c.ended() && err != nil, "the write has failed, and the connection goes on; half a frame may have left"),
			lesson.If(err == nil, "the write has failed, and Send says nothing"))
		c.reason = errFirst
		err = c.Send(nil)
		taskWrite.Equal(t, call+"\nand Send once more", struct{ Err error }{err}, struct{ Err error }{errFirst},
			lesson.If(true, "the error of the socket was returned, and not the reason for which the connection has ended"))
	}, lesson.If(true, "there is no deadline; the write waits for as long as the other side likes"))
}

func TestRead(t *testing.T) {
	defer taskRead.Catch(t)
	lesson.InOrder(t)
	call := "Read, and three bytes come after a minute"
	taskRead.Bubble(t, call, func(t *testing.T) {
		c, p := open(t)
		taskRead.Go(t, func() {
			time.Sleep(time.Minute)
			p.nc.Write([]byte{1, 2, 3})
		})
		type state struct {
			Waiting, Heard bool
		}
		during := make(chan state, 1)
		taskRead.Go(t, func() {
			time.Sleep(30 * time.Second)
			during <- state{c.waiting.Load(), c.heard.Load()}
		})
		before := state{c.waiting.Load(), c.heard.Load()}
		buf := make([]byte, 8)
		n, err := c.Read(buf)
		taskRead.Equal(t, call, struct {
			N   int
			Err error
		}{n, err}, struct {
			N   int
			Err error
		}{3, nil}, lesson.If(err != nil, "to wait for a minute is no error; people think before they type"))
		type states struct{ Before, During, Behind state }
		got := states{before, <-during, state{c.waiting.Load(), c.heard.Load()}}
		taskRead.Equal(t, call, got, states{state{}, state{true, false}, state{false, true}},
			lesson.If(!got.During.Waiting, "c.waiting is not set while Read is blocked"),
			lesson.If(got.During.Heard, "c.heard is set before anything has come"),
			lesson.If(got.Behind.Waiting, "c.waiting is still set when Read has returned; the program may be busy for a while now"),
			lesson.If(!got.Behind.Heard, "bytes have come, and c.heard is not set"))
	})
}

// TestReadEnd has a socket that ends, and one that was ended before.
func TestReadEnd(t *testing.T) {
	defer taskRead.Catch(t)
	lesson.InOrder(t)
	for _, c := range []struct {
		name  string
		first error // with which the connection has ended before, or nil
		want  error
	}{
		{"Read, and the other side closes", nil, io.EOF},
		{"Read, and somebody ends the connection", ErrGone, ErrGone},
	} {
		taskRead.Bubble(t, c.name, func(t *testing.T) {
			conn, p := open(t)
			taskRead.Go(t, func() {
				time.Sleep(time.Minute)
				if c.first != nil {
					conn.End(c.first)
					return
				}
				p.nc.Close()
			})
			_, err := conn.Read(make([]byte, 8))
			taskRead.Equal(t, c.name, struct {
				Err          error
				Ended, Heard bool
			}{err, conn.ended(), conn.heard.Load()}, struct {
				Err          error
				Ended, Heard bool
			}{c.want, true, false},
				lesson.If(!conn.ended(), "the socket has ended, and the connection goes on"),
				lesson.If(conn.heard.Load(), "an error was taken for a sign of life"),
				lesson.If(true, "the error of the closed socket was returned, and not the reason for which it was closed"))
		})
	}
}

// last is a socket that has three bytes, and the end with them.
type last struct{ net.Conn }

func (last) Read(p []byte) (int, error) { return copy(p, "bye"), io.EOF }

func TestReadLast(t *testing.T) {
	defer taskRead.Catch(t)
	lesson.InOrder(t)
	const call = "Read, and three bytes come together with the end"
	taskRead.Bubble(t, call, func(t *testing.T) {
		c, _ := open(t)
		c.nc = last{c.nc}
		n, err := c.Read(make([]byte, 8))
		type result struct {
			N     int
			Err   error
			Heard bool
		}
		taskRead.Equal(t, call, result{n, err, c.heard.Load()}, result{3, io.EOF, true},
			lesson.If(n == 0, "the bytes that came with the error are lost; an io.Reader may return both at once"))
	})
}

// moments are states at a tick, and what has to come of it.
var moments = []struct {
	name                  string
	heard, waiting, asked bool
	ping, end, askedNow   bool
	looks                 string
}{
	{"bytes have come", true, true, false, false, false, false, "a ping was sent though bytes have come; it costs both sides bytes, and tells nothing new"},
	{"bytes have come, behind a ping", true, true, true, false, false, false, "bytes have come behind the ping, and the ping still counts as unanswered; the next silence ends the connection at once"},
	{"nothing has come", false, true, false, true, false, true, "nothing has come, and nobody has asked; a peer that has nothing to say may still be there"},
	{"nothing has come, behind a ping", false, true, true, false, true, true, "a ping was not answered, and the connection goes on"},
	{"nobody reads", false, false, false, false, false, false, "nobody is reading, and a ping was sent; the answer could not be heard"},
	{"nobody reads, behind a ping", false, false, true, false, false, false, "the connection was ended while nobody was reading; the pong may lie unread, since the program is busy"},
	{"nobody reads any more, and bytes have come", true, false, true, false, false, false, "bytes have come behind the ping, and the ping still counts as unanswered; the next silence ends the connection at once"},
}

func TestTick(t *testing.T) {
	defer taskTick.Catch(t)
	lesson.InOrder(t)
	type result struct {
		Pings        int
		Ended, Asked bool
	}
	for _, m := range moments {
		call := "tick: " + m.name
		taskTick.Bubble(t, call, func(t *testing.T) {
			c, p := open(t)
			p.take(taskTick, t, nil)
			c.heard.Store(m.heard)
			c.waiting.Store(m.waiting)
			c.asked = m.asked
			c.tick()
			synctest.Wait()
			got := result{bytes.Count(p.taken(), lesson.Hex("89 00")), c.ended(), c.asked}
			want := result{0, m.end, m.askedNow}
			if m.ping {
				want.Pings = 1
			}
			taskTick.Equal(t, call, got, want,
				lesson.If(m.ping && got.Pings == 1 && !got.Asked, "a ping was sent, and not noted; the next tick sends another one, and so on for ever"),
				lesson.If(m.ping && got.Ended, "the connection was ended without a ping; a peer that has nothing to say may still be there"),
				lesson.If(m.end && got.Pings > 0, "a ping was not answered, and another one was sent; nothing will come of it"),
				lesson.If(!m.waiting && !got.Ended && got.Asked, "nobody was reading, and the ping still counts as unanswered; the first silence after that ends the connection at once"),
				lesson.If(true, m.looks))
			taskTick.Equal(t, call+"\nwhat is left for the next tick", struct{ Heard bool }{c.heard.Load()}, struct{ Heard bool }{false},
				lesson.If(true, "c.heard was looked at, and not cleared; one byte would count for ever"))
			if m.end {
				taskTick.Equal(t, call, struct{ Reason error }{c.reason}, struct{ Reason error }{ErrGone})
			}
			p.nc.Close()
		})
	}
}

// slow is a socket whose Write takes a second more, in which the other side answers.
type slow struct{ net.Conn }

func (s slow) Write(p []byte) (int, error) {
	defer time.Sleep(time.Second)
	return s.Conn.Write(p)
}

func TestTickAnswered(t *testing.T) {
	defer taskTick.Catch(t)
	lesson.InOrder(t)
	call := "tick: nothing has come, and the ping is answered while tick still runs"
	taskTick.Bubble(t, call, func(t *testing.T) {
		c, p := open(t)
		c.nc = slow{c.nc}
		p.take(taskTick, t, lesson.Hex("8a 80 00 00 00 00"))
		c.readAll(taskTick, t)
		c.tick()
		synctest.Wait()
		taskTick.Equal(t, call+"\nwhat is left for the next tick", struct{ Heard bool }{c.heard.Load()}, struct{ Heard bool }{true},
			lesson.If(true, "the note about the answer was thrown away; take the note first, and send then"))
		p.nc.Close()
	})
}

// TestTickWhileWriting has a tick fall into the time of a write that takes 5 s.
func TestTickWhileWriting(t *testing.T) {
	defer taskTick.Catch(t)
	lesson.InOrder(t)
	call := "tick: nothing has come, and somebody is writing"
	taskTick.Bubble(t, call, func(t *testing.T) {
		c, p := open(t)
		c.waiting.Store(true)
		taskTick.Go(t, func() { c.Send(lesson.Hex("81 02 48 69")) })
		synctest.Wait()
		time.AfterFunc(5*time.Second, func() { p.take(taskTick, t, nil) })
		c.tick()
		time.Sleep(6 * time.Second)
		taskTick.Frame(t, call+"\nthe other side gets", frames.State{}, p.taken(), lesson.Hex("81 02 48 69 89 00"),
			lesson.If(true, "the ping was left out; the next tick would find it unanswered"))
		p.nc.Close()
	})
}

// TestBeatEnds ends a connection a second before a tick.
func TestBeatEnds(t *testing.T) {
	defer taskBeat.Catch(t)
	lesson.InOrder(t)
	call := "Beat, and the connection ends after 29 s"
	taskBeat.Bubble(t, call, func(t *testing.T) {
		c, _ := open(t)
		begin := time.Now()
		taskBeat.Go(t, func() {
			time.Sleep(29 * time.Second)
			c.End(errFirst)
		})
		wantEnd(t, call, c.beat(t))
		took := time.Since(begin)
		taskBeat.Equal(t, call, struct{ After time.Duration }{took}, struct{ After time.Duration }{29 * time.Second},
			lesson.If(took > 29*time.Second, "Beat notices the end only with the next tick; wait for c.done as well"),
			lesson.If(true, "Beat has returned before the end"))
	})
}

// lives are ways in which the other side lives, and what is sent to it in an hour.
var lives = []struct {
	name   string
	sends  time.Duration // it sends six bytes so often; 0 for never
	pong   bool          // it answers pings
	pings  int           // that it gets
	silent time.Duration // after which the connection ends, or 0
}{
	{"somebody who sends every 10 s", 10 * time.Second, true, 0, 0},
	{"somebody who says nothing, and answers pings", 0, true, 60, 0},
	{"somebody who is gone", 0, false, 1, 2 * every},
	{"somebody who sends every 10 s, and answers no ping", 10 * time.Second, false, 0, 0},
}

func TestBeat(t *testing.T) {
	defer taskBeat.Catch(t)
	lesson.InOrder(t)
	for _, l := range lives {
		call := "an hour of Beat every 30 s, with " + l.name
		taskBeat.Bubble(t, call, func(t *testing.T) {
			c, p := open(t)
			pong := lesson.Hex("8a 80 00 00 00 00")
			if l.pong {
				p.take(taskBeat, t, pong)
			} else {
				p.take(taskBeat, t, nil)
			}
			r := c.readAll(taskBeat, t)
			begin, stop := time.Now(), make(chan struct{})
			defer close(stop)
			done := c.beat(t)
			if l.sends > 0 {
				taskBeat.Go(t, func() {
					for {
						select {
						case <-time.After(l.sends):
							p.nc.Write(pong)
						case <-stop:
							return
						}
					}
				})
			}
			time.Sleep(time.Hour + time.Second)
			type result struct {
				Pings      int
				EndedAfter time.Duration
			}
			got := result{Pings: bytes.Count(p.taken(), lesson.Hex("89 00"))}
			if r.over() {
				got.EndedAfter = r.at.Sub(begin)
			}
			lesson.Trace(t, "out", frames.State{}, p.taken())
			taskBeat.Equal(t, call, got, result{l.pings, l.silent},
				lesson.If(got.Pings == 0 && l.pings > 0, "there was no tick in an hour"),
				lesson.If(got.Pings > 0 && l.pings == 0, "a ping was sent to somebody who talks all the time"),
				lesson.If(l.silent > 0 && got.EndedAfter > l.silent, "it took longer than two ticks to find out"))
			c.End(errFirst)
			p.nc.Close()
			wantEnd(t, call, done)
		})
	}
}

// TestBeatNotices lets the other side say something, and then nothing, at every second
// between two ticks. It is found out after two to three ticks.
func TestBeatNotices(t *testing.T) {
	defer taskBeat.Catch(t)
	lesson.InOrder(t)
	call := "Beat, and the last byte comes at some second"
	least, most := time.Hour, time.Duration(0)
	for last := range 60 {
		taskBeat.Bubble(t, call, func(t *testing.T) {
			c, p := open(t)
			p.take(taskBeat, t, nil)
			r := c.readAll(taskBeat, t)
			done := c.beat(t)
			time.Sleep(time.Duration(last)*time.Second + time.Millisecond)
			p.nc.SetWriteDeadline(time.Now().Add(patience))
			p.nc.Write([]byte{0})
			said := time.Now()
			select {
			case <-r.done:
			case <-time.After(10 * time.Minute):
				taskBeat.Fail(t, call, "got  nothing for 10 minutes\nwant the end")
			}
			least, most = min(least, r.at.Sub(said)), max(most, r.at.Sub(said))
			p.nc.Close()
			wantEnd(t, call, done)
		})
	}
	t.Logf("a peer that is gone is found out after %v to %v", least.Round(time.Second), most.Round(time.Second))
	if least < 2*every || most > 3*every {
		taskBeat.Fail(t, call, fmt.Sprintf("got  found out after %v to %v\nwant within %v to %v", least, most, 2*every, 3*every))
	}
}
