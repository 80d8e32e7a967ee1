package writer

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"

	"example.com/ws101/frames"
	"example.com/ws101/lessons/internal/lesson"
)

// puts are frames that are sent one after the other, and what becomes of the last one.
var puts = []struct {
	name  string
	ops   []Opcode
	fails bool // the socket fails from the first Write on
	want  error
	n     int // how many frames get to the socket
	looks string
}{
	{"a text", []Opcode{Text}, false, nil, 1, ""},
	{"two texts", []Opcode{Text, Text}, false, nil, 2, "the frame before was sent again; the buffer is used anew from its start"},
	{"a text behind a Close", []Opcode{Close, Text}, false, ErrClosed, 1, "data was sent behind our Close frame, which says that none will come"},
	{"a fragment behind a Close", []Opcode{Close, Continuation}, false, ErrClosed, 1, "data was sent behind our Close frame, which says that none will come"},
	{"a Close behind a Close", []Opcode{Close, Close}, false, ErrClosed, 1, "a second Close frame was sent; each side sends one"},
	{"a pong behind a Close", []Opcode{Close, Pong}, false, nil, 2, "a pong was refused behind our Close frame; until the other side has closed too, its pings are answered"},
	{"a Close behind a pong", []Opcode{Pong, Close}, false, nil, 2, "a frame was refused though no Close frame was sent before"},
	{"a text, and the socket fails", []Opcode{Text}, true, errReset, 1, "the socket failed, and put did not say so"},
	{"a text behind one that failed", []Opcode{Text, Text}, true, errReset, 1, "a frame was sent behind a Write that failed; half of the frame before may have left, and this one would be taken for the rest"},
}

// putAll calls put for each frame of puts[i] and returns the last error.
func putAll(t *testing.T, i int) (*socket, error) {
	c := puts[i]
	s := &socket{}
	if c.fails {
		s.fails = errReset
	}
	w := New(s, 5)
	var err error
	defer taskPut.CatchIn(t, "put of "+c.name)
	for i, op := range c.ops {
		err = w.put(true, op, []byte{byte('a' + i)})
	}
	return s, err
}

func putWire(i int) (b []byte) {
	for j, op := range puts[i].ops[:puts[i].n] {
		b = AppendFrame(b, true, op, []byte{byte('a' + j)})
	}
	return b
}

func TestPut(t *testing.T) {
	defer taskPut.Catch(t)
	lesson.InOrder(t)
	for i, c := range puts {
		s, err := putAll(t, i)
		call := "put of " + c.name
		taskPut.Frame(t, call, frames.State{}, s.sent(), putWire(i),
			lesson.If(len(s.writes) == 0, "nothing was sent"),
			lesson.If(true, c.looks))
		taskPut.Equal(t, call, struct{ Writes int }{len(s.writes)}, struct{ Writes int }{c.n},
			lesson.If(true, "header and payload left in two Writes; each of them is a system call, and often a packet, of its own"))
		taskPut.Equal(t, call, struct{ Err error }{err}, struct{ Err error }{c.want}, lesson.If(true, c.looks))
	}
}

// pongs are states of a Writer, and what sendPong does then.
var pongs = []struct {
	name      string
	due, held bool
	n         int // how many pongs are sent
	looks     string
}{
	{"no pong due", false, false, 0, "no pong was due, and one was sent"},
	{"a pong due", true, false, 1, "a pong was due and nobody was sending, and it was not sent"},
	{"a pong due while a frame is being sent", true, true, 0, "a pong was sent while somebody else holds the frame lock"},
}

const (
	keepsLock = "the frame lock was not let go; nobody can send a frame any more"
	waits     = "a pong waits for the frame lock; whoever reads must not wait for those who write, since they may be waiting for the other side"
)

// pongOnce calls sendPong for pongs[i].
func pongOnce(t *testing.T, i int) (w *Writer, s *socket) {
	c := pongs[i]
	s = &socket{}
	w = New(s, 5)
	if c.due {
		payload := []byte("a")
		w.due.Store(&payload)
	}
	if c.held {
		w.frame.Lock()
	}
	w.sendPong()
	return w, s
}

