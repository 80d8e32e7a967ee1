package httptext

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"example.com/ws101/lessons/internal/lesson"
)

var (
	taskServe = lesson.Task{Chapter: 1, Name: "Serve", Section: "RFC 9112 section 9.3"}
	taskAll   = lesson.Task{Chapter: 1, Name: "ServeAll"}
)

// wire is the server's end of a connection. The client sends its pieces, one for each Read,
// and then ends the connection.
type wire struct {
	net.Conn
	pieces  []string
	end     error
	broken  error // what each Write returns
	written string
	before  []string // what was written before each Read
	closed  bool
	late    int // reads behind the end
}

func (w *wire) Read(p []byte) (int, error) {
	w.before = append(w.before, w.written)
	if w.closed {
		return 0, net.ErrClosed
	}
	if len(w.pieces) == 0 {
		if w.late++; w.late > 100 {
			runtime.Goexit() // ends the goroutine that Within runs
		}
		return 0, w.end
	}
	n := copy(p, w.pieces[0])
	if w.pieces[0] = w.pieces[0][n:]; w.pieces[0] == "" {
		w.pieces = w.pieces[1:]
	}
	return n, nil
}

func (w *wire) Write(p []byte) (int, error) {
	if w.closed {
		return 0, net.ErrClosed
	}
	if w.broken != nil {
		return 0, w.broken
	}
	w.written += string(p)
	return len(p), nil
}

func (w *wire) Close() error { w.closed = true; return nil }

var errReset = errors.New("connection reset by peer")

// hello answers with the target.
func hello(req Request) Response { return Response{200, "text/plain", req.Target} }

// answers are the responses of hello to some targets.
func answers(targets ...string) (s string) {
	for _, target := range targets {
		s += fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", len(target), target)
	}
	return s
}

func get(target, more string) string {
	return "GET " + target + " HTTP/1.1\r\nHost: a\r\n" + more + "\r\n"
}

// works reports whether what Serve is made of does what it should.
func works() (ok bool) {
	defer func() { ok = recover() == nil && ok }()
	req, err := ReadRequest(bufio.NewReader(strings.NewReader(get("/", "Connection: close\r\n"))))
	answer := string(AppendResponse(nil, hello(req)))
	return lineWorks() && err == nil && isLast(req) && answer == answers("/")
}

const partsFirst = "ParseRequestLine, ReadRequest or AppendResponse is not right yet; make their tests pass first"

func TestServe(t *testing.T) {
	defer taskServe.Catch(t)
	refused := string(AppendResponse(nil, badRequest(errField)))
	for _, c := range []struct {
		name    string
		pieces  []string
		end     error
		written string
		err     error
		looks   string
	}{
		{"one request", []string{get("/", "")}, io.EOF, answers("/"), nil, "the client has ended the connection between two requests, and that is no error"},
		{"no request", nil, io.EOF, "", nil, "the client has ended the connection between two requests, and that is no error"},
		{"two requests", []string{get("/1", ""), get("/2", "")}, io.EOF, answers("/1", "/2"), nil,
			"the second request was not answered; a connection stays open for the next one"},
		{"two requests in one piece", []string{get("/1", "") + get("/2", "")}, io.EOF, answers("/1", "/2"), nil,
			"the second request is lost; it was in the buffer of a bufio.Reader that was thrown away"},
		{"a request with Connection: close, and another", []string{get("/1", "Connection: close\r\n"), get("/2", "")}, io.EOF, answers("/1"), nil,
			"the client said that this request is its last, and another one was answered"},
		{"a request that is refused, and another", []string{"GET / HTTP/1.1\r\nHost\r\n\r\n" + get("/2", "")}, io.EOF, refused, errField,
			"a request was answered behind one that was refused; nobody knows where it begins"},
		{"half a request", []string{"GET / HT"}, io.EOF, "", io.ErrUnexpectedEOF, "the client has gone in the middle of a request; nobody is there for an answer"},
		{"a connection that was cut", []string{get("/1", "")}, errReset, answers("/1"), errReset, "an error of the connection was answered, or dropped"},
	} {
		w := &wire{pieces: c.pieces, end: c.end}
		call := "Serve, of " + c.name
		var err error
		taskServe.Within(t, 2*time.Second, call, func() { err = Serve(w, hello) }, lesson.If(true, "a loop that does not end"))
		if w.late > 100 {
			taskServe.Fail(t, call, "got  more than 100 reads behind the end of the stream\nwant an end",
				lesson.If(true, "the end of the stream was ignored; Read returns it again and again, and the loop keeps a core busy"))
		}
		first := lesson.If(!works(), partsFirst)
		if w.written != c.written {
			taskServe.Fail(t, call, fmt.Sprintf("got  %q\nwant %q", w.written, c.written), first,
				lesson.If(w.written == "" && c.err == errField, "a request that is wrong was not answered; badRequest says what is wrong with it"),
				lesson.If(c.written == "" && strings.Contains(w.written, " 400 "), "an answer was sent, and nobody has sent a request that is wrong"),
				lesson.If(w.written == "", "the request was not answered"),
				lesson.If(true, c.looks))
		}
		taskServe.Equal(t, call, struct{ Err error }{err}, struct{ Err error }{c.err}, first,
			lesson.If(c.err == nil, c.looks),
			lesson.If(true, "the error was dropped; whoever calls Serve wants to know why the connection ended"))
		taskServe.Equal(t, call, struct{ Closed bool }{w.closed}, struct{ Closed bool }{true}, first,
			lesson.If(true, "the connection was left open; a server has only so many"))
	}
}

