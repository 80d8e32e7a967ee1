package main

import (
	"bytes"
	"io"
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

func TestDialIsACommand(t *testing.T) {
	var out bytes.Buffer
	assert.Equal(t, 0, run(t.Context(), []string{"dial", "-h"}, &out, io.Discard))
	assert.Contains(t, out.String(), "Usage: go run ./demos dial URL")
}
