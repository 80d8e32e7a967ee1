package rfc6455

import (
	"bufio"
	"bytes"
	"compress/flate"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/nettest"

	"example.com/ws101/handshake"
)

// taking is a Deflate that permits takeover on both sides.
func taking() *Deflate {
	return &Deflate{SendTakeover: true, ReceiveTakeover: true, Threshold: -1}
}

// Every set of parameters that two sides can agree on, asked for by either of
// them, carries bursts of messages in both directions.
func TestEveryAgreement(t *testing.T) {
	for _, asks := range roles {
		for _, send := range []int{8, 9, 10, 12, 15} {
			for _, receive := range []int{8, 9, 11, 14, 15} {
				for i := range 4 {
					asking := &Deflate{
						SendTakeover: i&1 != 0, ReceiveTakeover: i&2 != 0,
						SendWindowBits: send, ReceiveWindowBits: receive, Threshold: -1,
					}
					name := fmt.Sprintf("the %s asks for %d %d %t %t", asks.name, send, receive, asking.SendTakeover, asking.ReceiveTakeover)
					t.Run(name, func(t *testing.T) {
						so, do := &AcceptOptions{Options: quiet}, &DialOptions{Options: quiet}
						so.Deflate, do.Deflate = asking, taking()
						if asks.client {
							so.Deflate, do.Deflate = taking(), asking
						}
						server, client := dialog(t, pipePair, so, do)
						agreed, ok := client.Deflate()
						require.True(t, ok)
						want := asking.wish(asks.client)
						assert.Equal(t, want, agreed)
						atServer, _ := server.Deflate()
						assert.Equal(t, agreed, atServer)
						burst(t, server, client)
						burst(t, client, server)
						server.CloseNow()
						client.CloseNow()
					})
				}
			}
		}
	}
}

// burst sends messages of many lengths from one to the other.
func burst(t *testing.T, from, to *Conn) {
	random := newRandom()
	var sent [][]byte
	for _, n := range []int{0, 1, 16, 100, 255, 256, 257, 1000, 5000, random.IntN(40_000)} {
		sent = append(sent, text(random, n))
	}
	done := later(func() error {
		for _, p := range sent {
			if err := from.Write(forever, Text, p); err != nil {
				return err
			}
		}
		return nil
	})
	for i, want := range sent {
		_, got, err := to.Read(forever)
		require.NoError(t, err)
		require.Truef(t, bytes.Equal(want, got), "message %d, of %d bytes", i, len(want))
	}
	require.NoError(t, <-done)
}

// Nothing that we compress refers further back than the window allows, within a
// message and over several; without takeover nothing refers to a message before.
//
// Proves 7692-7.2.1-4, 7692-7.2.1-5, 7692-7.2.1-6.
func TestWindowIsHonest(t *testing.T) {
	for bits := 8; bits <= 15; bits++ {
		for _, level := range []int{1, 2, 6, flate.HuffmanOnly} {
			for _, takeover := range []bool{false, true} {
				t.Run(fmt.Sprintf("%d bits, level %d, takeover %t", bits, level, takeover), func(t *testing.T) {
					o := quiet
					o.Deflate = &Deflate{Level: level, Threshold: -1}
					s := &script{}
					c := role{}.deflating(s, o, handshake.Deflate{ServerMaxWindowBits: bits, ServerNoContextTakeover: !takeover})
					random := newRandom()
					model := &modelInflater{}
					farthest := 0
					for _, n := range []int{3000, 10, 200, 256, 1, 60, 700, 0, 1 << bits, 20_000, 300} {
						p := text(random, n)
						if level == 2 { // noise twice over, which is found again as far back as possible
							half := make([]byte, n/2)
							for i := range half {
								half[i] = byte(random.Uint32())
							}
							p = append(half, half...)
						}
						s.out.Reset()
						require.NoError(t, c.Write(forever, Binary, p))
						payload, compressed := payloads(t, s.out.Bytes())
						if !compressed {
							require.Equal(t, tohex(p), tohex(payload))
							continue
						}
						if !takeover {
							model = &modelInflater{}
						}
						got, err := model.message(payload)
						require.NoError(t, err)
						require.True(t, bytes.Equal(p, got))
						farthest = max(farthest, model.farthest)
					}
					assert.LessOrEqual(t, farthest, 1<<bits)
					if level == 6 {
						assert.Greater(t, farthest, min(1<<bits/2, 10_000), "it uses the window it has")
					}
				})
			}
		}
	}
}

