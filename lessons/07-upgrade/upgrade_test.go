package upgrade

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"example.com/ws101/frames"
	"example.com/ws101/lessons/internal/lesson"
)

var (
	taskRead  = lesson.Task{Chapter: 7, Name: "ReadHead", Section: "RFC 9112 section 2.1"}
	task101   = lesson.Task{Chapter: 7, Name: "Append101", Section: "RFC 6455 section 4.2.2"}
	taskTake  = lesson.Task{Chapter: 7, Name: "TakeOver", Section: "RFC 9110 section 7.8"}
	taskWatch = lesson.Task{Chapter: 7, Name: "Watch"}
)

// request is the example of RFC 6455 section 1.3, without its subprotocol.
const request = "GET /chat HTTP/1.1\r\n" +
	"Host: server.example.com\r\n" +
	"Upgrade: websocket\r\n" +
	"Connection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
	"Origin: http://example.com\r\n" +
	"Sec-WebSocket-Version: 13\r\n" +
	"\r\n"

// Two frames, as the client sends them: a text, Hello, and an empty ping.
var (
	hello = string(lesson.Hex("81 85 37 fa 21 3d 7f 9f 4d 51 58"))
	ping  = string(lesson.Hex("89 80 37 fa 21 3d"))
)

// headResult is what ReadHead returns.
type headResult struct {
	Head brief
	Err  error
}

// readHead calls ReadHead with a bufio.Reader on w, and returns that as well.
// A wrapped error counts as the one that is wanted.
func readHead(t *testing.T, w *wire, call string, want error) (headResult, *bufio.Reader) {
	t.Helper()
	br := bufio.NewReader(w)
	var r headResult
	within(t, taskRead, w, call, func() {
		head, err := ReadHead(br)
		if want != nil && errors.Is(err, want) {
			head, err = "", want
		}
		r = headResult{brief(head), err}
	})
	return r, br
}

// cutAt is where some tests cut the request in two.
const cutAt = 30

// oneRead diagnoses a ReadHead that takes what one Read gives for the head.
func oneRead() lesson.Diagnosis {
	var head string
	ok := probe(func() {
		head, _ = ReadHead(bufio.NewReader(&wire{pieces: []string{request[:cutAt], request[cutAt:]}}))
	})
	return lesson.If(ok && head == request[:cutAt],
		"one Read was taken for the whole head; a Read gives what has arrived, which may be less or more")
}

func asksForMore(err error) lesson.Diagnosis {
	return lesson.If(errors.Is(err, errSilent),
		"it read on behind the blank line; the client sends nothing there before it has its answer")
}

func lineEnd(head brief) lesson.Diagnosis {
	return lesson.If(len(head) < len(request) && strings.HasSuffix(string(head), "\r\n"),
		"the head was taken to end with a line; it ends with the blank line, where \\r\\n comes twice")
}

func TestReadHead(t *testing.T) {
	defer taskRead.Catch(t)
	call := "ReadHead, the request in one piece"
	got, _ := readHead(t, &wire{pieces: []string{request}}, call, nil)
	taskRead.Equal(t, call, got, headResult{Head: brief(request)},
		asksForMore(got.Err),
		lineEnd(got.Head),
		lesson.If(string(got.Head)+"\r\n" == request || string(got.Head)+"\r\n\r\n" == request,
			"the line ends behind the last field are missing; the blank line belongs to the head"),
		lesson.If(got.Head == "", "nothing came out, though the whole head was there"),
		lesson.If(!strings.Contains(string(got.Head), "\r"), "the line ends were taken out; the head is returned as it came"),
	)
}

func TestReadHeadInPieces(t *testing.T) {
	defer taskRead.Catch(t)
	want := headResult{Head: brief(request)}
	for i := 1; i < len(request); i++ {
		call := fmt.Sprintf("ReadHead, the request in two pieces of %d and %d bytes", i, len(request)-i)
		got, _ := readHead(t, &wire{pieces: []string{request[:i], request[i:]}}, call, nil)
		taskRead.Equal(t, call, got, want, oneRead(), asksForMore(got.Err), lineEnd(got.Head))
	}
	call := "ReadHead, the request byte by byte"
	got, _ := readHead(t, &wire{pieces: strings.Split(request, "")}, call, nil)
	taskRead.Equal(t, call, got, want, oneRead(), asksForMore(got.Err), lineEnd(got.Head))
}

