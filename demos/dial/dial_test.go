package dial

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/frames"
	"example.com/ws101/handshake"
	"example.com/ws101/rfc6455"
)

var update = flag.Bool("update", false, "write the golden files anew")

// server runs handle for each connection, and returns the URL.
func server(t *testing.T, opts *rfc6455.AcceptOptions, handle func(*rfc6455.Conn, *handshake.Request)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() {
				conn, req, err := rfc6455.Accept(context.Background(), nc, opts)
				if err == nil {
					defer conn.CloseNow()
					handle(conn, req)
				}
			})
		}
	})
	t.Cleanup(func() { l.Close(); conns.Wait() })
	return "ws://" + l.Addr().String()
}

// echo sends every message back.
func echo(c *rfc6455.Conn, _ *handshake.Request) {
	c.Serve(context.Background(), rfc6455.Handler{
		Message: func(c *rfc6455.Conn, t rfc6455.MessageType, p []byte) { c.Write(context.Background(), t, p) },
	})
}

// result is what a run has left behind.
type result struct {
	code     int
	out, err string
}

// run runs the command as a script would.
func run(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	return runProgram(t, context.Background(), strings.NewReader(stdin), false, args...)
}

func runProgram(t *testing.T, ctx context.Context, stdin io.Reader, typed bool, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	p := program{stdin: stdin, screen: &screen{out: &out, err: &errs}, typed: typed, now: time.Now}
	code := p.run(ctx, args)
	return result{code, out.String(), errs.String()}
}

// The whole of an echo conversation, to the last bit: keys, times and ports are
// fixed.
func TestTraceOfAConversation(t *testing.T) {
	url := server(t, nil, echo)
	var all bytes.Buffer
	tick := time.Unix(0, 0)
	random := make([]byte, 64)
	for i := range random {
		random[i] = byte(i * 7)
	}
	p := program{
		stdin:  strings.NewReader("hello, 世界\n"),
		screen: &screen{out: &all, err: &all},
		now:    func() time.Time { tick = tick.Add(time.Millisecond); return tick },
		rand:   bytes.NewReader(random),
	}
	code := p.run(context.Background(), []string{"-trace", "-n", "1", "-H", "X-Lesson: 1", url + "/echo?a=b"})
	assert.Equal(t, exitOK, code)
	got := regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllString(all.String(), "127.0.0.1:PORT")

	golden := filepath.Join("testdata", "trace.golden")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}

func TestTraceIsInsideTLS(t *testing.T) {
	s := tlsServer(t)
	got := run(t, "hello\n", "-trace", "-n", "1", "-insecure", s)
	assert.Equal(t, exitOK, got.code, got.err)
	assert.Equal(t, "hello\n", got.out)
	assert.Contains(t, got.err, "-insecure: the server's certificate is not checked")
	assert.Contains(t, got.err, "client → server  GET / HTTP/1.1\n")
	assert.Contains(t, got.err, "client → server  text, FIN, masked, 5 bytes\n")
	assert.Contains(t, got.err, "server → client  text, FIN, 5 bytes\n")
}

func tlsServer(t *testing.T) string {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if conn, err := rfc6455.Upgrade(w, r, nil); err == nil {
			echo(conn, nil)
		}
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return "wss" + strings.TrimPrefix(s.URL, "https")
}

func TestScriptsGetTheirAnswers(t *testing.T) {
	url := server(t, nil, echo)
	for _, tt := range []struct {
		stdin string
		args  []string
		want  string
	}{
		{"hello\n", []string{"-n", "1"}, "hello\n"},
		{"no newline at the end", []string{"-n", "1"}, "no newline at the end\n"},
		{"a\r\n\nb\n", []string{"-n", "3"}, "a\n\nb\n"},
		{"//etc\n", []string{"-n", "1"}, "/etc\n"},
		// The echo is there before the answer to our Close, even if nobody waits.
		{"one\ntwo\n", []string{"-wait", "0"}, "one\ntwo\n"},
		{"", []string{"-wait", "0"}, ""},
		{"a\n/close 4001 done\nnever sent\n", nil, "a\n"},
	} {
		for _, order := range [][]string{append([]string{url}, tt.args...), append(tt.args, url)} {
			got := run(t, tt.stdin, order...)
			assert.Equal(t, result{exitOK, tt.want, ""}, got, "%q %q", tt.stdin, order)
		}
	}
}

