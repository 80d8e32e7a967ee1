package rfc6455

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/frames"
)

func TestPongs(t *testing.T) {
	t.Run("6455-5.5.2-1 6455-5.5.3-1 with the Ping's own bytes", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			startReading(c)
			for n := range 126 {
				payload := string(pattern(n))
				p.send(r.frame(0x89, payload))
				assert.Equal(t, r.own(0x8a, payload), p.heard())
			}
		})
	})
	t.Run("several at once, in order", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			startReading(c)
			p.send(bytes.Join([][]byte{r.frame(0x89, "a"), r.frame(0x89, "b"), r.frame(0x89, "c")}, nil))
			assert.Equal(t, r.own(0x8a, "a")+" "+r.own(0x8a, "b")+" "+r.own(0x8a, "c"), p.heard())
		})
	})
	t.Run("6455-5.5.2-2 before the message around the Ping is there", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			read := startReading(c)
			p.send(append(r.frame(0x01, "half"), r.frame(0x89, "now")...))
			assert.Equal(t, r.own(0x8a, "now"), p.heard())
			assert.Empty(t, read.messages())
		})
	})
	t.Run("not before somebody reads", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			go p.nc.Write(r.frame(0x89, ""))
			assert.Empty(t, p.heard())
			startReading(c)
			assert.Equal(t, r.own(0x8a, ""), p.heard())
		})
	})
	t.Run("6455-5.5.2-1 while Close reads, until the peer's Close frame comes", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			go c.Close(1000, "")
			assert.Equal(t, r.ownClose(1000, ""), p.heard())
			p.send(r.frame(0x89, "still here?"))
			assert.Equal(t, r.own(0x8a, "still here?"), p.heard())
			p.send(append(r.close(1000, ""), r.frame(0x89, "and now?")...))
			assert.Empty(t, p.heard())
		})
	})
}

func TestPongBehindABlockedWrite(t *testing.T) {
	for _, r := range roles {
		t.Run("6455-5.5.2-1 6455-5.5.3-2 the latest one, "+r.name, func(t *testing.T) {
			r.deaf(t, quiet, func(t *testing.T, c *Conn, p *peer) {
				read := startReading(c)
				write := later(func() error { return c.Write(forever, Text, []byte("first")) })
				synctest.Wait()
				for _, payload := range []string{"one", "two", strings.Repeat("3", 125), "latest"} {
					p.send(r.frame(0x89, payload))
				}
				p.send(r.frame(0x81, "the reader does not wait for the writer"))
				assert.Len(t, read.messages(), 1)
				p.listen()
				require.NoError(t, <-write)
				assert.Equal(t, r.own(0x81, "first")+" "+r.own(0x8a, "latest"), p.heard())
				p.send(r.frame(0x89, "and now"))
				assert.Equal(t, r.own(0x8a, "and now"), p.heard())
			})
		})
		t.Run("a writer that never goes on, "+r.name, func(t *testing.T) {
			r.deaf(t, Options{KeepAlive: -1}, func(t *testing.T, c *Conn, p *peer) {
				startReading(c)
				write := later(func() error { return c.Write(forever, Text, []byte("first")) })
				synctest.Wait()
				for range 1000 {
					p.send(r.frame(0x89, strings.Repeat("p", 125)))
				}
				pinging := c.pinging.Load()
				pinging.pongLock.Lock()
				held := cap(pinging.pongData) + cap(pinging.pongOut)
				pinging.pongLock.Unlock()
				assert.LessOrEqual(t, held, 1024, "6455-5.5.3-2 a flood costs one Pong")
				assert.True(t, isTimeout(<-write))
			})
		})
	}
}

