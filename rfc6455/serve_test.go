package rfc6455

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/frames"
)

var server = roles[0]

// serving runs Serve in a goroutine.
func serving(ctx context.Context, c *Conn, h Handler) <-chan error {
	done := make(chan error, 1)
	go func() { done <- c.Serve(ctx, h) }()
	return done
}

// echoing is a handler that answers each message with itself.
var echoing = Handler{Message: func(c *Conn, t MessageType, p []byte) { c.Write(forever, t, p) }}

func TestServeCallsInOrder(t *testing.T) {
	both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
		var calls []string
		done := serving(forever, c, Handler{
			Open: func(got *Conn) {
				assert.Same(t, c, got)
				calls = append(calls, "open")
			},
			Message: func(got *Conn, typ MessageType, p []byte) {
				assert.Same(t, c, got)
				calls = append(calls, fmt.Sprintf("%v %q", typ, p))
			},
			Close: func(got *Conn, err *CloseError) {
				assert.Same(t, c, got)
				calls = append(calls, fmt.Sprintf("close %v %q", err.Code, err.Reason))
			},
		})
		p.send(r.frame(0x81, "Hello"))
		p.send(r.frame(0x82, "\x00\xff"))
		p.send(r.frame(0x81, ""))
		p.send(bytes.Join([][]byte{r.frame(0x01, "in "), r.frame(0x89, "p"), r.frame(0x00, "two "), r.frame(0x80, "parts")}, nil))
		assert.Equal(t, r.own(0x8a, "p"), p.heard(), "6455-5.4-4")
		p.send(r.close(1000, "enough"))
		assert.Equal(t, r.ownClose(1000, ""), p.heard(), "6455-5.5.1-5")
		p.nc.Close()
		e := asClose(t, <-done)
		assert.True(t, e.Clean)
		assert.True(t, e.Remote)
		assert.Same(t, e, c.Err())
		assert.Equal(t, []string{
			"open", `text "Hello"`, `binary "\x00\xff"`, `text ""`, `text "in two parts"`, `close 1000 normal closure "enough"`,
		}, calls)
	})
}

func TestServeWithoutCallbacks(t *testing.T) {
	server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
		done := serving(forever, c, Handler{})
		p.send(server.frame(0x81, "nobody listens"))
		p.send(server.frame(0x89, "but Pings are answered"))
		assert.Equal(t, server.own(0x8a, "but Pings are answered"), p.heard(), "6455-5.5.2-1")
		p.send(server.close(1000, ""))
		p.heard()
		assert.True(t, asClose(t, <-done).Clean)
	})
}

// A handler that panics takes its connection with it, and the panic goes on.
func TestServePanic(t *testing.T) {
	bang := func() { panic("bang") }
	for name, h := range map[string]Handler{
		"Open":    {Open: func(*Conn) { bang() }},
		"Message": {Message: func(*Conn, MessageType, []byte) { bang() }},
		"Close": {
			Message: func(c *Conn, _ MessageType, _ []byte) { c.CloseNow() },
			Close:   func(*Conn, *CloseError) { bang() },
		},
	} {
		t.Run(name, func(t *testing.T) {
			server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
				panicked := make(chan any, 1)
				go func() {
					defer func() { panicked <- recover() }()
					c.Serve(forever, h)
				}()
				p.nc.Write(server.frame(0x81, "Hello"))
				assert.Equal(t, "bang", <-panicked)
				assert.True(t, p.hungUp())
				<-c.Done()
				if name != "Close" {
					assert.ErrorIs(t, c.Err(), errHandlerPanic)
				}
				_, _, err := c.Read(forever) // is not blocked by what Serve held
				asClose(t, err)
			})
		})
	}
}

