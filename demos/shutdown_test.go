package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
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
		conn := dialRun(t, r, []string{"websocket/vote", "websocket/news?cursor=", "echo/ws"}[i%3])
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
