package rfc6455

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/frames"
)

// refused are answers that do not open a WebSocket.
var refused = []struct {
	name, answer string
	rule         string
	status       int // of the response in the HandshakeError
	body         string
}{
	{"6455-4.1-37 a redirect", "HTTP/1.1 302 Found\r\nLocation: ws://other.example/\r\nContent-Length: 5\r\n\r\nmoved", "6455-4.1-37", 302, "moved"},
	{"6455-4.1-37 a permanent redirect", "HTTP/1.1 308 Permanent Redirect\r\nLocation: ws://other.example/\r\nContent-Length: 0\r\n\r\n", "6455-4.1-37", 308, ""},
	{"6455-4.1-37 a login", "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nlog\r\n3\r\n in\r\n0\r\n\r\n", "6455-4.1-37", 401, "log in"},
	{"6455-4.1-37 a refusal", "HTTP/1.1 403 Forbidden\r\n\r\nno", "6455-4.1-37", 403, "no"},
	{"6455-4.1-37 an error", "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 100\r\n\r\ncut off", "6455-4.1-37", 500, "cut off"},
	{"6455-4.1-37 200", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "6455-4.1-37", 200, "ok"},
	{"6455-4.1-37 HTTP/1.0", "HTTP/1.0 404 Not Found\r\n\r\nnot here", "6455-4.1-37", 404, "not here"},
	{"6455-4.1-37 a large body is cut", "HTTP/1.1 503 Busy\r\n\r\n" + strings.Repeat("b", 1<<20), "6455-4.1-37", 503, strings.Repeat("b", maxBody)},
	{"6455-4.1-38 no Upgrade", strings.Replace(rfcAnswer, "Upgrade: websocket\r\n", "", 1), "6455-4.1-38", 101, ""},
	{"6455-4.1-38 another Upgrade", strings.Replace(rfcAnswer, "websocket", "h2c", 1), "6455-4.1-38", 101, ""},
	{"6455-4.1-39 no Connection", strings.Replace(rfcAnswer, "Connection: Upgrade\r\n", "", 1), "6455-4.1-39", 101, ""},
	{"6455-4.1-39 another Connection", strings.Replace(rfcAnswer, "Connection: Upgrade", "Connection: close", 1), "6455-4.1-39", 101, ""},
	{"6455-4.1-40 no Accept", strings.Replace(rfcAnswer, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", "", 1), "6455-4.1-40", 101, ""},
	{"6455-4.1-40 a wrong Accept", strings.Replace(rfcAnswer, "s3pPLM", "s3pPLN", 1), "6455-4.1-40", 101, ""},
	{"6455-4.1-40 an Accept in another case", strings.Replace(rfcAnswer, "s3pPLM", "S3PPLM", 1), "6455-4.1-40", 101, ""},
	{"6455-11.3.3-1 two Accepts", withFields(rfcAnswer, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "6455-11.3.3-1", 101, ""},
	{"6455-4.1-41 an extension that was not offered", withFields(rfcAnswer, "Sec-WebSocket-Extensions: permessage-deflate\r\n"), "6455-4.1-41", 101, ""},
	{"6455-9.1-1 a malformed extension", withFields(rfcAnswer, "Sec-WebSocket-Extensions: a;;b\r\n"), "6455-9.1-1", 101, ""},
	{"6455-4.1-42 a subprotocol that was not offered", withFields(rfcAnswer, "Sec-WebSocket-Protocol: chat\r\n"), "6455-4.1-42", 101, ""},
	{"6455-11.3.4-1 two subprotocols", withFields(rfcAnswer, "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b\r\n"), "6455-11.3.4-1", 101, ""},
	{"6455-4.1-43 HTTP/1.0 cannot switch", strings.Replace(rfcAnswer, "HTTP/1.1", "HTTP/1.0", 1), "6455-4.1-43", 101, ""},
	{"not HTTP", "SSH-2.0-OpenSSH_9.6\r\n", "9112-4", 0, ""},
	{"binary", "\x00\x01\x02", "9110-5.5", 0, ""},
	{"TLS", "\x15\x03\x01\x00\x02\x02\x46", "9112-2.2", 0, ""},
	{"a line without end", strings.Repeat("x", 1<<20), "9110-5.4", 0, ""},
	{"a head without end", "HTTP/1.1 101 Switching Protocols\r\n" + strings.Repeat("X: y\r\n", 1<<17), "9110-5.4", 0, ""},
	{"interim answers without end", strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 100), "9110-15.2", 0, ""},
}

func TestDialRefusedAnswers(t *testing.T) {
	for _, tt := range refused {
		t.Run(tt.name, func(t *testing.T) {
			server, client := pipe(t)
			nc := &spy{Conn: client}
			done := connecting(patient(t), nc, "ws://server.example.com/chat", fixed())
			receive(t, server, len(rfcRequest))
			go func() {
				io.WriteString(server, tt.answer)
				server.Close()
			}()
			d := <-done
			assert.Nil(t, d.conn)
			assert.Equal(t, tt.rule, ruleOf(t, d.err))
			assert.True(t, nc.closed.Load(), "6455-7.1.7-1: the connection is closed")
			assert.Less(t, nc.read.Load(), int64(64<<10), "what is read is bounded")
			assert.Len(t, nc.writes(), 1, "nothing but the request was sent")

			var answered *HandshakeError
			if tt.status == 0 {
				assert.False(t, errors.As(d.err, &answered))
				assert.Nil(t, d.resp)
				return
			}
			require.ErrorAs(t, d.err, &answered)
			assert.Same(t, answered.Response, d.resp)
			assert.Equal(t, tt.status, d.resp.Status)
			assert.Equal(t, tt.body, string(d.resp.Body))
			if tt.status/100 == 3 {
				assert.Equal(t, "ws://other.example/", d.resp.Header.Get("Location"))
			}
		})
	}
}

func TestDialAcceptedAnswers(t *testing.T) {
	for _, tt := range []struct{ name, answer string }{
		{"6455-4.2.2-12 as in the RFC", rfcAnswer},
		{"6455-4.1-44 names in lower case", strings.Replace(rfcAnswer, "Sec-WebSocket-Accept", "sec-websocket-accept", 1)},
		{"6455-4.1-38 the value in another case", strings.Replace(rfcAnswer, "websocket", "WebSocket", 1)},
		{"6455-4.1-39 the token in another case, in a list", strings.Replace(rfcAnswer, "Connection: Upgrade", "Connection: keep-alive, upgrade", 1)},
		{"6455-4.1-40 spaces around Accept", strings.Replace(rfcAnswer, "xOo=", "xOo= \t", 1)},
		{"6455-4.1-37 another reason", strings.Replace(rfcAnswer, "Switching Protocols", "Web Socket Protocol Handshake", 1)},
		{"unknown fields", withFields(rfcAnswer, "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\nSet-Cookie: a=b\r\n")},
		{"an interim answer first", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + rfcAnswer},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server, client := pipe(t)
			done := connecting(context.Background(), client, "ws://server.example.com/chat", fixed())
			receive(t, server, len(rfcRequest))
			send(server, tt.answer)
			d := <-done
			require.NoError(t, d.err)
			d.conn.CloseNow()
		})
	}
}

