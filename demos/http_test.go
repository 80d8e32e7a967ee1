package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/feed"
	"example.com/ws101/rfc6455"
)

// send sends a request and returns the whole answer.
func send(t *testing.T, method, address, body string, fields ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	require.NoError(t, err)
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		r.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer, string(text)
}

const asJSON = "Content-Type: application/json"

func TestSameStateIsNotSentTwice(t *testing.T) {
	for _, address := range []string{"polling/get_vote", "polling/news?cursor=", "sse/poll?cursor=", "chat/polling/news?cursor="} {
		r := startRun(t)
		first, body := send(t, "GET", r.url+address, "")
		require.Equal(t, 200, first.StatusCode, address)
		require.NotEmpty(t, body)
		known := "If-None-Match: " + first.Header.Get("ETag")

		answer, body := send(t, "GET", r.url+address, "", known)
		assert.Equal(t, 304, answer.StatusCode, address)
		assert.Empty(t, body)
		assert.Equal(t, first.Header.Get("ETag"), answer.Header.Get("ETag"))

		_, _ = send(t, "POST", r.url+"polling/vote", `{"uid": 1}`, asJSON)
		answer, body = send(t, "GET", r.url+address, "", known)
		assert.Equal(t, 200, answer.StatusCode, address)
		assert.Contains(t, body, `"count": 301`)
		r.end(t)
	}
}

// Everything that is wrong gets a 4xx and one sentence, and counts nothing, on each technique alone
// and with all others.
func TestWhatIsWrongIsRefusedWithASentence(t *testing.T) {
	together := startRun(t)
	for _, name := range techniqueNames {
		alone := startRun(t, name)
		for _, base := range []string{together.url + name + "/", alone.url} {
			refusedRequests(t, name, base)
		}
		alone.end(t)
	}
	_, body := fetch(t, together.url+"polling/get_vote")
	assert.Equal(t, `{"1": {"name": "明凯", "count": 300}, "2": {"name": "厂长", "count": 200}, "3": {"name": "7酱", "count": 600}}`, body)
	together.end(t)
}

func refusedRequests(t *testing.T, name, base string) {
	const evil = "Origin: https://evil.example"
	action := "do?me=abcdefghijklmnop"
	tests := []struct {
		status       int
		method, path string
		body         string
		fields       []string
	}{
		{405, "PUT", "do", `{"vote": 1}`, []string{asJSON}},
		{405, "GET", "leave", "", nil},
		{415, "POST", action, `{"vote": 1}`, []string{"Content-Type: text/plain"}},
		{415, "POST", action, `{"vote": 1}`, nil},
		{413, "POST", action, `{"say": "` + strings.Repeat("x", 20_000) + `"}`, []string{asJSON}},
		{400, "POST", action, `{"vote": 1, "say": "both"}`, []string{asJSON}},
		{400, "POST", action, `{"vote": "x"}`, []string{asJSON}},
		{404, "POST", action, `{"vote": 9}`, []string{asJSON}},
		{403, "POST", action, `{"say": "nobody has joined"}`, []string{asJSON}},
		{400, "POST", "do?me=short", `{"vote": 1}`, []string{asJSON}},
		{403, "POST", action, `{"vote": 1}`, []string{asJSON, evil}},
		{403, "POST", "leave", "", []string{evil}},
		{404, "GET", "nothing/here", "", nil},
	}
	if name == "websocket" {
		upgrade := []string{"Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="}
		add := func(status int, method, path string, fields ...string) {
			tests = append(tests, struct {
				status       int
				method, path string
				body         string
				fields       []string
			}{status, method, path, "", fields})
		}
		for _, path := range []string{"vote", "news"} {
			add(426, "GET", path)
			add(403, "GET", path, append(upgrade, evil)...)
		}
		add(400, "GET", "news?cursor=x", upgrade...)
		add(400, "GET", "news?me=short", upgrade...)
	} else {
		tests = append(tests, []struct {
			status       int
			method, path string
			body         string
			fields       []string
		}{
			{405, "GET", "vote", "", nil},
			{405, "DELETE", "news", "", nil},
			{400, "GET", "news?cursor=x", "", nil},
			{400, "GET", "news?me=short", "", nil},
			{415, "POST", "vote", "uid=1", []string{"Content-Type: application/x-www-form-urlencoded"}},
			{413, "POST", "vote", `{"uid": 1, "x": "` + strings.Repeat("x", 2000) + `"}`, []string{asJSON}},
			{400, "POST", "vote", `{"uid": "x"}`, []string{asJSON}},
			{400, "POST", "vote", `{}`, []string{asJSON}},
			{404, "POST", "vote", `{"uid": 9}`, []string{asJSON}},
			{403, "POST", "vote", `{"uid": 1}`, []string{asJSON, evil}},
		}...)
	}
	for _, test := range tests {
		what := fmt.Sprintf("%s %s%s %s %q", test.method, base, test.path, test.fields, test.body)
		answer, body := send(t, test.method, base+test.path, test.body, test.fields...)
		assert.Equal(t, test.status, answer.StatusCode, what)
		assert.Regexp(t, `^[A-Za-z][^\n]+[.)]\n?$`, body, what)
		assert.Contains(t, answer.Header.Get("Content-Type"), "text/plain", what)
	}
}

