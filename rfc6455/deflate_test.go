package rfc6455

import (
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/frames"
	"example.com/ws101/handshake"
)

// deflating makes a connection in this role on which permessage-deflate was
// agreed on with these parameters.
func (r role) deflating(nc net.Conn, o Options, agreed handshake.Deflate) *Conn {
	if o.Rand == nil && r.client {
		o.Rand = fixedKeys(rfcKey)
	}
	if o.Deflate == nil {
		o.Deflate = &Deflate{}
	}
	return newConn(nc, r.client, "", newDeflation(o.Deflate, agreed, r.client), nil, &o)
}

// bothDeflating is both with compression. The zero Deflate has context takeover
// on both sides.
func bothDeflating(t *testing.T, o Options, agreed handshake.Deflate, test func(t *testing.T, r role, c *Conn, p *peer)) {
	t.Helper()
	for _, r := range roles {
		t.Run(r.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := net.Pipe()
				c := r.deflating(a, o, agreed)
				p := newPeer(t, b)
				defer b.Close()
				defer c.CloseNow()
				test(t, r, c, p)
			})
		})
	}
}

// alone is no context takeover on either side.
var alone = handshake.Deflate{ServerNoContextTakeover: true, ClientNoContextTakeover: true}

// deflated is a first byte with RSV1.
const deflated = 0x40

// Proves 7692-6.1-5, 7692-7.2.2-1.
func TestReadDeflated(t *testing.T) {
	bothDeflating(t, quiet, handshake.Deflate{}, func(t *testing.T, r role, c *Conn, p *peer) {
		got := startReading(c)
		send := func(b0 byte, payload string) { p.send(r.frame(b0, string(unhex(payload)))) }
		send(0x81|deflated, helloFixed)
		send(0x81|deflated, helloAgain)
		send(0x82|deflated, helloFinal)
		p.send(r.frame(0x81, "plain"))
		send(0x81|deflated, helloStored)
		send(0x82|deflated, "00")
		// In fragments, with a Ping and an empty one between.
		send(0x01|deflated, "f2 48 cd")
		p.send(r.frame(0x89, "ping"))
		send(0x00, "")
		send(0x80, "c9 c9 07 00")
		send(0x01|deflated, "")
		send(0x80, helloFixed)
		assert.Equal(t, []message{
			{Text, "Hello"}, {Text, "Hello"}, {Binary, "Hello"}, {Text, "plain"}, {Text, "Hello"}, {Binary, ""}, {Text, "Hello"}, {Text, "Hello"},
		}, got.messages())
		assert.Equal(t, r.own(0x8a, "ping"), p.heard())
	})
}

