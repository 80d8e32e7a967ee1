package rfc6455

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/frames"
)

func TestAcceptCutsTheSlow(t *testing.T) {
	for _, tt := range []struct {
		name string
		opts *AcceptOptions
		want time.Duration
	}{
		{"the default", nil, DefaultHandshakeTimeout},
		{"an option", &AcceptOptions{Options: Options{HandshakeTimeout: 3 * time.Second}}, 3 * time.Second},
		{"a negative option is the default", &AcceptOptions{Options: Options{HandshakeTimeout: -1}}, DefaultHandshakeTimeout},
	} {
		t.Run("a byte a second/"+tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, client := pipe(t)
				start := time.Now()
				done := accepting(context.Background(), server, tt.opts)
				sender := make(chan struct{})
				defer func() { <-sender }()
				go func() {
					defer close(sender)
					for i := range rfcRequest {
						if _, err := io.WriteString(client, rfcRequest[i:i+1]); err != nil {
							return
						}
						time.Sleep(time.Second)
					}
				}()
				requireRefusal(t, readAll(t, client), 408, "took too long", "")
				a := <-done
				assert.ErrorIs(t, a.err, os.ErrDeadlineExceeded)
				assert.Equal(t, tt.want, time.Since(start))
			})
		})
	}
	t.Run("a client that does not take the answer", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			server, client := pipe(t)
			nc := &spy{Conn: server}
			start := time.Now()
			done := accepting(context.Background(), nc, nil)
			send(client, rfcRequest)
			assert.ErrorIs(t, (<-done).err, os.ErrDeadlineExceeded)
			assert.Equal(t, DefaultHandshakeTimeout, time.Since(start))
			assert.True(t, nc.closed.Load())
		})
	})
	t.Run("a client that does not take the refusal", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			server, client := pipe(t)
			nc := &spy{Conn: server}
			start := time.Now()
			done := accepting(context.Background(), nc, nil)
			send(client, "POST / HTTP/1.1\r\n\r\n")
			assert.Error(t, (<-done).err)
			assert.Equal(t, maxLinger, time.Since(start))
			assert.True(t, nc.closed.Load())
		})
	})
	t.Run("6455-7.1.1-1 a client that keeps sending after the refusal", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			server, client := pipe(t)
			start := time.Now()
			done := accepting(context.Background(), &halfCloser{Conn: server}, nil)
			sender := make(chan struct{})
			defer func() { <-sender }()
			go func() {
				defer close(sender)
				io.WriteString(client, "POST / HTTP/1.1\r\n\r\n")
				for { // all is taken and thrown away, but not for ever
					if _, err := io.WriteString(client, "more"); err != nil {
						return
					}
					time.Sleep(10 * time.Millisecond)
				}
			}()
			requireRefusal(t, readAll(t, client), 405, "", "")
			require.Error(t, (<-done).err)
			assert.Equal(t, maxLinger, time.Since(start))
		})
	})
	t.Run("the deadline of the handshake does not outlive it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			server, client := pipe(t)
			s, c := connect(t, server, client, &AcceptOptions{Options: quiet}, &DialOptions{Options: quiet})
			go echo(s)
			time.Sleep(time.Hour)
			requireEcho(t, c, "still here")
		})
	})
}

func TestAcceptContext(t *testing.T) {
	t.Run("ended before", func(t *testing.T) {
		server, _ := pipe(t)
		nc := &spy{Conn: server}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_, _, err := Accept(ctx, nc, nil)
		assert.ErrorIs(t, err, context.Canceled)
		assert.True(t, nc.closed.Load())
		assert.Zero(t, nc.read.Load())
	})
	for _, over := range transports {
		t.Run("cancelled in the middle/"+over.name, func(t *testing.T) {
			server, client := over.open(t)
			ctx, cancel := context.WithCancel(context.Background())
			nc := &spy{Conn: &whenRead{server, 40, cancel}}
			done := accepting(ctx, nc, nil)
			send(client, rfcRequest[:40])
			requireRefusal(t, readAll(t, client), 500, "the server failed", "")
			client.Close()
			assert.ErrorIs(t, (<-done).err, context.Canceled)
			assert.True(t, nc.closed.Load())
		})
	}
	t.Run("its deadline", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			server, client := pipe(t)
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			defer cancel()
			start := time.Now()
			done := accepting(ctx, server, nil)
			requireRefusal(t, readAll(t, client), 408, "took too long", "")
			assert.ErrorIs(t, (<-done).err, context.DeadlineExceeded)
			assert.Equal(t, 2*time.Second, time.Since(start))
		})
	})
	t.Run("ended later: the connection is not touched", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			server, client := pipe(t)
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			done := accepting(ctx, server, &AcceptOptions{Options: quiet})
			c, _, err := Client(ctx, client, "ws://example.com/", &DialOptions{Options: quiet})
			require.NoError(t, err)
			defer c.CloseNow()
			go echo((<-done).conn)
			time.Sleep(time.Minute)
			requireEcho(t, c, "still here")
		})
	})
}

