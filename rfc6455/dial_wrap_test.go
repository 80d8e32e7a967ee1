package rfc6455

import (
	"context"
	"crypto/tls"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDialWrapSeesHandshakeAndFrames(t *testing.T) {
	var wrapper *spy
	var wrapped []net.Conn
	opts := func() *DialOptions {
		wrapped = nil
		return &DialOptions{
			TLS: &tls.Config{RootCAs: certificate().pool},
			Wrap: func(nc net.Conn) net.Conn {
				wrapper, wrapped = &spy{Conn: nc}, append(wrapped, nc)
				return wrapper
			},
		}
	}
	check := func(t *testing.T, c *Conn) {
		requireEcho(t, c, "Hello")
		assert.NoError(t, c.Close(1000, ""))
		assert.Len(t, wrapped, 1, "called once")
		sent := wrapper.writes()
		require.Len(t, sent, 3)
		assert.True(t, strings.HasPrefix(string(sent[0]), "GET /chat HTTP/1.1\r\n"))
		assert.Equal(t, byte(0x81), sent[1][0], "the message")
		assert.Equal(t, byte(0x88), sent[2][0], "the Close frame")
	}
	t.Run("ws", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
		go func() {
			if nc, err := l.Accept(); err == nil {
				if c, _, err := Accept(context.Background(), nc, nil); err == nil {
					echo(c)
				}
			}
		}()
		c, _, err := Dial(patient(t), "ws://"+l.Addr().String()+"/chat", opts())
		require.NoError(t, err)
		check(t, c)
		assert.IsType(t, (*net.TCPConn)(nil), wrapped[0])
	})
	t.Run("wss", func(t *testing.T) {
		s := newSecureServer(t, nil)
		c, err := s.dial(t, "wss://example.com/chat", opts())
		require.NoError(t, err)
		check(t, c)
		assert.IsType(t, (*tls.Conn)(nil), wrapped[0], "it sits inside TLS")
	})
}

func TestDialWrapIsClosedWhenTheHandshakeFails(t *testing.T) {
	var wrapper *spy
	d := &dialRecorder{}
	answered := make(chan struct{})
	_, _, err := Dial(context.Background(), "ws://example.com/", &DialOptions{
		Dial: d.dial,
		Wrap: func(nc net.Conn) net.Conn {
			wrapper = &spy{Conn: nc}
			go func() {
				defer close(answered)
				readHead(t, d.server)
				_, _ = d.server.Write([]byte("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))
			}()
			return wrapper
		},
	})
	var refused *HandshakeError
	require.ErrorAs(t, err, &refused)
	<-answered
	assert.True(t, wrapper.closed.Load())
}
