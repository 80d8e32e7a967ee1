package rfc6455

import (
	"context"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/nettest"
)

func pair(t testing.TB, mk func() (net.Conn, net.Conn), so *AcceptOptions, do *DialOptions) (server, client *Conn) {
	a, b := mk()
	type res struct {
		c   *Conn
		err error
	}
	ch := make(chan res, 1)
	go func() {
		c, _, err := Accept(context.Background(), a, so)
		ch <- res{c, err}
	}()
	client, _, err := Client(context.Background(), b, "ws://x/", do)
	require.NoError(t, err)
	r := <-ch
	require.NoError(t, r.err)
	return r.c, client
}

func tcpPair(t testing.TB) func() (net.Conn, net.Conn) {
	return func() (net.Conn, net.Conn) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
		b, err := net.Dial("tcp", l.Addr().String())
		require.NoError(t, err)
		a, err := l.Accept()
		require.NoError(t, err)
		return a, b
	}
}

func TestSmoke(t *testing.T) {
	for name, mk := range map[string]func() (net.Conn, net.Conn){"pipe": net.Pipe, "tcp": tcpPair(t)} {
		t.Run(name, func(t *testing.T) {
			s, c := pair(t, mk, nil, nil)
			go func() {
				for {
					typ, p, err := s.Read(context.Background())
					if err != nil {
						return
					}
					s.Write(context.Background(), typ, p)
				}
			}()
			ctx := context.Background()
			for _, n := range []int{0, 1, 125, 126, 65535, 65536, 1 << 20} {
				go c.Write(ctx, Binary, make([]byte, n))
				typ, p, err := c.Read(ctx)
				require.NoError(t, err)
				require.Equal(t, Binary, typ)
				require.Len(t, p, n)
			}
			require.NoError(t, c.Close(1000, "bye"))
			<-s.Done()
			t.Log(s.Err(), c.Err())
		})
	}
}

func TestNetConn(t *testing.T) {
	for name, mk := range map[string]func() (net.Conn, net.Conn){"pipe": net.Pipe, "tcp": tcpPair(t)} {
		t.Run(name, func(t *testing.T) {
			nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
				s, c := pair(t, mk, nil, nil)
				c1, c2 = s.NetConn(Binary), c.NetConn(Binary)
				return c1, c2, func() { c1.Close(); c2.Close() }, nil
			})
		})
	}
}