func TestReadHeadLeavesTheRest(t *testing.T) {
	defer taskRead.Catch(t)
	for i := 1; i <= len(hello); i++ {
		call := fmt.Sprintf("ReadHead, the request and %s of a frame in one piece", count(i))
		got, br := readHead(t, &wire{pieces: []string{request + hello[:i]}}, call, nil)
		taskRead.Equal(t, call, got, headResult{Head: brief(request)},
			oneRead(), asksForMore(got.Err), lineEnd(got.Head),
			lesson.If(strings.HasPrefix(string(got.Head), request), "the head came out with bytes behind its blank line; they are no HTTP, and stay in br"),
		)
		rest, _ := br.Peek(br.Buffered())
		taskRead.Bytes(t, call+", and then what is left in br", rest, []byte(hello[:i]),
			lesson.If(len(rest) < i, "bytes behind the blank line were read and dropped; they have to stay in br"),
		)
	}
}

func TestReadHeadEnds(t *testing.T) {
	defer taskRead.Catch(t)
	call := "ReadHead, a client that goes without a word"
	got, _ := readHead(t, &wire{end: io.EOF}, call, io.EOF)
	taskRead.Equal(t, call, got, headResult{Err: io.EOF},
		lesson.If(errors.Is(got.Err, io.ErrUnexpectedEOF), "nothing came at all, so nothing was cut off; that is io.EOF"))
	for i := 1; i < len(request); i++ {
		call := fmt.Sprintf("ReadHead, a client that goes after %d of %d bytes", i, len(request))
		got, _ := readHead(t, &wire{pieces: []string{request[:i]}, end: io.EOF}, call, io.ErrUnexpectedEOF)
		taskRead.Equal(t, call, got, headResult{Err: io.ErrUnexpectedEOF},
			oneRead(), lineEnd(got.Head),
			lesson.If(got.Err == nil, "half a head was taken for a whole one; without its blank line a request is not finished"),
			lesson.If(errors.Is(got.Err, io.EOF), "io.EOF says that there was nothing to read; inside the head the end is io.ErrUnexpectedEOF"),
		)
	}
}

// headOf returns a head of n bytes.
func headOf(n int) string {
	const start = "GET / HTTP/1.1\r\nPadding: "
	return start + strings.Repeat("x", n-len(start)-4) + "\r\n\r\n"
}

func TestReadHeadLimit(t *testing.T) {
	defer taskRead.Catch(t)
	// Nobody sends the blank line here.
	endless := func(line string) (*wire, headResult) {
		w := &wire{pieces: []string{"GET / HTTP/1.1\r\n"}, endless: line}
		got, _ := readHead(t, w, fmt.Sprintf("ReadHead, a head that repeats %q without end", line[:4]), errHeadTooLong)
		return w, got
	}
	const longLine = "aaaaaaaaaaaaaaaa"
	lines, gotLines := endless("a: b\r\n")
	line, gotLine := endless(longLine)
	tooLong := func(w *wire, got headResult, call string) {
		if w.flooded {
			taskRead.Fail(t, call, fmt.Sprintf("got  %d bytes read, and no end\nwant errHeadTooLong after %d", w.read, maxHead),
				lesson.If(lines.flooded && line.flooded, "the head has no limit; a client that never ends its request fills the memory"),
				lesson.If(lines.flooded, "each line has a limit and the sum of them has none; many short lines fill the memory as well"),
				lesson.If(line.flooded, "the limit was looked at behind each line; a line that never ends is collected all the same"),
			)
		}
		taskRead.Equal(t, call, got, headResult{Err: errHeadTooLong}, oneRead())
	}
	tooLong(lines, gotLines, "ReadHead, fields without end")
	tooLong(line, gotLine, "ReadHead, one line without end")

	call := fmt.Sprintf("ReadHead, a head of %d bytes", maxHead)
	got, _ := readHead(t, &wire{pieces: []string{headOf(maxHead)}}, call, nil)
	taskRead.Equal(t, call, got, headResult{Head: brief(headOf(maxHead))}, oneRead(),
		lesson.If(errors.Is(got.Err, errHeadTooLong), "a head of exactly maxHead bytes is allowed"))
	call = fmt.Sprintf("ReadHead, a head of %d bytes", maxHead+1)
	got, _ = readHead(t, &wire{pieces: []string{headOf(maxHead + 1)}}, call, errHeadTooLong)
	taskRead.Equal(t, call, got, headResult{Err: errHeadTooLong}, oneRead(),
		lesson.If(got.Err == nil, "a head of one byte too many was let through; maxHead is the last length that is allowed"))
}

const accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

// response is the answer, line by line.
var response = []string{
	"HTTP/1.1 101 Switching Protocols\r\n",
	"Upgrade: websocket\r\n",
	"Connection: Upgrade\r\n",
	"Sec-WebSocket-Accept: " + accept + "\r\n",
	"\r\n",
}

