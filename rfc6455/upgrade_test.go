package rfc6455

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/handshake"
)

// upgrading is a handler that upgrades each request, hands the outcome to ch,
// and returns.
func upgrading(ch chan<- accepted, opts *AcceptOptions) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := Upgrade(w, r, opts)
		ch <- accepted{conn: c, err: err}
	})
}

// httpServer runs a handler under net/http and returns a raw connection to it.
func httpServer(t *testing.T, h http.Handler) net.Conn {
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	client, err := net.Dial("tcp", srv.Listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { client.Close() }) // before the server is closed
	require.NoError(t, client.SetDeadline(time.Now().Add(patience)))
	return client
}

func TestUpgradeAnswersByteForByte(t *testing.T) {
	ch := make(chan accepted, 1)
	client := httpServer(t, upgrading(ch, &AcceptOptions{
		Subprotocols: []string{"chat"},
		Header:       handshake.Header{{Name: "X-Server", Value: "ws101"}},
	}))
	send(client, withFields(rfcRequest, "Sec-WebSocket-Protocol: superchat, chat\r\n"))
	want := withFields(rfcAnswer, "Sec-WebSocket-Protocol: chat\r\nX-Server: ws101\r\n")
	assert.Equal(t, want, receive(t, client, len(want)), "6455-4.2.2-12")
	a := <-ch
	require.NoError(t, a.err)
	defer a.conn.CloseNow()
	assert.Equal(t, "chat", a.conn.Subprotocol())
}

func TestUpgradeKeepsWhatComesBehindTheRequest(t *testing.T) {
	for _, tt := range early {
		t.Run("6455-4.2.2-13 "+tt.name, func(t *testing.T) {
			ch := make(chan accepted, 1)
			client := httpServer(t, upgrading(ch, nil))
			send(client, rfcRequest+earlyFrames(tt.count, tt.size))
			assert.Equal(t, rfcAnswer, receive(t, client, len(rfcAnswer)))
			a := <-ch
			require.NoError(t, a.err)
			defer a.conn.CloseNow()
			requireEarly(t, a.conn, tt.count, tt.size)
		})
	}
	t.Run("6455-4.2.2-13 some, and then more", func(t *testing.T) {
		ch := make(chan accepted, 1)
		client := httpServer(t, upgrading(ch, nil))
		all := earlyFrames(3, 50)
		send(client, rfcRequest+all[:70]) // ends in the second frame
		receive(t, client, len(rfcAnswer))
		send(client, all[70:])
		a := <-ch
		require.NoError(t, a.err)
		defer a.conn.CloseNow()
		requireEarly(t, a.conn, 3, 50)
	})
}

func TestUpgradeRefuses(t *testing.T) {
	for _, tt := range refusals {
		if tt.rule == "6455-4.2.1-1c" {
			continue // net/http answers this one itself
		}
		t.Run("6455-10.7-3 6455-4.2.1-1 "+tt.name, func(t *testing.T) {
			ch := make(chan accepted, 1)
			client := httpServer(t, upgrading(ch, tt.opts))
			send(client, strings.Replace(rfcRequest, tt.part, tt.by, 1)+"more!")
			requireRefusal(t, withoutDate(readAll(t, client)), tt.status, tt.sentence, tt.header)
			a := <-ch
			require.Error(t, a.err)
			assert.Nil(t, a.conn)
			assert.Equal(t, tt.rule, ruleOf(t, a.err))
		})
	}
	t.Run("what follows a refused request is not another request", func(t *testing.T) {
		// A proxy that does not wait for the 101 would pass it on without a look.
		served := make(chan string, 10)
		mux := http.NewServeMux()
		mux.HandleFunc("/chat", func(w http.ResponseWriter, r *http.Request) {
			served <- "chat"
			Upgrade(w, r, nil)
		})
		mux.HandleFunc("/admin", func(http.ResponseWriter, *http.Request) { served <- "admin" })
		for _, bad := range []string{"Sec-WebSocket-Version: 7", "Sec-WebSocket-Version: 13\r\nOrigin: null"} {
			client := httpServer(t, mux)
			send(client, strings.Replace(rfcRequest, "Sec-WebSocket-Version: 13", bad, 1)+
				"GET /admin HTTP/1.1\r\nHost: server.example.com\r\n\r\n")
			answer := readAll(t, client)
			assert.Equal(t, 1, strings.Count(answer, "HTTP/1.1 "), "%q", answer)
			assert.Equal(t, "chat", <-served)
			assert.Empty(t, served)
		}
	})
}