func TestWhatAServerSendsIsSafeForTheTerminal(t *testing.T) {
	url := server(t, nil, func(c *rfc6455.Conn, _ *handshake.Request) {
		ctx := context.Background()
		c.Write(ctx, rfc6455.Text, []byte("\x1b]0;owned\a\x1b[2J line one\nline two\r\u202egnp.exe \u009b31m"))
		c.Write(ctx, rfc6455.Binary, []byte("\x1b[31mbinary\x00\xff"))
		c.Write(ctx, rfc6455.Binary, bytes.Repeat([]byte{0xab}, 300))
		c.Close(4000, "\x1b[31mred\nlines")
	})
	for _, args := range [][]string{{url}, {url, "-trace"}} {
		got := runProgram(t, context.Background(), neverEnds(t), false, args...)
		assert.Equal(t, exitClosed, got.code)
		lines := strings.Split(got.out, "\n")
		assert.Equal(t, `\x1b]0;owned\a\x1b[2J line one\nline two\r\u202egnp.exe \u009b31m`, lines[0])
		assert.Equal(t, "binary, 13 bytes", lines[1])
		assert.Equal(t, "00000000  1b 5b 33 31 6d 62 69 6e  61 72 79 00 ff           |.[31mbinary..|", lines[2])
		assert.Equal(t, "… and 44 bytes more", lines[len(lines)-2])
		for _, r := range got.out + got.err {
			assert.True(t, r == '\n' || r >= ' ' && r < 0x7f || r >= 0xa0 && r != '\u202e', "%q", r)
		}
		assert.Contains(t, got.err, `dial: closed by the server with 4000 (\x1b[31mred\nlines)`)
	}
}

// neverEnds is an input on which nothing is typed.
func neverEnds(t *testing.T) io.Reader {
	r, w := io.Pipe()
	t.Cleanup(func() { w.Close() })
	return r
}

func TestExitCodesTellHowItEnded(t *testing.T) {
	closes := func(code frames.CloseCode, reason string) func(*rfc6455.Conn, *handshake.Request) {
		return func(c *rfc6455.Conn, _ *handshake.Request) { c.Close(code, reason) }
	}
	for _, tt := range []struct {
		name   string
		handle func(*rfc6455.Conn, *handshake.Request)
		code   int
		err    string
	}{
		{"normal", closes(frames.CloseNormal, "bye"), exitOK, ""},
		{"going away", closes(frames.CloseGoingAway, ""), exitOK, ""},
		{"no code", closes(frames.CloseNoStatus, ""), exitOK, ""},
		{"an error", closes(frames.CloseInternalError, "out of cheese"), exitClosed, "dial: closed by the server with 1011 internal error (out of cheese)\n"},
		{"a private code", closes(4321, ""), exitClosed, "dial: closed by the server with 4321\n"},
		{"hangs up", func(c *rfc6455.Conn, _ *handshake.Request) { c.CloseNow() }, exitClosed,
			"dial: the server hung up without a Close frame; -trace shows what came last\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			url := server(t, nil, tt.handle)
			got := runProgram(t, context.Background(), neverEnds(t), false, url)
			assert.Equal(t, result{tt.code, "", tt.err}, got)
		})
	}
}

func TestARuleThatTheServerBreaksIsTold(t *testing.T) {
	url := rawServer(t, func(nc net.Conn, key string) {
		io.WriteString(nc, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "+
			handshake.AcceptKey(key)+"\r\n\r\n\x81\x82\x00\x00\x00\x00hi")
		io.Copy(io.Discard, nc)
	})
	got := runProgram(t, context.Background(), neverEnds(t), false, url)
	assert.Equal(t, exitClosed, got.code)
	assert.Equal(t, "dial: the server broke a rule: the server sent a masked frame; no frame from a server may be masked (RFC 6455 section 5.1); closed with 1002 protocol error\n", got.err)
}

