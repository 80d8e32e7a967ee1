package main

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/rfc6455"
)

func TestTraceShowsEveryFrameAndTheGoodbye(t *testing.T) {
	var stderr bytes.Buffer // read only after the end
	r := startRunTo(t, &stderr, "-trace", "-addr", "127.0.0.1:0")
	conn := dialRun(t, r, "websocket/vote")
	require.NoError(t, conn.Write(t.Context(), rfc6455.Text, []byte("1")))
	_, _, err := conn.Read(t.Context())
	require.NoError(t, err)
	var reading sync.WaitGroup
	reading.Go(func() { _, _, _ = conn.Read(t.Context()) })
	r.end(t)
	reading.Wait()
	for _, want := range []string{
		"client → server  GET /websocket/vote HTTP/1.1",
		"server → client  HTTP/1.1 101 Switching Protocols",
		"client → server  text, FIN, masked, 1 byte",
		"Legal: a whole text message.",
		`301}"`,
		"close code  1001  going away",
		"server → client  FIN",
	} {
		assert.Contains(t, stderr.String(), want)
	}
	assert.NotContains(t, stderr.String(), "\x1b", "no colours where there is no terminal")
}

func TestTraceShowsEveryTechnique(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var out bytes.Buffer // read only after the end
	watched, finish := trace(listener, &out)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		send := func(s string) {
			_, _ = io.WriteString(w, s)
			_ = http.NewResponseController(w).Flush()
		}
		switch r.URL.Path {
		case "/longpolling":
			_, _ = io.WriteString(w, `{"1":{"name":"明凯","count":301}}`)
		case "/streaming":
			w.Header().Set("Content-Type", "text/html")
			send("<!DOCTYPE html>\n")
			send("<script>parent.vote({\"uid\":1,\"count\":301})</script>\n")
		case "/sse":
			w.Header().Set("Content-Type", "text/event-stream")
			send("event: vote\nid: k3f9a2-17\n")
			send("data: {\"uid\":1}\n\n: beat\n\n")
		}
	})}
	served := make(chan error)
	go func() { served <- server.Serve(watched) }()
	client := &http.Client{Transport: &http.Transport{}}
	for _, path := range []string{"/longpolling", "/streaming", "/sse"} {
		resp, err := client.Get("http://" + listener.Addr().String() + path)
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
	}
	client.CloseIdleConnections()
	require.NoError(t, server.Shutdown(t.Context()))
	require.ErrorIs(t, <-served, http.ErrServerClosed)
	finish()
	for _, want := range []string{
		"client → server  GET /longpolling HTTP/1.1\n",
		"server → client  body, 35 bytes\n    {\"1\":{\"name\":\"明凯\",\"count\":301}}\n",
		"server → client  chunk, 16 bytes  \"<!DOCTYPE html>\\n\"\n",
		"server → client  chunk, 52 bytes\n    <script>parent.vote({\"uid\":1,\"count\":301})</script>\\n\n",
		"server → client  event vote, id k3f9a2-17, data 9 bytes  \"{\"uid\":1}\"\n",
		"server → client  comment, a heartbeat, \"beat\"\n",
		"server → client  last chunk: the body is complete\n",
	} {
		assert.Contains(t, out.String(), want)
	}
}

func TestDialIsACommand(t *testing.T) {
	var out bytes.Buffer
	assert.Equal(t, 0, run(t.Context(), []string{"dial", "-h"}, &out, io.Discard))
	assert.Contains(t, out.String(), "Usage: go run ./demos dial URL")
}
