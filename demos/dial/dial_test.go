package dial

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
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
