package rfc6455

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// authority is a certificate made for this run, and the pool that trusts it.
type authority struct {
	cert tls.Certificate
	pool *x509.CertPool
}

// certificate makes a certificate for example.com, localhost and 127.0.0.1.
var certificate = sync.OnceValue(func() authority {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(101),
		Subject:               pkix.Name{CommonName: "ws101 test"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
		DNSNames:              []string{"example.com", "localhost", "xn--bcher-kva.example"},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return authority{tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool}
})

// secureServer accepts WebSockets under TLS and echoes.
type secureServer struct {
	addr     string
	accepted chan accepted
	hellos   chan *tls.ClientHelloInfo

	mu   sync.Mutex
	seen bytes.Buffer // what the clients sent, as it was on the wire
}

func newSecureServer(t *testing.T, opts *AcceptOptions) *secureServer {
	s := &secureServer{accepted: make(chan accepted, 10), hellos: make(chan *tls.ClientHelloInfo, 10)}
	config := &tls.Config{
		Certificates: []tls.Certificate{certificate().cert},
		NextProtos:   []string{"h2", "http/1.1"},
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			s.hellos <- hello
			return nil, nil
		},
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	s.addr = l.Addr().String()
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				c, req, err := Accept(context.Background(), tls.Server(&wiretap{nc, s}, config), opts)
				s.accepted <- accepted{c, req, err}
				if err == nil {
					echo(c)
				}
			}()
		}
	}()
	return s
}

// wiretap writes down what comes in on a socket.
type wiretap struct {
	net.Conn
	to *secureServer
}

func (w *wiretap) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.to.mu.Lock()
	w.to.seen.Write(p[:n])
	w.to.mu.Unlock()
	return n, err
}

func (s *secureServer) wire() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen.String()
}

// dial opens a wss URL of any host on this server.
func (s *secureServer) dial(t *testing.T, url string, opts *DialOptions) (*Conn, error) {
	opts.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, s.addr)
	}
	c, _, err := Dial(patient(t), url, opts)
	return c, err
}