// withoutDate lets an answer of net/http be judged like one of ours.
func withoutDate(answer string) string {
	before, rest, _ := strings.Cut(answer, "Date: ")
	_, after, _ := strings.Cut(rest, "\r\n")
	return before + after
}

// The deadlines of a server are meant for requests. A connection outlives them.
func TestUpgradeOutlivesTheServersTimeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ch := make(chan accepted, 1)
		l := newPipeListener()
		srv := &http.Server{
			Handler:           upgrading(ch, &AcceptOptions{Options: quiet}),
			ReadTimeout:       time.Second,
			ReadHeaderTimeout: time.Second,
			WriteTimeout:      time.Second,
			IdleTimeout:       time.Second,
		}
		go srv.Serve(l)
		defer srv.Close()
		c, _, err := Client(context.Background(), l.dial(), "ws://example.com/", &DialOptions{Options: quiet})
		require.NoError(t, err)
		defer c.CloseNow()
		a := <-ch
		require.NoError(t, a.err)
		go echo(a.conn)
		for range 3 {
			requireEcho(t, c, "still here")
			time.Sleep(time.Hour)
		}
		assert.NoError(t, c.Close(1000, ""))
		<-a.conn.Done()
		assert.True(t, asClose(t, a.conn.Err()).Clean)
	})
}

// pipeListener is a listener of pipes, for a server in a synctest bubble.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
}

func newPipeListener() *pipeListener {
	return &pipeListener{make(chan net.Conn), make(chan struct{})}
}

func (l *pipeListener) dial() net.Conn {
	server, client := net.Pipe()
	l.conns <- server
	return client
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case nc := <-l.conns:
		return nc, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { close(l.closed); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

// A client that does not take the 101 cannot hold the handler for ever.
func TestUpgradeTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ch := make(chan accepted, 1)
		l := newPipeListener()
		srv := &http.Server{Handler: upgrading(ch, nil)}
		go srv.Serve(l)
		defer srv.Close()
		start := time.Now()
		client := l.dial()
		defer client.Close()
		_, err := io.WriteString(client, rfcRequest)
		require.NoError(t, err)
		assert.Error(t, (<-ch).err)
		assert.Equal(t, DefaultHandshakeTimeout, time.Since(start))
	})
}

// An Upgrade does not exist in HTTP/2. The request is refused with a sentence,
// and the connection, which other requests share, goes on.
func TestUpgradeUnderHTTP2(t *testing.T) {
	ch := make(chan accepted, 2)
	srv := httptest.NewUnstartedServer(upgrading(ch, nil))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	for i := range 2 {
		reused := false
		trace := &httptrace.ClientTrace{GotConn: func(got httptrace.GotConnInfo) { reused = got.Reused }}
		r, err := http.NewRequestWithContext(httptrace.WithClientTrace(patient(t), trace), "GET", srv.URL+"/chat", nil)
		require.NoError(t, err)
		resp, err := srv.Client().Do(r)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		resp.Body.Close()
		assert.Equal(t, 2, resp.ProtoMajor)
		assert.Equal(t, 505, resp.StatusCode, "6455-4.2.1-1b")
		assert.Contains(t, string(body), "open the WebSocket over HTTP/1.1")
		assert.Equal(t, i == 1, reused)
		assert.Equal(t, "6455-4.2.1-1b", ruleOf(t, (<-ch).err))
	}
}

// A ResponseRecorder, or middleware that wraps without Unwrap, cannot hijack.
func TestUpgradeWithoutHijack(t *testing.T) {
	w := httptest.NewRecorder()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(rfcRequest)))
	require.NoError(t, err)
	c, err := Upgrade(w, r, nil)
	assert.Nil(t, c)
	assert.ErrorIs(t, err, http.ErrNotSupported)
	assert.Equal(t, 500, w.Code)
	assert.Contains(t, w.Body.String(), "cannot hand its connections over")
}