func TestAppend101(t *testing.T) {
	defer task101.Catch(t)
	got, want := string(Append101(nil, accept)), strings.Join(response, "")
	if got == want {
		return
	}
	// The first line that differs. In got a line ends behind its \n or \f.
	lines := strings.SplitAfter(strings.ReplaceAll(got, "\f", "\f\n"), "\n")
	i := 0
	for i < len(response) && i < len(lines) && lines[i] == response[i] {
		i++
	}
	detail := func(list []string) string {
		if i >= len(list) || list[i] == "" {
			return "nothing more"
		}
		return fmt.Sprintf("%q", strings.ReplaceAll(list[i], "\f\n", "\f"))
	}
	fields := strings.ToLower(got)
	task101.Fail(t, fmt.Sprintf("Append101(nil, %q)", accept),
		fmt.Sprintf("line %d\ngot  %s\nwant %s", i+1, detail(lines), detail(response)),
		lesson.If(strings.Contains(got, "\r\f"), "a line ends in \\r\\f; \\f is a form feed, the byte 0c, where the line feed 0a belongs"),
		lesson.If(strings.Contains(strings.ReplaceAll(got, "\r\n", ""), "\n"), "a line ends in \\n alone; in a head it is \\r\\n, the bytes 0d 0a"),
		lesson.If(got+"\r\n" == want, "the blank line is missing; the client goes on reading fields, and takes the first frame for one"),
		lesson.If(strings.HasPrefix(got, want), "something stands behind the blank line; the client takes it for a frame"),
		lesson.If(strings.HasPrefix(got, "HTTP/1.1 200"), "200 says that a page follows; only 101 says that HTTP ends here"),
		lesson.If(!strings.Contains(fields, "\nupgrade:"), "the Upgrade field is missing; it names the protocol that begins"),
		lesson.If(!strings.Contains(fields, "\nconnection:"), "the Connection field is missing; it tells proxies that Upgrade is meant for the next hop"),
		lesson.If(!strings.Contains(got, accept), "the accept value is missing; a client without it gives up"),
		lesson.If(sameLines(got, want), "the same lines in another order; clients accept it, and this test wants the order of the text"),
		lesson.If(strings.EqualFold(got, want), "another spelling of the same; clients accept it, and this test wants it as it stands in the text"),
	)
}

func sameLines(a, b string) bool {
	x, y := strings.Split(a, "\r\n"), strings.Split(b, "\r\n")
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}

func TestAppend101KeepsDst(t *testing.T) {
	defer task101.Catch(t)
	got, alone := string(Append101([]byte("before"), accept)), string(Append101(nil, accept))
	task101.Equal(t, "Append101([]byte(\"before\"), ...)", brief(got), "before"+brief(alone),
		lesson.If(got == alone, "dst was thrown away; the response goes behind what dst holds"))
}

// headFirst diagnoses failures of TakeOver that come from ReadHead.
func headFirst() lesson.Diagnosis {
	var head string
	br := bufio.NewReader(&wire{pieces: []string{request[:cutAt], request[cutAt:] + hello}})
	ok := probe(func() { head, _ = ReadHead(br) })
	return lesson.If(!ok || head != request || br.Buffered() != len(hello),
		"ReadHead is not right yet; its own tests tell more")
}

// takeOver calls TakeOver on w.
func takeOver(t *testing.T, w *wire, call string) (c *Conn, err error) {
	t.Helper()
	within(t, taskTake, w, call, func() { c, err = TakeOver(w) })
	return c, err
}

func beforeTheEnd(w *wire) lesson.Diagnosis {
	return lesson.If(w.early, "it answered before the head was there whole; nobody can tell yet what it asks for")
}

func TestTakeOverAnswers(t *testing.T) {
	defer taskTake.Catch(t)
	for i := 1; i < len(request); i += 10 {
		call := fmt.Sprintf("TakeOver, the request in two pieces of %d and %d bytes", i, len(request)-i)
		w := &wire{pieces: []string{request[:i], request[i:]}}
		c, err := takeOver(t, w, call)
		taskTake.Equal(t, call+": the error", err, nil, headFirst(), asksForMore(err))
		want := string(Append101(nil, accept))
		taskTake.Equal(t, call+": what it sent", brief(w.written), brief(want),
			headFirst(), beforeTheEnd(w),
			lesson.If(len(w.written) == 0, "nothing was sent; what is written to a bufio.Writer stays in it until Flush"),
			lesson.If(strings.HasPrefix(string(w.written), want), "something was sent behind the 101; the client takes it for frames"),
		)
		if w.early {
			taskTake.Fail(t, call, "got  an answer before the second piece\nwant an answer to the whole request", beforeTheEnd(w))
		}
		if c == nil {
			taskTake.Fail(t, call, "got  nil, nil\nwant a *Conn")
		}
	}
}

// readAll reads from the connection to its end, 100 bytes at a time.
func readAll(r io.Reader) (all []byte) {
	p := make([]byte, 100)
	for {
		n, err := r.Read(p)
		all = append(all, p[:n]...)
		if err != nil {
			return all
		}
	}
}