func TestDialTLS(t *testing.T) {
	for _, tt := range []struct {
		name, url string
		sni       string
		host      string
	}{
		{"a name", "wss://example.com/chat", "example.com", "example.com"},
		{"a name and a port", "wss://localhost:8443/chat", "localhost", "localhost:8443"},
		{"the default port, written out", "wss://example.com:443/chat", "example.com", "example.com"},
		{"80 is not the default port", "wss://example.com:80/chat", "example.com", "example.com:80"},
		{"a name outside ASCII", "wss://bücher.example/chat", "xn--bcher-kva.example", "xn--bcher-kva.example"},
		{"an address, which is no server name", "wss://127.0.0.1/chat", "", "127.0.0.1"},
	} {
		t.Run("6455-10.6-1 6455-4.1-16 "+tt.name, func(t *testing.T) {
			s := newSecureServer(t, nil)
			config := &tls.Config{RootCAs: certificate().pool}
			c, err := s.dial(t, tt.url, &DialOptions{TLS: config})
			require.NoError(t, err)
			defer c.CloseNow()
			a := <-s.accepted
			require.NoError(t, a.err)
			hello := <-s.hellos
			assert.Equal(t, tt.sni, hello.ServerName)
			assert.Equal(t, []string{"http/1.1"}, hello.SupportedProtos, "HTTP/2 has no Upgrade")
			assert.Equal(t, tt.host, a.req.Host(), "6455-4.1-22")
			assert.True(t, a.req.Secure)
			assert.Empty(t, config.ServerName, "the caller's configuration is not changed")
			assert.Nil(t, config.NextProtos)

			requireEcho(t, c, "the plain truth")
			requireEcho(t, c, strings.Repeat("x", 1<<20-1))
			assert.NoError(t, c.Close(1000, "bye"), "6455-7.1.1-1")
			<-a.conn.Done()
			assert.True(t, asClose(t, a.conn.Err()).Clean)

			wire := s.wire()
			assert.Equal(t, byte(0x16), wire[0], "6455-4.1-13: TLS comes first")
			// (Each is so long that 2 MiB of noise do not have it by chance.)
			for _, plain := range []string{"GET /chat", "HTTP/1.1", "websocket", "the plain truth"} {
				assert.NotContains(t, wire, plain, "6455-4.1-15: all of it is inside TLS")
			}
		})
	}
	t.Run("what the caller configures counts", func(t *testing.T) {
		s := newSecureServer(t, nil)
		c, err := s.dial(t, "wss://elsewhere.example/", &DialOptions{TLS: &tls.Config{
			RootCAs: certificate().pool, ServerName: "localhost", NextProtos: []string{"http/1.1", "other"},
		}})
		require.NoError(t, err)
		defer c.CloseNow()
		hello := <-s.hellos
		assert.Equal(t, "localhost", hello.ServerName)
		assert.Equal(t, []string{"http/1.1", "other"}, hello.SupportedProtos)
	})
	t.Run("a Read that gave up can be taken up again", func(t *testing.T) {
		s := newSecureServer(t, nil)
		c, err := s.dial(t, "wss://example.com/", &DialOptions{TLS: &tls.Config{RootCAs: certificate().pool}})
		require.NoError(t, err)
		defer c.CloseNow()
		for range 3 {
			ctx, cancel := context.WithCancel(context.Background())
			ended := make(chan error)
			go func() {
				_, _, err := c.Read(ctx)
				ended <- err
			}()
			cancel()
			assert.ErrorIs(t, <-ended, context.Canceled)
			requireEcho(t, c, "Hello")
		}
	})
	t.Run("the server cuts the client off, and the other way round", func(t *testing.T) {
		for _, serverEnds := range []bool{true, false} {
			s := newSecureServer(t, nil)
			c, err := s.dial(t, "wss://example.com/", &DialOptions{TLS: &tls.Config{RootCAs: certificate().pool}})
			require.NoError(t, err)
			a := <-s.accepted
			end, other := c, a.conn
			if serverEnds {
				end, other = a.conn, c
				go c.Read(context.Background())
			}
			end.CloseNow()
			<-other.Done()
			assert.False(t, asClose(t, other.Err()).Clean)
		}
	})
}

func TestDialTLSFails(t *testing.T) {
	for _, tt := range []struct {
		name, url string
		config    *tls.Config
		want      any
	}{
		{"an unknown authority", "wss://example.com/", nil, new(*tls.CertificateVerificationError)},
		{"another name", "wss://evil.example/", &tls.Config{RootCAs: certificate().pool}, new(x509.HostnameError)},
		{"a version that is too old", "wss://example.com/", &tls.Config{RootCAs: certificate().pool, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}, new(*net.OpError)},
	} {
		t.Run("6455-4.1-14 "+tt.name, func(t *testing.T) {
			s := newSecureServer(t, nil)
			c, err := s.dial(t, tt.url, &DialOptions{TLS: tt.config})
			assert.Nil(t, c)
			assert.ErrorAs(t, err, tt.want)
			assert.ErrorContains(t, err, "the TLS handshake failed")
			a := <-s.accepted
			assert.Error(t, a.err, "6455-4.2.2-3: the server gives up as well")
			assert.NotContains(t, s.wire(), "GET ")
		})
	}
	t.Run("6455-4.1-14 the server speaks no TLS", func(t *testing.T) {
		server, client := loopback(t)
		done := accepting(patient(t), server, nil)
		nc := &spy{Conn: client}
		_, _, err := Dial(patient(t), "wss://example.com/", &DialOptions{
			Dial: func(context.Context, string, string) (net.Conn, error) { return nc, nil },
		})
		assert.ErrorContains(t, err, "the TLS handshake failed")
		assert.True(t, nc.closed.Load())
		assert.ErrorContains(t, (<-done).err, "begins like TLS")
	})
	t.Run("6455-4.2.2-3 the client speaks no TLS", func(t *testing.T) {
		s := newSecureServer(t, nil)
		c, err := s.dial(t, "ws://example.com/", &DialOptions{})
		assert.Nil(t, c)
		assert.Error(t, err)
		var record tls.RecordHeaderError
		assert.ErrorAs(t, (<-s.accepted).err, &record)
	})
}

