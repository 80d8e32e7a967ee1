package rfc6455

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/handshake"
)

// fixed are options with the RFC's nonce and masking key: a Client with them
// sends rfcRequest for ws://server.example.com/chat.
func fixed() *DialOptions { return &DialOptions{Options: Options{Rand: rfcRandom(), KeepAlive: -1}} }

// dialRecorder is a Dial hook that gives out one end of a pipe, and remembers
// what it was asked for.
type dialRecorder struct {
	network, addr string
	server        net.Conn
	client        *spy
}

func (d *dialRecorder) dial(_ context.Context, network, addr string) (net.Conn, error) {
	server, client := net.Pipe()
	d.network, d.addr, d.server, d.client = network, addr, server, &spy{Conn: client}
	return d.client, nil
}

// readHead reads a request or response up to and with its blank line.
func readHead(t testing.TB, r io.Reader) string {
	var head []byte
	b := make([]byte, 1)
	for !strings.HasSuffix(string(head), "\r\n\r\n") {
		_, err := io.ReadFull(r, b)
		require.NoError(t, err, "after %q", head)
		head = append(head, b[0])
	}
	return string(head)
}

// Proves 6455-4.1-17, 6455-4.1-19, 6455-4.1-20, 6455-4.1-21, 6455-4.1-22, 6455-4.1-23, 6455-4.1-24.
// Proves 6455-4.1-25, 6455-4.1-26, 6455-4.1-27, 6455-4.1-28, 6455-4.1-30, 6455-4.1-31, 6455-4.1-32.
func TestDialRequestByteForByte(t *testing.T) {
	server, client := pipe(t)
	opts := fixed()
	opts.Origin = "https://example.com"
	opts.Subprotocols = []string{"chat", "superchat"}
	opts.Header = handshake.Header{{Name: "Authorization", Value: "Basic YTpi"}, {Name: "Cookie", Value: "a=b"}}
	done := connecting(context.Background(), client, "ws://server.example.com/chat", opts)
	request := readHead(t, server)
	assert.Equal(t, "GET /chat HTTP/1.1\r\n"+
		"Host: server.example.com\r\n"+
		"Upgrade: websocket\r\n"+
		"Connection: Upgrade\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"+
		"Origin: https://example.com\r\n"+
		"Sec-WebSocket-Protocol: chat, superchat\r\n"+
		"Sec-WebSocket-Version: 13\r\n"+
		"Authorization: Basic YTpi\r\n"+
		"Cookie: a=b\r\n"+
		"\r\n", request)
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(request)))
	require.NoError(t, err, "6455-4.1-18: a valid HTTP request")
	assert.True(t, r.ProtoAtLeast(1, 1))

	send(server, withFields(rfcAnswer, "Sec-WebSocket-Protocol: superchat\r\nX-Server: other\r\n"))
	d := <-done
	require.NoError(t, d.err)
	defer d.conn.CloseNow()
	assert.Equal(t, "superchat", d.conn.Subprotocol())
	assert.Equal(t, "other", d.resp.Header.Get("X-Server"))
	assert.Equal(t, 101, d.resp.Status)

	sent := make(chan error, 1)
	go func() { sent <- d.conn.Write(context.Background(), Text, []byte("Hello")) }()
	assert.Equal(t, "81 85 37 fa 21 3d 7f 9f 4d 51 58", tohex([]byte(receive(t, server, 11))))
	require.NoError(t, <-sent)
}