// wrapper is what middleware puts around a ResponseWriter, to log or to count.
type wrapper struct{ http.ResponseWriter }

func (w wrapper) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func TestUpgradeBehindMiddleware(t *testing.T) {
	ch := make(chan accepted, 1)
	inner := upgrading(ch, nil)
	client := httpServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner.ServeHTTP(wrapper{wrapper{w}}, r)
	}))
	send(client, rfcRequest+earlyFrames(1, 5))
	assert.Equal(t, rfcAnswer, receive(t, client, len(rfcAnswer)))
	a := <-ch
	require.NoError(t, a.err)
	defer a.conn.CloseNow()
	requireEarly(t, a.conn, 1, 5)
}

// A server may have looked far ahead, with a buffer larger than ours.
func TestUpgradeWithALargeReadBuffer(t *testing.T) {
	for _, size := range []int{bufferSize - 1, bufferSize, bufferSize + 1, 5 * bufferSize} {
		server, client := loopback(t)
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(rfcRequest)))
		require.NoError(t, err)
		messages := earlyFrames(1, size-8) + earlyFrames(2, 5)
		br := bufio.NewReaderSize(io.MultiReader(strings.NewReader(messages[:size]), server), 8*bufferSize)
		_, err = br.Peek(size)
		require.NoError(t, err)
		send(client, messages[size:])
		c, err := Upgrade(&hijackable{nc: server, br: br}, r, nil)
		require.NoError(t, err)
		defer c.CloseNow()
		requireEarly(t, c, 1, size-8)
		requireEarly(t, c, 2, 5)
	}
}

// hijackable hands over any connection.
type hijackable struct {
	http.ResponseWriter // nil
	nc                  net.Conn
	br                  *bufio.Reader
	err                 error
}

func (h *hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.nc, bufio.NewReadWriter(h.br, bufio.NewWriter(h.nc)), h.err
}

func TestUpgradeOfAConnectionThatIsGone(t *testing.T) {
	server, client := pipe(t)
	client.Close()
	nc := &spy{Conn: server}
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(rfcRequest)))
	require.NoError(t, err)
	c, err := Upgrade(&hijackable{nc: nc, br: bufio.NewReader(nc)}, r, nil)
	assert.Nil(t, c)
	assert.Error(t, err)
	assert.True(t, nc.closed.Load())
}

// The handler may return while the connection lives on; its request's context
// ends then, as that of every request does.
func TestUpgradeOutlivesTheHandler(t *testing.T) {
	ended := make(chan struct{})
	var quietLog strings.Builder
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := Upgrade(w, r, nil)
		if err != nil {
			return
		}
		context.AfterFunc(r.Context(), func() { close(ended) })
		go c.Serve(context.Background(), Handler{Message: func(c *Conn, t MessageType, p []byte) {
			c.Write(context.Background(), t, p)
		}})
	}))
	srv.Config.ErrorLog = log.New(&quietLog, "", 0)
	srv.Start()
	defer srv.Close()
	c, _, err := Dial(patient(t), "ws"+strings.TrimPrefix(srv.URL, "http"), nil)
	require.NoError(t, err)
	defer c.CloseNow()
	<-ended
	requireEcho(t, c, "the handler has returned")
	assert.NoError(t, c.Close(1000, ""))
	srv.Close()
	assert.Empty(t, quietLog.String(), "net/http has nothing to complain about")
}

func TestUpgradeChecksTheOrigin(t *testing.T) {
	for _, tt := range []struct {
		origin string
		status int
	}{
		{"", 101},
		{"http://server.example.com", 101},
		{"http://evil.example", 403},
	} {
		ch := make(chan accepted, 1)
		client := httpServer(t, upgrading(ch, nil))
		request := rfcRequest
		if tt.origin != "" {
			request = withFields(request, "Origin: "+tt.origin+"\r\n")
		}
		send(client, request)
		resp, err := http.ReadResponse(bufio.NewReader(client), nil)
		require.NoError(t, err)
		assert.Equal(t, tt.status, resp.StatusCode, "6455-10.2-1 from %q", tt.origin)
		if a := <-ch; a.err == nil {
			a.conn.CloseNow()
		} else {
			var refused *handshake.Error
			assert.True(t, errors.As(a.err, &refused))
		}
	}
}
