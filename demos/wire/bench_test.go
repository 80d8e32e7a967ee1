package wire_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/wire"
	"example.com/ws101/rfc6455"
)

// taps are the ways in which a server can listen: without a tap, with one that
// nobody looks at, and with one that somebody looks at.
var taps = []struct {
	name string
	on   func(b *testing.B, l net.Listener) net.Listener
}{
	{"none", func(_ *testing.B, l net.Listener) net.Listener { return l }},
	{"unwatched", func(_ *testing.B, l net.Listener) net.Listener { return wire.Listen(l, wire.New(wire.Options{})) }},
	{"watched", func(b *testing.B, l net.Listener) net.Listener {
		tap := wire.New(wire.Options{})
		w := tap.Watch()
		b.Cleanup(w.Close)
		go func() {
			for {
				if _, _, err := w.Next(b.Context()); err != nil {
					return
				}
			}
		}()
		return wire.Listen(l, tap)
	}},
}

// echoServer serves an echo, and returns its address.
func echoServer(b *testing.B, on func(*testing.B, net.Listener) net.Listener) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := rfc6455.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		go func() {
			_ = conn.Serve(context.Background(), rfc6455.Handler{Message: func(c *rfc6455.Conn, t rfc6455.MessageType, p []byte) {
				_ = c.Write(context.Background(), t, p)
			}})
		}()
	})}
	go func() { _ = server.Serve(on(b, l)) }()
	b.Cleanup(func() { _ = server.Close() })
	return "ws://" + l.Addr().String() + "/"
}

// BenchmarkEcho is what a tap costs: one message there and back.
func BenchmarkEcho(b *testing.B) {
	for _, size := range []int{32, 4096} {
		for _, tap := range taps {
			b.Run(fmt.Sprintf("%dB/%s", size, tap.name), func(b *testing.B) {
				conn, _, err := rfc6455.Dial(b.Context(), echoServer(b, tap.on), nil)
				require.NoError(b, err)
				defer conn.CloseNow()
				message := []byte(strings.Repeat("x", size))
				ctx := context.Background()
				for b.Loop() {
					if err := conn.Write(ctx, rfc6455.Text, message); err != nil {
						b.Fatal(err)
					}
					if _, _, err := conn.Read(ctx); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkIdle is the memory of a connection that waits, on the server: its
// heap and its stack, and that of its client, which is the same each time.
func BenchmarkIdle(b *testing.B) {
	const conns = 1000
	for _, tap := range taps {
		b.Run(tap.name, func(b *testing.B) {
			for b.Loop() {
				address := echoServer(b, tap.on)
				before := inUse()
				var open []*rfc6455.Conn
				for range conns {
					conn, _, err := rfc6455.Dial(b.Context(), address, nil)
					require.NoError(b, err)
					require.NoError(b, conn.Write(b.Context(), rfc6455.Text, []byte("hi")))
					_, _, err = conn.Read(b.Context())
					require.NoError(b, err)
					open = append(open, conn)
				}
				b.ReportMetric(float64(inUse()-before)/conns, "B/conn")
				for _, conn := range open {
					conn.CloseNow()
				}
			}
		})
	}
}

func inUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

// BenchmarkHeadsThatNobodyLooksAt is a request as a browser sends it, and the
// answer that nothing has changed.
func BenchmarkHeadsThatNobodyLooksAt(b *testing.B) {
	request := []byte("GET /polling/news?cursor=k3f9a2-17 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nConnection: keep-alive\r\n" +
		"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\n" +
		"Accept: */*\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n" +
		"Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\nIf-None-Match: \"k3f9a2-17\"\r\n\r\n")
	response := []byte("HTTP/1.1 304 Not Modified\r\nCache-Control: no-cache\r\nEtag: \"k3f9a2-17\"\r\n" +
		"Date: Fri, 27 Nov 2026 12:00:00 GMT\r\n\r\n")
	var d wire.Decoder
	b.ReportAllocs()
	for b.Loop() {
		d.Feed(wire.Client, request)
		d.Feed(wire.Server, response)
	}
	var rows []wire.Row
	d.Emit = func(r wire.Row) { rows = append(rows, r) }
	d.Feed(wire.Client, request)
	d.Feed(wire.Server, response)
	require.Len(b, rows, 2, "they are understood")
}
