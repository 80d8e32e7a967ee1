package editor

import (
	"fmt"
	"go/format"
	"strings"
)

// goTest returns a test in Go that sends the parts to a server of package
// rfc6455, and wants what the RFC demands.
func goTest(parts []part, d Demand, limit uint64) []byte {
	var sent strings.Builder
	for _, p := range parts {
		fmt.Fprintf(&sent, "\"% x\",\n", p.bytes)
	}
	comment := "No rule is broken."
	if d.Rule != "" {
		comment = fmt.Sprintf("%s: %s (%s).", d.Rule, d.Sentence, d.Source)
	}
	source := fmt.Sprintf(testOfServer, comment, sent.String(), strings.Join(d.Outcomes, " "), limit)
	b, err := format.Source([]byte(source))
	if err != nil {
		panic(err) // what was sent is in it as hex
	}
	return b
}

const testOfServer = `// Package replay_test sends frames to a server. To run it, put it into a folder of its own, below a
// module that requires example.com/ws101: go test
package replay_test

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"example.com/ws101/frames"
	"example.com/ws101/rfc6455"
)

// %s
func TestServer(t *testing.T) {
	parts := []string{
%s	}
	// In order: echo, pong, or the code of a Close frame (1005 for none); nothing if it waits.
	const want = "%s"
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		var running sync.WaitGroup
		running.Go(func() { serve(t, server) })
		in := bufio.NewReader(client)
		open(t, client, in)
		var got []string
		running.Go(func() { got = listen(in) })
		for _, part := range parts {
			b, err := hex.DecodeString(strings.ReplaceAll(part, " ", ""))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := client.Write(b); err != nil {
				break // the server has ended the connection
			}
			synctest.Wait() // until the server has done all that it does about this part
		}
		client.Close()
		running.Wait()
		if len(got) == 0 {
			got = []string{"nothing"}
		}
		if have := strings.Join(got, " "); have != want {
			t.Errorf("the server: %%s; want: %%s", have, want)
		}
	})
}

// serve echoes every message.
func serve(t *testing.T, nc net.Conn) {
	conn, _, err := rfc6455.Accept(t.Context(), nc, &rfc6455.AcceptOptions{Options: rfc6455.Options{MaxMessage: %d}})
	if err != nil {
		t.Error(err)
		return
	}
	_ = conn.Serve(context.Background(), rfc6455.Handler{
		Message: func(c *rfc6455.Conn, kind rfc6455.MessageType, p []byte) {
			_ = c.Write(context.Background(), kind, p)
		},
	})
}

// open does the handshake.
func open(t *testing.T, client net.Conn, in *bufio.Reader) {
	const head = "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	if _, err := client.Write([]byte(head)); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(in, nil)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(response, err)
	}
}

// listen names what the server sends, until the end.
func listen(in *bufio.Reader) (got []string) {
	var state frames.State
	var b []byte
	for {
		c, err := in.ReadByte()
		if err != nil {
			return got
		}
		b = append(b, c)
		x := frames.Explain(b, state)
		if x.Missing > 0 {
			continue
		}
		state, b = x.Next, nil
		switch {
		case x.Header.Opcode == frames.Close:
			code, _, _ := frames.ParseClose(x.Payload)
			got = append(got, fmt.Sprint(int(code)))
		case x.Header.Opcode == frames.Pong:
			got = append(got, "pong")
		case x.Header.Fin:
			got = append(got, "echo")
		}
	}
}
`