// payloads puts the payloads of the frames of one message of a server together.
func payloads(t *testing.T, wire []byte) (payload []byte, compressed bool) {
	m := newMachine(false, &Options{MaxMessage: -1})
	m.state.Deflate = true
	for len(wire) > 0 {
		n, err := m.header(wire)
		require.NoError(t, err)
		require.NotZero(t, n)
		p := wire[n : n+int(m.left)]
		payload = append(payload, p...)
		wire = wire[n+len(p):]
		m.state = m.state.After(m.head)
	}
	require.False(t, m.state.Open != 0, "the message has ended")
	return payload, m.deflated
}

// Messages of many sizes, in pieces of many sizes, on every kind of socket, by
// every way to write and to read.
func TestDeflatedStreams(t *testing.T) {
	sizes := []int{0, 1, 20, 1000, 32 << 10, 100_000, 700_000}
	if testing.Short() {
		sizes = sizes[:6]
	}
	for _, s := range sockets {
		t.Run(s.name, func(t *testing.T) {
			so, do := &AcceptOptions{Options: quiet}, &DialOptions{Options: quiet}
			so.Deflate, do.Deflate = taking(), taking()
			server, client := dialog(t, s.make, so, do)
			go server.Serve(forever, Handler{Message: func(c *Conn, kind MessageType, p []byte) {
				c.Write(forever, kind, p)
			}})
			random := newRandom()
			for _, n := range sizes {
				p := text(random, n)
				if n == 700_000 {
					for i := range p {
						p[i] = byte(random.Uint32()) // what cannot be compressed
					}
				}
				sent := later(func() error {
					w, err := client.Writer(forever, Binary)
					for rest := p; err == nil && len(rest) > 0; {
						part := rest[:min(len(rest), 1+random.IntN(50_000))]
						rest = rest[len(part):]
						_, err = w.Write(part)
					}
					if err != nil {
						return err
					}
					return w.Close()
				})
				kind, r, err := client.Reader(forever)
				require.NoError(t, err)
				assert.Equal(t, Binary, kind)
				got, err := io.ReadAll(&chunkedReader{r})
				require.NoError(t, err)
				require.Truef(t, bytes.Equal(p, got), "%d bytes", n)
				require.NoError(t, <-sent)
			}
			require.NoError(t, client.Close(1000, ""))
		})
	}
}

// chunkedReader reads a little at a time.
type chunkedReader struct{ r io.Reader }

func (c *chunkedReader) Read(p []byte) (int, error) { return c.r.Read(p[:min(len(p), 777)]) }

func TestNetConnDeflates(t *testing.T) {
	for _, bits := range []int{0, 8} {
		for _, takeover := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d bits, takeover %t", bits, takeover), func(t *testing.T) {
				so, do := &AcceptOptions{Options: quiet}, &DialOptions{Options: quiet}
				so.Deflate = &Deflate{SendTakeover: takeover, SendWindowBits: bits, ReceiveTakeover: takeover, Threshold: -1}
				do.Deflate = taking()
				server, client := dialog(t, tcpPair, so, do)
				from, to := server.NetConn(Binary), client.NetConn(Binary)
				want := text(newRandom(), 200_000)
				for i := range want[:100_000] {
					want[i] = byte(newRandom().Uint32()) ^ want[i]*byte(i)
				}
				done := later(func() error {
					_, err := from.Write(want)
					return err
				})
				got := make([]byte, len(want))
				_, err := io.ReadFull(to, got)
				require.NoError(t, err)
				require.NoError(t, <-done)
				require.True(t, bytes.Equal(want, got))
				go from.Close()
				_, err = to.Read(got)
				assert.Equal(t, io.EOF, err)
			})
		}
	}
}

// The contract of net.Conn, with its deadlines at any moment, over compressed
// messages that refer to each other.
func TestNetConnContractDeflated(t *testing.T) {
	for i, s := range sockets {
		for _, agreed := range []handshake.Deflate{{}, alone} {
			t.Run(fmt.Sprintf("%s, takeover %t", s.name, agreed != alone), func(t *testing.T) {
				if (i > 0 || agreed == alone) && os.Getenv("WS101_FULL") == "" {
					t.Skip("much like the first; WS101_FULL=1 runs it")
				}
				t.Parallel() // it waits for deadlines
				nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
					a, b := s.make(t)
					o := Options{Deflate: taking()}
					c1 = role{}.deflating(a, o, agreed).NetConn(Binary)
					c2 = role{client: true}.deflating(b, o, agreed).NetConn(Binary)
					return c1, c2, func() { c1.Close(); c2.Close() }, nil
				})
			})
		}
	}
}

