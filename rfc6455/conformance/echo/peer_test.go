package echo_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/websocket"

	"example.com/ws101/frames"
	"example.com/ws101/rfc6455"
	"example.com/ws101/rfc6455/conformance/echo"
)

// start runs a peer for the length of a test and returns its address.
func start(t *testing.T, p *echo.Peer) (url string, stop func() error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- p.Serve(ctx, l) }()
	ended := false
	stop = func() error {
		if ended {
			return nil
		}
		ended = true
		cancel()
		return <-served
	}
	t.Cleanup(func() { assert.NoError(t, stop()) })
	return "ws://" + l.Addr().String(), stop
}

func dial(t *testing.T, url string, opts *rfc6455.DialOptions) *rfc6455.Conn {
	t.Helper()
	conn, _, err := rfc6455.Dial(context.Background(), url, opts)
	require.NoError(t, err)
	t.Cleanup(conn.CloseNow)
	return conn
}

func TestPeerEchoesTypeAndBytesOnAnyPath(t *testing.T) {
	url, _ := start(t, &echo.Peer{})
	ctx := context.Background()
	for _, path := range []string{"/", "/a/b?c=d", "/echo"} {
		conn := dial(t, url+path, nil)
		for _, size := range []int{0, 1, 125, 126, 65535, 65536, 1 << 20} {
			for _, typ := range []rfc6455.MessageType{rfc6455.Text, rfc6455.Binary} {
				sent := bytes.Repeat([]byte("é"), (size+1)/2)[:size&^1]
				require.NoError(t, conn.Write(ctx, typ, sent))
				gotType, got, err := conn.Read(ctx)
				require.NoError(t, err)
				assert.Equal(t, typ, gotType)
				assert.True(t, bytes.Equal(sent, got), "%d bytes come back as they were", len(sent))
			}
		}
		require.NoError(t, conn.Close(frames.CloseNormal, "done"))
	}
}

func TestPeerJoinsFragments(t *testing.T) {
	url, _ := start(t, &echo.Peer{})
	ctx := context.Background()
	conn := dial(t, url, nil)
	w, err := conn.Writer(ctx, rfc6455.Text)
	require.NoError(t, err)
	big := bytes.Repeat([]byte("0123456789"), 10_000) // more than one fragment
	for range 3 {
		_, err = w.Write(big)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	_, got, err := conn.Read(ctx)
	require.NoError(t, err)
	assert.Len(t, got, 3*len(big))
}

func TestPeerRefusesLargerMessagesWith1009(t *testing.T) {
	url, _ := start(t, &echo.Peer{MaxMessage: 10})
	ctx := context.Background()
	conn := dial(t, url, nil)
	require.NoError(t, conn.Write(ctx, rfc6455.Text, []byte("0123456789")))
	_, _, err := conn.Read(ctx)
	require.NoError(t, err)
	require.NoError(t, conn.Write(ctx, rfc6455.Text, []byte("0123456789a")))
	_, _, err = conn.Read(ctx)
	var closed *rfc6455.CloseError
	require.ErrorAs(t, err, &closed)
	assert.Equal(t, frames.CloseTooBig, closed.Code)
}

// What the peer decompresses is bounded, and what it sends back is compressed.
func TestPeerDeflates(t *testing.T) {
	url, _ := start(t, &echo.Peer{MaxMessage: 3 << 20, Deflate: echo.Deflate()})
	opts := rfc6455.Options{MaxMessage: 3 << 20, Deflate: echo.Deflate()}
	conn := dial(t, url, &rfc6455.DialOptions{Options: opts})
	_, ok := conn.Deflate()
	require.True(t, ok)
	p := bytes.Repeat([]byte("0123456789abcdef"), 3<<16)
	require.NoError(t, conn.Write(context.Background(), rfc6455.Binary, p))
	kind, got, err := conn.Read(context.Background())
	require.NoError(t, err)
	assert.Equal(t, rfc6455.Binary, kind)
	assert.True(t, bytes.Equal(p, got))

	go conn.Write(context.Background(), rfc6455.Binary, append(p, 'x')) // fails if the peer is quick
	_, _, err = conn.Read(context.Background())
	var closed *rfc6455.CloseError
	require.ErrorAs(t, err, &closed)
	assert.Equal(t, frames.CloseTooBig, closed.Code)
}

func TestPeerTakesPagesFromAnywhere(t *testing.T) {
	url, _ := start(t, &echo.Peer{})
	dial(t, url, &rfc6455.DialOptions{Origin: "https://elsewhere.example"})
}

func TestPeerClosesWithGoingAwayAtTheEnd(t *testing.T) {
	url, stop := start(t, &echo.Peer{})
	conn := dial(t, url, nil)
	read := make(chan error, 1)
	go func() {
		_, _, err := conn.Read(context.Background())
		read <- err
	}()
	require.NoError(t, stop())
	var closed *rfc6455.CloseError
	require.ErrorAs(t, <-read, &closed)
	assert.Equal(t, frames.CloseGoingAway, closed.Code)
	assert.True(t, closed.Clean)
}

// The client sends as fast as the socket takes it, and throws away what comes
// back. Whatever it floods with, the peer must hold no more of it than a read
// buffer and a message.
func TestFloodsCostNoMemory(t *testing.T) {
	frame := func(h frames.Header, payload string) []byte {
		h.Masked, h.Length = true, uint64(len(payload)) // with the key 0, which changes nothing
		return append(frames.AppendHeader(nil, h), payload...)
	}
	for _, tt := range []struct {
		name  string
		unit  []byte
		units int
	}{
		{"pings", frame(frames.Header{Fin: true, Opcode: frames.Ping}, strings.Repeat("p", 125)), 20_000},
		{"pongs", frame(frames.Header{Fin: true, Opcode: frames.Pong}, strings.Repeat("p", 125)), 20_000},
		{"empty messages", frame(frames.Header{Fin: true, Opcode: frames.Text}, ""), 50_000},
		{"messages", frame(frames.Header{Fin: true, Opcode: frames.Binary}, strings.Repeat("m", 60_000)), 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			url, _ := start(t, &echo.Peer{})
			var raw net.Conn
			dial(t, url, &rfc6455.DialOptions{Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
				var err error
				raw, err = new(net.Dialer).DialContext(ctx, network, addr)
				return raw, err
			}})
			batch := 1 + 64_000/len(tt.unit)
			flood := bytes.Repeat(tt.unit, batch)
			echoed := make(chan error, 1)
			go func() { echoed <- readUntil(raw, []byte(last)) }()
			before := heap()
			for sent := 0; sent < tt.units; sent += batch {
				_, err := raw.Write(flood)
				require.NoError(t, err)
			}
			_, err := raw.Write(frame(frames.Header{Fin: true, Opcode: frames.Text}, last))
			require.NoError(t, err)
			require.NoError(t, <-echoed)
			assert.Less(t, heap()-before, int64(2<<20))
		})
	}
}