func TestAcceptTLSOrigin(t *testing.T) {
	for _, tt := range []struct {
		origin string
		ok     bool
	}{
		{"https://example.com", true},
		{"https://example.com:443", true},
		{"http://example.com", false},
		{"http://example.com:443", false},
		{"https://example.com:8443", false},
	} {
		t.Run("6455-10.2-1 "+tt.origin, func(t *testing.T) {
			s := newSecureServer(t, nil)
			c, err := s.dial(t, "wss://example.com/", &DialOptions{
				Origin: tt.origin, TLS: &tls.Config{RootCAs: certificate().pool},
			})
			if tt.ok {
				require.NoError(t, err)
				c.CloseNow()
				return
			}
			var answered *HandshakeError
			require.ErrorAs(t, err, &answered)
			assert.Equal(t, 403, answered.Response.Status)
			assert.Contains(t, string(answered.Response.Body), "only pages of the same host", "the refusal arrives whole under TLS too")
		})
	}
}

// A wss client and a server under net/http agree on HTTP/1.1, though the server
// would rather speak HTTP/2.
func TestUpgradeTLS(t *testing.T) {
	ch := make(chan accepted, 1)
	srv := httptest.NewUnstartedServer(upgrading(ch, nil))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	url := "wss" + strings.TrimPrefix(srv.URL, "https")
	c, _, err := Dial(patient(t), url, &DialOptions{Origin: srv.URL, TLS: &tls.Config{RootCAs: roots}})
	require.NoError(t, err)
	defer c.CloseNow()
	a := <-ch
	require.NoError(t, a.err)
	go echo(a.conn)
	requireEcho(t, c, "Hello")
	assert.NoError(t, c.Close(1000, ""))
	<-a.conn.Done()
	assert.True(t, asClose(t, a.conn.Err()).Clean)

	_, _, err = Dial(patient(t), url, &DialOptions{
		Origin: strings.Replace(srv.URL, "https", "http", 1), TLS: &tls.Config{RootCAs: roots},
	})
	assert.ErrorContains(t, err, "403", "6455-10.2-1: a page without TLS is of another origin")
	<-ch
}

// Under TLS a connection cannot wait without a buffer, so it waits with a small
// one.
func TestServeTLS(t *testing.T) {
	server, client := loopback(t)
	ch := accepting(patient(t), tls.Server(server, &tls.Config{Certificates: []tls.Certificate{certificate().cert}}), nil)
	secure := tls.Client(client, &tls.Config{ServerName: "example.com", RootCAs: certificate().pool})
	c, _, err := Client(patient(t), secure, "wss://example.com/", nil)
	require.NoError(t, err)
	a := <-ch
	require.NoError(t, a.err)
	assert.True(t, a.req.Secure)
	served := make(chan error, 1)
	go func() {
		served <- a.conn.Serve(context.Background(), Handler{Message: func(c *Conn, t MessageType, p []byte) {
			c.Write(context.Background(), t, p)
		}})
	}()
	for _, size := range []int{0, 1, 125, 126, smallBuffer, smallBuffer + 1, bufferSize, 1 << 20} {
		requireEcho(t, c, strings.Repeat("x", size))
	}
	c.CloseNow()
	<-served
	assert.Nil(t, a.conn.in.raw)
	assert.Len(t, a.conn.in.small.in, smallBuffer)
}