func TestDialAddresses(t *testing.T) {
	for _, tt := range []struct {
		name, url string
		addr      string
		line      string
		host      string
	}{
		{"6455-3-3 the default port of ws", "ws://example.com/", "example.com:80", "GET / HTTP/1.1", "example.com"},
		{"6455-4.1-22 the default port, written out", "ws://example.com:80/", "example.com:80", "GET / HTTP/1.1", "example.com"},
		{"6455-4.1-22 443 is not the default port of ws", "ws://example.com:443/", "example.com:443", "GET / HTTP/1.1", "example.com:443"},
		{"6455-4.1-22 another port", "ws://example.com:8080/", "example.com:8080", "GET / HTTP/1.1", "example.com:8080"},
		{"6455-3-3 the scheme in capitals", "WS://example.com/", "example.com:80", "GET / HTTP/1.1", "example.com"},
		{"6455-3-4 no path", "ws://example.com", "example.com:80", "GET / HTTP/1.1", "example.com"},
		{"6455-3-4 no path and a query", "ws://example.com?a=b", "example.com:80", "GET /?a=b HTTP/1.1", "example.com"},
		{"6455-3-4 a path and a query", "ws://example.com/a/b?c=d&e", "example.com:80", "GET /a/b?c=d&e HTTP/1.1", "example.com"},
		{"6455-3-4 an empty query", "ws://example.com/a?", "example.com:80", "GET /a? HTTP/1.1", "example.com"},
		{"6455-3-2 # as %23", "ws://example.com/a%23b?c=%23d", "example.com:80", "GET /a%23b?c=%23d HTTP/1.1", "example.com"},
		{"6455-11.1-2 a path outside ASCII", "ws://example.com/ü x", "example.com:80", "GET /%C3%BC%20x HTTP/1.1", "example.com"},
		{"6455-11.1-2 a query outside ASCII", "ws://example.com/?q=票", "example.com:80", "GET /?q=%E7%A5%A8 HTTP/1.1", "example.com"},
		{"6455-4.1-22 IPv6", "ws://[::1]/", "[::1]:80", "GET / HTTP/1.1", "[::1]"},
		{"6455-4.1-22 IPv6 with a port", "ws://[2001:db8::1]:8080/", "[2001:db8::1]:8080", "GET / HTTP/1.1", "[2001:db8::1]:8080"},
		{"6455-4.1-22 IPv6 with a zone", "ws://[fe80::1%25lo]:81/", "[fe80::1%lo]:81", "GET / HTTP/1.1", "[fe80::1]:81"},
		{"6455-11.1-1 a host outside ASCII", "ws://bücher.example/", "xn--bcher-kva.example:80", "GET / HTTP/1.1", "xn--bcher-kva.example"},
		{"6455-11.1-1 with a port", "ws://投票.example:8080/", "xn--oruz12c.example:8080", "GET / HTTP/1.1", "xn--oruz12c.example:8080"},
		{"6455-11.1-1 percent-encoded", "ws://b%C3%BCcher.example/", "xn--bcher-kva.example:80", "GET / HTTP/1.1", "xn--bcher-kva.example"},
		{"6455-11.1-1 in capitals", "ws://BÜCHER.example/", "xn--bcher-kva.example:80", "GET / HTTP/1.1", "xn--bcher-kva.example"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var d dialRecorder
			dialing := make(chan struct{})
			opts := fixed()
			opts.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
				defer close(dialing)
				return d.dial(ctx, network, addr)
			}
			done := make(chan error, 1)
			go func() {
				_, _, err := Dial(context.Background(), tt.url, opts)
				done <- err
			}()
			select {
			case <-dialing:
			case err := <-done:
				require.NoError(t, err)
			}
			head := readHead(t, d.server)
			d.server.Close()
			assert.Equal(t, "tcp", d.network)
			assert.Equal(t, tt.addr, d.addr)
			lines := strings.Split(head, "\r\n")
			assert.Equal(t, tt.line, lines[0], "6455-4.1-19 6455-4.1-21")
			assert.Equal(t, "Host: "+tt.host, lines[1])
			assert.NotContains(t, head, "Origin", "6455-4.1-30: only when told")
			require.ErrorIs(t, <-done, io.ErrUnexpectedEOF)
		})
	}
	t.Run("6455-3-3 the default port of wss", func(t *testing.T) {
		stop := errors.New("stop")
		asked := ""
		_, _, err := Dial(context.Background(), "WSS://example.com/", &DialOptions{
			Dial: func(_ context.Context, network, addr string) (net.Conn, error) {
				asked = network + " " + addr
				return nil, stop
			},
		})
		assert.ErrorIs(t, err, stop, "6455-4.1-12")
		assert.Equal(t, "tcp example.com:443", asked)
	})
}