// The bytes we send.
//
// Proves 7692-6.1-1, 7692-6.1-5, 7692-7.2.1-1.
func TestWriteDeflated(t *testing.T) {
	every := quiet
	every.Deflate = &Deflate{Threshold: -1, Level: 6}
	write := func(t *testing.T, c *Conn, p *peer, s string) string {
		require.NoError(t, c.Write(forever, Text, []byte(s)))
		return p.heard()
	}
	own := func(r role, b0 byte, payload string) string { return r.own(b0, string(unhex(payload))) }
	t.Run("with takeover", func(t *testing.T) {
		bothDeflating(t, every, handshake.Deflate{}, func(t *testing.T, r role, c *Conn, p *peer) {
			assert.Equal(t, own(r, 0x81|deflated, helloFixed), write(t, c, p, "Hello"))
			assert.Equal(t, own(r, 0x81|deflated, helloMatch), write(t, c, p, "Hello"))
			assert.Equal(t, own(r, 0x81|deflated, "00"), write(t, c, p, ""))
			// It was not compressed, so the next one cannot refer to it.
			require.NoError(t, c.WriteUncompressed(forever, Text, []byte("secret")))
			assert.Equal(t, r.own(0x81, "secret"), p.heard())
			assert.Equal(t, own(r, 0x81|deflated, helloMatch), write(t, c, p, "Hello"))
		})
	})
	t.Run("7692-7.1.1.1-2 7692-7.2.1-5 without takeover", func(t *testing.T) {
		bothDeflating(t, every, alone, func(t *testing.T, r role, c *Conn, p *peer) {
			long := strings.Repeat("Hello", 3)
			first := write(t, c, p, long)
			assert.Equal(t, first, write(t, c, p, long))
			assert.Equal(t, r.own(0x81, "Hello"), write(t, c, p, "Hello"), "it would not become shorter")
		})
	})
	t.Run("a threshold", func(t *testing.T) {
		some := quiet
		some.Deflate = &Deflate{Threshold: 10}
		bothDeflating(t, some, handshake.Deflate{}, func(t *testing.T, r role, c *Conn, p *peer) {
			assert.Equal(t, r.own(0x81, "123456789"), write(t, c, p, "123456789"))
			assert.NotEqual(t, r.own(0x81, "1234567890"), write(t, c, p, "1234567890"))
		})
		assert.False(t, roles[0].deflating(nil, quiet, alone).compressed(DefaultThreshold-1))
		assert.True(t, roles[0].deflating(nil, quiet, alone).compressed(DefaultThreshold))
		assert.False(t, roles[0].deflating(nil, quiet, handshake.Deflate{}).compressed(DefaultTakeoverThreshold-1))
		assert.True(t, roles[0].deflating(nil, quiet, handshake.Deflate{}).compressed(DefaultTakeoverThreshold))
	})
	t.Run("a writer", func(t *testing.T) {
		bothDeflating(t, every, handshake.Deflate{}, func(t *testing.T, r role, c *Conn, p *peer) {
			w, err := c.Writer(forever, Text)
			require.NoError(t, err)
			for _, part := range []string{"He", "", "llo"} {
				_, err := io.WriteString(w, part)
				require.NoError(t, err)
			}
			require.NoError(t, w.Close())
			assert.Equal(t, own(r, 0x81|deflated, helloFixed), p.heard())
			w, err = c.WriterUncompressed(forever, Text)
			require.NoError(t, err)
			io.WriteString(w, "Hello")
			require.NoError(t, w.Close())
			assert.Equal(t, r.own(0x81, "Hello"), p.heard())
		})
	})
}

// A message that takes several frames says so once, and loses its last four
// bytes once. Control frames between them and after it say nothing.
func TestWriteDeflatedFragments(t *testing.T) {
	every := quiet
	every.Deflate = &Deflate{Threshold: -1}
	noise := make([]byte, 3*bufferSize)
	random := newRandom()
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	bothDeflating(t, every, handshake.Deflate{}, func(t *testing.T, r role, c *Conn, p *peer) {
		startReading(c) // who answers pings
		w, err := c.Writer(forever, Binary)
		require.NoError(t, err)
		_, err = w.Write(noise)
		require.NoError(t, err)
		p.send(r.frame(0x89, "ping"))
		synctest.Wait()
		require.NoError(t, w.Close())
		c.Close(1000, "")

		var data, control []byte // the first byte of each frame
		var payload []byte
		for wire := unhex(p.heard()); len(wire) > 0; {
			h, n, err := frames.ParseHeader(wire)
			require.NoError(t, err)
			body := wire[n : n+int(h.Length)]
			frames.Mask(h.MaskKey, 0, body) // the key of a server is zero
			if h.Opcode.IsControl() {
				control = append(control, wire[0])
			} else {
				data = append(data, wire[0])
				payload = append(payload, body...)
			}
			wire = wire[n+int(h.Length):]
		}
		got, err := io.ReadAll(flate.NewReader(bytes.NewReader(append(payload, messageEnd...))))
		require.NoError(t, err)
		assert.True(t, bytes.Equal(noise, got), "7692-7.2.1-2 put together they are one DEFLATE stream")
		assert.Equal(t, "42 00 00 80", tohex(data), "7692-6.1-1 7692-6.1-2 RSV1 is on the first frame only")
		assert.Equal(t, "8a 88", tohex(control), "7692-6.1-2 RSV1 is on no control frame")
	})
}