// A page on a WebSocket is told in a message, and stays connected.
func TestWhatIsWrongOnAWebSocketIsAnswered(t *testing.T) {
	r := startRun(t, "websocket")
	for _, path := range []string{"vote", "news?me=abcdefghijklmnop"} {
		conn := dialRun(t, r, path)
		if path != "vote" {
			_, _, err := conn.Read(t.Context()) // the snapshot
			require.NoError(t, err)
		}
		for _, message := range []string{"9", "x", "", "1.5"} {
			require.NoError(t, conn.Write(t.Context(), rfc6455.Text, []byte(message)))
			_, answer, err := conn.Read(t.Context())
			require.NoError(t, err)
			assert.Regexp(t, `^\{"error": "[A-Z].+\."\}$`, string(answer), "%s: %q", path, message)
		}
	}
	r.end(t)
}

// The next event is there as soon as it has happened: nothing in the server waits for more.
func TestStreamsFlushEachEventAtOnce(t *testing.T) {
	r := startRun(t)
	for _, name := range []string{"streaming", "sse"} {
		answer := open(t, r.url+name+"/news")
		assert.Equal(t, "no", answer.Header.Get("X-Accel-Buffering"), "what nginx is told")
		lines := bufio.NewScanner(answer.Body)
		until := func(what string) {
			for lines.Scan() {
				if strings.Contains(lines.Text(), what) {
					return
				}
			}
			t.Fatalf("the stream ended before %q", what)
		}
		until(`"vote"`)
		for range 3 {
			_, body := fetch(t, r.url+"polling/get_vote")
			var before int
			_, err := fmt.Sscanf(body, `{"1": {"name": "明凯", "count": %d}`, &before)
			require.NoError(t, err)
			_, _ = send(t, "POST", r.url+name+"/vote", `{"uid": 1}`, asJSON)
			until(fmt.Sprintf(`"count": %d`, before+1)) // before the next vote
		}
		answer.Body.Close()
	}
	r.end(t)
}

// A long poll that is abandoned frees its handler and its place in the room at once; also the one of
// the classic chat, which is a POST.
func TestAbandonedRequestIsFreedAtOnce(t *testing.T) {
	for _, request := range []string{
		"GET /longpolling/news?cursor=%s&me=abcdefghijklmnop HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"GET /streaming/news?cursor=%s&me=abcdefghijklmnop HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"GET /sse/news?cursor=%s&me=abcdefghijklmnop HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"POST /chat/update-message?x=%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 8\r\n\r\ncursor=0",
	} {
		synctest.Test(t, func(t *testing.T) {
			server := startPipes(t, feed.Options{})
			defer server.end()
			var inside int
			count := server.server.Handler
			server.server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				inside++
				defer func() { inside-- }()
				count.ServeHTTP(w, r)
			})
			conn, err := server.dial()
			require.NoError(t, err)
			_, err = fmt.Fprintf(conn, request, server.room.Now())
			require.NoError(t, err)
			go func() { _, _ = io.Copy(io.Discard, conn) }()
			synctest.Wait()
			assert.Equal(t, 1, inside, request)
			conn.Close()
			synctest.Wait() // no time passes here
			assert.Equal(t, 0, inside, request)
		})
	}
}

// Somebody on a long poll has left the room when the page has been away for a while.
func TestAbandonedPollEndsThePresence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := startPipes(t, feed.Options{})
		defer server.end()
		const me = "abcdefghijklmnop"
		require.NoError(t, server.room.Join(me, "Ada"))
		conn, err := server.dial()
		require.NoError(t, err)
		_, err = fmt.Fprintf(conn, "GET /sse/news?me=%s HTTP/1.1\r\nHost: localhost\r\n\r\n", me)
		require.NoError(t, err)
		go func() { _, _ = io.Copy(io.Discard, conn) }()
		here := func() string {
			_, list, _ := strings.Cut(string(server.room.Since(feed.Cursor{}).Snapshot), `"here": `)
			return list
		}
		time.Sleep(5 * time.Minute)
		assert.Contains(t, here(), "Ada", "the connection is open")
		conn.Close()
		time.Sleep(time.Minute)
		assert.Equal(t, "[]}", here())
	})
}

// Who asks again and again and takes no answer is cut: no handler waits for it for ever.
func TestClientThatTakesNothingIsCut(t *testing.T) {
	for _, path := range []string{"/", "/site.js", "/polling/news", "/longpolling/news", "/sse/news", "/streaming/news", "/chat/"} {
		synctest.Test(t, func(t *testing.T) {
			server := startPipes(t, feed.Options{})
			defer server.end()
			conn, err := server.dial()
			require.NoError(t, err)
			_, err = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path)
			require.NoError(t, err)
			time.Sleep(time.Minute)
			n, err := conn.Read(make([]byte, 1))
			assert.Zero(t, n, path)
			assert.ErrorIs(t, err, io.EOF, path)
		})
	}
}

// A request that is held is not cut by the limit on answers, however long it is held.
func TestHeldAnswerOutlivesTheLimitOnAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := startPipes(t, feed.Options{})
		defer server.end()
		for _, name := range []string{"streaming", "sse", "websocket"} {
			ctx, stop := context.WithCancel(t.Context())
			r := &reader{technique: name, host: "localhost", dial: server.dial}
			ended := make(chan error, 1)
			go func() { ended <- r.follow(ctx) }()
			time.Sleep(5 * time.Minute)
			_, err := server.room.Tally.Vote(1)
			require.NoError(t, err)
			synctest.Wait()
			assert.Equal(t, 1, r.events, name)
			assert.Equal(t, 1, r.snapshots, name)
			assert.Empty(t, ended, name)
			stop()
			assert.Error(t, <-ended)
		}
	})
}
