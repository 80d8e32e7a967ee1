package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/site"
)

// tryRun runs the command to its end.
func tryRun(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // whatever starts to serve ends at once
	code = run(ctx, args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestUsageErrorsAreOneLineAndExitTwo(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"nope"}, `there is no demo "nope"; there are: polling, longpolling, streaming, sse, websocket, chat, echo, inspect`},
		{[]string{"polling", "longpolling"}, `only one demo can be served alone, and there is also "longpolling"`},
		{[]string{"-nope"}, "flag provided but not defined: -nope"},
		{[]string{"polling", "-nope"}, "flag provided but not defined: -nope"},
		{[]string{"-addr"}, "flag needs an argument: -addr"},
		{[]string{"-addr", "8101"}, `-addr "8101" is not a host and a port, such as 127.0.0.1:8101`},
		{[]string{"-addr", "127.0.0.1:"}, `-addr "127.0.0.1:" has no port from 0 to 65535, such as 127.0.0.1:8101`},
		{[]string{"-addr", "127.0.0.1:70000"}, `-addr "127.0.0.1:70000" has no port from 0 to 65535, such as 127.0.0.1:8101`},
		{[]string{"-origin", "example.com"}, `-origin "example.com" is not an origin, such as https://example.com or http://localhost:3000`},
		{[]string{"-page", "x.html"}, "-page needs the NAME of the one demo that it belongs to, such as polling"},
	} {
		code, stdout, stderr := tryRun(t, test.args...)
		assert.Equal(t, 2, code, test.args)
		assert.Empty(t, stdout, test.args)
		assert.Equal(t, "ws101: "+test.want+" (-h shows all flags)\n", stderr)
	}
}

func TestFailuresAreOneLineAndExitOne(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.json")
	require.NoError(t, os.WriteFile(bad, []byte(`{"1": {"name": ""}}`), 0o600))
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	addr := taken.Addr().String()

	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"-candidates", bad}, "-candidates: " + bad + ": candidate 1 has no name"},
		{[]string{"-candidates", filepath.Join(dir, "none")}, "-candidates: " + filepath.Join(dir, "none") + " cannot be read: "},
		{[]string{"polling", "-page", filepath.Join(dir, "none")}, "-page: "},
		{[]string{"-addr", addr}, "the address " + addr + " is in use; end the other program, or choose another port, such as -addr 127.0.0.1:0 (0 takes a free one)"},
		{[]string{"-addr", "192.0.2.1:8101"}, "cannot listen on 192.0.2.1:8101: "},
	} {
		code, stdout, stderr := tryRun(t, test.args...)
		assert.Equal(t, 1, code, test.args)
		assert.Empty(t, stdout, test.args)
		assert.True(t, strings.HasPrefix(stderr, "ws101: "+test.want), stderr)
		assert.Equal(t, 1, strings.Count(stderr, "\n"))
	}
}

func TestHelp(t *testing.T) {
	for _, args := range [][]string{{"-h"}, {"--help"}, {"polling", "-h"}} {
		code, stdout, stderr := tryRun(t, args...)
		assert.Equal(t, 0, code)
		assert.Empty(t, stderr)
		for _, want := range append(names(), "dial", "-addr", "-candidates", "-origin", "-page", "-trace") {
			assert.Contains(t, stdout, want)
		}
	}
}

func TestFlagsStandBeforeOrAfterName(t *testing.T) {
	for _, args := range [][]string{
		{"longpolling", "-addr", ":0", "-origin", "http://a.example", "-origin", "http://b.example", "-trace", "-page", "p"},
		{"-addr", ":0", "-origin", "http://a.example", "longpolling", "-origin", "http://b.example", "-trace", "-page", "p"},
		{"-addr=:0", "-origin=http://a.example", "-origin=http://b.example", "-trace", "--page=p", "longpolling"},
	} {
		f, err := parseFlags(args)
		require.NoError(t, err)
		assert.Equal(t, "longpolling", f.demo.name)
		assert.Equal(t, ":0", f.addr)
		assert.Equal(t, []string{"http://a.example", "http://b.example"}, f.origins.Named())
		assert.True(t, f.trace)
		assert.Equal(t, "p", f.page)
	}
	f, err := parseFlags(nil)
	require.NoError(t, err)
	assert.Nil(t, f.demo)
	assert.Equal(t, "127.0.0.1:8101", f.addr)
}