func TestDialKeepsWhatComesBehindTheAnswer(t *testing.T) {
	for _, tt := range []struct {
		name        string
		count, size int
	}{
		{"one", 1, 5},
		{"some that fill the buffer of the handshake", 40, 100},
		{"one that is larger than any buffer", 1, 1 << 20},
		{"a megabyte in small ones", 1 << 10, 1 << 10},
	} {
		for _, over := range transports {
			t.Run("6455-4.1-1 "+tt.name+"/"+over.name, func(t *testing.T) {
				server, client := over.open(t)
				done := connecting(patient(t), client, "ws://server.example.com/chat", fixed())
				receive(t, server, len(rfcRequest))
				send(server, rfcAnswer+strings.Repeat(fromServer(Text, strings.Repeat("e", tt.size)), tt.count))
				d := <-done
				require.NoError(t, d.err)
				defer d.conn.CloseNow()
				requireEarly(t, d.conn, tt.count, tt.size)
			})
		}
	}
	t.Run("in pieces of any size", func(t *testing.T) {
		all := rfcAnswer + fromServer(Text, "Hello") + fromServer(frames.Ping, "p") + fromServer(Binary, strings.Repeat("x", 200))
		for size := 1; size <= len(all); size = size*3/2 + 1 {
			server, client := pipe(t)
			done := connecting(context.Background(), &chunked{client, size}, "ws://server.example.com/chat", fixed())
			receive(t, server, len(rfcRequest))
			send(server, all)
			d := <-done
			require.NoError(t, d.err, "pieces of %d", size)
			_, p, err := d.conn.Read(context.Background())
			require.NoError(t, err)
			require.Equal(t, "Hello", string(p))
			go io.Copy(io.Discard, server) // the Pong
			_, p, err = d.conn.Read(context.Background())
			require.NoError(t, err)
			require.Len(t, p, 200)
			d.conn.CloseNow()
		}
	})
}

