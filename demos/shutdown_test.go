package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/rfc6455"
)

func TestEndSaysGoodbyeToEveryWebSocket(t *testing.T) {
	r := startRun(t)
	type end struct {
		err  error
		when time.Time
	}
	const clients = 30
	ends := make(chan end, clients)
	for i := range clients {
		conn := dialRun(t, r, []string{"websocket/vote", "websocket/news?cursor=", "echo/ws", "chat/websocket/news"}[i%4])
		go func() {
			for {
				if _, _, err := conn.Read(t.Context()); err != nil {
					ends <- end{err, time.Now()}
					return
				}
			}
		}()
	}
	start := time.Now()
	r.end(t)
	for range clients {
		e := <-ends
		var how *rfc6455.CloseError
		require.ErrorAs(t, e.err, &how)
		assert.EqualValues(t, 1001, how.Code)
		assert.True(t, how.Clean)
		assert.Less(t, e.when.Sub(start), 3*time.Second) // a second, and a busy machine
	}
}

// Each answer that is held gets the last word of its technique, and is whole: its last chunk is there.
func TestEndSaysGoodbyeToEveryHeldAnswer(t *testing.T) {
	r := startRun(t)
	page, _ := fetch(t, r.url+"longpolling/")
	batch, body := fetch(t, r.url+"longpolling/news")
	require.Equal(t, 200, batch.StatusCode)
	_, cursor, _ := strings.Cut(body, `"cursor": "`)
	cursor, _, _ = strings.Cut(cursor, `"`)

	held := []struct {
		name string
		open func() *http.Response
		want string // the end of the body
	}{
		{"long poll", func() *http.Response { return open(t, r.url+"longpolling/news?cursor="+cursor) },
			`{"cursor": "` + cursor + `", "snapshot": false, "events": []}`},
		{"classic long poll", func() *http.Response { return open(t, r.url+"longpolling/get_vote", page.Cookies()...) },
			`""`},
		{"hidden iframe", func() *http.Response { return open(t, r.url+"streaming/news?cursor="+cursor) },
			`>parent.ws101.end("the server shuts down");document.currentScript.remove()</script>` + "\n"},
		{"server-sent events", func() *http.Response { return open(t, r.url+"sse/news?cursor="+cursor) },
			"retry: 2000\n: goodbye: the server shuts down\n\n"},
		{"long poll of the chat", func() *http.Response { return open(t, r.url+"chat/longpolling/news?cursor="+cursor) },
			`{"cursor": "` + cursor + `", "snapshot": false, "events": []}`},
		{"classic chat", func() *http.Response {
			answer, err := http.PostForm(r.url+"chat/update-message", url.Values{"cursor": {"0"}})
			require.NoError(t, err)
			return answer
		}, `[]`},
	}
	var answers []*http.Response
	for _, h := range held {
		answer := h.open() // with the head of the answer, so that it is held now
		defer answer.Body.Close()
		require.Equal(t, 200, answer.StatusCode, h.name)
		answers = append(answers, answer)
	}
	r.end(t)
	for i, h := range held {
		body, err := io.ReadAll(answers[i].Body)
		require.NoError(t, err, "%s: the answer is whole", h.name)
		assert.True(t, strings.HasSuffix(string(body), h.want), "%s ends with %q", h.name, body)
	}
}

// open sends a GET and returns the answer when its head is there.
func open(t *testing.T, address string, cookies ...*http.Cookie) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", address, nil)
	require.NoError(t, err)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	return answer
}

// A client that says nothing to the goodbye, or is not even there any more, must not hold the server up.
func TestEndDoesNotWaitForAWebSocketThatDoesNotAnswer(t *testing.T) {
	r := startRun(t)
	for _, path := range []string{"/websocket/vote", "/websocket/news?cursor=", "/echo/ws"} {
		host := strings.TrimSuffix(strings.TrimPrefix(r.url, "http://"), "/")
		nc, err := net.Dial("tcp", host)
		require.NoError(t, err)
		defer nc.Close()
		fmt.Fprintf(nc, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", path, host)
		answer, err := http.ReadResponse(bufio.NewReader(nc), nil)
		require.NoError(t, err)
		require.Equal(t, 101, answer.StatusCode)
	}
	r.end(t)
}
