package wire_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/nettest"

	"example.com/ws101/demos/wire"
	"example.com/ws101/frames"
	"example.com/ws101/rfc6455"
)

// sink gathers rows.
type sink struct {
	mu   sync.Mutex
	rows []wire.Row
}

func (s *sink) add(r wire.Row) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows = append(s.rows, r)
}

// told is the rows of one side in short.
func (s *sink) told() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	for _, r := range s.rows {
		t := r.From.String() + " " + r.Kind.String()
		if r.Kind == wire.Frame {
			t = r.From.String() + " " + r.Explain().Header.Opcode.String()
		}
		list = append(list, t)
	}
	return list
}

func tcpPair(t testing.TB) (server, client net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	client, err = net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	server, err = l.Accept()
	require.NoError(t, err)
	return server, client
}

func TestConnKeepsTheContractOfNetConn(t *testing.T) {
	for name, pair := range map[string]func() (net.Conn, net.Conn){
		"tcp":  func() (net.Conn, net.Conn) { return tcpPair(t) },
		"pipe": net.Pipe,
	} {
		t.Run(name, func(t *testing.T) {
			nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
				tap := wire.New(wire.Options{Sink: func(wire.Row) {}})
				a, b := pair()
				c1, c2 = wire.ServerConn(a, tap), wire.ClientConn(b, tap)
				return c1, c2, func() { c1.Close(); c2.Close() }, nil
			})
		})
	}
}

// What a *net.TCPConn can do besides would go around the wrapper.
func TestConnHidesTheSocket(t *testing.T) {
	server, client := tcpPair(t)
	defer client.Close()
	c := wire.ServerConn(server, wire.New(wire.Options{}))
	defer c.Close()
	_, ok := c.(syscall.Conn)
	assert.False(t, ok, "SyscallConn")
	_, ok = c.(io.ReaderFrom)
	assert.False(t, ok, "ReadFrom")
	_, ok = c.(io.WriterTo)
	assert.False(t, ok, "WriteTo")
	assert.Same(t, server, c.(interface{ NetConn() net.Conn }).NetConn())
}

func TestCloseWriteIsForwarded(t *testing.T) {
	var seen sink
	tap := wire.New(wire.Options{Sink: seen.add})
	server, client := tcpPair(t)
	defer client.Close()
	c := wire.ServerConn(server, tap)
	require.NoError(t, c.(interface{ CloseWrite() error }).CloseWrite())
	n, err := client.Read(make([]byte, 1))
	assert.Zero(t, n)
	assert.Equal(t, io.EOF, err)
	require.NoError(t, c.Close())
	assert.Equal(t, []string{"client opened", "server FIN"}, seen.told())

	a, b := net.Pipe()
	defer b.Close()
	err = wire.ServerConn(a, tap).(interface{ CloseWrite() error }).CloseWrite()
	assert.ErrorIs(t, err, errors.ErrUnsupported)
}

// A whole conversation, seen from both ends: each sees the same rows in the same
// order, since a row never comes before its cause.
func TestConversationIsSeenInOrder(t *testing.T) {
	want := []string{
		"client opened", "client request", "server response",
		"client text", "server text", "client ping", "server pong",
		"client close", "server close", "server FIN", "client FIN",
	}
	for range 20 {
		var atServer, atClient sink
		a, b := tcpPair(t)
		server := wire.ServerConn(a, wire.New(wire.Options{Sink: atServer.add}))
		client := wire.ClientConn(b, wire.New(wire.Options{Sink: atClient.add}))
		served := make(chan struct{})
		go func() {
			defer close(served)
			conn, _, err := rfc6455.Accept(context.Background(), server, nil)
			if err == nil {
				conn.Serve(context.Background(), rfc6455.Handler{
					Message: func(c *rfc6455.Conn, t rfc6455.MessageType, p []byte) { c.Write(context.Background(), t, p) },
				})
			}
		}()
		ctx := context.Background()
		conn, _, err := rfc6455.Client(ctx, client, "ws://x/", nil)
		require.NoError(t, err)
		require.NoError(t, conn.Write(ctx, rfc6455.Text, []byte("hello")))
		_, _, err = conn.Read(ctx)
		require.NoError(t, err)
		pong := make(chan error, 1)
		reading, stop := context.WithCancel(ctx)
		read := make(chan error, 1)
		go func() {
			_, _, err := conn.Read(reading)
			read <- err
		}()
		go func() {
			_, err := conn.Ping(ctx)
			pong <- err
		}()
		require.NoError(t, <-pong)
		stop()
		<-read
		require.NoError(t, conn.Close(frames.CloseNormal, ""))
		<-served
		assert.Equal(t, want, atServer.told(), "at the server")
		assert.Equal(t, want, atClient.told(), "at the client")
	}
}

