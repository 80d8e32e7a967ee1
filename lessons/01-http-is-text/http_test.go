package httptext

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"testing"

	"example.com/ws101/lessons/internal/lesson"
)

var (
	taskLine     = lesson.Task{Chapter: 1, Name: "ParseRequestLine", Section: "RFC 9112 section 3"}
	taskRead     = lesson.Task{Chapter: 1, Name: "ReadRequest", Section: "RFC 9112 section 2.1"}
	taskResponse = lesson.Task{Chapter: 1, Name: "AppendResponse", Section: "RFC 9112 section 4"}
)

// lines are request lines.
var lines = []struct {
	line string
	want Request
	err  error
}{
	{"GET / HTTP/1.1", Request{Method: "GET", Target: "/", Proto: "HTTP/1.1"}, nil},
	{"GET /vote?name=Ada&id=7 HTTP/1.0", Request{Method: "GET", Target: "/vote?name=Ada&id=7", Proto: "HTTP/1.0"}, nil},
	{"POST /vote HTTP/1.1", Request{Method: "POST", Target: "/vote", Proto: "HTTP/1.1"}, nil},
	{"get / HTTP/1.1", Request{Method: "get", Target: "/", Proto: "HTTP/1.1"}, nil},
	{"", Request{}, errRequestLine},
	{"GET", Request{}, errRequestLine},
	{"GET /", Request{}, errRequestLine},
	{"GET  / HTTP/1.1", Request{}, errRequestLine},
	{" GET / HTTP/1.1", Request{}, errRequestLine},
	{"GET / HTTP/1.1 ", Request{}, errRequestLine},
	{"GET / and more HTTP/1.1", Request{}, errRequestLine},
	{"GET vote HTTP/1.1", Request{}, errRequestLine},
	{"GET / HTTP/2", Request{}, errRequestLine},
	{"GET / http/1.1", Request{}, errRequestLine},
	{" / HTTP/1.1", Request{}, errRequestLine},
}

// parsed is what ParseRequestLine returns.
type parsed struct {
	Method, Target, Proto string
	Err                   error
}

func parse(t *testing.T, line string) parsed {
	defer taskLine.CatchIn(t, fmt.Sprintf("ParseRequestLine(%q)", line),
		lesson.If(true, "the line was cut into fewer parts than were asked for; any line may come"))
	req, err := ParseRequestLine(line)
	if err != nil {
		return parsed{Err: err}
	}
	return parsed{req.Method, req.Target, req.Proto, nil}
}

func TestParseRequestLine(t *testing.T) {
	defer taskLine.Catch(t)
	for _, c := range lines {
		got, want := parse(t, c.line), parsed{c.want.Method, c.want.Target, c.want.Proto, c.err}
		taskLine.Equal(t, fmt.Sprintf("ParseRequestLine(%q)", c.line), got, want,
			lesson.If(c.err == nil && got.Err != nil, "a line was refused that is as it should be"),
			lesson.If(c.want.Method != "" && got.Method != c.want.Method && strings.EqualFold(got.Method, c.want.Method), "the case of the method was changed; get is another method than GET"),
			lesson.If(c.err == nil, "the three parts stand between the blanks, in this order: method, target, version"),
			lesson.If(strings.Count(c.line, " ") < 2, "a part is missing in this line, and it was taken"),
			lesson.If(strings.Count(c.line, " ") > 2, "there are more blanks than two in this line; where two programs cut it differently, one of them is fooled"),
			lesson.If(strings.HasPrefix(c.line, " "), "the method is empty, and was taken"),
			lesson.If(strings.Contains(c.line, "vote"), "the target does not begin with a slash, and was taken"),
			lesson.If(true, "the version is none that this server speaks; anything may be different in it"))
	}
}

func lineWorks() (works bool) {
	defer func() { works = recover() == nil && works }()
	for _, c := range lines {
		req, err := ParseRequestLine(c.line)
		if err != c.err || err == nil && (req.Method != c.want.Method || req.Target != c.want.Target || req.Proto != c.want.Proto) {
			return false
		}
	}
	return true
}

const lineFirst = "ParseRequestLine is not right yet; make TestParseRequestLine pass first"