func TestDialCutAtEveryByte(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for cut := range len(rfcAnswer) {
			server, client := pipe(t)
			nc := &spy{Conn: client}
			done := connecting(context.Background(), nc, "ws://server.example.com/chat", fixed())
			receive(t, server, len(rfcRequest))
			_, err := io.WriteString(server, rfcAnswer[:cut])
			require.NoError(t, err)
			server.Close()
			d := <-done
			require.ErrorIs(t, d.err, io.ErrUnexpectedEOF, "6455-7.2.1-2: cut at %d", cut)
			require.Nil(t, d.conn)
			require.True(t, nc.closed.Load())
		}
		for cut := range len(rfcRequest) {
			server, client := pipe(t)
			nc := &spy{Conn: client}
			done := connecting(context.Background(), nc, "ws://server.example.com/chat", fixed())
			receive(t, server, cut)
			server.Close()
			d := <-done
			require.Error(t, d.err, "cut at %d", cut)
			require.True(t, nc.closed.Load())
		}
	})
}

// A client can be told to stop at each stage, and stops by itself when the
// handshake takes too long.
func TestDialContextAtEachStage(t *testing.T) {
	stages := []struct {
		name string
		url  string
		// dial opens the socket, and lets the other end do what it does.
		dial func(ctx context.Context) (net.Conn, error)
	}{
		{"while the socket is opened", "ws://example.com/", func(ctx context.Context) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}},
		{"while the server does not speak TLS", "wss://example.com/", func(context.Context) (net.Conn, error) {
			server, client := net.Pipe()
			go io.Copy(io.Discard, server)
			return client, nil
		}},
		{"while the request is not taken", "ws://example.com/", func(context.Context) (net.Conn, error) {
			_, client := net.Pipe()
			return client, nil
		}},
		{"while no answer comes", "ws://example.com/", func(context.Context) (net.Conn, error) {
			server, client := net.Pipe()
			go io.Copy(io.Discard, server)
			return client, nil
		}},
		{"while the answer does not end", "ws://example.com/", func(context.Context) (net.Conn, error) {
			server, client := net.Pipe()
			go io.Copy(io.Discard, server)
			send(server, rfcAnswer[:len(rfcAnswer)-1])
			return client, nil
		}},
	}
	for _, tt := range stages {
		// run returns after how long Dial gave up, and why.
		run := func(t *testing.T, ctx context.Context, o Options) (time.Duration, error) {
			var nc *spy
			start := time.Now()
			c, _, err := Dial(ctx, tt.url, &DialOptions{Options: o, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
				raw, err := tt.dial(ctx)
				if err != nil {
					return nil, err
				}
				nc = &spy{Conn: raw}
				return nc, nil
			}})
			assert.Nil(t, c)
			if nc != nil {
				assert.True(t, nc.closed.Load(), "the socket is closed")
			}
			return time.Since(start), err
		}
		t.Run("cancelled "+tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(context.Background())
				time.AfterFunc(3*time.Second, cancel)
				took, err := run(t, ctx, Options{})
				assert.ErrorIs(t, err, context.Canceled)
				assert.Equal(t, 3*time.Second, took)
			})
		})
		t.Run("a deadline "+tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
				defer cancel()
				took, err := run(t, ctx, Options{})
				assert.ErrorIs(t, err, context.DeadlineExceeded)
				assert.Equal(t, 2*time.Second, took)
			})
		})
		t.Run("the handshake timeout "+tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				took, err := run(t, context.Background(), Options{})
				assert.True(t, isTimeoutOf(err), "%v", err)
				assert.Equal(t, DefaultHandshakeTimeout, took)
			})
		})
		t.Run("a handshake timeout by option "+tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				took, err := run(t, context.Background(), Options{HandshakeTimeout: time.Second})
				assert.True(t, isTimeoutOf(err), "%v", err)
				assert.Equal(t, time.Second, took)
			})
		})
	}
	t.Run("ended before", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_, client := pipe(t)
		nc := &spy{Conn: client}
		_, _, err := Client(ctx, nc, "ws://example.com/", nil)
		assert.ErrorIs(t, err, context.Canceled)
		assert.True(t, nc.closed.Load())
		assert.Empty(t, nc.writes())
	})
	t.Run("a refusal whose body does not end is told all the same", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			server, client := pipe(t)
			done := connecting(context.Background(), client, "ws://example.com/", nil)
			go io.Copy(io.Discard, server)
			send(server, "HTTP/1.1 503 Busy\r\nContent-Length: 100\r\n\r\nlater")
			d := <-done
			var answered *HandshakeError
			require.ErrorAs(t, d.err, &answered)
			assert.Equal(t, "later", string(answered.Response.Body))
		})
	})
	t.Run("ended later: the connection is not touched", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			server, client := pipe(t)
			done := accepting(context.Background(), server, &AcceptOptions{Options: quiet})
			c, _, err := Client(ctx, client, "ws://example.com/", &DialOptions{Options: quiet})
			require.NoError(t, err)
			defer c.CloseNow()
			cancel()
			time.Sleep(time.Hour)
			go echo((<-done).conn)
			requireEcho(t, c, "still here")
		})
	})
}