// TestServeInTime has a client that waits for each answer before it sends more.
func TestServeInTime(t *testing.T) {
	defer taskServe.Catch(t)
	w := &wire{pieces: []string{get("/1", ""), get("/2", "")}, end: io.EOF}
	call := "Serve, of a client that waits for each answer"
	taskServe.Within(t, 2*time.Second, call, func() { Serve(w, hello) })
	if len(w.before) > 1 && w.before[1] != answers("/1") {
		taskServe.Fail(t, call, fmt.Sprintf("got  %q, before the second request is read\nwant %q", w.before[1], answers("/1")),
			lesson.If(!works(), partsFirst),
			lesson.If(true, "the answer is kept back until something else comes; a client that waits for it sends nothing"))
	}
}

// TestServeUnwritten has a client that nothing can be written to.
func TestServeUnwritten(t *testing.T) {
	defer taskServe.Catch(t)
	w := &wire{pieces: []string{get("/1", ""), get("/2", "")}, end: io.EOF, broken: errReset}
	call := "Serve, of a client that nothing can be written to"
	var err error
	taskServe.Within(t, 2*time.Second, call, func() { err = Serve(w, hello) })
	taskServe.Equal(t, call, struct{ Err error }{err}, struct{ Err error }{errReset},
		lesson.If(!works(), partsFirst),
		lesson.If(true, "the answer did not go out, and the loop went on; Write returns an error as well"))
}

// listener has some connections, and then an error.
type listener struct {
	net.Listener
	conns []net.Conn
	late  int // calls behind the end
}

var errClosed = errors.New("the listener is closed")

func (l *listener) Accept() (net.Conn, error) {
	if len(l.conns) == 0 {
		if l.late++; l.late > 100 {
			runtime.Goexit()
		}
		return nil, errClosed
	}
	nc := l.conns[0]
	l.conns = l.conns[1:]
	return nc, nil
}

// TestServeAll has two clients. The first one says nothing until the second has been
// served.
func TestServeAll(t *testing.T) {
	defer taskAll.Catch(t)
	first, second := &wire{}, &wire{}
	ln := &listener{conns: []net.Conn{first, second}}
	served := [2]chan bool{make(chan bool), make(chan bool)}
	giveUp := make(chan bool)
	defer close(giveUp)
	serve := func(nc net.Conn) {
		if nc == first {
			select {
			case <-served[1]:
			case <-giveUp:
			}
			close(served[0])
			return
		}
		close(served[1])
	}
	call := "ServeAll, with two clients, of which the first is in no hurry"
	var err error
	taskAll.Within(t, 2*time.Second, call, func() { err = ServeAll(ln, serve) },
		lesson.If(true, "the second client waits until the first is done; call serve with go"))
	if ln.late > 100 {
		taskAll.Fail(t, call, "got  more than 100 calls of Accept behind its error\nwant an end",
			lesson.If(true, "the error of Accept was ignored; it comes again and again, and the loop keeps a core busy"))
	}
	taskAll.Equal(t, call, len(ln.conns), 0, lesson.If(true, "only the first client was accepted"))
	taskAll.Within(t, 2*time.Second, call, func() { <-served[0] },
		lesson.If(true, "a client was accepted, and never served"))
	taskAll.Equal(t, call, struct{ Err error }{err}, struct{ Err error }{errClosed},
		lesson.If(true, "the error of Accept was dropped; whoever calls ServeAll wants to know why it ended"))
}