func TestCloseCodeAndReasonAreSent(t *testing.T) {
	heard := make(chan rfc6455.CloseError, 1)
	url := server(t, nil, func(c *rfc6455.Conn, _ *handshake.Request) {
		c.Serve(context.Background(), rfc6455.Handler{
			Close: func(_ *rfc6455.Conn, e *rfc6455.CloseError) { heard <- *e },
		})
	})
	for _, tt := range []struct {
		stdin  string
		args   []string
		code   frames.CloseCode
		reason string
	}{
		{"", nil, 1000, ""},
		{"", []string{"-close", "1001"}, 1001, ""},
		{"", []string{"-close", "1005"}, 1005, ""}, // an empty Close frame
		{"", []string{"-close", "4000:see: you"}, 4000, "see: you"},
		{"/close\n", nil, 1000, ""},
		{"/close 3001   so long \n", nil, 3001, "so long"},
	} {
		got := run(t, tt.stdin, append(tt.args, url, "-wait", "0")...)
		assert.Equal(t, result{exitOK, "", ""}, got)
		e := <-heard
		assert.Equal(t, tt.code, e.Code)
		assert.Equal(t, tt.reason, e.Reason)
	}
}

// onWrite is a terminal that does something when something is shown.
type onWrite func()

func (f onWrite) Write(p []byte) (int, error) { f(); return len(p), nil }

func TestCtrlCClosesAtOnce(t *testing.T) {
	heard := make(chan frames.CloseCode, 1)
	url := server(t, nil, func(c *rfc6455.Conn, _ *handshake.Request) {
		c.Serve(context.Background(), rfc6455.Handler{
			Open:  func(c *rfc6455.Conn) { c.Write(context.Background(), rfc6455.Text, []byte("ready")) },
			Close: func(_ *rfc6455.Conn, e *rfc6455.CloseError) { heard <- e.Code },
		})
	})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	p := program{stdin: neverEnds(t), screen: &screen{out: onWrite(cancel), err: io.Discard}, now: time.Now}
	assert.Equal(t, exitOK, p.run(ctx, []string{url}))
	assert.Equal(t, frames.CloseNormal, <-heard)
}

func TestFewerMessagesThanAskedFor(t *testing.T) {
	url := server(t, nil, echo)
	got := run(t, "one\n", "-n", "2", "-wait", "0", url)
	assert.Equal(t, exitMissing, got.code)
	assert.Equal(t, "one\n", got.out)
	assert.Contains(t, got.err, "before 1 of 2 messages had come; -wait says how long to wait")
}

func TestTheHandshakeCarriesWhatIsAsked(t *testing.T) {
	asked := make(chan *handshake.Request, 1)
	url := server(t, &rfc6455.AcceptOptions{Origin: handshake.AnyOrigin, Subprotocols: []string{"b"}},
		func(c *rfc6455.Conn, r *handshake.Request) {
			asked <- r
			echo(c, r)
		})
	got := runProgram(t, context.Background(), strings.NewReader("/help\n/fly\nhi\n"), true, "-wait", "0", url+"/p?q",
		"-H", "Authorization: Bearer a:b", "-H", "X: 2", "-origin", "https://example.com", "-subprotocol", "a, b", "-subprotocol", "c")
	assert.Equal(t, exitOK, got.code, got.err)
	r := <-asked
	assert.Equal(t, "/p?q", r.Target)
	assert.Equal(t, "Bearer a:b", r.Header.Get("Authorization"))
	assert.Equal(t, "2", r.Header.Get("X"))
	assert.Equal(t, "https://example.com", r.Header.Get("Origin"))
	assert.Equal(t, "a, b, c", r.Header.Get("Sec-WebSocket-Protocol"))

	// One who types is greeted, sees whose lines are whose, and may go on after
	// a mistake.
	assert.Equal(t, "← hi\n", got.out)
	lines := strings.Split(got.err, "\n")
	assert.Equal(t, "connected to "+url+"/p?q, subprotocol b; each line is sent as a message, /help shows commands, Ctrl-D ends", lines[0])
	assert.Contains(t, got.err, commands)
	assert.Contains(t, got.err, `there is no command "/fly"`)
	assert.Contains(t, got.err, "closed with 1000 normal closure\n")
}

func TestFilesAndPings(t *testing.T) {
	url := server(t, nil, echo)
	name := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(name, []byte("\x00\x01file"), 0o644))
	dump := "binary, 6 bytes\n00000000  00 01 66 69 6c 65                                 |..file|\n"

	got := run(t, "text\n/binary "+name+"\n/ping\n", "-file", name, "-ping", "-wait", "0", url)
	assert.Equal(t, exitOK, got.code)
	assert.Equal(t, dump+"text\n"+dump, got.out)
	assert.Regexp(t, `^pong after \S+s\npong after \S+s\n$`, got.err)

	large := filepath.Join(t.TempDir(), "large")
	require.NoError(t, os.WriteFile(large, make([]byte, 200_000), 0o644))
	got = run(t, "", "-file", large, "-n", "1", url)
	assert.Contains(t, got.out, "binary, 200000 bytes\n")
}