// What is asked for is in the request, and what the other side says about it is
// heeded.
func TestDeflateHandshake(t *testing.T) {
	for _, tt := range []struct {
		name        string
		ours        *Deflate
		request     string // what our client sends
		answer      string // what the server says
		wantFailure string
		want        bool
	}{
		{"7692-5-1 off by default", nil, "", "", "", false},
		{"6455-4.1-41 what was not offered", nil, "", "permessage-deflate", "not offered", false},
		{"7692-5-1 the zero value", &Deflate{},
			"permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits",
			"permessage-deflate; server_no_context_takeover", "", true},
		{"declined", &Deflate{},
			"permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits",
			"", "", false},
		{"everything is wished for", &Deflate{ReceiveWindowBits: 9, SendWindowBits: 10},
			"permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=10",
			"permessage-deflate; server_no_context_takeover; server_max_window_bits=10", "at most 9", false},
		{"7692-7-5 an unknown parameter", taking(), "permessage-deflate; client_max_window_bits", "permessage-deflate; x", "no parameter", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, b := pipe(t)
			var asked string
			server := later(func() error {
				req, err := handshake.ReadRequest(bufio.NewReader(a), handshake.Limits{})
				if err != nil {
					return err
				}
				asked = req.Header.Get("Sec-WebSocket-Extensions")
				answer, err := handshake.Accepted(req, handshake.Choice{})
				if err != nil {
					return err
				}
				if tt.answer != "" {
					answer.Header = append(answer.Header, handshake.Field{Name: "Sec-WebSocket-Extensions", Value: tt.answer})
				}
				_, err = a.Write(answer.Append(nil))
				return err
			})
			c, _, err := Client(forever, b, "ws://x/", &DialOptions{Options: Options{KeepAlive: -1, Deflate: tt.ours}})
			require.NoError(t, <-server)
			assert.Equal(t, tt.request, asked)
			if tt.wantFailure != "" {
				var e *HandshakeError
				require.ErrorAs(t, err, &e)
				assert.ErrorContains(t, err, tt.wantFailure)
				return
			}
			require.NoError(t, err)
			_, ok := c.Deflate()
			assert.Equal(t, tt.want, ok)
			c.CloseNow()
		})
	}
}

// The same under net/http.
//
// Proves 7692-5-2.
func TestDeflateUnderHTTP(t *testing.T) {
	for _, tt := range []struct {
		name string
		ours *Deflate
		want string
	}{
		{"off by default", nil, ""},
		{"on", &Deflate{}, "permessage-deflate; server_no_context_takeover; client_no_context_takeover"},
		{"no client can be limited by 8 bits here", &Deflate{ReceiveWindowBits: 8, ReceiveTakeover: true, SendTakeover: true}, "permessage-deflate; client_max_window_bits=8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if c, err := Upgrade(w, r, &AcceptOptions{Options: Options{Deflate: tt.ours}}); err == nil {
					c.Serve(context.Background(), Handler{Message: func(c *Conn, kind MessageType, p []byte) { c.Write(forever, kind, p) }})
				}
			}))
			defer srv.Close()
			c, resp, err := Dial(patient(t), "ws"+strings.TrimPrefix(srv.URL, "http"), &DialOptions{Options: Options{Deflate: taking()}})
			require.NoError(t, err)
			defer c.CloseNow()
			assert.Equal(t, tt.want, resp.Header.Get("Sec-WebSocket-Extensions"))
			require.NoError(t, c.Write(patient(t), Text, []byte("Hello")))
			_, p, err := c.Read(patient(t))
			require.NoError(t, err)
			assert.Equal(t, "Hello", string(p))
		})
	}
}

func TestDeflateOptionsAreChecked(t *testing.T) {
	for _, tt := range []struct {
		deflate *Deflate
		want    string
	}{
		{&Deflate{SendWindowBits: 7}, "a window of 7 bits"},
		{&Deflate{ReceiveWindowBits: 16}, "a window of 16 bits"},
		{&Deflate{Level: 10}, "no compression level 10"},
		{&Deflate{Level: -3}, "no compression level -3"},
	} {
		_, _, err := Dial(forever, "ws://x/", &DialOptions{Options: Options{Deflate: tt.deflate}})
		assert.ErrorContains(t, err, tt.want)
		a, b := net.Pipe()
		refused := later(func() error {
			_, _, err := Accept(forever, a, &AcceptOptions{Options: Options{Deflate: tt.deflate}})
			return err
		})
		_, resp, err := Client(forever, b, "ws://x/", &DialOptions{Options: Options{Deflate: &Deflate{}}})
		require.Error(t, err)
		assert.Equal(t, 500, resp.Status)
		assert.ErrorContains(t, <-refused, tt.want)
	}
}