func TestServeContext(t *testing.T) {
	t.Run("its end closes with 1001", func(t *testing.T) {
		server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
			ctx, cancel := context.WithCancel(forever)
			done := serving(ctx, c, echoing)
			p.send(server.frame(0x81, "Hello"))
			assert.Equal(t, server.own(0x81, "Hello"), p.heard())
			cancel()
			assert.Equal(t, server.ownClose(frames.CloseGoingAway, ""), p.heard())
			p.send(server.close(frames.CloseGoingAway, ""))
			e := asClose(t, <-done)
			assert.True(t, e.Clean)
			assert.False(t, e.Remote)
			assert.Equal(t, frames.CloseGoingAway, e.Sent)
		})
	})
	t.Run("it has ended before", func(t *testing.T) {
		server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
			ctx, cancel := context.WithCancel(forever)
			cancel()
			var calls []string
			done := serving(ctx, c, Handler{
				Open:  func(*Conn) { calls = append(calls, "open") },
				Close: func(*Conn, *CloseError) { calls = append(calls, "close") },
			})
			assert.Equal(t, server.ownClose(frames.CloseGoingAway, ""), p.heard())
			p.send(server.close(frames.CloseGoingAway, ""))
			assert.True(t, asClose(t, <-done).Clean)
			assert.Equal(t, []string{"open", "close"}, calls)
		})
	})
	t.Run("a peer that does not answer is cut", func(t *testing.T) {
		server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
			ctx, cancel := context.WithCancel(forever)
			done := serving(ctx, c, Handler{})
			cancel()
			start := time.Now()
			e := asClose(t, <-done)
			assert.False(t, e.Clean)
			assert.ErrorIs(t, e, errNoAnswer)
			assert.Equal(t, DefaultCloseTimeout, time.Since(start))
			assert.True(t, p.hungUp())
		})
	})
	t.Run("it ends later", func(t *testing.T) {
		server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
			ctx, cancel := context.WithCancel(forever)
			done := serving(ctx, c, Handler{})
			p.send(server.close(1000, ""))
			p.heard()
			<-done
			cancel()
			assert.Empty(t, p.heard())
		})
	})
}

func TestServeCloseFromTheHandler(t *testing.T) {
	t.Run("6455-7.1.2-1 Serve completes the handshake", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			var got []string
			done := serving(forever, c, Handler{Message: func(c *Conn, _ MessageType, p []byte) {
				got = append(got, string(p))
				if string(p) == "bye" {
					assert.NoError(t, c.Close(4000, "as you wish"))
					assert.ErrorIs(t, c.Write(forever, Text, []byte("too late")), ErrClosing, "6455-5.5.1-4")
					assert.NoError(t, c.Close(4001, "only the first counts"))
				}
			}})
			p.send(r.frame(0x81, "bye"))
			assert.Equal(t, r.ownClose(4000, "as you wish"), p.heard())
			p.send(r.frame(0x81, "one more before I answer"))
			p.send(r.close(4000, ""))
			p.heard()
			p.nc.Close()
			e := asClose(t, <-done)
			assert.True(t, e.Clean)
			assert.False(t, e.Remote)
			assert.Equal(t, CloseCode(4000), e.Sent)
			assert.Equal(t, []string{"bye", "one more before I answer"}, got)
		})
	})
	t.Run("from Open", func(t *testing.T) {
		server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
			done := serving(forever, c, Handler{Open: func(c *Conn) {
				assert.NoError(t, c.Write(forever, Text, []byte("full")))
				assert.NoError(t, c.Close(frames.CloseTryAgainLater, ""))
			}})
			assert.Equal(t, server.own(0x81, "full")+" "+server.ownClose(1013, ""), p.heard())
			p.send(server.close(1013, ""))
			assert.True(t, asClose(t, <-done).Clean)
		})
	})
	t.Run("from Close it does nothing", func(t *testing.T) {
		server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
			done := serving(forever, c, Handler{Close: func(c *Conn, err *CloseError) {
				assert.NoError(t, c.Close(1000, ""))
				assert.Same(t, err, c.Write(forever, Text, nil))
				_, err2 := c.Ping(forever)
				assert.Same(t, err, err2)
			}})
			p.send(server.close(1000, ""))
			<-done
			assert.Equal(t, server.ownClose(1000, ""), p.heard())
		})
	})
	t.Run("the peer does not answer", func(t *testing.T) {
		server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
			done := serving(forever, c, Handler{Open: func(c *Conn) { c.Close(1000, "") }})
			start := time.Now()
			assert.ErrorIs(t, asClose(t, <-done), errNoAnswer)
			assert.Equal(t, DefaultCloseTimeout, time.Since(start))
		})
	})
	t.Run("a code that may not be sent changes nothing", func(t *testing.T) {
		server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
			serving(forever, c, Handler{Message: func(c *Conn, typ MessageType, p []byte) {
				asRule(t, c.Close(1006, ""))
				c.Write(forever, typ, p)
			}})
			p.send(server.frame(0x81, "a"))
			assert.Equal(t, server.own(0x81, "a"), p.heard())
		})
	})
	t.Run("CloseNow", func(t *testing.T) {
		server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
			count := 0
			done := serving(forever, c, Handler{Message: func(c *Conn, _ MessageType, _ []byte) { count++; c.CloseNow() }})
			p.send(append(server.frame(0x81, "a"), server.frame(0x81, "b")...))
			assert.ErrorIs(t, <-done, errClosedNow)
			assert.Equal(t, 1, count, "nothing more is delivered")
			assert.Empty(t, p.heard())
			assert.True(t, p.hungUp())
		})
	})
}