func TestAcceptCutAtEveryByte(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for cut := range len(rfcRequest) {
			server, client := pipe(t)
			nc := &spy{Conn: server}
			done := accepting(context.Background(), nc, nil)
			_, err := io.WriteString(client, rfcRequest[:cut])
			require.NoError(t, err)
			client.Close()
			a := <-done
			if cut == 0 {
				require.Equal(t, io.EOF, a.err, "nothing was asked")
				require.Empty(t, nc.writes(), "and nothing is answered")
			} else {
				require.ErrorIs(t, a.err, io.ErrUnexpectedEOF, "cut at %d", cut)
			}
			require.True(t, nc.closed.Load())
		}
		// The bubble ends only if no goroutine is left.
	})
	t.Run("the half that listens is told", func(t *testing.T) {
		server, client := loopback(t)
		done := accepting(patient(t), server, nil)
		_, err := io.WriteString(client, rfcRequest[:50])
		require.NoError(t, err)
		require.NoError(t, client.(*net.TCPConn).CloseWrite())
		requireRefusal(t, readAll(t, client), 400, "ended in the middle", "")
		assert.ErrorIs(t, (<-done).err, io.ErrUnexpectedEOF)
	})
	t.Run("6455-7.2.1-2 behind the handshake", func(t *testing.T) {
		server, client := pipe(t)
		done := accepting(context.Background(), server, nil)
		send(client, rfcRequest)
		receive(t, client, len(rfcAnswer))
		a := <-done
		require.NoError(t, a.err)
		client.Close()
		_, _, err := a.conn.Read(context.Background())
		assert.Equal(t, frames.CloseAbnormal, asClose(t, err).Code)
		assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
	})
}

func TestAcceptBoundsTheHead(t *testing.T) {
	const most = 32<<10 + 4<<10 // the limit on the head, and one buffer
	for _, tt := range []struct {
		name, request string
		status        int
	}{
		{"a field of 1 MB", withFields(rfcRequest, "X: "+strings.Repeat("x", 1<<20)+"\r\n"), 431},
		{"a megabyte of fields", withFields(rfcRequest, strings.Repeat("X: "+strings.Repeat("x", 8000)+"\r\n", 128)), 431},
		{"2,000 fields", withFields(rfcRequest, strings.Repeat("X: y\r\n", 2000)), 431},
		{"a target of 1 MB", strings.Replace(rfcRequest, "/chat", "/"+strings.Repeat("x", 1<<20), 1), 414},
		{"a line without end", strings.Repeat("x", 1<<20), 414},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server, client := pipe(t)
			nc := &spy{Conn: server}
			done := accepting(context.Background(), nc, nil)
			send(client, tt.request)
			requireRefusal(t, readAll(t, client), tt.status, "", "")
			assert.Error(t, (<-done).err)
			assert.LessOrEqual(t, nc.read.Load(), int64(most), "no more is read than the limit allows")
		})
		t.Run(tt.name+"/TCP", func(t *testing.T) {
			server, client := loopback(t)
			done := accepting(patient(t), server, nil)
			send(client, tt.request)
			requireRefusal(t, readAll(t, client), tt.status, "", "")
			client.Close()
			assert.Error(t, (<-done).err)
		})
	}
	t.Run("a browser's head with 3 KB of cookies is fine", func(t *testing.T) {
		server, client := pipe(t)
		done := accepting(context.Background(), server, nil)
		send(client, withFields(rfcRequest, "Cookie: "+strings.Repeat("c", 3<<10)+"\r\n"))
		assert.Equal(t, rfcAnswer, receive(t, client, len(rfcAnswer)))
		a := <-done
		require.NoError(t, a.err)
		assert.Len(t, a.req.Header.Get("Cookie"), 3<<10)
		a.conn.CloseNow()
	})
}

func TestAcceptLogsRefusals(t *testing.T) {
	var log bytes.Buffer
	opts := &AcceptOptions{Options: Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}}
	server, client := pipe(t)
	done := accepting(context.Background(), server, opts)
	send(client, strings.Replace(rfcRequest, "GET", "POST", 1))
	readAll(t, client)
	require.Error(t, (<-done).err)
	assert.Contains(t, log.String(), "a handshake was refused")
	assert.Contains(t, log.String(), "a handshake is a GET request")
}

// A thousand people at once, in one process.
func TestThousandConnections(t *testing.T) {
	const count = 1000
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	var group Group
	opts := &AcceptOptions{Options: Options{Group: &group}}
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				c, _, err := Accept(context.Background(), nc, opts)
				if err != nil {
					return
				}
				c.Serve(context.Background(), Handler{Message: func(c *Conn, t MessageType, p []byte) {
					c.Write(context.Background(), t, p)
				}})
			}()
		}
	}()
	ctx := patient(t)
	conns := make([]*Conn, count)
	for i := range conns {
		conns[i], _, err = Dial(ctx, "ws://"+l.Addr().String(), nil)
		if errors.Is(err, syscall.EMFILE) {
			t.Skipf("this system allows too few open files for %d connections", count)
		}
		require.NoError(t, err, "connection %d", i)
		defer conns[i].CloseNow()
	}
	for round := range 3 {
		for i, c := range conns {
			require.NoError(t, c.Write(ctx, Text, fmt.Appendf(nil, "%d of %d", round, i)))
		}
		for i, c := range conns {
			_, p, err := c.Read(ctx)
			require.NoError(t, err)
			require.Equal(t, fmt.Sprintf("%d of %d", round, i), string(p))
		}
	}
	assert.Equal(t, count, group.Len())
	for _, c := range conns {
		go c.Read(ctx) // hears the server's Close
	}
	assert.NoError(t, group.Shutdown(ctx))
	assert.Zero(t, group.Len())
}