func TestTableOfDemos(t *testing.T) {
	seen := map[string]bool{}
	for _, d := range demos {
		assert.Regexp(t, `^[a-z]+$`, d.name)
		assert.False(t, seen[d.name])
		seen[d.name] = true
		assert.NotEmpty(t, d.title)
		assert.Same(t, find(d.name), find(d.name))
	}
	assert.Nil(t, find(""))
}

// A running is the command while it serves.
type running struct {
	url    string
	cancel context.CancelFunc
	code   chan int
}

// startRun starts the command on a free port, and returns when it has printed its address.
func startRun(t *testing.T, args ...string) *running {
	t.Helper()
	return startRunAt(t, "127.0.0.1:0", args...)
}

func startRunAt(t *testing.T, addr string, args ...string) *running {
	t.Helper()
	return startRunTo(t, io.Discard, append(args, "-addr", addr)...)
}

func startRunTo(t *testing.T, stderr io.Writer, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	r := &running{cancel: cancel, code: make(chan int, 1)}
	go func() {
		r.code <- run(ctx, args, in, stderr)
		in.Close()
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	go func() { _, _ = io.Copy(io.Discard, out) }()
	_, r.url, _ = strings.Cut(line, "open ")
	r.url, _, _ = strings.Cut(r.url, " ")
	assert.Equal(t, "ws101: open "+r.url+" in a browser (Ctrl-C ends)\n", line)
	t.Cleanup(func() { cancel() })
	return r
}

// end does what Ctrl-C does, and requires a clean end within a second.
func (r *running) end(t *testing.T) {
	t.Helper()
	start := time.Now()
	r.cancel()
	select {
	case code := <-r.code:
		assert.Equal(t, 0, code)
		assert.Less(t, time.Since(start), 3*time.Second) // a second, and a busy machine
	case <-time.After(10 * time.Second):
		t.Fatal("the server does not end")
	}
}

func fetch(t *testing.T, address string, cookies ...*http.Cookie) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", address, nil)
	require.NoError(t, err)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	answer.Body.Close()
	return answer, string(body)
}

func TestServesAllDemos(t *testing.T) {
	r := startRun(t)
	_, body := fetch(t, r.url)
	assert.Contains(t, body, "<h1>ws101 demos</h1>")
	answer, body := fetch(t, r.url+"polling") // follows to /polling/
	assert.Equal(t, "/polling/", answer.Request.URL.Path)
	assert.Contains(t, body, "<h1>Polling</h1>")
	r.end(t)
}

func TestServesOneDemoAloneWithTheClassicContract(t *testing.T) {
	for _, name := range []string{"polling", "longpolling"} {
		r := startRun(t, name)
		answer, body := fetch(t, r.url)
		assert.Contains(t, body, "<h1>")
		assert.Equal(t, name == "longpolling", len(answer.Cookies()) == 1)

		posted, err := http.Post(r.url+"vote", "application/json", strings.NewReader(`{"uid": 1}`))
		require.NoError(t, err)
		text, err := io.ReadAll(posted.Body)
		require.NoError(t, err)
		posted.Body.Close()
		assert.Equal(t, "投票成功", string(text))

		_, body = fetch(t, r.url+"get_vote", answer.Cookies()...)
		assert.Equal(t, `{"1": {"name": "明凯", "count": 301}, "2": {"name": "厂长", "count": 200}, "3": {"name": "7酱", "count": 600}}`, body)
		r.end(t)
	}
}