func TestServeCloseFromElsewhere(t *testing.T) {
	server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
		done := serving(forever, c, Handler{})
		synctest.Wait()
		assert.NoError(t, c.Close(1000, "does not wait"))
		assert.Equal(t, server.ownClose(1000, "does not wait"), p.heard())
		p.send(server.close(1000, ""))
		assert.True(t, asClose(t, <-done).Clean)
		assert.NoError(t, c.Close(1000, ""))
	})
}

func TestServeIsTheOnlyReader(t *testing.T) {
	server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
		serving(forever, c, Handler{Message: func(c *Conn, typ MessageType, p []byte) {
			_, _, err := c.Read(forever)
			assert.ErrorIs(t, err, ErrConcurrentRead)
			assert.ErrorIs(t, c.Serve(forever, Handler{}), ErrConcurrentRead)
			c.Write(forever, typ, p)
		}})
		p.send(server.frame(0x81, "a"))
		assert.Equal(t, server.own(0x81, "a"), p.heard())
	})
}

func TestServeOfAConnectionThatHasEnded(t *testing.T) {
	server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
		c.CloseNow()
		err := c.Serve(forever, Handler{
			Open:  func(*Conn) { t.Error("opened") },
			Close: func(*Conn, *CloseError) { t.Error("closed") },
		})
		assert.Same(t, c.Err(), err)
	})
}

// Serve takes over from a Read that gave up, wherever in a message that was.
func TestServeGoesOnWhereReadGaveUp(t *testing.T) {
	parts := [][]byte{
		server.frame(0x01, ""), server.frame(0x89, "ping"), server.frame(0x00, "Hel"), server.frame(0x80, "lo"), server.frame(0x81, "again"),
	}
	all := bytes.Join(parts, nil)
	for cut := range all {
		server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
			ctx, cancel := context.WithCancel(forever)
			read := make(chan error)
			go func() {
				_, _, err := c.Read(ctx)
				read <- err
			}()
			p.send(all[:cut])
			synctest.Wait()
			var got []string
			cancel()
			if err := <-read; err == nil {
				got = append(got, "Hello") // all of it was there
			}
			serving(forever, c, Handler{Message: func(_ *Conn, _ MessageType, p []byte) { got = append(got, string(p)) }})
			p.send(all[cut:])
			assert.Equal(t, server.own(0x8a, "ping"), p.heard())
			require.Equal(t, []string{"Hello", "again"}, got, "cut at %d", cut)
		})
	}
}

func TestServeWriteErrors(t *testing.T) {
	t.Run("6455-5.6-1 what may not be sent is refused, and the connection goes on", func(t *testing.T) {
		server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
			serving(forever, c, Handler{Message: func(c *Conn, _ MessageType, _ []byte) {
				asRule(t, c.Write(forever, Text, []byte{0xff}))
				assert.Error(t, c.Write(forever, frames.Ping, nil))
				c.Write(forever, Text, []byte("ok"))
			}})
			p.send(server.frame(0x81, "a"))
			assert.Equal(t, server.own(0x81, "ok"), p.heard())
		})
	})
	t.Run("6455-7.1.7-5 after a write has failed nothing more is delivered", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a, b := net.Pipe()
			broken := errors.New("the cable is cut")
			c := server.conn(&failing{a, 0, broken}, quiet)
			count := 0
			done := serving(forever, c, Handler{Message: func(c *Conn, typ MessageType, p []byte) {
				count++
				err := c.Write(forever, typ, make([]byte, 2*maxHeld)) // too much to gather
				assert.ErrorIs(t, err, broken)
				assert.False(t, asClose(t, err).Clean)
			}})
			go io.Copy(io.Discard, b)
			b.Write(bytes.Repeat(server.frame(0x81, "a"), 5))
			assert.ErrorIs(t, <-done, broken)
			assert.Equal(t, 1, count)
		})
	})
	t.Run("6455-7.1.7-5 so it is when the replies of a batch cannot leave", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a, b := net.Pipe()
			broken := errors.New("the cable is cut")
			c := server.conn(&failing{a, 10, broken}, quiet)
			var end *CloseError
			done := serving(forever, c, Handler{
				Message: echoing.Message,
				Close:   func(_ *Conn, err *CloseError) { end = err },
			})
			go io.Copy(io.Discard, b)
			b.Write(bytes.Repeat(server.frame(0x81, "Hello"), 5))
			assert.ErrorIs(t, <-done, broken)
			assert.ErrorIs(t, end, broken)
		})
	})
}

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
				assert.Same(t, &c.in.buf[c.in.r], &p[0], "no copy was made")
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

