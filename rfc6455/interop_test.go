package rfc6455

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	xws "golang.org/x/net/websocket"

	"example.com/ws101/frames"
)

// An implementation that shares no code with ours: golang.org/x/net/websocket,
// over TCP, on either side.

// interopSizes are payload lengths in each of the three forms, up to the limit.
var interopSizes = []int{0, 1, 125, 126, 4096, 65535, 65536, 1 << 20}

// control sends frames that x/net has no function for.
func control(payloadType byte) xws.Codec {
	return xws.Codec{Marshal: func(v any) ([]byte, byte, error) { return v.([]byte), payloadType, nil }}
}

// theirServer runs a server of x/net and connects to it with our client.
func theirServer(t *testing.T, h func(*xws.Conn)) *Conn {
	srv := httptest.NewServer(xws.Handler(func(ws *xws.Conn) {
		ws.MaxPayloadBytes = 2 << 20
		h(ws)
	}))
	t.Cleanup(srv.Close)
	c, _, err := Dial(patient(t), "ws"+strings.TrimPrefix(srv.URL, "http"), &DialOptions{
		Origin: "http://example.com", // without one x/net refuses
	})
	require.NoError(t, err)
	t.Cleanup(c.CloseNow)
	return c
}

// theirClient runs our server, raw or under net/http, and connects to it with
// the client of x/net.
func theirClient(t *testing.T, underHTTP bool, h func(*Conn)) *xws.Conn {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	origin := "http://" + l.Addr().String() // x/net always sends one
	if underHTTP {
		srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if c, err := Upgrade(w, r, nil); err == nil {
				h(c)
			}
		})}
		go srv.Serve(l)
		t.Cleanup(func() { srv.Close() })
	} else {
		t.Cleanup(func() { l.Close() })
		go func() {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			if c, _, err := Accept(context.Background(), nc, nil); err == nil {
				h(c)
			}
		}()
	}
	ws, err := xws.Dial("ws://"+l.Addr().String()+"/chat", "", origin)
	require.NoError(t, err)
	t.Cleanup(func() { ws.Close() })
	ws.MaxPayloadBytes = 2 << 20
	return ws
}

// theirEcho answers each message with itself, in the type in which it came.
func theirEcho(ws *xws.Conn) {
	codec := xws.Codec{
		Marshal: func(v any) ([]byte, byte, error) { m := v.(message); return []byte(m.data), byte(m.t), nil },
		Unmarshal: func(p []byte, payloadType byte, v any) error {
			*v.(*message) = message{MessageType(payloadType), string(p)}
			return nil
		},
	}
	for {
		var m message
		if codec.Receive(ws, &m) != nil || codec.Send(ws, m) != nil {
			return
		}
	}
}

func TestInteropOurClient(t *testing.T) {
	ctx := context.Background()
	t.Run("6455-6.1-8 messages of any size", func(t *testing.T) {
		c := theirServer(t, theirEcho)
		for _, size := range interopSizes {
			for _, typ := range []MessageType{Text, Binary} {
				sent := bytes.Repeat([]byte{'x'}, size)
				require.NoError(t, c.Write(ctx, typ, sent))
				gotType, got, err := c.Read(ctx)
				require.NoError(t, err, "%v of %d bytes", typ, size)
				assert.Equal(t, typ, gotType)
				assert.True(t, bytes.Equal(sent, got), "%v of %d bytes", typ, size)
			}
		}
	})
	t.Run("6455-5.3-5 every byte is masked and unmasked", func(t *testing.T) {
		c := theirServer(t, theirEcho)
		for size := range 300 {
			sent := make([]byte, size)
			for i := range sent {
				sent[i] = byte(i * 7)
			}
			require.NoError(t, c.Write(ctx, Binary, sent))
			_, got, err := c.Read(ctx)
			require.NoError(t, err)
			require.True(t, bytes.Equal(sent, got), "%d bytes", size)
		}
	})
	t.Run("6455-5.4-5 a message that we send in fragments", func(t *testing.T) {
		// x/net hands out each frame by itself, so it is read as a stream.
		total := make(chan string, 1)
		c := theirServer(t, func(ws *xws.Conn) {
			b, _ := io.ReadAll(ws)
			total <- string(b)
		})
		w, err := c.Writer(ctx, Text)
		require.NoError(t, err)
		var want strings.Builder
		for i := range 20_000 {
			_, err := fmt.Fprintf(io.MultiWriter(w, &want), "%d ü,", i)
			require.NoError(t, err)
		}
		require.NoError(t, w.Close())
		c.Close(1000, "")
		assert.True(t, want.String() == <-total)
	})
	t.Run("6455-5.5.2-1 our Ping", func(t *testing.T) {
		c := theirServer(t, theirEcho)
		go c.Read(ctx)
		for range 3 {
			rtt, err := c.Ping(patient(t))
			require.NoError(t, err)
			assert.Positive(t, rtt)
		}
	})
	t.Run("6455-5.5.3-1 their Ping", func(t *testing.T) {
		pong := make(chan string, 1)
		c := theirServer(t, func(ws *xws.Conn) {
			if control(xws.PingFrame).Send(ws, []byte("are you there?")) != nil {
				return
			}
			// x/net keeps Pongs to itself: what comes first behind it is awaited.
			var s string
			xws.Message.Receive(ws, &s)
			pong <- s
			xws.Message.Send(ws, "thanks")
		})
		read := make(chan error, 1)
		go func() {
			_, p, err := c.Read(ctx)
			if err == nil && string(p) != "thanks" {
				err = errors.New(string(p))
			}
			read <- err
		}()
		require.NoError(t, c.Write(ctx, Text, []byte("yes")))
		assert.Equal(t, "yes", <-pong)
		assert.NoError(t, <-read)
	})
	t.Run("6455-7.1.2-1 our Close, which they answer by closing", func(t *testing.T) {
		c := theirServer(t, func(ws *xws.Conn) {
			io.Copy(io.Discard, ws)
			ws.Close() // sends a Close frame
		})
		assert.NoError(t, c.Close(1000, "bye"))
		assert.Equal(t, frames.CloseNormal, asClose(t, c.Err()).Code)
	})
	t.Run("6455-7.1.5-1 our Close, which they do not answer", func(t *testing.T) {
		c := theirServer(t, func(ws *xws.Conn) { io.Copy(io.Discard, ws) })
		e := asClose(t, c.Close(1000, "bye"))
		assert.False(t, e.Clean)
		assert.Equal(t, frames.CloseAbnormal, e.Code)
		assert.ErrorIs(t, e, io.ErrUnexpectedEOF)
	})
	t.Run("6455-5.5.1-5 their Close", func(t *testing.T) {
		c := theirServer(t, func(ws *xws.Conn) {
			xws.Message.Send(ws, "bye")
			ws.Close()
		})
		_, p, err := c.Read(ctx)
		require.NoError(t, err)
		assert.Equal(t, "bye", string(p))
		_, _, err = c.Read(ctx)
		e := asClose(t, err)
		assert.True(t, e.Remote)
		assert.Equal(t, frames.CloseNormal, e.Code)
	})
	t.Run("6455-4.1-37 their refusal", func(t *testing.T) {
		srv := httptest.NewServer(xws.Handler(theirEcho))
		defer srv.Close()
		_, _, err := Dial(patient(t), "ws"+strings.TrimPrefix(srv.URL, "http"), nil) // no Origin
		var answered *HandshakeError
		require.ErrorAs(t, err, &answered)
		assert.Equal(t, 403, answered.Response.Status)
	})
}