// last is the message that ends a flood.
const last = "that was the flood"

// readUntil throws everything away up to mark.
func readUntil(r io.Reader, mark []byte) error {
	buf := make([]byte, 64<<10)
	kept := 0 // the end of what was read before, where mark may begin
	for {
		n, err := r.Read(buf[kept:])
		if err != nil {
			return err
		}
		read := buf[:kept+n]
		if bytes.Contains(read, mark) {
			return nil
		}
		kept = copy(buf, read[max(0, len(read)-len(mark)):])
	}
}

// heap returns the size of what is alive.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // the first one only marks what lies in pools
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// binary is a codec that sees the type of what it receives, which
// websocket.Message does not tell.
var binary = websocket.Codec{
	Marshal: func(v any) ([]byte, byte, error) { return v.([]byte), websocket.BinaryFrame, nil },
	Unmarshal: func(p []byte, payloadType byte, v any) error {
		if payloadType != websocket.BinaryFrame {
			return fmt.Errorf("got a frame of type %d", payloadType)
		}
		*v.(*[]byte) = append([]byte{}, p...)
		return nil
	},
}

func TestIndependentClient(t *testing.T) {
	url, _ := start(t, &echo.Peer{})
	ws, err := websocket.Dial(url+"/", "", "http://localhost/")
	require.NoError(t, err)
	defer ws.Close()
	for _, text := range []string{"", "hello", "héllo, 世界", string(bytes.Repeat([]byte("a"), 70_000))} {
		require.NoError(t, websocket.Message.Send(ws, text))
		var got string
		require.NoError(t, websocket.Message.Receive(ws, &got))
		assert.Equal(t, text, got)
	}
	for _, data := range [][]byte{{0}, {0xff, 0xfe}, bytes.Repeat([]byte{0x80}, 70_000)} {
		require.NoError(t, binary.Send(ws, data))
		var got []byte
		require.NoError(t, binary.Receive(ws, &got))
		assert.Equal(t, data, got)
	}
}