// batch runs a test of Serve on a pipe whose writes are counted, in a bubble.
func batch(t *testing.T, h Handler, test func(t *testing.T, c *Conn, wire *spy, p *peer)) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		wire := &spy{Conn: a}
		c := server.conn(wire, quiet)
		p := newPeer(t, b)
		done := serving(forever, c, h)
		test(t, c, wire, p)
		c.CloseNow()
		b.Close()
		<-done
	})
}

func TestServeRepliesToABatchInOneWrite(t *testing.T) {
	one := server.frame(0x81, "Hello") // 11 bytes
	t.Run("one write", func(t *testing.T) {
		batch(t, echoing, func(t *testing.T, c *Conn, wire *spy, p *peer) {
			for range 3 {
				p.send(bytes.Repeat(one, 40))
				assert.Equal(t, tohex(bytes.Repeat(frame(false, 0x81, "Hello"), 40)), p.heard())
				assert.Len(t, wire.writes(), 1)
			}
			p.send(one)
			assert.Equal(t, server.own(0x81, "Hello"), p.heard())
			assert.Len(t, wire.writes(), 1)
		})
	})
	t.Run("half a frame at its end does not keep them back", func(t *testing.T) {
		batch(t, echoing, func(t *testing.T, c *Conn, wire *spy, p *peer) {
			for cut := 1; cut < len(one); cut++ {
				p.send(append(bytes.Repeat(one, 10), one[:cut]...))
				assert.Equal(t, tohex(bytes.Repeat(frame(false, 0x81, "Hello"), 10)), p.heard())
				assert.Len(t, wire.writes(), 1)
				p.send(one[cut:])
				assert.Equal(t, server.own(0x81, "Hello"), p.heard())
				assert.Len(t, wire.writes(), 1)
			}
		})
	})
	t.Run("6455-5.5.2-1 a Ping among them is answered in its place", func(t *testing.T) {
		batch(t, echoing, func(t *testing.T, c *Conn, wire *spy, p *peer) {
			p.send(bytes.Join([][]byte{one, server.frame(0x89, "p"), one}, nil))
			assert.Equal(t, server.own(0x81, "Hello")+" "+server.own(0x8a, "p")+" "+server.own(0x81, "Hello"), p.heard())
			assert.Len(t, wire.writes(), 1)
			p.send(bytes.Join([][]byte{one, one, server.frame(0x89, "p")}, nil))
			assert.Equal(t, server.own(0x81, "Hello")+" "+server.own(0x81, "Hello")+" "+server.own(0x8a, "p"), p.heard())
			assert.Len(t, wire.writes(), 1)
		})
	})
	t.Run("6455-5.5.1-5 a Close at its end comes after the replies", func(t *testing.T) {
		batch(t, echoing, func(t *testing.T, c *Conn, wire *spy, p *peer) {
			p.send(bytes.Join([][]byte{one, one, server.close(1000, "")}, nil))
			assert.Equal(t, server.own(0x81, "Hello")+" "+server.own(0x81, "Hello")+" "+server.ownClose(1000, ""), p.heard())
			assert.Len(t, wire.writes(), 1)
		})
	})
	t.Run("6455-7.1.7-4 a broken rule in it comes after the replies", func(t *testing.T) {
		batch(t, echoing, func(t *testing.T, c *Conn, wire *spy, p *peer) {
			p.send(bytes.Join([][]byte{one, one, server.frame(0x83, "")}, nil))
			assert.True(t, strings.HasPrefix(p.heard(), server.own(0x81, "Hello")+" "+server.own(0x81, "Hello")+" 88 "))
			assert.Len(t, wire.writes(), 1)
		})
	})
	t.Run("Close from the handler comes after the replies before it", func(t *testing.T) {
		h := Handler{Message: func(c *Conn, typ MessageType, p []byte) {
			c.Write(forever, typ, p)
			if string(p) == "bye" {
				c.Close(1000, "")
			}
		}}
		batch(t, h, func(t *testing.T, c *Conn, wire *spy, p *peer) {
			p.send(bytes.Join([][]byte{one, server.frame(0x81, "bye"), one}, nil))
			assert.Equal(t, server.own(0x81, "Hello")+" "+server.own(0x81, "bye")+" "+server.ownClose(1000, ""), p.heard())
			assert.Len(t, wire.writes(), 1)
		})
	})
	t.Run("16 KiB at most gather", func(t *testing.T) {
		reply := make([]byte, 1000)
		h := Handler{Message: func(c *Conn, typ MessageType, p []byte) { c.Write(forever, Binary, reply) }}
		batch(t, h, func(t *testing.T, c *Conn, wire *spy, p *peer) {
			p.send(bytes.Repeat(server.frame(0x81, "m"), 70))
			p.heard()
			total := 0
			writes := wire.writes()
			for i, w := range writes {
				total += len(w)
				assert.Less(t, len(w), maxHeld+len(reply)+frames.MaxHeaderLen)
				if i < len(writes)-1 {
					assert.GreaterOrEqual(t, len(w), maxHeld, "and no less, without need")
				}
			}
			assert.Equal(t, 70*(4+len(reply)), total)
			assert.Len(t, writes, 5)
		})
	})
	t.Run("6455-5.4-2 a reply that is too large to gather keeps its place", func(t *testing.T) {
		for _, size := range []int{maxHeld, bufferSize - 20, bufferSize, 3 * bufferSize} {
			large := bytes.Repeat([]byte{'x'}, size)
			prepared, err := Prepare(Binary, large)
			require.NoError(t, err)
			h := Handler{Message: func(c *Conn, typ MessageType, p []byte) {
				switch string(p) {
				case "large":
					c.Write(forever, Binary, large)
				case "prepared":
					c.WritePrepared(forever, prepared)
				default:
					c.Write(forever, typ, p)
				}
			}}
			batch(t, h, func(t *testing.T, c *Conn, wire *spy, p *peer) {
				p.send(bytes.Join([][]byte{one, server.frame(0x81, "large"), one, server.frame(0x81, "prepared"), one}, nil))
				small, big := server.own(0x81, "Hello"), server.own(0x82, string(large))
				assert.True(t, strings.Join([]string{small, big, small, big, small}, " ") == p.heard(), "%d bytes", size)
			})
		}
	})
}