func TestDeflatedMistakes(t *testing.T) {
	for _, tt := range []struct {
		name, rule string
		code       CloseCode
		frames     func(r role) [][]byte
	}{
		{"7692-6.1-3 RSV1 on a ping", "7692-6.1-3", 1002, func(r role) [][]byte {
			return [][]byte{r.frame(0x89|deflated, "")}
		}},
		{"7692-6.1-3 RSV1 on a pong", "7692-6.1-3", 1002, func(r role) [][]byte {
			return [][]byte{r.frame(0x8a|deflated, "")}
		}},
		{"7692-6.1-3 RSV1 on a Close", "7692-6.1-3", 1002, func(r role) [][]byte {
			return [][]byte{r.frame(0x88|deflated, "\x03\xe8")}
		}},
		{"7692-6.1-3 RSV1 on a fragment of a message without it", "7692-6.1-3", 1002, func(r role) [][]byte {
			return [][]byte{r.frame(0x01, "a"), r.frame(0x80|deflated, string(unhex(helloFixed)))}
		}},
		{"6455-5.2-2 RSV2", "6455-5.2-2", 1002, func(r role) [][]byte {
			return [][]byte{r.frame(0x81|0x20, "")}
		}},
		{"6455-5.2-2 RSV3 beside RSV1", "6455-5.2-2", 1002, func(r role) [][]byte {
			return [][]byte{r.frame(0x81|deflated|0x10, string(unhex(helloFixed)))}
		}},
		{"7692-6.2-1 no payload at all", "7692-6.2-1", 1007, func(r role) [][]byte {
			return [][]byte{r.frame(0x81|deflated, "")}
		}},
		{"7692-6.2-1 something behind the end", "7692-6.2-1", 1007, func(r role) [][]byte {
			return [][]byte{r.frame(0x81|deflated, string(unhex(helloFixed))+"rest")}
		}},
		{"7692-6.1-3 RSV1 on a later fragment", "7692-6.1-3", 1002, func(r role) [][]byte {
			return [][]byte{r.frame(0x01|deflated, "\xf2"), r.frame(0x80|deflated, "\x48")}
		}},
		{"7692-6.2-1 not DEFLATE", "7692-6.2-1", 1007, func(r role) [][]byte {
			return [][]byte{r.frame(0x82|deflated, "Hello")}
		}},
		{"7692-6.2-1 cut off", "7692-6.2-1", 1007, func(r role) [][]byte {
			return [][]byte{r.frame(0x82|deflated, string(unhex("f2 48 cd")))}
		}},
		{"7692-6.1-4 text that is not UTF-8 when it is inflated", "6455-8.1-1", 1007, func(r role) [][]byte {
			return [][]byte{r.frame(0x81|deflated, string(compressedBy(6, []byte("a\xff"))))}
		}},
		{"7692-6.1-4 text that ends in the middle of a character", "6455-8.1-1", 1007, func(r role) [][]byte {
			return [][]byte{r.frame(0x81|deflated, string(compressedBy(6, []byte("a\xc3"))))}
		}},
		{"7692-6.1-4 text that is broken by its second fragment", "6455-8.1-1", 1007, func(r role) [][]byte {
			p := string(compressedBy(6, []byte("a\xc3a")))
			return [][]byte{r.frame(0x01|deflated, p[:2]), r.frame(0x80, p[2:])}
		}},
		{"7692-8-1 it inflates to more than the limit", "6455-10.4-1", 1009, func(r role) [][]byte {
			return [][]byte{r.frame(0x82|deflated, string(compressedBy(6, make([]byte, 1<<20+1))))}
		}},
		{"7692-8-1 the limit holds before the message has come whole", "6455-10.4-1", 1009, func(r role) [][]byte {
			p := compressedBy(6, make([]byte, 8<<20))
			return [][]byte{r.frame(0x02|deflated, string(p[:2000]))}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bothDeflating(t, quiet, handshake.Deflate{}, func(t *testing.T, r role, c *Conn, p *peer) {
				got := startReading(c)
				for _, f := range tt.frames(r) {
					p.nc.Write(f)
				}
				heard := unhex(p.heard())
				require.Greater(t, len(heard), 1)
				assert.EqualValues(t, 0x88, heard[0])
				p.nc.Close()
				e := got.ended(t)
				assert.Equal(t, tt.rule, asRule(t, e).Rule)
				assert.Equal(t, tt.code, e.Sent)
				assert.Empty(t, got.messages())
			})
		})
	}
	t.Run("6455-5.2-2 RSV1 where nothing was agreed on", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			got := startReading(c)
			p.nc.Write(r.frame(0x81|deflated, string(unhex(helloFixed))))
			p.heard()
			p.nc.Close()
			assert.Equal(t, "6455-5.2-2", asRule(t, got.ended(t)).Rule)
		})
	})
}

