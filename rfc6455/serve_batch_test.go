package rfc6455

import (
	"bytes"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/frames"
)

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
	t.Run("32 KiB at most gather", func(t *testing.T) {
		reply := make([]byte, 2000)
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
			for waiting := false; !waiting; _, waiting = s.in.progress() {
				runtime.Gosched()
			}
			s.CloseNow()
			<-done // what it waited with is still there
			assert.Nil(t, s.in.large)
			assert.Equal(t, s.in.raw == nil, s.in.small != nil, "small ones, where it cannot wait without any")
			assertNoBuffer(t, &s.out)
		})
		t.Run(on.name+", ended by the handler", func(t *testing.T) {
			a, b := on.make(t)
			s, c := connect(t, a, b, nil, nil)
			done := serving(forever, s, Handler{Message: func(c *Conn, _ MessageType, _ []byte) { c.CloseNow() }})
			require.NoError(t, c.Write(t.Context(), Text, []byte("Hello")))
			<-done
			assert.True(t, s.in.large == nil, "the large buffer went back")
		})
	}
}