func TestInteropOurServer(t *testing.T) {
	for _, underHTTP := range []bool{false, true} {
		name := map[bool]string{false: "raw", true: "under net/http"}[underHTTP]
		t.Run(name+"/6455-6.1-8 messages of any size", func(t *testing.T) {
			ws := theirClient(t, underHTTP, func(c *Conn) { c.Serve(context.Background(), echoing) })
			for _, size := range interopSizes {
				text := strings.Repeat("x", size)
				require.NoError(t, xws.Message.Send(ws, text))
				var gotText string
				require.NoError(t, xws.Message.Receive(ws, &gotText))
				assert.True(t, text == gotText, "text of %d bytes", size)

				require.NoError(t, xws.Message.Send(ws, []byte(text)))
				var gotBytes []byte
				require.NoError(t, xws.Message.Receive(ws, &gotBytes))
				assert.True(t, text == string(gotBytes), "binary of %d bytes", size)
			}
		})
		t.Run(name+"/6455-5.4-5 a message that we send in fragments", func(t *testing.T) {
			want := strings.Repeat("fragment, ", 20_000)
			ws := theirClient(t, underHTTP, func(c *Conn) {
				w, err := c.Writer(context.Background(), Text)
				if err != nil {
					return
				}
				io.WriteString(w, want)
				w.Close()
				c.Close(1000, "")
			})
			got, err := io.ReadAll(ws)
			require.NoError(t, err)
			assert.True(t, want == string(got))
		})
		t.Run(name+"/6455-5.5.2-1 our Ping and theirs", func(t *testing.T) {
			rtt := make(chan error, 1)
			ws := theirClient(t, underHTTP, func(c *Conn) {
				go func() {
					_, err := c.Ping(context.Background())
					rtt <- err
				}()
				c.Serve(context.Background(), echoing)
			})
			require.NoError(t, control(xws.PingFrame).Send(ws, []byte("p")))
			require.NoError(t, xws.Message.Send(ws, "Hello"))
			var got string
			require.NoError(t, xws.Message.Receive(ws, &got)) // and answers our Ping
			assert.Equal(t, "Hello", got)
			go io.Copy(io.Discard, ws)
			assert.NoError(t, <-rtt)
		})
		t.Run(name+"/6455-5.5.1-5 their Close", func(t *testing.T) {
			ended := make(chan error, 1)
			ws := theirClient(t, underHTTP, func(c *Conn) { ended <- c.Serve(context.Background(), echoing) })
			require.NoError(t, ws.Close())
			e := asClose(t, <-ended)
			assert.True(t, e.Remote)
			assert.Equal(t, frames.CloseNormal, e.Code)
		})
		t.Run(name+"/6455-7.1.2-1 our Close", func(t *testing.T) {
			closed := make(chan error, 1)
			ws := theirClient(t, underHTTP, func(c *Conn) { closed <- c.Close(1000, "bye") })
			_, err := io.ReadAll(ws)
			require.NoError(t, err, "x/net takes a Close frame for the end of the stream")
			require.NoError(t, ws.Close())
			assert.NoError(t, <-closed)
		})
	}
	t.Run("6455-10.2-2 our refusal", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
		done := make(chan error, 1)
		go func() {
			nc, err := l.Accept()
			if err == nil {
				_, _, err = Accept(context.Background(), nc, nil)
			}
			done <- err
		}()
		_, err = xws.Dial("ws://"+l.Addr().String(), "", "http://evil.example")
		assert.ErrorContains(t, err, "bad status")
		assert.Error(t, <-done)
	})
}
