package rfc6455

import (
	"crypto/tls"
	"net"
	"net/http/httptest"
	"testing"
	"time"

	"golang.org/x/net/nettest"
)

func TestTmpTLS(t *testing.T) {
	srv := httptest.NewTLSServer(nil)
	defer srv.Close()
	mk := func() (net.Conn, net.Conn) {
		a, b := tcpPair(t)
		s := tls.Server(a, &tls.Config{Certificates: srv.TLS.Certificates})
		c := tls.Client(b, &tls.Config{InsecureSkipVerify: true})
		go s.Handshake()
		if err := c.Handshake(); err != nil {
			t.Fatal(err)
		}
		return s, c
	}
	t.Run("recover", func(t *testing.T) {
		a, b := mk()
		n := role{}.conn(a, quiet).NetConn(Binary)
		n.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
		var err error
		for err == nil {
			_, err = n.Write(make([]byte, 100000))
		}
		t.Log(err)
		n.SetWriteDeadline(time.Time{})
		go func() {
			for {
				if _, err := b.Read(make([]byte, 100000)); err != nil {
					return
				}
			}
		}()
		_, err = n.Write([]byte("x"))
		t.Log("after: ", err)
	})
	nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
		a, b := mk()
		c1, c2 = role{}.conn(a, quiet).NetConn(Binary), role{client: true}.conn(b, quiet).NetConn(Binary)
		return c1, c2, func() { c1.Close(); c2.Close() }, nil
	})
}
