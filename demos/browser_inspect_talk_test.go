package main

import (
	"bufio"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/inspect"
	"example.com/ws101/demos/wire"
	"example.com/ws101/handshake"
)

// A talk is a server with an inspector, and a WebSocket on it of which the test has both ends.
type talk struct {
	t      *testing.T
	url    string
	tap    *wire.Tap
	ends   chan net.Conn
	client net.Conn
	server net.Conn
}

// startTalk starts the server. At /talk it agrees to permessage-deflate, and leaves the rest to the
// test.
func startTalk(t *testing.T) *talk {
	t.Helper()
	k := &talk{t: t, tap: newTap(nil), ends: make(chan net.Conn, 1)}
	mux := http.NewServeMux()
	mux.Handle("/inspect/", http.StripPrefix("/inspect", inspect.New(inspect.Options{Tap: k.tap, Closing: t.Context()})))
	mux.HandleFunc("/talk", func(w http.ResponseWriter, r *http.Request) {
		end, _, err := http.NewResponseController(w).Hijack()
		if !assert.NoError(t, err) {
			return
		}
		_, err = io.WriteString(end, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
			"Sec-WebSocket-Accept: "+handshake.AcceptKey(r.Header.Get("Sec-WebSocket-Key"))+"\r\n"+
			"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n")
		assert.NoError(t, err)
		k.ends <- end
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := newServer(mux)
	go func() { _ = server.Serve(wire.Listen(listener, k.tap)) }()
	t.Cleanup(func() { _ = server.Close() })
	k.url = "http://" + listener.Addr().String() + "/"
	return k
}

// open opens the WebSocket.
func (k *talk) open() {
	k.t.Helper()
	var err error
	k.client, err = net.Dial("tcp", strings.Trim(strings.TrimPrefix(k.url, "http://"), "/"))
	require.NoError(k.t, err)
	k.t.Cleanup(func() { _ = k.client.Close() })
	_, err = io.WriteString(k.client, "GET /talk?secret HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n")
	require.NoError(k.t, err)
	_, err = handshake.ReadResponse(bufio.NewReaderSize(k.client, 1), handshake.Limits{})
	require.NoError(k.t, err)
	k.server = <-k.ends
	k.t.Cleanup(func() { _ = k.server.Close() })
}

// says has one end send bytes, which the other one reads.
func (k *talk) says(from, to net.Conn, wire string) {
	k.t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(wire, " ", ""))
	require.NoError(k.t, err)
	_, err = from.Write(b)
	require.NoError(k.t, err)
	_, err = io.ReadFull(to, make([]byte, len(b)))
	require.NoError(k.t, err)
}

// converse has them say all that the inspector has something to tell about.
func (k *talk) converse() {
	k.t.Helper()
	k.open()
	k.says(k.client, k.server, "81 85 37 fa 21 3d 7f 9f 4d 51 58") // "Hello"
	k.says(k.client, k.server, "01 83 37 fa 21 3d 7f 9f 4d")       // "Hel"
	k.says(k.client, k.server, "89 82 01 02 03 04 71 33")          // a ping, "p1"
	k.says(k.client, k.server, "80 82 37 fa 21 3d 5b 95")          // "lo"
	k.says(k.server, k.client, "8a 02 70 31")                      // the pong
	k.says(k.server, k.client, "c1 07 f2 48 cd c9 c9 07 00")       // "Hello", compressed
	k.says(k.server, k.client, "c1 05 f2 00 11 00 00")             // and once more, with the first one as its dictionary
	k.says(k.client, k.server, "82 80 00 00 00 00")                // empty, and its key is zero
	k.says(k.client, k.server, "a1 81 00 00 00 01 79")             // RSV2, which nobody has agreed on
	k.says(k.server, k.client, "88 02 03 ea")                      // 1002
	k.says(k.client, k.server, "88 82 00 00 00 01 03 ea")          // 1002 back
	require.NoError(k.t, k.server.(interface{ CloseWrite() error }).CloseWrite())
	_, err := k.client.Read(make([]byte, 1))
	require.Equal(k.t, io.EOF, err)
	require.NoError(k.t, k.client.Close())
	_, err = k.server.Read(make([]byte, 1))
	require.Equal(k.t, io.EOF, err)
	require.NoError(k.t, k.server.Close())
}