// requests are what clients send, and what ReadRequest makes of it.
var requests = []struct {
	text   string
	fields map[string]string
	err    error
	looks  string
}{
	{"GET / HTTP/1.1\r\n\r\n", nil, nil, "a request without fields is a request; the blank line stands right behind the first one"},
	{"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", map[string]string{"host": "example.com"}, nil, "the names of the fields come out in lower case, since Host and host are the same"},
	{"GET / HTTP/1.1\r\nHost: 127.0.0.1:8101\r\n\r\n", map[string]string{"host": "127.0.0.1:8101"}, nil, "the value was cut at a colon of its own; only the first one ends the name"},
	{"GET / HTTP/1.1\r\nHost:a\r\nAccept: \t text/html, */* \r\nEmpty:\r\n\r\n", map[string]string{"host": "a", "accept": "text/html, */*", "empty": ""}, nil, "blanks and tabs around the value do not belong to it, and there may be none or many"},
	{"GET / HTTP/1.1\r\nAccept: a\r\nHost: a\r\naccept: b\r\n\r\n", map[string]string{"host": "a", "accept": "a, b"}, nil, "a field came twice, and one of its values is lost"},
	{"GET / HTTP/1.1\r\nHost\r\n\r\n", nil, errField, "a field without a colon was taken"},
	{"GET / HTTP/1.1\r\n: a\r\n\r\n", nil, errField, "a field without a name was taken"},
	{"GET / HTTP/1.1\r\nHost : a\r\n\r\n", nil, errField, "a name with a blank in it was taken; some programs cut the blank off, others see another name, and one of them is fooled"},
	{"GET / HTTP/1.1\r\nAccept: a\r\n b: c\r\n\r\n", nil, errField, "a name with a blank in it was taken; some programs cut the blank off, others see another name, and one of them is fooled"},
	{"GET / HTTP/1.1\r\nHost\t: a\r\n\r\n", nil, errField, "a name with a tab in it was taken; the rule is the same as for a blank"},
	{"GET / HTTP/1.1\r\n \r\n", nil, errField, "a line with a blank in it was taken for the end; that line is empty"},
	{"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nHello", nil, errBody, "a body stands behind this head, and the next request would be looked for in it"},
	{"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", nil, errBody, "a Content-Length was taken since it is 0; the field is refused, whatever its value is"},
	{"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", nil, errBody, "a body stands behind this head, and the next request would be looked for in it"},
	{"GET /\r\n\r\n", nil, errRequestLine, "the request line was not checked; ParseRequestLine does it"},
	{"GET / HTTP/1.1\nHost: a\n\n", nil, errLineEnd, "the error of readLine was dropped"},
	{"", nil, io.EOF, "nobody has asked for anything, which is a clean end: io.EOF"},
	{"GET / HT", nil, io.ErrUnexpectedEOF, "the stream ended inside the request, and the error is another one"},
	{"GET / HTTP/1.1\r\n", nil, io.ErrUnexpectedEOF, "the stream ended between two lines of a request, and the error is that of a clean end; the blank line has not come"},
	{"GET / HTTP/1.1\r\nHost: a\r\n", nil, io.ErrUnexpectedEOF, "the stream ended between two lines of a request, and the error is that of a clean end; the blank line has not come"},
	{"GET / HTTP/1.1\r\n" + strings.Repeat("A: b\r\n", 100) + "\r\n", map[string]string{"a": strings.Repeat("b, ", 99) + "b"}, nil, "100 fields were refused; that many are allowed"},
	{"GET / HTTP/1.1\r\n" + names(101) + "\r\n", nil, errTooManyFields, "any number of fields was taken; a client that never ends its request fills the memory"},
	{"GET / HTTP/1.1\r\n" + strings.Repeat("A: b\r\n", 101) + "\r\n", nil, errTooManyFields, "more than 100 fields were taken; count the lines, a field that comes twice counts twice"},
}

// names are n fields, each with a name of its own.
func names(n int) (s string) {
	for i := range n {
		s += fmt.Sprintf("A%d: b\r\n", i)
	}
	return s
}

// fields are fields as a failure shows them.
type fields map[string]string

func (f fields) String() string { return fmt.Sprintf("%q", map[string]string(f)) }

// request is what ReadRequest returns.
type request struct {
	Method, Target string
	Fields         fields
	Err            error
}

func read(t *testing.T, br *bufio.Reader, call string) request {
	defer taskRead.CatchIn(t, call, lesson.If(true, "the Fields map was written to before it was made, or a line was cut where nothing is"))
	req, err := ReadRequest(br)
	if err != nil {
		return request{Err: err}
	}
	return request{req.Method, req.Target, req.Fields, nil}
}

// call is ReadRequest with the text that it is given.
func callRead(text string) string {
	if len(text) > 100 {
		return fmt.Sprintf("ReadRequest, of %.40q… %d bytes", text, len(text))
	}
	return fmt.Sprintf("ReadRequest, of %q", text)
}