func TestDialRefusesBeforeAnyByte(t *testing.T) {
	for _, tt := range []struct {
		name, url string
		opts      DialOptions
		rule      string
	}{
		{"6455-3-1 a fragment", "ws://example.com/#top", DialOptions{}, "6455-3-1"},
		{"6455-3-1 an empty fragment", "ws://example.com/#", DialOptions{}, "6455-3-1"},
		{"6455-4.1-3 another scheme", "http://example.com/", DialOptions{}, "6455-4.1-3"},
		{"6455-4.1-3 no scheme", "example.com/", DialOptions{}, "6455-4.1-3"},
		{"6455-4.1-3 no host", "ws:///chat", DialOptions{}, "6455-4.1-3"},
		{"6455-4.1-3 a user", "ws://me:secret@example.com/", DialOptions{}, "6455-4.1-3"},
		{"6455-4.1-3 port 0", "ws://example.com:0/", DialOptions{}, "6455-4.1-3"},
		{"6455-4.1-3 a port beyond", "ws://example.com:65536/", DialOptions{}, "6455-4.1-3"},
		{"6455-4.1-3 no URL", "ws://exa mple.com/", DialOptions{}, "6455-4.1-3"},
		{"6455-4.1-3 nothing", "", DialOptions{}, "6455-4.1-3"},
		{"6455-11.1-1 a host that IDNA does not know", "ws://-ü.example/", DialOptions{}, "6455-11.1-1"},
		{"6455-11.1-1 a host with an empty label", "ws://ü..example/", DialOptions{}, "6455-11.1-1"},
		{"6455-4.1-33 a subprotocol that is no token", "ws://example.com/", DialOptions{Subprotocols: []string{"a b"}}, "6455-4.1-33"},
		{"6455-4.1-33 an empty subprotocol", "ws://example.com/", DialOptions{Subprotocols: []string{""}}, "6455-4.1-33"},
		{"6455-4.1-34 a subprotocol twice", "ws://example.com/", DialOptions{Subprotocols: []string{"a", "a"}}, "6455-4.1-34"},
		{"6455-4.1-30 an origin with a line break", "ws://example.com/", DialOptions{Origin: "https://a\r\nX: y"}, "6455-4.1-30"},
		{"6455-4.1-18 a field of the handshake", "ws://example.com/", DialOptions{Header: handshake.Header{{Name: "Host", Value: "a"}}}, "6455-4.1-18"},
		{"6455-11.3.1-1 a key of one's own", "ws://example.com/", DialOptions{Header: handshake.Header{{Name: "sec-websocket-key", Value: "a"}}}, "6455-4.1-18"},
		{"a field with a line break", "ws://example.com/", DialOptions{Header: handshake.Header{{Name: "X", Value: "a\r\nY: b"}}}, "9110-5.5"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opts := tt.opts
			opts.Dial = func(context.Context, string, string) (net.Conn, error) {
				t.Error("the network was touched")
				return nil, errors.New("no")
			}
			c, resp, err := Dial(context.Background(), tt.url, &opts)
			assert.Nil(t, c)
			assert.Nil(t, resp)
			assert.Equal(t, tt.rule, ruleOf(t, err))
			assert.NotContains(t, err.Error(), "secret")

			_, client := pipe(t)
			nc := &spy{Conn: client}
			_, _, err = Client(context.Background(), nc, tt.url, &opts)
			assert.Equal(t, tt.rule, ruleOf(t, err))
			assert.True(t, nc.closed.Load())
			assert.Empty(t, nc.writes())
		})
	}
	t.Run("6455-4.1-29 no random bytes", func(t *testing.T) {
		_, _, err := Dial(context.Background(), "ws://example.com/", &DialOptions{Options: Options{Rand: strings.NewReader("short")}})
		assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
	})
}

func TestDialKeysDiffer(t *testing.T) {
	u, err := handshake.ParseURL("ws://example.com/")
	require.NoError(t, err)
	seen := make(map[string]bool)
	for range 10_000 {
		req, err := new(DialOptions).request(u)
		require.NoError(t, err)
		key := req.Header.Get("Sec-WebSocket-Key")
		require.False(t, seen[key], "6455-4.1-29: the key %s came twice", key)
		seen[key] = true
	}
}

func TestDialSaysNothingBeforeTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := pipe(t)
		done := connecting(context.Background(), client, "ws://server.example.com/chat", fixed())
		require.Equal(t, rfcRequest, receive(t, server, len(rfcRequest)))
		server.SetReadDeadline(time.Now().Add(9 * time.Second))
		n, err := server.Read(make([]byte, 1))
		assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
		assert.Zero(t, n, "6455-4.1-35")
		select {
		case d := <-done:
			t.Fatal("Client did not wait for the answer", d.err)
		default:
		}
		send(server, rfcAnswer)
		d := <-done
		require.NoError(t, d.err)
		d.conn.CloseNow()
	})
}
