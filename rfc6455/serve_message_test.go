package rfc6455

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"example.com/ws101/frames"
)

func TestServeDeliversInPlace(t *testing.T) {
	for _, on := range sockets {
		t.Run(on.name, func(t *testing.T) {
			a, b := on.make(t)
			defer b.Close()
			c := server.conn(a, quiet)
			count := 0
			done := serving(forever, c, Handler{Message: func(c *Conn, _ MessageType, p []byte) {
				assert.Equal(t, "Hello", string(p))
				assert.Equal(t, len(p), cap(p), "what lies behind is another message")
				assert.Same(t, &c.in.rest[6], &p[0], "no copy was made: it lies behind its header")
				if count++; count == 20 {
					c.CloseNow()
				}
			}})
			b.Write(bytes.Repeat(server.frame(0x81, "Hello"), 20))
			assert.ErrorIs(t, <-done, errClosedNow)
		})
	}
}

// What a handler does with its message stays there.
func TestServeHandlerMayAppend(t *testing.T) {
	server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
		serving(forever, c, Handler{Message: func(c *Conn, typ MessageType, p []byte) {
			c.Write(forever, typ, append(p, "!!!!!!!!!!!!!!!!"...))
		}})
		p.send(append(server.frame(0x81, "one"), server.frame(0x81, "two")...))
		assert.Equal(t, server.own(0x81, "one!!!!!!!!!!!!!!!!")+" "+server.own(0x81, "two!!!!!!!!!!!!!!!!"), p.heard())
	})
}

// A message that is broken or cut off is not delivered, nor is anything behind
// it.
func TestServeDeliversNothingBroken(t *testing.T) {
	good := server.frame(0x81, "good")
	for _, tt := range []struct {
		name   string
		frames [][]byte
		code   CloseCode
	}{
		{"6455-8.1-1 text that is not UTF-8", [][]byte{server.frame(0x81, "a\xff")}, 1007},
		{"6455-8.1-1 text that is not UTF-8, in two parts", [][]byte{server.frame(0x01, "\xe2"), server.frame(0x80, "\xff")}, 1007},
		{"6455-8.1-1 text that ends in a character", [][]byte{server.frame(0x01, "a"), server.frame(0x80, "\xe2\x82")}, 1007},
		{"6455-10.4-1 one that is too large", [][]byte{server.frame(0x82, strings.Repeat("x", 101))}, 1009},
		{"6455-10.4-1 one that is too large, in two parts", [][]byte{server.frame(0x02, "x"), server.frame(0x80, strings.Repeat("x", 100))}, 1009},
		{"6455-5.4-6 a new one in the middle of another", [][]byte{server.frame(0x01, "a"), server.frame(0x81, "b")}, 1002},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := quiet
			o.MaxMessage = 100
			server.bubble(t, o, func(t *testing.T, c *Conn, p *peer) {
				var got []string
				done := serving(forever, c, Handler{Message: func(_ *Conn, _ MessageType, p []byte) { got = append(got, string(p)) }})
				p.send(bytes.Join([][]byte{good, bytes.Join(tt.frames, nil), good}, nil))
				synctest.Wait()
				p.nc.Close()
				e := asClose(t, <-done)
				assert.Equal(t, tt.code, e.Sent)
				assert.Equal(t, tt.code, asRule(t, e).Code)
				assert.Equal(t, []string{"good"}, got)
			})
		})
	}
	t.Run("6455-7.2.1-2 one that is cut off", func(t *testing.T) {
		all := append(server.frame(0x01, "a"), server.frame(0x80, "bc")...)
		for cut := 1; cut < len(all); cut++ {
			server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
				var got []string
				done := serving(forever, c, Handler{Message: func(_ *Conn, _ MessageType, p []byte) { got = append(got, string(p)) }})
				p.send(append(slices.Clone(good), all[:cut]...))
				p.nc.Close()
				assert.ErrorIs(t, <-done, io.ErrUnexpectedEOF)
				assert.Equal(t, []string{"good"}, got, "cut at %d", cut)
			})
		}
	})
}

// Messages that do not lie whole in the buffer are put together in others.
func TestServeAssembles(t *testing.T) {
	sizes := []int{0, 1, 125, 126, smallBuffer - 1, smallBuffer, smallBuffer + 1}
	last := len(messageSizes) - 1
	for _, size := range messageSizes[:last] {
		sizes = append(sizes, size-1, size, size+1)
	}
	sizes = append(sizes, messageSizes[last]+1)
	data := make([]byte, sizes[len(sizes)-1])
	for i := range data {
		data[i] = byte(i) ^ byte(i>>8) ^ byte(i>>16)
	}
	for _, on := range sockets {
		for name, fragment := range map[string]int{
			"in one frame": len(data), "in frames of 10,000 bytes": 10_000, "in frames of 70,000 bytes": 70_000,
		} {
			t.Run("6455-5.4-5 "+name+"/"+on.name, func(t *testing.T) {
				a, b := on.make(t)
				c := server.conn(a, Options{KeepAlive: -1, MaxMessage: -1})
				go func() {
					for _, size := range sizes {
						b.Write(fragmented(data[:size], fragment))
					}
				}()
				i := 0
				done := serving(forever, c, Handler{Message: func(c *Conn, typ MessageType, p []byte) {
					if assert.Less(t, i, len(sizes)) {
						assert.Equal(t, Binary, typ)
						assert.Equal(t, len(p), cap(p))
						assert.True(t, bytes.Equal(data[:sizes[i]], p), "%d bytes", sizes[i])
					}
					if i++; i == len(sizes) {
						c.CloseNow()
					}
				}})
				assert.ErrorIs(t, <-done, errClosedNow)
			})
		}
	}
}

// fragmented returns a binary message as a client sends it, in frames of at
// most size bytes, with a Ping behind each but the last.
func fragmented(p []byte, size int) []byte {
	var out []byte
	opcode := frames.Binary
	for {
		part := p[:min(size, len(p))]
		p = p[len(part):]
		b0 := byte(opcode)
		if len(p) == 0 {
			return append(out, frame(true, b0|0x80, string(part))...)
		}
		out = append(out, frame(true, b0, string(part))...)
		out = append(out, frame(true, 0x8a, "")...)
		opcode = frames.Continuation
	}
}

// The bytes of a message belong to its handler until that returns, whoever else
// takes buffers from the pools in the meantime.
func TestServeBytesAreNotReused(t *testing.T) {
	scribble := func() {
		var taken [][]byte
		for _, size := range messageSizes {
			p := newMessage(size)
			clear(p[:cap(p)])
			taken = append(taken, p)
		}
		for _, p := range taken {
			putMessage(p)
		}
	}
	for _, on := range sockets {
		t.Run(on.name, func(t *testing.T) {
			a, b := on.make(t)
			c := server.conn(a, quiet)
			go func() {
				for _, size := range []int{5, 1000, bufferSize, 5 * bufferSize} {
					b.Write(fragmented(bytes.Repeat([]byte{'x'}, size), 40_000))
					b.Write(fragmented(bytes.Repeat([]byte{'x'}, size), 300))
				}
			}()
			go io.Copy(io.Discard, b)
			count := 0
			done := serving(forever, c, Handler{Message: func(c *Conn, typ MessageType, p []byte) {
				scribble()
				c.Write(forever, typ, []byte("a reply"))
				scribble()
				assert.Equal(t, len(p), bytes.Count(p, []byte{'x'}))
				if count++; count == 8 {
					c.CloseNow()
				}
			}})
			assert.ErrorIs(t, <-done, errClosedNow)
		})
	}
}
