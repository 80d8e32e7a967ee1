package proxy

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/wire"
	"example.com/ws101/frames"
	"example.com/ws101/rfc6455"
)

// through starts a proxy in front of target, and returns its address.
func through(t *testing.T, target string) (p *Proxy, rows *wire.Watcher, addr string) {
	t.Helper()
	tap := wire.New(wire.Options{})
	rows = tap.Watch()
	t.Cleanup(rows.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p = New(l, target, tap)
	done := make(chan error)
	go func() { done <- p.Serve() }()
	t.Cleanup(func() {
		p.Close()
		assert.ErrorIs(t, <-done, net.ErrClosed)
	})
	return p, rows, l.Addr().String()
}

// behind listens, and hands over what connects.
func behind(t *testing.T) (addr string, conns <-chan net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	c := make(chan net.Conn, 1)
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			c <- nc
		}
	}()
	return l.Addr().String(), c
}

func dial(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(20*time.Second)))
	return c.(*net.TCPConn)
}

// until waits for a row that is wanted.
func until(t *testing.T, w *wire.Watcher, wanted func(*wire.Row) bool) wire.Row {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		list, _, err := w.Next(ctx)
		require.NoError(t, err)
		for i := range list {
			if wanted(&list[i]) {
				return list[i]
			}
		}
	}
}

func TestBytesPassAsTheyAreAndHalfCloseDoes(t *testing.T) {
	target, conns := behind(t)
	_, rows, addr := through(t, target)
	client := dial(t, addr)
	server := <-conns
	defer server.Close()

	random := rand.NewChaCha8([32]byte{})
	up, down := make([]byte, 3<<20), make([]byte, 2<<20)
	_, _ = random.Read(up)
	_, _ = random.Read(down)
	go func() {
		_, _ = client.Write(up)
		_ = client.CloseWrite()
	}()
	got, err := io.ReadAll(server)
	require.NoError(t, err, "the client's FIN has passed")
	assert.True(t, string(got) == string(up), "the bytes are the same")
	_, err = server.Write(down) // which still goes on
	require.NoError(t, err)
	server.Close()
	got, err = io.ReadAll(client)
	require.NoError(t, err)
	assert.True(t, string(got) == string(down), "the bytes are the same")
	until(t, rows, func(r *wire.Row) bool { return r.Kind == wire.FIN && r.From == wire.Server })
}

// A fragment stays a fragment, and none is made: nothing that passes is put together
// or cut, whatever the proxy knows of it (RFC 6455 section 5.4).
func TestFragmentationStaysAsItIs(t *testing.T) {
	const (
		request = "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
		answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
			"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
		extension = "Sec-WebSocket-Extensions: x-unknown\r\n"
		end       = "\r\n"
	)
	for _, test := range []struct {
		name            string
		request, answer string
		sent            string // by the server, whose frames have no mask
	}{
		{"6455-5.4-8 control frames between fragments, and a Ping that is a fragment itself", request + end, answer + end,
			"\x01\x03Hel" + "\x89\x01p" + "\x80\x02lo" + "\x09\x01p" + "\x80\x01q"},
		{"6455-5.4-9 reserved bits that nobody agreed on", request + end, answer + end,
			"\x21\x03Hel" + "\x00\x00" + "\x90\x02lo" + "\xa2\x01b"},
		{"6455-5.4-10 an extension that the proxy does not know", request + extension + end, answer + extension + end,
			"\x41\x03Hel" + "\x00\x00" + "\x80\x02lo"},
		{"6455-5.4-11 no handshake", "", "",
			"lo" + "\x01\x03Hel" + "\x00\x00" + "\x80\x02lo"},
	} {
		t.Run(test.name, func(t *testing.T) {
			target, conns := behind(t)
			_, _, addr := through(t, target)
			client := dial(t, addr)
			server := <-conns
			defer server.Close()

			_, err := io.WriteString(client, test.request)
			require.NoError(t, err)
			head := make([]byte, len(test.request))
			_, err = io.ReadFull(server, head)
			require.NoError(t, err)
			_, err = io.WriteString(server, test.answer+test.sent)
			require.NoError(t, err)
			server.Close()
			got, err := io.ReadAll(client)
			require.NoError(t, err)
			assert.Equal(t, test.answer+test.sent, string(got))
		})
	}
}

func TestAResetPasses(t *testing.T) {
	for _, from := range []wire.Side{wire.Client, wire.Server} {
		t.Run(from.String(), func(t *testing.T) {
			target, conns := behind(t)
			_, rows, addr := through(t, target)
			client := dial(t, addr)
			server := (<-conns).(*net.TCPConn)
			defer server.Close()
			ends := [2]*net.TCPConn{client, server}
			reset(ends[from])
			_, err := ends[1-from].Read(make([]byte, 1))
			assert.True(t, errors.Is(err, syscall.ECONNRESET), "%v", err)
			r := until(t, rows, func(r *wire.Row) bool { return r.Kind == wire.Reset })
			assert.Equal(t, from, r.From)
		})
	}
}