func TestTakeOverKeepsTheRest(t *testing.T) {
	defer taskTake.Catch(t)
	for i := 0; i <= len(hello); i++ {
		call := fmt.Sprintf("TakeOver, the request and %s of a frame in one piece", count(i))
		w := &wire{pieces: []string{request + hello[:i], hello[i:] + ping}, end: io.EOF}
		c, err := takeOver(t, w, call)
		taskTake.Equal(t, call+": the error", err, nil, headFirst())
		if c == nil {
			taskTake.Fail(t, call, "got  nil, nil\nwant a *Conn")
		}
		if c.in == nil {
			taskTake.Fail(t, call, "got  a Conn whose in is nil\nwant one that reads what comes behind the head",
				lesson.If(true, "in was not set; Read of the Conn reads from it"))
		}
		var got []byte
		within(t, taskTake, w, call+", and then Read", func() { got = readAll(c) })
		if i == len(hello) {
			lesson.Trace(t, "in", frames.State{FromClient: true}, got)
		}
		lost := string(got) == hello[i:]+ping
		taskTake.Bytes(t, call+", and then Read", got, []byte(hello+ping),
			headFirst(),
			// Only who reads past every buffer asks for 100 bytes.
			lesson.If(lost && w.room == 100, "the bytes behind the head are still in the bufio.Reader; Read went past it, to the net.Conn"),
			lesson.If(lost, "the bytes behind the head stayed in the first bufio.Reader; a second one begins empty"),
			lesson.If(string(got) == hello[:i], "what was already there came out, and what the client sends later does not"),
		)
	}
}

func TestTakeOverRefuses(t *testing.T) {
	defer taskTake.Catch(t)
	noKey := strings.Replace(request, "Sec-WebSocket-Key", "X-Other-Key", 1)
	for _, c := range []struct {
		about, sent string
		want        error
	}{
		{"a client that goes in the middle of the request", request[:cutAt], io.ErrUnexpectedEOF},
		{"a request without a key", noKey, errNoKey},
	} {
		call := "TakeOver, " + c.about
		w := &wire{pieces: []string{c.sent}, end: io.EOF}
		_, err := takeOver(t, w, call)
		if errors.Is(err, c.want) {
			err = c.want
		}
		looks := []lesson.Diagnosis{
			headFirst(), beforeTheEnd(w),
			lesson.If(c.want == errNoKey, "a request without a key was answered; there is nothing that the answer could prove"),
			lesson.If(len(w.written) > 0, "it sent something though there is no whole request to answer"),
		}
		taskTake.Equal(t, call+": the error", err, c.want, looks...)
		taskTake.Equal(t, call+": what it sent", brief(w.written), brief(""), looks...)
	}
}

// watch calls Watch on w. It returns what see was given, and how many pieces the
// client had still to send when see was called first.
func watch(t *testing.T, w *wire, call string) (seen []byte, toCome int, err error) {
	t.Helper()
	within(t, taskWatch, w, call, func() {
		err = Watch(w, func(b []byte) {
			if len(seen) == 0 {
				toCome = len(w.pieces)
			}
			seen = append(seen, b...)
		})
	})
	return seen, toCome, err
}

func TestWatch(t *testing.T) {
	defer taskWatch.Catch(t)
	for _, c := range []struct {
		about string
		w     *wire
	}{
		{"and then the end", &wire{pieces: []string{hello, ping}, end: io.EOF}},
		{"the second together with the end", &wire{pieces: []string{hello, ping}, last: io.EOF, end: io.EOF}},
	} {
		call := "Watch, two pieces, " + c.about
		got, toCome, err := watch(t, c.w, call)
		taskWatch.Bytes(t, call+": what was seen", got, []byte(hello+ping),
			lesson.If(len(got) > len(hello+ping), "more came out than came in; Read fills n bytes of the buffer, and the rest is old"),
			lesson.If(c.w.last != nil && string(got) == hello, "a Read may give bytes and io.EOF at once; look at n before err"),
			lesson.If(string(got) == hello, "it stopped after the first piece"),
		)
		taskWatch.Equal(t, call+": the error", err, nil,
			lesson.If(errors.Is(err, io.EOF), "io.EOF was returned as an error; here it is the good end"))
		if toCome == 0 {
			taskWatch.Fail(t, call, "got  nothing before the end\nwant each piece when it comes",
				lesson.If(true, "everything was collected first; a conversation may last for days, and see has to hear of each piece at once"))
		}
	}
}

func TestWatchFails(t *testing.T) {
	defer taskWatch.Catch(t)
	call, broken := "Watch, a connection that breaks", errors.New("connection reset by peer")
	_, _, err := watch(t, &wire{pieces: []string{hello}, end: broken}, call)
	if errors.Is(err, broken) {
		err = broken
	}
	taskWatch.Equal(t, call, err, broken, lesson.If(err == nil, "an error was taken for the good end; only io.EOF is that"))
}