func TestListenUnderNetHTTP(t *testing.T) {
	var seen sink
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/stream" {
			w.WriteHeader(http.StatusOK)
			for range 2 {
				io.WriteString(w, "data: x\n\n")
				http.NewResponseController(w).Flush()
			}
			return
		}
		io.WriteString(w, "hello")
	}))
	server.Listener = wire.Listen(server.Listener, wire.New(wire.Options{Sink: seen.add}))
	server.Start()
	for _, path := range []string{"/", "/stream", "/"} {
		resp, err := server.Client().Get(server.URL + path)
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, resp.Body)
		require.NoError(t, err)
		resp.Body.Close()
	}
	server.Client().CloseIdleConnections()
	server.Close()
	assert.Equal(t, []string{
		"client opened",
		"client request", "server response", "server body",
		"client request", "server response", "server chunk", "server chunk", "server last chunk",
		"client request", "server response", "server body",
	}, seen.told()[:12])
}

// half is a connection whose Write takes only a part and then fails.
type half struct {
	net.Conn
	entered, leave chan struct{}
}

func (h half) Write(p []byte) (int, error) {
	close(h.entered)
	<-h.leave
	return len(p) / 2, context.DeadlineExceeded
}

func TestWhatDidNotLeaveIsNotShown(t *testing.T) {
	var seen sink
	a, b := net.Pipe()
	defer b.Close()
	h := half{Conn: a, entered: make(chan struct{}), leave: make(chan struct{})}
	c := wire.ServerConn(h, wire.New(wire.Options{Sink: seen.add}))
	close(h.leave)
	n, err := c.Write([]byte("HTTP/1.1 200 OK\r\n\r\n"))
	require.Error(t, err)
	require.Equal(t, 9, n)
	c.Close()
	assert.Equal(t, []string{"client opened", "server response", "server reset"}, seen.told())
	assert.Equal(t, "HTTP/1.1 ", string(seen.rows[1].Bytes))
	assert.Equal(t, wire.Cut, seen.rows[1].Part)
}

// Something comes in while a write is under way. It may be an answer to it, so
// what is being written is shown first; and taken back, if it does not leave.
func TestWhatWasShownTooSoonIsTakenBack(t *testing.T) {
	var seen sink
	a, b := net.Pipe()
	h := half{Conn: a, entered: make(chan struct{}), leave: make(chan struct{})}
	c := wire.ServerConn(h, wire.New(wire.Options{Sink: seen.add}))
	wrote := make(chan error, 1)
	go func() {
		_, err := c.Write([]byte("HTTP/1.1 204 No Content\r\n\r\n"))
		wrote <- err
	}()
	<-h.entered
	go b.Write([]byte("GET / HTTP/1.1\r\n\r\n"))
	_, err := io.ReadFull(c, make([]byte, 18))
	require.NoError(t, err)
	close(h.leave)
	require.Error(t, <-wrote)
	assert.Equal(t, []string{"client opened", "server response", "client request", "server unsent"}, seen.told()[:4])
	assert.EqualValues(t, 14, seen.rows[3].Size)
}

func TestResetIsShown(t *testing.T) {
	var seen sink
	server, client := tcpPair(t)
	c := wire.ServerConn(server, wire.New(wire.Options{Sink: seen.add}))
	defer c.Close()
	require.NoError(t, client.(*net.TCPConn).SetLinger(0))
	require.NoError(t, client.Close())
	_, err := io.Copy(io.Discard, c)
	require.Error(t, err)
	assert.Equal(t, []string{"client opened", "client reset"}, seen.told())
	assert.Empty(t, seen.rows[1].Note)
}