func TestCandidatesAndPageOfOnesOwn(t *testing.T) {
	dir := t.TempDir()
	candidates, page := filepath.Join(dir, "c.json"), filepath.Join(dir, "p.html")
	require.NoError(t, os.WriteFile(candidates, []byte(`{"7": {"name": "Ann", "count": 5}}`), 0o600))
	require.NoError(t, os.WriteFile(page, []byte("<p>mine"), 0o600))
	r := startRun(t, "longpolling", "-candidates", candidates, "-page", page)
	answer, body := fetch(t, r.url)
	assert.Equal(t, "<p>mine", body)
	assert.Empty(t, answer.Header.Get("Content-Security-Policy"))
	assert.Len(t, answer.Cookies(), 1)
	_, body = fetch(t, r.url+"get_vote")
	assert.Equal(t, `{"7": {"name": "Ann", "count": 5}}`, body)
	r.end(t)
}

func TestEndAnswersHeldRequestsAndDoesNotWaitForIdleOnes(t *testing.T) {
	r := startRun(t)
	// A browser opens connections in advance and leaves them unused.
	unused, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(r.url, "http://"), "/"))
	require.NoError(t, err)
	defer unused.Close()

	page, _ := fetch(t, r.url+"longpolling/")
	request, err := http.NewRequestWithContext(t.Context(), "GET", r.url+"longpolling/get_vote", nil)
	require.NoError(t, err)
	request.AddCookie(page.Cookies()[0])
	held, err := http.DefaultClient.Do(request) // with the header fields; the body is held
	require.NoError(t, err)
	defer held.Body.Close()
	r.end(t)
	body, err := io.ReadAll(held.Body)
	require.NoError(t, err, "the answer is whole")
	assert.Equal(t, `""`, string(body))
}

func TestHostIsCheckedWhileTheServerIsForThisMachineOnly(t *testing.T) {
	origins, err := site.AllowOrigins("https://friend.example:8443")
	require.NoError(t, err)
	ok := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {})
	local := checkHost(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8101}, origins, ok)
	for host, want := range map[string]int{
		"127.0.0.1:8101": 200, "localhost:8101": 200, "LOCALHOST": 200, "localhost.": 200, "demo.localhost:8101": 200,
		"[::1]:8101": 200, "127.9.9.9": 200, "[::ffff:127.0.0.1]:80": 200, "": 200, "friend.example": 200, "friend.example:8101": 200,
		"evil.example": 421, "evil.example:8101": 421, "localhost.evil.example": 421, "evillocalhost": 421,
		"127.0.0.1.evil.example": 421, "192.0.2.1:8101": 421, "0.0.0.0:8101": 421, "[::]:8101": 421,
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = host
		w := httptest.NewRecorder()
		local.ServeHTTP(w, r)
		assert.Equal(t, want, w.Code, "%q", host)
	}

	open := checkHost(&net.TCPAddr{IP: net.IPv4zero, Port: 8101}, nil, ok)
	r := httptest.NewRequest("GET", "/", nil)
	r.Host = "anything.example"
	w := httptest.NewRecorder()
	open.ServeHTTP(w, r)
	assert.Equal(t, 200, w.Code, "a server for others is known by names that it cannot know")
}

func TestAddress(t *testing.T) {
	for want, a := range map[string]net.Addr{
		"http://127.0.0.1:8101/": &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8101},
		"http://127.0.0.1:80/":   &net.TCPAddr{IP: net.IPv6unspecified, Port: 80},
		"http://[::1]:8101/":     &net.TCPAddr{IP: net.IPv6loopback, Port: 8101},
		"http://192.0.2.1:1/":    &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1},
	} {
		assert.Equal(t, want, address(a))
	}
	assert.Equal(t, "[::1]:0", freePort("[::1]:8101"))
}

func TestServerHasNoTimeForAWholeRequest(t *testing.T) {
	s := newServer(nil)
	assert.NotZero(t, s.ReadHeaderTimeout)
	assert.Zero(t, s.ReadTimeout, "it would end a request that is held")
}