func TestSendPong(t *testing.T) {
	defer taskSendPong.Catch(t)
	lesson.InOrder(t)
	for i, c := range pongs {
		call := "sendPong, with " + c.name
		taskSendPong.Bubble(t, call, func(t *testing.T) {
			w, s := pongOnce(t, i)
			if len(s.writes) != c.n {
				taskSendPong.Fail(t, call, fmt.Sprintf("got  %d frames\nwant %d", len(s.writes), c.n), lesson.If(true, c.looks))
			}
			want := bytes.Repeat(frame(true, Pong, "a"), c.n)
			taskSendPong.Frame(t, call, frames.State{}, s.sent(), want)
			taskSendPong.Equal(t, call, struct{ LockFree, Due bool }{free(w.frame), w.due.Load() != nil}, struct{ LockFree, Due bool }{!c.held, c.due && c.held},
				lesson.If(free(w.frame) && c.held, "the frame lock of somebody else was let go"),
				lesson.If(!free(w.frame) && !c.held, keepsLock),
				lesson.If(c.held, "the pong is gone, and was not sent; leave it for whoever holds the lock"),
				lesson.If(true, "the pong was sent, and is still due; the next one would be it again"))
		}, lesson.If(true, waits))
	}
}

// TestSendPongAgain has a pong come due while the one before is being sent.
func TestSendPongAgain(t *testing.T) {
	defer taskSendPong.Catch(t)
	lesson.InOrder(t)
	call := "sendPong, and a second pong comes due while the first is being sent"
	taskSendPong.Bubble(t, call, func(t *testing.T) {
		w, s := open()
		defer s.open()
		one, two := []byte("1"), []byte("2")
		w.due.Store(&one)
		taskSendPong.Go(t, w.sendPong)
		s.settle()
		w.due.Store(&two)
		s.wantNext(t, taskSendPong, call+"\nthe first frame", frame(true, Pong, "1"))
		s.wantNext(t, taskSendPong, call+"\nthe second frame", frame(true, Pong, "2"),
			lesson.If(w.due.Load() != nil, "a pong came due while another was being sent, and nobody looks for it any more; look again when the lock is free"))
	})
}

func TestSend(t *testing.T) {
	defer taskSend.Catch(t)
	lesson.InOrder(t)
	call := "send, in three goroutines at the same time"
	taskSend.Bubble(t, call, func(t *testing.T) {
		w, s := open()
		defer s.open()
		for i := range 3 {
			taskSend.Go(t, func() { w.send(true, Text, []byte{byte('a' + i)}) })
			s.notTwo(t, taskSend, call,
				lesson.If(true, "two goroutines are in Write at the same moment; who guarantees that one frame ends before the next begins?"))
		}
		for i := range 3 {
			s.wantNext(t, taskSend, fmt.Sprintf("%s\nframe %d", call, i+1), frame(true, Text, string(rune('a'+i))),
				lesson.If(!free(w.frame), keepsLock))
		}
	}, lesson.If(true, keepsLock))
}

// TestSendFails has a socket that fails, and a frame behind our Close.
func TestSendFails(t *testing.T) {
	defer taskSend.Catch(t)
	lesson.InOrder(t)
	for _, c := range []struct {
		name string
		fail bool
		want error
	}{
		{"send, and the socket fails", true, errReset},
		{"send, behind our Close frame", false, ErrClosed},
	} {
		taskSend.Bubble(t, c.name, func(t *testing.T) {
			s := &socket{}
			w := New(s, 5)
			w.put(true, Close, nil)
			if c.fail {
				w.closed, s.fails = false, errReset
			}
			err := w.send(true, Text, []byte("a"))
			taskSend.Equal(t, c.name, struct{ Err error }{err}, struct{ Err error }{c.want},
				lesson.If(err == nil, "the error of put was dropped"))
			taskSend.Equal(t, c.name, struct{ LockFree bool }{free(w.frame)}, struct{ LockFree bool }{true},
				lesson.If(true, "the frame lock was not let go where put has failed; then Close waits for ever"))
		})
	}
}