func TestNobodyIsBehind(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l.Close()
	_, rows, addr := through(t, l.Addr().String())
	if client, err := net.Dial("tcp", addr); err == nil { // else the reset was faster
		_, err = client.Read(make([]byte, 1))
		assert.Error(t, err)
		client.Close()
	}
	r := until(t, rows, func(r *wire.Row) bool { return r.Kind == wire.Reset })
	assert.Equal(t, wire.Server, r.From)
	assert.Contains(t, r.Note, "dial tcp")
}

// echo is a WebSocket server of its own, which knows nothing of a tap.
func echo(t *testing.T) (addr string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := rfc6455.Upgrade(w, r, nil); err == nil {
			_ = c.Serve(context.Background(), rfc6455.Handler{Message: func(c *rfc6455.Conn, k rfc6455.MessageType, p []byte) {
				_ = c.Write(context.Background(), k, p)
			}})
		}
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

func TestInjectionOnlyWhenArmedAndMarked(t *testing.T) {
	p, rows, addr := through(t, echo(t))
	conn, _, err := rfc6455.Dial(t.Context(), "ws://"+addr+"/room", nil)
	require.NoError(t, err)
	defer conn.CloseNow()
	hello := []byte{0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}

	assert.ErrorIs(t, p.Inject(t.Context(), 1, wire.Client, hello), ErrNotArmed)
	p.Arm(true)
	state := p.State()
	assert.True(t, state.Armed)
	require.Len(t, state.Conns, 1)
	assert.Equal(t, Conn{1, conn.LocalAddr().String(), "/room"}, state.Conns[0])
	assert.ErrorIs(t, p.Inject(t.Context(), 2, wire.Client, hello), ErrGone)

	// In the client's name: the server echoes what the client never said.
	require.NoError(t, p.Inject(t.Context(), 1, wire.Client, hello))
	_, message, err := conn.Read(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "Hello", string(message))
	// In the server's name.
	require.NoError(t, p.Inject(t.Context(), 1, wire.Server, []byte{0x81, 0x02, 'h', 'i'}))
	_, message, err = conn.Read(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "hi", string(message))
	p.Arm(false)
	assert.ErrorIs(t, p.Inject(t.Context(), 1, wire.Client, hello), ErrNotArmed)

	require.NoError(t, conn.Write(t.Context(), rfc6455.Text, []byte("mine")))
	_, message, err = conn.Read(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "mine", string(message))
	require.NoError(t, conn.Close(frames.CloseNormal, ""))
	var told []string
	until(t, rows, func(r *wire.Row) bool {
		if r.Kind == wire.Frame {
			mark := ""
			if r.Injected {
				mark = "!"
			}
			told = append(told, mark+r.From.String()+" "+string(r.Explain().Payload))
		}
		return r.Kind == wire.FIN
	})
	assert.Equal(t, []string{"!client Hello", "server Hello", "!server hi", "client mine", "server mine"}, told[:5])
}

func TestNothingIsInjectedIntoTheMiddleOfAFrame(t *testing.T) {
	target, conns := behind(t)
	p, _, addr := through(t, target)
	p.Arm(true)
	client := dial(t, addr)
	server := <-conns
	defer server.Close()
	ping := []byte{0x89, 0x80, 0, 0, 0, 0}

	say := func(from, to net.Conn, s string) {
		t.Helper()
		_, err := from.Write([]byte(s))
		require.NoError(t, err)
		got := make([]byte, len(s))
		_, err = io.ReadFull(to, got)
		require.NoError(t, err)
		require.Equal(t, s, string(got))
	}
	say(client, server, "GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n")
	assert.ErrorIs(t, p.Inject(t.Context(), 1, wire.Client, ping), wire.ErrNotBetweenFrames, "this is no WebSocket yet")
	say(server, client, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n")
	say(client, server, "\x81\x85\x37\xfa\x21\x3d\x7f\x9f")
	assert.ErrorIs(t, p.Inject(t.Context(), 1, wire.Client, ping), wire.ErrNotBetweenFrames)
	say(client, server, "\x4d\x51\x58")
	require.NoError(t, p.Inject(t.Context(), 1, wire.Client, ping))
	got := make([]byte, len(ping))
	_, err := io.ReadFull(server, got)
	require.NoError(t, err)
	assert.Equal(t, ping, got)
}

func TestCloseCutsAndEnds(t *testing.T) {
	target, conns := behind(t)
	p, _, addr := through(t, target)
	client := dial(t, addr)
	server := <-conns
	defer server.Close()
	p.Close()
	_, err := client.Read(make([]byte, 1))
	assert.Error(t, err)
	_, err = net.Dial("tcp", addr)
	assert.Error(t, err)
}