// Characters may be cut anywhere: by a fragment, by a block, by a bit.
func TestDeflatedTextInFragments(t *testing.T) {
	const want = "你好, wörld 😀 你好"
	payload := string(compressedBy(6, []byte(want)))
	bothDeflating(t, quiet, handshake.Deflate{}, func(t *testing.T, r role, c *Conn, p *peer) {
		got := startReading(c)
		for cut := range len(payload) + 1 {
			p.send(r.frame(0x01|deflated, payload[:cut]))
			p.send(r.frame(0x80, payload[cut:]))
		}
		var all []byte
		for i, b := range []byte(payload) {
			b0 := byte(0x00)
			if i == 0 {
				b0 = 0x01 | deflated
			}
			all = append(all, r.frame(b0, string([]byte{b}))...)
		}
		p.send(append(all, r.frame(0x80, "")...))
		messages := got.messages()
		require.Len(t, messages, len(payload)+2, "7692-6.1-4")
		for _, m := range messages {
			assert.Equal(t, message{Text, want}, m)
		}
	})
}

func TestDeflatedLimitIsExact(t *testing.T) {
	small := quiet
	small.MaxMessage = 1000
	bothDeflating(t, small, handshake.Deflate{}, func(t *testing.T, r role, c *Conn, p *peer) {
		got := startReading(c)
		p.send(r.frame(0x82|deflated, string(compressedBy(6, make([]byte, 1000)))))
		require.Len(t, got.messages(), 1)
		p.nc.Write(r.frame(0x82|deflated, string(compressedBy(6, make([]byte, 1001)))))
		p.heard()
		p.nc.Close()
		assert.EqualValues(t, 1009, got.ended(t).Sent)
	})
}

// A Read whose context ends in the middle of a compressed message leaves the
// connection as it was, at whatever byte that is.
func TestDeflatedReadGivesUpAtEveryByte(t *testing.T) {
	bothDeflating(t, quiet, handshake.Deflate{}, func(t *testing.T, r role, c *Conn, p *peer) {
		want := string(text(newRandom(), 300))
		payload := string(compressedBy(6, []byte(want)))
		message := append(r.frame(0x01|deflated, payload[:50]), r.frame(0x80, payload[50:])...)
		for _, b := range message[:len(message)-1] {
			go p.send([]byte{b})
			ctx, cancel := context.WithTimeout(forever, time.Millisecond)
			_, _, err := c.Read(ctx)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			cancel()
		}
		go p.send(message[len(message)-1:])
		_, got, err := c.Read(forever)
		require.NoError(t, err)
		assert.Equal(t, want, string(got))
		assert.Nil(t, c.inflate)
	})
}

// What a stream has given when its context ends is not given again.
func TestDeflatedReaderGivesUp(t *testing.T) {
	bothDeflating(t, quiet, handshake.Deflate{}, func(t *testing.T, r role, c *Conn, p *peer) {
		ctx, cancel := context.WithCancel(forever)
		// The first part ends in a flush, so all of it can be inflated.
		first, second := string(unhex("f2 48 05 00 00 00 ff ff")), string(unhex("ca c9 c9 07 00"))
		go p.send(r.frame(0x01|deflated, first))
		_, stream, err := c.Reader(ctx)
		require.NoError(t, err)
		buf := make([]byte, 10)
		n, err := stream.Read(buf)
		require.NoError(t, err)
		assert.Equal(t, "He", string(buf[:n]), "it does not wait for the rest")
		cancel()
		_, err = stream.Read(buf)
		require.ErrorIs(t, err, context.Canceled)

		go p.send(append(r.frame(0x80, second), r.frame(0x81|deflated, string(unhex(helloAgain)))...))
		kind, rest, err := c.Read(forever) // the next message: the rest is skipped
		require.NoError(t, err)
		assert.Equal(t, message{Text, "Hello"}, message{kind, string(rest)})
	})
}

