package rfc6455

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/frames"
)

// Every way to send something, and the bits of the frames that leave, read by
// hand.
func TestBitsOfWhatIsSent(t *testing.T) {
	for _, r := range roles {
		t.Run("6455-5.1-1 6455-5.1-3 6455-5.2-1 6455-5.3-1 6455-5.5-2 6455-5.5.1-3 6455-6.1-5 6455-6.1-6 6455-6.1-7 "+r.name, func(t *testing.T) {
			r.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
				sendEverything(t, r, c, p)
				mask := byte(0)
				if r.client {
					mask = 0x80
				}
				var first []byte
				for b := unhex(p.heard()); len(b) > 0; {
					require.Equal(t, mask, b[1]&0x80, "MASK of % x", b[:2])
					first = append(first, b[0])
					h, n, err := frames.ParseHeader(b)
					require.NoError(t, err)
					b = b[n+int(h.Length):]
				}
				assert.Equal(t, "81 82 02 00 80 81 89 8a 88", tohex(first),
					"FIN, three reserved bits of 0, and the opcode")
			})
		})
	}
}

// sendEverything sends text, binary, a message in three fragments, a prepared
// one, a Ping, a Pong and a Close frame.
func sendEverything(t *testing.T, r role, c *Conn, p *peer) {
	startReading(c)
	require.NoError(t, c.Write(forever, Text, []byte("text")))
	require.NoError(t, c.Write(forever, Binary, pattern(65536)))
	w, err := c.Writer(forever, Binary)
	require.NoError(t, err)
	_, err = w.Write(pattern(2*fragmentSize + 1))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	m, err := Prepare(Text, []byte("prepared"))
	require.NoError(t, err)
	require.NoError(t, c.WritePrepared(forever, m))
	ctx, cancel := context.WithCancel(forever)
	pinged := later(func() error { _, err := c.Ping(ctx); return err })
	synctest.Wait()
	cancel()
	require.ErrorIs(t, <-pinged, context.Canceled)
	p.send(r.frame(0x89, "answer this"))
	synctest.Wait()
	go c.Close(1000, "bye")
}

func TestMaskingKeysComeFromCryptoRand(t *testing.T) {
	c := newConn(&script{in: bytes.NewReader(nil)}, true, "", nil, nil, &quiet)
	defer c.CloseNow()
	assert.True(t, c.out.client.rand() == rand.Reader, "6455-5.3-3 6455-10.3-1 with no option set")
}

// Headers that break a rule whatever comes behind them, and what the peer hears
// of it.
func TestBrokenHeaderEndsTheConnection(t *testing.T) {
	for _, test := range []struct {
		name string
		r    role
		wire string
		rule string
	}{
		{"6455-5.1-2 not masked", role{client: false}, "81 00", "6455-5.1-2"},
		{"6455-5.1-2 a Close frame that is not masked", role{client: false}, "88 00", "6455-5.1-2"},
		{"6455-5.1-4 masked", role{client: true}, "81 80 37 fa 21 3d", "6455-5.1-4"},
		{"6455-5.1-4 a Close frame that is masked", role{client: true}, "88 80 37 fa 21 3d", "6455-5.1-4"},
		{"6455-5.2-4 the top bit of the length, to a server", role{client: false}, "82 ff 80 00 00 00 00 00 00 00 37 fa 21 3d", "6455-5.2-4"},
		{"6455-5.2-4 the top bit of the length, to a client", role{client: true}, "82 7f 80 00 00 00 00 00 00 00", "6455-5.2-4"},
		{"6455-5.2-5 a length too long, to a server", role{client: false}, "81 fe 00 05 37 fa 21 3d", "6455-5.2-5"},
		{"6455-5.2-5 a length too long, to a client", role{client: true}, "81 7e 00 05", "6455-5.2-5"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.r.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
				read := startReading(c)
				p.send(unhex(test.wire))
				told := p.heard()
				assert.Equal(t, !test.r.client, p.hungUp(), "the server closes TCP first")
				p.nc.Close()
				e := read.ended(t)
				assert.Equal(t, test.rule, asRule(t, e).Rule)
				assert.Equal(t, test.r.ownClose(1002, asRule(t, e).Text), told)
				assert.Empty(t, read.messages())
				<-c.Done()
			})
		})
	}
}

// A close code that may not be sent is refused with the row that forbids it.
func closeRule(n CloseCode) string {
	switch n {
	case 1005:
		return "6455-7.4.1-1"
	case 1006:
		return "6455-7.4.1-2"
	case 1015:
		return "6455-7.4.1-3"
	}
	return "6455-7.4.2-1"
}

// A client that is served under TLS, with all that crosses the wire written
// down in both directions.
func TestTLSBothWays(t *testing.T) {
	server, client := loopback(t)
	tap := &bothWays{Conn: server}
	done := accepting(patient(t), tls.Server(tap, &tls.Config{Certificates: []tls.Certificate{certificate().cert}}), nil)
	secure := tls.Client(client, &tls.Config{ServerName: "example.com", RootCAs: certificate().pool})
	c, _, err := Client(patient(t), secure, "wss://example.com/chat", nil)
	require.NoError(t, err)
	defer c.CloseNow()
	a := <-done
	require.NoError(t, a.err)
	go echo(a.conn)
	secret := strings.Repeat("the plain truth ", 100)
	requireEcho(t, c, secret)
	require.NoError(t, c.Close(1000, "why it ends"))
	<-a.conn.Done()

	in, out := tap.wire()
	assert.Equal(t, byte(0x16), in[0], "TLS comes first")
	assert.Equal(t, byte(0x16), out[0], "TLS comes first")
	for _, plain := range []string{"GET ", "HTTP/1.1", "websocket", "the plain truth", "why it ends"} {
		assert.NotContains(t, string(in), plain, "6455-4.1-15 6455-4.2.2-2 from the client")
		assert.NotContains(t, string(out), plain, "6455-4.1-15 6455-4.2.2-2 from the server")
	}
}

// bothWays writes down what is read from a socket and what is written to it.
type bothWays struct {
	net.Conn
	mu      sync.Mutex
	in, out bytes.Buffer
}

func (b *bothWays) Read(p []byte) (int, error) {
	n, err := b.Conn.Read(p)
	b.mu.Lock()
	b.in.Write(p[:n])
	b.mu.Unlock()
	return n, err
}

func (b *bothWays) Write(p []byte) (int, error) {
	b.mu.Lock()
	b.out.Write(p)
	b.mu.Unlock()
	return b.Conn.Write(p)
}

func (b *bothWays) wire() (in, out []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Clone(b.in.Bytes()), bytes.Clone(b.out.Bytes())
}