// TestSendThenPong has a pong come due while a frame is being sent.
func TestSendThenPong(t *testing.T) {
	defer taskSend.Catch(t)
	lesson.InOrder(t)
	call := "send of a text, and a pong comes due while it is being sent"
	taskSend.Bubble(t, call, func(t *testing.T) {
		w, s := open()
		defer s.open()
		taskSend.Go(t, func() { w.send(true, Text, []byte("a")) })
		s.settle()
		payload := []byte("p")
		w.due.Store(&payload)
		s.wantNext(t, taskSend, call+"\nthe first frame", frame(true, Text, "a"))
		s.wantNext(t, taskSend, call+"\nthe second frame", frame(true, Pong, "p"),
			lesson.If(true, "the pong that came due while a frame was being sent is still waiting; whoever sends has to look for it afterwards, when the lock is free"))
	})
}

func TestPong(t *testing.T) {
	defer taskPong.Catch(t)
	lesson.InOrder(t)
	s := &socket{}
	New(s, 5).Pong([]byte("Hello"))
	taskPong.Frame(t, `Pong("Hello"), and nobody is sending`, frames.State{}, s.sent(), lesson.Hex("8a 05 48 65 6c 6c 6f"),
		lesson.If(len(s.writes) == 0, "nobody was sending, and the pong was not sent"))
}

// TestPongWhileSending has two pings come while a frame is being sent.
func TestPongWhileSending(t *testing.T) {
	defer taskPong.Catch(t)
	lesson.InOrder(t)
	call := `Pong("one"), Pong("two"), while a frame is being sent`
	taskPong.Bubble(t, call, func(t *testing.T) {
		w, s := open()
		defer s.open()
		taskPong.Go(t, func() { w.send(true, Text, []byte("a")) })
		s.settle()
		buf := []byte("one")
		w.Pong(buf)
		copy(buf, "two")
		w.Pong(buf)
		copy(buf, "xxx") // the reader uses its memory again
		s.notTwo(t, taskPong, call)
		s.wantNext(t, taskPong, call+"\nthe first frame", frame(true, Text, "a"))
		got := s.step()
		taskPong.Frame(t, call+"\nthe second frame", frames.State{}, got, frame(true, Pong, "two"),

			lesson.If(len(got) == 0, "the pong was dropped since a frame was being sent; leave it for whoever sends that"),
			lesson.If(bytes.Equal(got, frame(true, Pong, "one")), "an older ping was answered, and not the latest; of several pongs only the last is of use"),
			lesson.If(bytes.Equal(got, frame(true, Pong, "xxx")), "the payload was not copied; the reader has used its memory again before the pong was sent"))
	}, lesson.If(true, "Pong has to wait, and so whoever reads waits for those who write; if the other side does not read until we do, both wait for ever"))
}

// long is a message of three frames, if they have five bytes each.
const long = "one message!"

var longFrames = [][]byte{frame(false, Text, "one m"), frame(false, Continuation, "essag"), frame(true, Continuation, "e!")}