// isTimeoutOf reports whether an error says that time is over, be it the
// socket's or the context's.
func isTimeoutOf(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded)
}

func TestDialOverRealSockets(t *testing.T) {
	serve := func(t *testing.T, l net.Listener) {
		t.Cleanup(func() { l.Close() })
		go func() {
			for {
				nc, err := l.Accept()
				if err != nil {
					return
				}
				if c, _, err := Accept(context.Background(), nc, nil); err == nil {
					go echo(c)
				}
			}
		}()
	}
	t.Run("6455-4.1-10 TCP", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		serve(t, l)
		c, resp, err := Dial(patient(t), "ws://"+l.Addr().String()+"/chat", nil)
		require.NoError(t, err)
		assert.Equal(t, 101, resp.Status)
		assert.Equal(t, l.Addr().String(), c.RemoteAddr().String())
		requireEcho(t, c, "Hello")
		assert.NoError(t, c.Close(1000, ""))
	})
	t.Run("6455-4.1-10 IPv6", func(t *testing.T) {
		l, err := net.Listen("tcp6", "[::1]:0")
		if err != nil {
			t.Skip("this machine has no IPv6:", err)
		}
		serve(t, l)
		c, _, err := Dial(patient(t), "ws://"+l.Addr().String(), nil)
		require.NoError(t, err)
		requireEcho(t, c, "Hello")
		assert.NoError(t, c.Close(1000, ""))
	})
	t.Run("a Unix socket by the Dial hook", func(t *testing.T) {
		dir, err := os.MkdirTemp("", "ws") // shorter than t.TempDir
		require.NoError(t, err)
		defer os.RemoveAll(dir)
		l, err := net.Listen("unix", filepath.Join(dir, "s"))
		if err != nil {
			t.Skip("this system has no Unix sockets:", err)
		}
		serve(t, l)
		c, _, err := Dial(patient(t), "ws://example.com/", &DialOptions{
			Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "unix", l.Addr().String())
			},
		})
		require.NoError(t, err)
		requireEcho(t, c, "Hello")
		assert.NoError(t, c.Close(1000, ""))
	})
	t.Run("6455-4.1-12 nobody listens", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		addr := l.Addr().String()
		l.Close()
		_, _, err = Dial(patient(t), "ws://"+addr, nil)
		var op *net.OpError
		assert.ErrorAs(t, err, &op)
	})
}