func TestADeadlineIsNoEnd(t *testing.T) {
	var seen sink
	server, client := tcpPair(t)
	defer client.Close()
	c := wire.ServerConn(server, wire.New(wire.Options{Sink: seen.add}))
	require.NoError(t, c.SetReadDeadline(time.Unix(1, 0)))
	_, err := c.Read(make([]byte, 1))
	var timeout net.Error
	require.ErrorAs(t, err, &timeout)
	assert.True(t, timeout.Timeout())
	assert.Equal(t, []string{"client opened"}, seen.told())
	require.NoError(t, c.Close())
}

// The bytes of any length, from many connections at once, under the race
// detector: the tap changes nothing on the way.
func TestBytesPassUnchanged(t *testing.T) {
	tap := wire.New(wire.Options{MaxRows: 8})
	watcher := tap.Watch()
	defer watcher.Close()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			a, b := tcpPair(t)
			from, to := wire.ClientConn(a, tap), wire.ServerConn(b, tap)
			message := []byte(strings.Repeat("GET / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", 1000+i))
			go func() {
				from.Write(message)
				from.Close()
			}()
			got, err := io.ReadAll(to)
			assert.NoError(t, err)
			assert.True(t, bytes.Equal(message, got))
			to.Close()
		})
	}
	all.Wait()
}

// Of what a tap hides, no row is made; of a connection that does other things
// too, the rest is shown, and its end.
func TestHiddenPathsAreNotShown(t *testing.T) {
	watch := "GET /inspect/ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
	switched := "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x01a"
	page := "GET /inspect/ HTTP/1.1\r\n\r\n"
	other := "GET /echo/ HTTP/1.1\r\n\r\n"
	empty := "HTTP/1.1 204 No Content\r\n\r\n"
	for name, c := range map[string]struct {
		says []string // the client and the server in turn
		want []string
	}{
		"a WebSocket":            {[]string{watch, switched, "\x81\x80\x00\x00\x00\x00", "\x81\x01b"}, nil},
		"a page":                 {[]string{page, empty}, nil},
		"another page":           {[]string{other, empty}, []string{"client opened", "client request", "server response", "client FIN", "server FIN"}},
		"a page, then another":   {[]string{page, empty, other, empty}, []string{"client opened", "client request", "server response", "client FIN", "server FIN"}},
		"another page, then one": {[]string{other, empty, page, empty}, []string{"client opened", "client request", "server response", "client FIN", "server FIN"}},
		"nothing at all":         {nil, []string{"client opened", "client FIN", "server FIN"}},
	} {
		t.Run(name, func(t *testing.T) {
			var seen sink
			tap := wire.New(wire.Options{Sink: seen.add, Hide: func(path string) bool { return strings.HasPrefix(path, "/inspect/") }})
			a, client := net.Pipe()
			server := wire.ServerConn(a, tap)
			for i, said := range c.says {
				from, to := client, server
				if i%2 == 1 {
					from, to = server, client
				}
				go io.WriteString(from, said)
				_, err := io.ReadFull(to, make([]byte, len(said)))
				require.NoError(t, err)
			}
			require.NoError(t, client.Close())
			_, err := server.Read(make([]byte, 1))
			require.Equal(t, io.EOF, err)
			require.NoError(t, server.Close())
			assert.Equal(t, c.want, seen.told())
		})
	}
}

// A connection that was there before anybody looked, and carried nothing but
// what is hidden, ends unseen.
func TestHiddenConnectionEndsUnseen(t *testing.T) {
	tap := wire.New(wire.Options{Hide: func(path string) bool { return path == "/inspect/" }})
	a, client := net.Pipe()
	server := wire.ServerConn(a, tap)
	head := "GET /inspect/ HTTP/1.1\r\n\r\n"
	go io.WriteString(client, head)
	_, err := io.ReadFull(server, make([]byte, len(head)))
	require.NoError(t, err)
	w := tap.Watch()
	defer w.Close()
	require.NoError(t, client.Close())
	_, err = server.Read(make([]byte, 1))
	require.Equal(t, io.EOF, err)
	require.NoError(t, server.Close())
	assert.Empty(t, tap.Rows(0, 100))
}