func TestWrite(t *testing.T) {
	defer taskWrite.Catch(t)
	lesson.InOrder(t)
	for _, c := range []struct {
		message string
		want    []byte
	}{
		{"Hi", frame(true, Text, "Hi")},
		{long, bytes.Join(longFrames, nil)},
		{"", frame(true, Text, "")},
		{"12345", frame(true, Text, "12345")},
		{"1234567890", append(frame(false, Text, "12345"), frame(true, Continuation, "67890")...)},
	} {
		call := fmt.Sprintf("Write(Text, %q), five bytes in a frame", c.message)
		taskWrite.Bubble(t, call, func(t *testing.T) {
			s := &socket{}
			w := New(s, 5)
			err := w.Write(Text, []byte(c.message))
			got := s.sent()
			x := frames.Explain(got, frames.State{})
			second := got[min(len(x.Bytes), len(got)):]
			taskWrite.Frame(t, call, frames.State{}, got, c.want,
				lesson.If(c.message == "" && len(got) == 0, "an empty message was not sent; it is one frame without payload"),
				lesson.If(len(c.message) > 5 && len(s.writes) == 1, "the message went out in one frame, longer than allowed; control frames wait that long"),
				lesson.If(len(second) > 0 && Opcode(second[0]&0xf) == Text, "a later frame has the opcode of the first; it is a continuation, 0"),
				lesson.If(len(c.message) > 5 && got[0]&0x80 != 0, "FIN is 1 in a frame that is not the last of its message"),
				lesson.If(len(got) > len(c.want), "an empty frame was sent at the end of the message; the frame before it was the last one"),
				lesson.If(len(got) == len(c.want) && got[0] == c.want[0], "the last frame does not say FIN"))
			taskWrite.Equal(t, call, struct{ Err error }{err}, struct{ Err error }{nil})
			taskWrite.Equal(t, call, struct{ LockFree bool }{free(w.message)}, struct{ LockFree bool }{true},
				lesson.If(true, "the message lock was not let go; no other message can be sent"))
		})
	}
}

// TestWriteOneMessage starts a second message while the first is being sent.
func TestWriteOneMessage(t *testing.T) {
	defer taskWrite.Catch(t)
	lesson.InOrder(t)
	call := "Write of a message in three frames, and of another one meanwhile"
	taskWrite.Bubble(t, call, func(t *testing.T) {
		w, s := open()
		defer s.open()
		taskWrite.Go(t, func() { w.Write(Text, []byte(long)) })
		s.settle()
		taskWrite.Go(t, func() { w.Write(Text, []byte("other!")) })
		s.notTwo(t, taskWrite, call)
		for i, want := range append(longFrames, frame(false, Text, "other"), frame(true, Continuation, "!")) {
			s.wantNext(t, taskWrite, fmt.Sprintf("%s\nframe %d", call, i+1), want,
				lesson.If(i < 3, "a frame of another message came in between; nobody can tell to which of the two a continuation belongs"),
				lesson.If(true, "the second message was not sent as it should"))
		}
	})
}

// TestWriteLetsPongPass has a ping come while the first frame of a message is being sent.
func TestWriteLetsPongPass(t *testing.T) {
	defer taskWrite.Catch(t)
	lesson.InOrder(t)
	call := "Write of a message in three frames, and a ping comes during the first"
	taskWrite.Bubble(t, call, func(t *testing.T) {
		w, s := open()
		defer s.open()
		taskWrite.Go(t, func() { w.Write(Text, []byte(long)) })
		s.settle()
		w.Pong([]byte("p"))
		for i, want := range [][]byte{longFrames[0], frame(true, Pong, "p"), longFrames[1], longFrames[2]} {
			s.wantNext(t, taskWrite, fmt.Sprintf("%s\nframe %d", call, i+1), want,
				lesson.If(i > 0, "the pong waits for the end of the message; hold the frame lock for one frame, and not for all of them"))
		}
	})
}

// TestWriteFails has a socket that fails with the first frame of a message.
func TestWriteFails(t *testing.T) {
	defer taskWrite.Catch(t)
	lesson.InOrder(t)
	call := "Write of a message in three frames, and the socket fails"
	taskWrite.Bubble(t, call, func(t *testing.T) {
		s := &socket{fails: errReset}
		w := New(s, 5)
		err := w.Write(Text, []byte(long))
		taskWrite.Equal(t, call, struct{ Err error }{err}, struct{ Err error }{errReset}, lesson.If(err == nil, "the error of send was dropped"))
		taskWrite.Equal(t, call, struct{ LockFree bool }{free(w.message)}, struct{ LockFree bool }{true},
			lesson.If(true, "the message lock was not let go where a frame has failed; whoever sends the next one waits for ever"))
	})
}