// The reader must not wait for the peer to read its Pong, or two sides that
// ping each other at the same moment wait for each other.
func TestPongsOfBothSidesCross(t *testing.T) {
	t.Run("6455-5.5.2-1 two that ping each other", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a, b := net.Pipe()
			server, client := role{}.conn(a, quiet), role{client: true}.conn(b, quiet)
			startReading(server)
			startReading(client)
			start := time.Now()
			one := later(func() error { _, err := server.Ping(forever); return err })
			two := later(func() error { _, err := client.Ping(forever); return err })
			assert.NoError(t, <-one)
			assert.NoError(t, <-two)
			assert.Less(t, time.Since(start), time.Second)
			client.CloseNow()
			server.CloseNow()
		})
	})
	t.Run("two quiet ones with a keepalive", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a, b := net.Pipe()
			server, client := role{}.conn(a, Options{}), role{client: true}.conn(b, Options{})
			startReading(server)
			startReading(client)
			time.Sleep(time.Hour)
			assert.NoError(t, server.Err())
			assert.NoError(t, client.Err())
			client.CloseNow()
			server.CloseNow()
		})
	})
	for _, r := range roles {
		t.Run("6455-5.5.2-1 a peer that does not read for a while, "+r.name, func(t *testing.T) {
			r.deaf(t, quiet, func(t *testing.T, c *Conn, p *peer) {
				read := startReading(c)
				p.send(r.frame(0x89, "nobody reads this"))
				done := later(func() error {
					_, err := p.nc.Write(r.frame(0x81, "Hello"))
					return err
				})
				time.Sleep(time.Second)
				assert.Equal(t, []message{{Text, "Hello"}}, read.messages())
				p.listen()
				require.NoError(t, <-done)
				assert.Equal(t, r.own(0x8a, "nobody reads this"), p.heard())
			})
		})
		t.Run("the context of a Read counts while its Pong is on the way, "+r.name, func(t *testing.T) {
			r.deaf(t, quiet, func(t *testing.T, c *Conn, p *peer) {
				ctx, cancel := context.WithTimeout(forever, time.Second)
				defer cancel()
				start := time.Now()
				read := readLater(ctx, c)
				p.send(r.frame(0x89, ""))
				assert.Equal(t, context.DeadlineExceeded, (<-read).err)
				assert.Equal(t, time.Second, time.Since(start))
			})
		})
	}
}

// The same under Serve, whose reader also lets replies gather.
func TestServeDoesNotWaitForOtherWriters(t *testing.T) {
	for _, r := range roles {
		for _, when := range []string{"before the messages", "while the first is handled"} {
			t.Run("6455-5.5.2-1 a writer is blocked from "+when+", "+r.name, func(t *testing.T) {
				r.deaf(t, quiet, func(t *testing.T, c *Conn, p *peer) {
					var write <-chan error
					block := func() {
						write = later(func() error { return c.Write(forever, Binary, make([]byte, 3*bufferSize)) })
						synctest.Wait()
					}
					if when == "before the messages" {
						block()
					}
					n := 0
					served := later(func() error {
						return c.Serve(forever, Handler{Message: func(*Conn, MessageType, []byte) {
							if n++; n == 1 && write == nil {
								block()
							}
						}})
					})
					for range 3 {
						p.send(bytes.Join([][]byte{r.frame(0x81, "a"), r.frame(0x81, "b"), r.frame(0x89, "ping"), r.frame(0x81, "c")}, nil))
					}
					synctest.Wait()
					assert.Equal(t, 9, n)
					p.listen()
					require.NoError(t, <-write)
					sent := parseSent(t, r, unhex(p.heard()))
					require.Len(t, sent, 2)
					assert.Equal(t, frames.Binary, sent[0].op)
					assert.Equal(t, frames.Pong, sent[1].op)
					p.nc.Close()
					<-served
				})
			})
		}
	}
}