func TestServeDoesNotKeepRepliesBack(t *testing.T) {
	one := server.frame(0x81, "Hello")
	reply := server.own(0x81, "Hello")
	// busy answers, and then is busy for as long as a message says.
	busy := Handler{Message: func(c *Conn, typ MessageType, p []byte) {
		c.Write(forever, typ, p)
		if d, err := time.ParseDuration(string(p)); err == nil {
			time.Sleep(d)
		}
	}}
	t.Run("a handler that takes its time", func(t *testing.T) {
		batch(t, busy, func(t *testing.T, c *Conn, wire *spy, p *peer) {
			p.send(bytes.Join([][]byte{one, server.frame(0x81, "10ms"), one, one}, nil))
			assert.Empty(t, p.heard())
			time.Sleep(holdTime - time.Microsecond)
			assert.Empty(t, p.heard())
			time.Sleep(time.Microsecond)
			assert.Equal(t, reply+" "+server.own(0x81, "10ms"), p.heard())
			time.Sleep(20 * time.Millisecond)
			assert.Equal(t, reply+" "+reply, p.heard())
		})
	})
	t.Run("the last message of a batch is the slow one", func(t *testing.T) {
		batch(t, busy, func(t *testing.T, c *Conn, wire *spy, p *peer) {
			p.send(bytes.Join([][]byte{one, server.frame(0x81, "10ms")}, nil))
			time.Sleep(holdTime)
			assert.Equal(t, reply+" "+server.own(0x81, "10ms"), p.heard())
		})
	})
	t.Run("a handler that is slow alone", func(t *testing.T) {
		batch(t, busy, func(t *testing.T, c *Conn, wire *spy, p *peer) {
			p.send(server.frame(0x81, "10ms"))
			assert.Equal(t, server.own(0x81, "10ms"), p.heard(), "at once: nothing is there to gather with")
		})
	})
	t.Run("what another goroutine writes during a batch", func(t *testing.T) {
		release := make(chan struct{})
		h := Handler{Message: func(c *Conn, typ MessageType, p []byte) { <-release }}
		synctest.Test(t, func(t *testing.T) {
			release = make(chan struct{})
			a, b := net.Pipe()
			c := server.conn(a, quiet)
			p := newPeer(t, b)
			done := serving(forever, c, h)
			p.send(append(one, one...))
			synctest.Wait()
			require.NoError(t, c.Write(forever, Text, []byte("news")), "is not blocked")
			pinged := make(chan error, 1)
			go func() {
				_, err := c.Ping(forever)
				pinged <- err
			}()
			time.Sleep(holdTime)
			assert.Equal(t, server.own(0x81, "news")+" "+server.own(0x89, "\x00\x00\x00\x00\x00\x00\x00\x01"), p.heard())
			require.NoError(t, c.Write(forever, Text, []byte("more news")))
			assert.Equal(t, server.own(0x81, "more news"), p.heard(), "at once: the millisecond is over")
			close(release)
			p.send(server.frame(0x8a, "\x00\x00\x00\x00\x00\x00\x00\x01"))
			assert.NoError(t, <-pinged)
			c.CloseNow()
			b.Close()
			<-done
		})
	})
}