func TestClose(t *testing.T) {
	defer taskClose.Catch(t)
	lesson.InOrder(t)
	s := &socket{}
	w := New(s, 5)
	err := w.Close([]byte{0x03, 0xe8})
	taskClose.Frame(t, "Close(03 e8)", frames.State{}, s.sent(), lesson.Hex("88 02 03 e8"))
	taskClose.Equal(t, "Close(03 e8)", struct{ Err error }{err}, struct{ Err error }{nil})
	err = w.Close([]byte{0x03, 0xe8})
	taskClose.Equal(t, "Close(03 e8), again", struct{ Err error }{err}, struct{ Err error }{ErrClosed}, lesson.If(err == nil, "the error of send was dropped"))
}

// TestCloseInsideMessage closes while the first of three frames is being sent.
func TestCloseInsideMessage(t *testing.T) {
	defer taskClose.Catch(t)
	lesson.InOrder(t)
	call := "Write of a message in three frames, and Close during the first"
	taskClose.Bubble(t, call, func(t *testing.T) {
		w, s := open()
		defer s.open()
		var writeErr error
		taskClose.Go(t, func() { writeErr = w.Write(Text, []byte(long)) })
		s.settle()
		taskClose.Go(t, func() { w.Close([]byte{0x03, 0xe9}) })
		s.notTwo(t, taskClose, call, lesson.If(true, "Close did not wait for the frame that is being sent"))
		s.wantNext(t, taskClose, call+"\nframe 1", longFrames[0])
		got := s.step()
		taskClose.Frame(t, call+"\nframe 2", frames.State{}, got, frame(true, Close, "\x03\xe9"),
			lesson.If(bytes.Equal(got, longFrames[1]), "Close waits for the end of the message, which may take as long as the other side likes; it needs the frame lock alone"))
		if more := s.step(); more != nil {
			taskClose.Fail(t, call+"\nbehind the Close frame", "got  "+cut(more)+"\nwant nothing")
		}
		taskClose.Equal(t, call+"\nwhat Write returns", struct{ Err error }{writeErr}, struct{ Err error }{ErrClosed})
	})
}

// TestCloseBehindMany has eight goroutines write messages while pings come, and closes at
// last. The bytes have to be frames that the library's decoder takes, and all messages have
// to be there.
func TestCloseBehindMany(t *testing.T) {
	defer taskClose.Catch(t)
	lesson.InOrder(t)
	call := "eight goroutines, twenty messages each, and Close"
	taskClose.Bubble(t, call, func(t *testing.T) {
		s := &socket{}
		w := New(s, 5)
		want := map[string]int{}
		var all sync.WaitGroup
		for i := range 8 {
			all.Add(1)
			for j := range 20 {
				want[strings.Repeat(string(rune('a'+i)), j)]++
			}
			taskClose.Go(t, func() {
				defer all.Done()
				for j := range 20 {
					w.Write(Text, bytes.Repeat([]byte{byte('a' + i)}, j))
					w.Pong([]byte{byte(j)})
				}
			})
		}
		all.Wait()
		w.Close(nil)
		got, end := received(s.sent())
		taskClose.Equal(t, call+"\nthe last frame", end, "a Close frame")
		taskClose.Equal(t, call+"\nthe messages that arrive", got, want)
	})
}

// received takes frames apart, as the library does, and counts the messages in them. It
// says how they end.
func received(b []byte) (messages map[string]int, end string) {
	messages = map[string]int{}
	var state frames.State
	var message string
	end = "nothing"
	for len(b) > 0 {
		x := frames.Explain(b, state)
		if x.Grade == frames.Broken || x.Missing > 0 {
			return messages, x.Verdict
		}
		end = "another frame"
		switch {
		case x.Header.Opcode == frames.Close:
			end = "a Close frame"
		case x.Header.Opcode < frames.Close:
			if message += string(x.Payload); x.Header.Fin {
				messages[message]++
				message = ""
			}
		}
		b, state = b[len(x.Bytes):], x.Next
	}
	return messages, end
}