func TestPing(t *testing.T) {
	t.Run("the round trip", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			startReading(c)
			type rtt struct {
				d   time.Duration
				err error
			}
			for i, delay := range []time.Duration{0, time.Millisecond, 7 * time.Second} {
				done := make(chan rtt, 1)
				go func() {
					d, err := c.Ping(forever)
					done <- rtt{d, err}
				}()
				payload := string([]byte{0, 0, 0, 0, 0, 0, 0, byte(i + 1)})
				assert.Equal(t, r.own(0x89, payload), p.heard())
				time.Sleep(delay)
				p.send(r.frame(0x8a, payload))
				assert.Equal(t, rtt{delay, nil}, <-done)
			}
			assert.Empty(t, c.pinging.Load().pings.waiting)
		})
	})
	// pingAll starts n Pings and waits until they have been sent.
	pingAll := func(c *Conn, n int) (done []<-chan error) {
		for range n {
			done = append(done, later(func() error { _, err := c.Ping(forever); return err }))
			synctest.Wait()
		}
		return done
	}
	id := func(n byte) string { return string([]byte{0, 0, 0, 0, 0, 0, 0, n}) }
	pending := func(t *testing.T, done <-chan error) {
		t.Helper()
		synctest.Wait()
		select {
		case <-done:
			t.Error("it has returned")
		default:
		}
	}
	t.Run("6455-5.5.3-2 one Pong answers all Pings before it", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			startReading(c)
			done := pingAll(c, 4)
			p.send(r.frame(0x8a, id(3)))
			for _, d := range done[:3] {
				require.NoError(t, <-d)
			}
			pending(t, done[3])
			p.send(r.frame(0x8a, id(2)))
			pending(t, done[3])
			p.send(r.frame(0x8a, id(4)))
			require.NoError(t, <-done[3])
		})
	})
	t.Run("6455-5.5.3-2 a Pong that nobody asked for means nothing", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			startReading(c)
			p.send(r.frame(0x8a, id(1)))
			synctest.Wait()
			done := pingAll(c, 1)
			for _, stray := range []string{"", "x", id(0), id(2), id(255), "\xff\xff\xff\xff\xff\xff\xff\xff", id(1) + "x", id(1)[:7]} {
				p.send(r.frame(0x8a, stray))
			}
			pending(t, done[0])
			p.send(r.frame(0x8a, id(1)))
			require.NoError(t, <-done[0])
			p.send(r.frame(0x8a, id(1)))
			synctest.Wait()
			assert.NoError(t, c.Err())
		})
	})
	t.Run("with nobody reading, until the context ends", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			ctx, cancel := context.WithTimeout(forever, time.Minute)
			defer cancel()
			go p.nc.Write(append(r.frame(0x8a, id(1)), r.frame(0x81, "later")...))
			start := time.Now()
			_, err := c.Ping(ctx)
			assert.Equal(t, context.DeadlineExceeded, err)
			assert.Equal(t, time.Minute, time.Since(start))
			assert.Empty(t, c.pinging.Load().pings.waiting, "it is forgotten")
			_, b, err := c.Read(forever)
			require.NoError(t, err, "the connection stays usable")
			assert.Equal(t, "later", string(b))
		})
	})
	t.Run("the connection ends", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			startReading(c)
			done := pingAll(c, 2)
			p.nc.Close()
			for _, d := range done {
				err := <-d
				assert.Equal(t, c.Err(), err)
				assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
			}
		})
	})
	t.Run("a context that has ended", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			ctx, cancel := context.WithCancel(forever)
			cancel()
			_, err := c.Ping(ctx)
			assert.Equal(t, context.Canceled, err)
			assert.Empty(t, p.heard())
		})
	})
	t.Run("answered by one of ours", func(t *testing.T) {
		for _, s := range sockets {
			a, b := s.make(t)
			server, client := role{}.conn(a, quiet), role{client: true}.conn(b, quiet)
			startReading(server)
			startReading(client)
			for range 3 {
				rtt, err := client.Ping(forever)
				require.NoError(t, err)
				assert.Positive(t, rtt)
				_, err = server.Ping(forever)
				require.NoError(t, err)
			}
			client.CloseNow()
		}
	})
}

func TestPingFloodCostsNoMemory(t *testing.T) {
	for _, r := range roles {
		t.Run("6455-5.5.3-2 "+r.name, func(t *testing.T) {
			const n = 20_000
			ping := r.frame(0x89, strings.Repeat("p", 125))
			s := &memory{in: bytes.Repeat(ping, 200)}
			c := r.conn(&limited{s, n * len(ping)}, quiet)
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			_, _, err := c.Read(forever)
			runtime.GC()
			runtime.ReadMemStats(&after)
			assert.Equal(t, frames.CloseAbnormal, asClose(t, err).Code)
			assert.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(1<<20), fmt.Sprint("after ", n, " Pings"))
			assert.Less(t, runtime.NumGoroutine(), 50)
			runtime.KeepAlive(c)
		})
	}
}