func TestALineThatAScriptCannotMean(t *testing.T) {
	url := server(t, nil, echo)
	for stdin, sentence := range map[string]string{
		"/fly\n":             `there is no command "/fly"`,
		"/close 1006\n":      "close code 1006 abnormal closure must not be in a Close frame",
		"/close soon\n":      `"soon" is not a close code`,
		"/binary\n":          "/binary: ",
		"/binary .\n":        ". is a directory",
		"not \xff UTF-8\n":   "a text message must be valid UTF-8",
		"/binary nowhere \n": "nowhere",
	} {
		got := run(t, stdin+"never sent\n", url)
		assert.Equal(t, exitUsage, got.code, stdin)
		assert.Contains(t, got.err, sentence)
		assert.Equal(t, 1, strings.Count(got.err, "\n"), got.err)
		assert.Empty(t, got.out)
	}
	got := run(t, strings.Repeat("x", maxLine+1), url)
	assert.Equal(t, exitUsage, got.code)
	assert.Contains(t, got.err, "send it with -file")
}

func TestWrongCommandLines(t *testing.T) {
	for _, tt := range []struct {
		args     []string
		sentence string
	}{
		{nil, "name the URL to open"},
		{[]string{"ws://a", "ws://b"}, `there is also "ws://b"`},
		{[]string{"http://a"}, "it has to be ws or wss"},
		{[]string{"ws://a/#b"}, "fragment"},
		{[]string{"ws://a", "-fast"}, "-fast"},
		{[]string{"ws://a", "-H", "no colon"}, `write it like -H "Name: value"`},
		{[]string{"ws://a", "-H", "Host: b"}, "the field Host is part of the handshake"},
		{[]string{"ws://a", "-H", "A: b\r\nC: d"}, "line break"},
		{[]string{"ws://a", "-origin", "a b"}, "the origin is"},
		{[]string{"ws://a", "-subprotocol", "a,a"}, "offered twice"},
		{[]string{"ws://a", "-close", "1006"}, "must not be in a Close frame"},
		{[]string{"ws://a", "-close", "x"}, "is not a close code"},
		{[]string{"ws://a", "-n", "0"}, "-n takes a number from 1 up"},
		{[]string{"ws://a", "-wait", "-1s"}, "-wait takes a time"},
		{[]string{"ws://a", "-max-message", "0"}, "-max-message takes"},
		{[]string{"ws://a", "-file", "no/such/file"}, "-file: "},
		{[]string{"ws://a", "-file", "."}, "is a directory"},
	} {
		got := run(t, "", tt.args...)
		assert.Equal(t, exitUsage, got.code, tt.args)
		assert.Contains(t, got.err, tt.sentence)
		assert.Equal(t, 1, strings.Count(got.err, "\n"), "one line: %s", got.err)
		assert.Empty(t, got.out)
	}
	assert.Equal(t, result{exitOK, help, ""}, run(t, "", "-h"))
}

func TestHostsInOtherScripts(t *testing.T) {
	f, err := parse([]string{"ws://bücher.example:81/x"})
	require.NoError(t, err)
	assert.Equal(t, "xn--bcher-kva.example:81", f.url.Host)
	f, err = parse([]string{"wss://bücher.example"})
	require.NoError(t, err)
	assert.Equal(t, "xn--bcher-kva.example:443", handshake.Address(f.url))
	_, err = parse([]string{"ws://a\u200db.example"})
	assert.ErrorContains(t, err, "cannot be written in ASCII")
}

// rawServer answers one request by hand.
func rawServer(t *testing.T, answer func(nc net.Conn, key string)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		nc, err := l.Accept()
		if err != nil {
			return
		}
		defer nc.Close()
		buf := make([]byte, 4096)
		n, _ := nc.Read(buf)
		_, key, _ := strings.Cut(string(buf[:n]), "Sec-WebSocket-Key: ")
		key, _, _ = strings.Cut(key, "\r\n")
		answer(nc, key)
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return "ws://" + l.Addr().String()
}

