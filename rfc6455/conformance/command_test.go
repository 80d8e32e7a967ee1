package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/rfc6455"
)

func TestWrongCommandLines(t *testing.T) {
	for _, tt := range []struct{ args, sentence string }{
		{"", "name a command: serve or drive"},
		{"fly", `there is no command "fly"`},
		{"serve -deflate yes", `there is also "yes"`},
		{"serve -max-message 0", "a number of bytes from 1 up"},
		{"serve now", `there is also "now"`},
		{"serve -speed 3", "-speed"},
		{"drive", "drive needs -url"},
		{"drive -url http://x", "it has to be ws or wss"},
		{"drive -url ws://x/?a=b", "has a query"},
	} {
		var out, errs bytes.Buffer
		code := run(context.Background(), strings.Fields(tt.args), &out, &errs)
		assert.Equal(t, exitUsage, code, tt.args)
		assert.Contains(t, errs.String(), tt.sentence)
		assert.Equal(t, 1, strings.Count(errs.String(), "\n"), "one line: %s", &errs)
		assert.Empty(t, out.String())
	}
}

func TestHelp(t *testing.T) {
	for _, args := range []string{"-h", "serve -h", "drive -h"} {
		var out, errs bytes.Buffer
		assert.Equal(t, exitOK, run(context.Background(), strings.Fields(args), &out, &errs))
		assert.Equal(t, help, out.String())
		assert.Empty(t, errs.String())
	}
}

func TestServeTellsItsAddressAndEndsCleanly(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	code := make(chan int, 1)
	go func() { code <- run(ctx, []string{"serve", "-addr", "127.0.0.1:0", "-deflate"}, w, io.Discard) }()

	line := make([]byte, 200)
	n, err := r.Read(line)
	require.NoError(t, err)
	words := strings.Fields(string(line[:n]))
	conn, resp, err := rfc6455.Dial(ctx, words[1], &rfc6455.DialOptions{Options: rfc6455.Options{Deflate: &rfc6455.Deflate{SendTakeover: true, ReceiveTakeover: true}}})
	require.NoError(t, err, "%s", line[:n])
	assert.Equal(t, "permessage-deflate", resp.Header.Get("Sec-WebSocket-Extensions"))
	require.NoError(t, conn.Write(ctx, rfc6455.Text, []byte("hello")))
	_, p, err := conn.Read(ctx)
	require.NoError(t, err)
	assert.Equal(t, "hello", string(p))

	go conn.Serve(context.Background(), rfc6455.Handler{}) // to hear the Close
	cancel()
	assert.Equal(t, exitOK, <-code)
}

func TestServeOnAnAddressInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	var errs bytes.Buffer
	code := run(context.Background(), []string{"serve", "-addr", l.Addr().String()}, io.Discard, &errs)
	assert.Equal(t, exitFailure, code)
	assert.Contains(t, errs.String(), "-addr")
}

func TestDriveAgainstNobody(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l.Close()
	var out, errs bytes.Buffer
	code := run(context.Background(), []string{"drive", "-url", "ws://" + l.Addr().String()}, &out, &errs)
	assert.Equal(t, exitFailure, code)
	assert.Equal(t, 1, strings.Count(errs.String(), "\n"), "one line, and no progress where there is no terminal: %q", &errs)
	assert.Empty(t, out.String())
}

func TestAServerThatIsNoSuite(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	go func() {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		conn, _, err := rfc6455.Accept(context.Background(), nc, nil)
		if err == nil {
			conn.Close(1000, "what count?")
		}
	}()
	var errs bytes.Buffer
	code := run(context.Background(), []string{"drive", "-url", "ws://" + l.Addr().String()}, io.Discard, &errs)
	assert.Equal(t, exitFailure, code)
	assert.Contains(t, errs.String(), "the number of cases: ")
}