// A connection that ends in the middle of a compressed message leaves no
// coroutine behind, which the bubble would notice.
func TestDeflatedEndInTheMiddle(t *testing.T) {
	for _, end := range []struct {
		name string
		end  func(c *Conn, p *peer)
	}{
		{"CloseNow", func(c *Conn, p *peer) { c.CloseNow() }},
		{"the peer hangs up", func(c *Conn, p *peer) { p.nc.Close() }},
		{"Close", func(c *Conn, p *peer) { c.Close(1000, "") }},
	} {
		for _, reads := range []bool{false, true} {
			t.Run(fmt.Sprint(end.name, ", somebody reads: ", reads), func(t *testing.T) {
				bothDeflating(t, quiet, handshake.Deflate{}, func(t *testing.T, r role, c *Conn, p *peer) {
					go p.send(r.frame(0x01|deflated, "\xf2\x48"))
					ctx, cancel := context.WithTimeout(forever, time.Second)
					defer cancel()
					_, _, err := c.Read(ctx)
					require.ErrorIs(t, err, context.DeadlineExceeded)
					require.NotNil(t, c.inflate.resume)
					var got *reading
					if reads {
						got = startReading(c)
						synctest.Wait()
					}
					end.end(c, p)
					synctest.Wait()
					if reads {
						got.ended(t)
					} else {
						_, _, err := c.Read(forever)
						asClose(t, err)
					}
					assert.Nil(t, c.inflate)
				})
			})
		}
	}
}

func TestIdleConnectionHoldsNothing(t *testing.T) {
	long := string(text(newRandom(), 1000))
	exchange := func(t *testing.T, r role, c *Conn, p *peer) {
		got := startReading(c)
		p.send(r.frame(0x81|deflated, string(compressedBy(6, []byte(long)))))
		require.Equal(t, []message{{Text, long}}, got.messages())
		require.NoError(t, c.Write(forever, Text, []byte(long)))
		assert.Less(t, len(p.heard())/3, 400)
		assert.Nil(t, c.inflate)
	}
	t.Run("without takeover", func(t *testing.T) {
		bothDeflating(t, quiet, alone, func(t *testing.T, r role, c *Conn, p *peer) {
			exchange(t, r, c, p)
			assert.Nil(t, c.deflate.kept)
			assert.Nil(t, c.deflate.past)
		})
	})
	t.Run("with takeover it holds a window, and a compressor for a while", func(t *testing.T) {
		o := Options{KeepAlive: time.Minute}
		agreed := handshake.Deflate{ServerMaxWindowBits: 9, ClientMaxWindowBits: 9}
		bothDeflating(t, o, agreed, func(t *testing.T, r role, c *Conn, p *peer) {
			exchange(t, r, c, p)
			assert.Equal(t, 1<<9, len(c.deflate.past.ring))
			assert.True(t, keeps(c))
			time.Sleep(time.Minute + time.Second)
			assert.True(t, keeps(c))
			time.Sleep(time.Minute)
			assert.False(t, keeps(c))
			require.NoError(t, c.Write(forever, Text, []byte(long)))
			assert.True(t, keeps(c))
			c.CloseNow()
			assert.False(t, keeps(c))
		})
	})
}

// keeps reports whether a connection holds a compressor.
func keeps(c *Conn) bool {
	if c.messageLock.lock(forever, nil) != nil {
		return false
	}
	defer c.messageLock.unlock()
	return c.deflate.kept != nil
}

// A message that was compressed and did not leave is not in the peer's window,
// so the next one must not refer to it.
func TestDeflatedWriteThatDidNotLeave(t *testing.T) {
	every := quiet
	every.Deflate = &Deflate{SendTakeover: true, Threshold: -1, Level: 6}
	bothDeflating(t, every, handshake.Deflate{}, func(t *testing.T, r role, c *Conn, p *peer) {
		ctx, cancel := context.WithCancel(forever)
		require.True(t, c.out.lock.tryLock()) // somebody else is writing
		done := later(func() error { return c.Write(ctx, Text, []byte("Hello")) })
		synctest.Wait()
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
		c.unlockFrame()
		require.NoError(t, c.Write(forever, Text, []byte("Hello")))
		assert.Equal(t, r.own(0x81|deflated, string(unhex(helloFixed))), p.heard())
	})
}

var errOutOfOrder = errors.New("out of order")

// brokenCompressor is one that a program has plugged in.
type brokenCompressor struct{ io.Writer }

func (brokenCompressor) Flush() error      { return errOutOfOrder }
func (brokenCompressor) Reset(w io.Writer) {}

// lazyCompressor does not flush.
type lazyCompressor struct{ brokenCompressor }

func (lazyCompressor) Flush() error { return nil }