func TestARefusedHandshakeIsToldInTheServersWords(t *testing.T) {
	url := server(t, &rfc6455.AcceptOptions{}, echo)
	got := run(t, "", url, "-origin", "https://elsewhere.example")
	assert.Equal(t, exitConnect, got.code)
	assert.Regexp(t, `^dial: the server answered 403 Forbidden: the page is from "https://elsewhere.example" and the server is .*; if it takes certain pages only, name one with -origin\n$`, got.err)

	for answer, want := range map[string]string{
		"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n<b>no</b>":       "the server answered 404 Not Found; check the path",
		"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 15\r\n\r\n\x1b[31mhi\nthere\n.": `the server answered 200 OK: \x1b[31mhi; this is no WebSocket, so check the path`,
		"HTTP/1.1 302 Found\r\nLocation: https://a.example/ws\r\nContent-Length: 0\r\n\r\n":             "the server answered 302 Found; redirects are not followed, so dial wss://a.example/ws",
		"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n":                                        `the server answered 401 Unauthorized; log in with -H "Authorization: ..." or -H "Cookie: ..."`,
		"HTTP/1.1 503 \r\nContent-Length: 4\r\n\r\nbusy":                                                "the server answered 503: busy; try again later",
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n":         "the server agreed, but wrongly: the answer has no Sec-WebSocket-Accept",
		"":              "hung up without an answer; check that it serves WebSockets, and whether it wants wss://",
		"SSH-2.0-x\r\n": "the answer is not HTTP",
	} {
		got := run(t, "", rawServer(t, func(nc net.Conn, _ string) { io.WriteString(nc, answer) }))
		assert.Equal(t, exitConnect, got.code, answer)
		assert.Contains(t, got.err, want)
		assert.Equal(t, 1, strings.Count(got.err, "\n"), "one line: %s", got.err)
	}
}

func TestNoConnection(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l.Close()
	got := run(t, "", "ws://"+l.Addr().String())
	assert.Equal(t, exitConnect, got.code)
	assert.Contains(t, got.err, l.Addr().String())
	assert.Equal(t, 1, strings.Count(got.err, "\n"))

	got = run(t, "", tlsServer(t))
	assert.Equal(t, exitConnect, got.code)
	assert.Contains(t, got.err, "if this is a test server of your own, add -insecure")

	got = run(t, "", "ws"+strings.TrimPrefix(tlsServer(t), "wss"))
	assert.Equal(t, exitConnect, got.code)
	assert.Contains(t, got.err, "Client sent an HTTP request to an HTTPS server.")

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	got = runProgram(t, ctx, neverEnds(t), false, "ws://127.0.0.1:1")
	assert.Equal(t, result{exitConnect, "", "dial: stopped before the connection was open\n"}, got)
}

// What the network of a test cannot be made to do.
func TestWhatNext(t *testing.T) {
	f := flags{url: &url.URL{Scheme: "wss", Host: "no.such.example:444"}}
	for _, tt := range []struct {
		err  error
		want string
	}{
		{&net.OpError{Op: "dial", Err: &net.DNSError{Name: "no.such.example", IsNotFound: true}}, "there is no host no.such.example; check the name, or the network"},
		{fmt.Errorf("x: %w", context.DeadlineExceeded), "no.such.example:444 did not answer within 10s; check host and port"},
		{fmt.Errorf("x: %w", tls.RecordHeaderError{}), "no.such.example:444 does not speak TLS; try ws:// in place of wss://"},
		{errors.New("out of ports"), "out of ports"},
	} {
		assert.Equal(t, tt.want, whatNext(tt.err, f))
	}
}

func TestNobodySitsAtTheNullDevice(t *testing.T) {
	null, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer null.Close()
	assert.False(t, isTerminal(null))
	assert.False(t, isTerminal(strings.NewReader("")))
	file, err := os.Open("dial.go")
	require.NoError(t, err)
	defer file.Close()
	assert.False(t, isTerminal(file))
}

// The same through the door that main uses.
func TestRun(t *testing.T) {
	url := server(t, nil, echo)
	var out, errs bytes.Buffer
	code := Run(context.Background(), []string{url, "-n", "1", "-trace"}, strings.NewReader("hello\n"), &out, &errs)
	assert.Equal(t, exitOK, code)
	assert.Equal(t, "hello\n", out.String())
	assert.Contains(t, errs.String(), "client → server  GET / HTTP/1.1\n")
	assert.NotContains(t, errs.String(), "\x1b", "no colour where there is no terminal")
}