func TestReadRequest(t *testing.T) {
	defer taskRead.Catch(t)
	for _, c := range requests {
		got := read(t, bufio.NewReader(strings.NewReader(c.text)), callRead(c.text))
		if c.err != nil || got.Err != nil {
			if !errors.Is(got.Err, c.err) || c.err == nil {
				taskRead.Equal(t, callRead(c.text), struct{ Err error }{got.Err}, struct{ Err error }{c.err},
					lesson.If((got.Err == errRequestLine || c.err == errRequestLine) && !lineWorks(), lineFirst), lesson.If(true, c.looks))
			}
			continue
		}
		if !maps.Equal(got.Fields, c.fields) {
			taskRead.Equal(t, callRead(c.text), struct{ Fields fields }{got.Fields}, struct{ Fields fields }{c.fields},
				lesson.If(got.Fields["accept"] == "a,b", "between the two values stand a comma and a blank"),
				lesson.If(true, c.looks))
		}
		taskRead.Equal(t, callRead(c.text), struct{ Method, Target string }{got.Method, got.Target}, struct{ Method, Target string }{"GET", "/"},
			lesson.If(!lineWorks(), lineFirst), lesson.If(got.Method == "", "the first line was parsed, and what it said is lost"))
	}
}

// TestReadRequestLeavesTheRest has two requests that came together.
func TestReadRequestLeavesTheRest(t *testing.T) {
	defer taskRead.Catch(t)
	text := "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: b\r\n\r\n"
	br := bufio.NewReader(strings.NewReader(text))
	for i, host := range []string{"a", "b"} {
		call := fmt.Sprintf("%s, request %d", callRead(text), i+1)
		got := read(t, br, call)
		want := request{"GET", fmt.Sprintf("/%d", i+1), map[string]string{"host": host}, nil}
		taskRead.Equal(t, call, got, want,
			lesson.If(!lineWorks(), lineFirst),
			lesson.If(i == 1, "what came behind the first request is lost; read with br alone, and no further than the blank line"))
	}
}

func TestAppendResponse(t *testing.T) {
	defer taskResponse.Catch(t)
	const plain = "text/plain; charset=utf-8"
	for _, c := range []struct {
		dst  string
		r    Response
		want string
	}{
		{"", Response{200, plain, "Hello"}, "HTTP/1.1 200 OK\r\nContent-Type: " + plain + "\r\nContent-Length: 5\r\n\r\nHello"},
		{"", Response{404, "text/html", ""}, "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n"},
		{"", Response{200, plain, "你好"}, "HTTP/1.1 200 OK\r\nContent-Type: " + plain + "\r\nContent-Length: 6\r\n\r\n你好"},
		{"before", Response{400, plain, "no\n"}, "beforeHTTP/1.1 400 Bad Request\r\nContent-Type: " + plain + "\r\nContent-Length: 3\r\n\r\nno\n"},
	} {
		call := fmt.Sprintf("AppendResponse(%q, {%d, %q, %q})", c.dst, c.r.Status, c.r.Type, c.r.Body)
		got := string(AppendResponse([]byte(c.dst), c.r))
		if got == c.want {
			continue
		}
		taskResponse.Fail(t, call, fmt.Sprintf("got  %q\nwant %q", got, c.want),
			lesson.If(strings.ReplaceAll(got, "\r\n", "\n") == strings.ReplaceAll(c.want, "\r\n", "\n"), "a line ends in LF alone; in HTTP each line ends in CR LF"),
			lesson.If(got == strings.Replace(c.want, "\r\n\r\n", "\r\n", 1), "the blank line is missing; without it the body is taken for a field"),
			lesson.If(got == strings.Replace(c.want, "Length: 6", "Length: 2", 1), "the length counts characters; it is the bytes that travel, and the client waits for exactly so many"),
			lesson.If(strings.EqualFold(got, c.want), "small and capital letters are not as in step 3; to a client a name is the same in any case, but the test compares bytes"),
			lesson.If(!strings.Contains(got, "Content-Length"), "the length is missing; on a connection that stays open, the client cannot know where the body ends"),
			lesson.If(c.dst != "" && !strings.HasPrefix(got, c.dst), "dst was thrown away; the response goes behind what dst holds"),
			lesson.If(strings.HasPrefix(got, c.want), "there is something behind the body; it ends with its last byte, and no line end follows"),
			lesson.If(!strings.HasPrefix(got, c.dst+"HTTP/1.1 "), "the status line begins with the version, HTTP/1.1"),
			lesson.If(!strings.Contains(got, fmt.Sprintf("HTTP/1.1 %d %s\r\n", c.r.Status, reason(c.r.Status))), "behind the version stand the status, and the words that reason has for it"))
	}
}