func TestServeBroadcast(t *testing.T) {
	const count = 20
	var lock sync.Mutex
	room := make(map[*Conn]bool)
	ready := make(chan struct{}, count)
	h := Handler{
		Open: func(c *Conn) {
			lock.Lock()
			room[c] = true
			lock.Unlock()
			ready <- struct{}{}
		},
		Message: func(_ *Conn, typ MessageType, p []byte) {
			m, err := Prepare(typ, p)
			if !assert.NoError(t, err) {
				return
			}
			lock.Lock()
			defer lock.Unlock()
			for c := range room {
				c.WritePrepared(forever, m)
			}
		},
		Close: func(c *Conn, _ *CloseError) {
			lock.Lock()
			delete(room, c)
			lock.Unlock()
		},
	}
	var clients []*Conn
	var done []<-chan error
	for range count {
		a, b := loopback(t)
		s, c := connect(t, a, b, nil, nil)
		done = append(done, serving(forever, s, h))
		<-ready
		clients = append(clients, c)
	}
	var all sync.WaitGroup
	for i, c := range clients {
		all.Go(func() {
			seen := make(map[string]bool)
			assert.NoError(t, c.Write(forever, Text, fmt.Appendf(nil, "from %d", i)))
			for range count {
				_, p, err := c.Read(forever)
				if !assert.NoError(t, err) {
					return
				}
				seen[string(p)] = true
			}
			assert.Len(t, seen, count, "everybody hears everybody once")
		})
	}
	all.Wait()
	for i, c := range clients {
		assert.NoError(t, c.Close(1000, ""))
		assert.True(t, asClose(t, <-done[i]).Clean)
	}
	assert.Empty(t, room)
}

// A connection that waits holds no buffer on a plain socket, and a small one
// elsewhere.
func TestServeWaitsWithoutABuffer(t *testing.T) {
	for _, on := range sockets {
		t.Run(on.name, func(t *testing.T) {
			a, b := on.make(t)
			s, c := connect(t, a, b, nil, nil)
			done := serving(forever, s, echoing)
			requireEcho(t, c, "Hello")
			requireEcho(t, c, strings.Repeat("x", 1<<20))
			requireEcho(t, c, "Hello")
			for !s.in.waiting.Load() {
				runtime.Gosched()
			}
			s.CloseNow()
			<-done // what it waited with is still there
			if s.in.wait != nil {
				assert.Nil(t, s.in.buf)
				assert.Nil(t, s.in.small)
			} else {
				assert.Len(t, s.in.buf, smallBuffer)
				assert.Len(t, s.in.small, smallBuffer)
			}
			assert.Nil(t, s.out.buf)
		})
	}
}