func TestPluggedInCompressor(t *testing.T) {
	for _, tt := range []struct {
		name string
		make func(w io.Writer) Compressor
		want string
	}{
		{"fails", func(w io.Writer) Compressor { return brokenCompressor{w} }, "out of order"},
		{"does not flush", func(w io.Writer) Compressor { return lazyCompressor{brokenCompressor{w}} }, "did not end its output"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := quiet
			o.Deflate = &Deflate{Threshold: -1, NewCompressor: tt.make}
			bothDeflating(t, o, alone, func(t *testing.T, r role, c *Conn, p *peer) {
				assert.ErrorContains(t, c.Write(forever, Text, []byte("Hello")), tt.want)
				w, err := c.Writer(forever, Text)
				require.NoError(t, err)
				_, err = w.Write([]byte("Hello"))
				require.NoError(t, err)
				assert.ErrorContains(t, w.Close(), tt.want)
				m, err := Prepare(Text, []byte("Hello"))
				require.NoError(t, err)
				assert.ErrorContains(t, c.WritePrepared(forever, m), tt.want)
				assert.Empty(t, p.heard(), "nothing was sent")
				require.NoError(t, c.WriteUncompressed(forever, Text, []byte("Hello")), "and the connection is usable")
				assert.Equal(t, r.own(0x81, "Hello"), p.heard())
			})
		})
	}
}

// countingDecompressor is one that a program has plugged in.
type countingDecompressor struct {
	Decompressor
	resets *int
}

func (d countingDecompressor) Reset(r io.Reader, dict []byte) error {
	*d.resets++
	return d.Decompressor.Reset(r, dict)
}

func TestPluggedInDecompressor(t *testing.T) {
	for _, agreed := range []handshake.Deflate{alone, {}} {
		made, resets := 0, 0
		o := quiet
		o.Deflate = &Deflate{NewDecompressor: func(r io.Reader) Decompressor {
			made++
			return countingDecompressor{flate.NewReader(r).(Decompressor), &resets}
		}}
		bothDeflating(t, o, agreed, func(t *testing.T, r role, c *Conn, p *peer) {
			resets = 0
			for range 3 {
				go p.nc.Write(r.frame(0x81|deflated, string(unhex(helloFixed))))
				_, got, err := c.Read(forever)
				require.NoError(t, err)
				assert.Equal(t, "Hello", string(got))
			}
			assert.NotZero(t, made)
			assert.Equal(t, 3, resets, "it is used again")
		})
	}
}

func TestPreparedDeflated(t *testing.T) {
	long := bytes.Repeat([]byte("Hello"), 100)
	m, err := Prepare(Text, long)
	require.NoError(t, err)
	secret, err := PrepareUncompressed(Text, long)
	require.NoError(t, err)
	hear := func(t *testing.T, c *Conn, p *peer, m *PreparedMessage) string {
		require.NoError(t, c.WritePrepared(forever, m))
		return p.heard()
	}
	short := quiet
	short.Deflate = &Deflate{Threshold: len(long) + 1}
	bothDeflating(t, quiet, alone, func(t *testing.T, r role, c *Conn, p *peer) {
		want := r.own(0x81|deflated, string(compressedBy(1, long)))
		assert.Equal(t, want, hear(t, c, p, m))
		assert.Equal(t, want, hear(t, c, p, m))
		assert.Equal(t, r.own(0x81, string(long)), hear(t, c, p, secret))
	})
	bothDeflating(t, short, alone, func(t *testing.T, r role, c *Conn, p *peer) {
		assert.Equal(t, r.own(0x81, string(long)), hear(t, c, p, m), "below the threshold")
	})
	eight := handshake.Deflate{ServerNoContextTakeover: true, ServerMaxWindowBits: 8, ClientNoContextTakeover: true, ClientMaxWindowBits: 8}
	bothDeflating(t, quiet, eight, func(t *testing.T, r role, c *Conn, p *peer) {
		assert.NotEqual(t, r.own(0x81|deflated, string(compressedBy(1, long))), hear(t, c, p, m), "another window")
	})
	assert.NotNil(t, m.deflated[15])
	assert.NotNil(t, m.deflated[8])
	level6 := quiet
	level6.Deflate = &Deflate{Level: 6}
	bothDeflating(t, level6, handshake.Deflate{}, func(t *testing.T, r role, c *Conn, p *peer) {
		first := hear(t, c, p, m)
		assert.Less(t, len(hear(t, c, p, m)), len(first), "with takeover it refers to the one before")
	})
}
