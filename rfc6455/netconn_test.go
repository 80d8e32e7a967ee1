package rfc6455

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/nettest"

	"example.com/ws101/frames"
)

// The contract of net.Conn, on every kind of socket, from both sides.
func TestNetConnContract(t *testing.T) {
	for _, s := range sockets {
		for _, r := range roles { // which of the two is the one that dials
			t.Run(s.name+" "+r.name, func(t *testing.T) {
				t.Parallel() // it waits for deadlines
				nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
					a, b := s.make(t)
					one, other := r.conn(a, Options{}), role{client: !r.client}.conn(b, Options{})
					c1, c2 = one.NetConn(Binary), other.NetConn(Binary)
					return c1, c2, func() { c1.Close(); c2.Close() }, nil
				})
			})
		}
	}
}

func TestNetConnAfterTheHandshake(t *testing.T) {
	server, client := dialog(t, tcpPair, nil, nil)
	a, b := server.NetConn(Binary), client.NetConn(Binary)
	assert.Equal(t, a.LocalAddr(), b.RemoteAddr())
	assert.Equal(t, b.LocalAddr(), a.RemoteAddr())
	sent := pattern(1 << 20)
	go func() {
		io.Copy(a, bytes.NewReader(sent))
		a.Close()
	}()
	got, err := io.ReadAll(b)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(sent, got))
}

func TestNetConnReads(t *testing.T) {
	both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
		n := c.NetConn(Binary)
		go p.nc.Write(bytes.Join([][]byte{
			r.frame(0x82, "one "), r.frame(0x82, ""), r.frame(0x02, "t"), r.frame(0x89, "?"), r.frame(0x00, ""), r.frame(0x80, "wo "), r.frame(0x82, "three"), r.close(1001, ""),
		}, nil))
		b := make([]byte, 2)
		k, err := n.Read(nil)
		assert.Zero(t, k)
		require.NoError(t, err)
		_, err = io.ReadFull(n, b)
		require.NoError(t, err)
		assert.Equal(t, "on", string(b))
		rest, err := io.ReadAll(n)
		require.NoError(t, err, "a clean close is io.EOF")
		assert.Equal(t, "e two three", string(rest), "6455-5.4-7 no borders")
		for range 2 {
			_, err = n.Read(b)
			assert.Equal(t, io.EOF, err)
		}
		assert.Equal(t, r.own(0x8a, "?")+" "+r.ownClose(1001, ""), p.heard())
		_, err = n.Write(b)
		assert.ErrorIs(t, err, net.ErrClosed)
		assert.NoError(t, n.Close())
	})
}

func TestNetConnEnds(t *testing.T) {
	t.Run("6455-7.2.1-2 the peer is gone without a Close frame", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			n := c.NetConn(Binary)
			p.nc.Close()
			_, err := n.Read(make([]byte, 1))
			assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
			assert.Equal(t, frames.CloseAbnormal, asClose(t, err).Code)
		})
	})
	t.Run("6455-7.1.7-4 a message of the other type", func(t *testing.T) {
		for _, kind := range []MessageType{Text, Binary} {
			both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
				n := c.NetConn(3 - kind)
				read := later(func() error { _, err := n.Read(make([]byte, 1)); return err })
				p.send(r.frame(0x80|byte(kind), "x"))
				assert.Equal(t, r.ownClose(1003, ""), p.heard())
				p.nc.Close()
				err := <-read
				assert.ErrorIs(t, err, errOtherType)
				assert.Equal(t, frames.CloseUnsupportedData, asClose(t, err).Sent)
				_, again := n.Read(make([]byte, 1))
				assert.Equal(t, err, again)
			})
		}
	})
	t.Run("Close sends 1000, waits 100 ms, and is never an error", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			n := c.NetConn(Binary)
			start := time.Now()
			reading := later(func() error { _, err := n.Read(make([]byte, 1)); return err })
			synctest.Wait()
			assert.NoError(t, n.Close())
			assert.Equal(t, 100*time.Millisecond, time.Since(start))
			assert.Equal(t, r.ownClose(1000, ""), p.heard())
			assert.True(t, p.hungUp())
			assert.ErrorIs(t, <-reading, net.ErrClosed, "the Read that waited")
			_, err := n.Read(make([]byte, 1))
			assert.ErrorIs(t, err, net.ErrClosed)
			_, err = n.Write([]byte("x"))
			assert.ErrorIs(t, err, net.ErrClosed)
			assert.NoError(t, n.Close())
		})
	})
	t.Run("the Conn under it is closed", func(t *testing.T) { // as Group.Shutdown does
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			n := c.NetConn(Binary)
			reading := later(func() error { _, err := n.Read(make([]byte, 1)); return err })
			synctest.Wait()
			closed := later(func() error { return c.Close(1001, "") })
			synctest.Wait()
			_, err := n.Write([]byte("x"))
			assert.ErrorIs(t, err, net.ErrClosed)
			p.send(r.close(1001, ""))
			require.NoError(t, <-closed)
			assert.ErrorIs(t, <-reading, net.ErrClosed)
		})
	})
	t.Run("those who wait to write are told", func(t *testing.T) {
		for _, r := range roles {
			r.deaf(t, quiet, func(t *testing.T, c *Conn, p *peer) {
				n := c.NetConn(Binary)
				go n.Read(make([]byte, 1))
				p.send(r.frame(0x89, "")) // its Pong is blocked
				synctest.Wait()
				one := later(func() error { _, err := n.Write([]byte("x")); return err })
				synctest.Wait()
				two := later(func() error { _, err := n.Write([]byte("x")); return err })
				synctest.Wait()
				c.CloseNow()
				assert.ErrorIs(t, <-one, net.ErrClosed)
				assert.ErrorIs(t, <-two, net.ErrClosed)
			})
		}
	})
	t.Run("Close past the user's deadlines", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			n := c.NetConn(Binary)
			require.NoError(t, n.SetDeadline(time.Now().Add(-time.Second)))
			closed := later(n.Close)
			assert.Equal(t, r.ownClose(1000, ""), p.heard())
			p.send(r.close(1000, ""))
			synctest.Wait()
			p.nc.Close()
			require.NoError(t, <-closed)
			assert.True(t, asClose(t, c.Err()).Clean)
		})
	})
	t.Run("Close with the peer's bytes unread", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			n := c.NetConn(Binary)
			closed := later(n.Close)
			p.send(append(r.frame(0x82, "never read"), r.close(1000, "")...))
			synctest.Wait()
			p.nc.Close()
			require.NoError(t, <-closed)
			_, err := n.Read(make([]byte, 1))
			assert.ErrorIs(t, err, net.ErrClosed)
		})
	})
}

func TestNetConnReadDeadlineAtEveryByte(t *testing.T) {
	for _, r := range roles {
		all, want := r.fragmented()
		for cut := range all {
			r.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
				n := c.NetConn(Text)
				if cut > 0 {
					go p.send(all[:cut])
				}
				require.NoError(t, n.SetReadDeadline(time.Now().Add(time.Second)))
				first, err := io.ReadAll(n)
				require.True(t, isDeadline(err), "%v", err)
				for range 2 {
					k, err := n.Read(make([]byte, 1))
					require.Zero(t, k)
					require.True(t, isDeadline(err))
				}
				require.NoError(t, n.SetReadDeadline(time.Time{}))
				go p.nc.Write(append(bytes.Clone(all[cut:]), r.close(1000, "")...))
				rest, err := io.ReadAll(n)
				require.NoError(t, err)
				assert.Equal(t, want, string(first)+string(rest))
			})
			if t.Failed() {
				t.Fatalf("%s, the deadline passed at byte %d", r.name, cut)
			}
		}
	}
}

func TestNetConnPastReadDeadline(t *testing.T) {
	both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
		n := c.NetConn(Binary)
		go p.nc.Write(append(r.frame(0x82, "ab"), r.frame(0x82, "c")...))
		b := make([]byte, 1)
		_, err := n.Read(b)
		require.NoError(t, err)
		for range 2 {
			require.NoError(t, n.SetReadDeadline(time.Unix(1, 0)))
			_, err = n.Read(b)
			assert.True(t, isDeadline(err), "though bytes are there")
			assert.ErrorContains(t, err, "read websocket pipe->pipe: i/o timeout")
			require.NoError(t, n.SetReadDeadline(time.Now().Add(time.Second)))
			_, err = n.Read(b)
			require.NoError(t, err)
		}
		assert.Equal(t, "c", string(b))
	})
}

// The peer takes k bytes of a Write and then none, until its deadline passes.
func TestNetConnWriteDeadlineAtEveryByte(t *testing.T) {
	for _, r := range roles {
		whole := frame(r.client, 0x82, "first part")
		for k := range whole {
			r.deaf(t, quiet, func(t *testing.T, c *Conn, p *peer) {
				n := c.NetConn(Binary)
				require.NoError(t, n.SetWriteDeadline(time.Now().Add(time.Second)))
				got := make([]byte, k)
				taking := later(func() error { _, err := io.ReadFull(p.nc, got); return err })
				written, err := n.Write([]byte("first part"))
				require.True(t, isDeadline(err), "%v", err)
				require.NoError(t, <-taking)
				for range 2 { // past the deadline
					m, err := n.Write([]byte("not now"))
					assert.Zero(t, m)
					assert.True(t, isDeadline(err))
				}
				// What counts as written is what the peer will get.
				var want string
				if k == 0 {
					assert.Zero(t, written)
				} else {
					assert.Equal(t, len("first part"), written)
					want = tohex(whole) + " "
				}
				require.NoError(t, n.SetWriteDeadline(time.Time{}))
				p.got = got
				p.listen()
				written, err = n.Write([]byte("second part"))
				require.NoError(t, err)
				assert.Equal(t, len("second part"), written)
				assert.Equal(t, want+r.own(0x82, "second part"), p.heard())
				assertNoBuffer(t, &c.out)
			})
			if t.Failed() {
				t.Fatalf("%s, the deadline passed at byte %d", r.name, k)
			}
		}
	}
}

// Random deadlines while much is sent: what Write counts is what arrives.
func TestNetConnWriteDeadlinesLoseNothing(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for _, r := range roles {
		r.deaf(t, quiet, func(t *testing.T, c *Conn, p *peer) {
			random := rand.New(rand.NewPCG(seed, 0))
			var got []byte
			receiving := later(func() error {
				other := role{client: !r.client}.conn(&chunked{p.nc, 5000}, quiet)
				in := other.NetConn(Binary)
				buf := make([]byte, 3000)
				for {
					n, err := in.Read(buf)
					got = append(got, buf[:n]...)
					if err == io.EOF {
						return nil
					}
					if err != nil {
						return err
					}
					time.Sleep(time.Millisecond)
				}
			})
			n := c.NetConn(Binary)
			sent, timeouts := pattern(600_000), 0
			for rest := sent; len(rest) > 0; {
				n.SetWriteDeadline(time.Now().Add(time.Duration(random.IntN(7)) * time.Millisecond))
				k, err := n.Write(rest[:min(len(rest), 1+random.IntN(40_000))])
				rest = rest[k:]
				if err != nil {
					require.True(t, isDeadline(err), "%v", err)
					timeouts++
					time.Sleep(time.Millisecond)
				}
			}
			assert.Positive(t, timeouts)
			n.SetWriteDeadline(time.Time{})
			_, err := n.Write([]byte("!")) // behind the tail
			require.NoError(t, err)
			require.NoError(t, n.Close())
			require.NoError(t, <-receiving)
			assert.True(t, string(sent)+"!" == string(got), "%d bytes sent, %d received", len(sent)+1, len(got))
		})
	}
}

func TestNetConnControlFramesPastADeadline(t *testing.T) {
	t.Run("6455-5.5.2-1 a Pong leaves when it can", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			n := c.NetConn(Binary)
			require.NoError(t, n.SetWriteDeadline(time.Unix(1, 0)))
			reading := later(func() error { _, err := n.Read(make([]byte, 1)); return err })
			p.send(r.frame(0x89, "?"))
			assert.Empty(t, p.heard())
			require.NoError(t, n.SetWriteDeadline(time.Time{}))
			p.send(r.frame(0x82, "x"))
			require.NoError(t, <-reading)
			_, err := n.Write([]byte("y"))
			require.NoError(t, err)
			assert.Equal(t, r.own(0x8a, "?")+" "+r.own(0x82, "y"), p.heard())
		})
	})
	t.Run("a flood of Pings is bounded", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			n := c.NetConn(Binary)
			require.NoError(t, n.SetWriteDeadline(time.Unix(1, 0)))
			go n.Read(make([]byte, 1))
			for range 2000 {
				p.send(r.frame(0x89, strings.Repeat("p", 125)))
			}
			synctest.Wait()
			assert.NoError(t, c.Err())
			assert.LessOrEqual(t, len(c.out.buf), bufferSize)
			require.NoError(t, n.SetWriteDeadline(time.Time{}))
			_, err := n.Write(make([]byte, chunk))
			require.NoError(t, err)
			sent := parseSent(t, r, unhex(p.heard()))
			assert.Equal(t, sentFrame{true, frames.Binary, string(make([]byte, chunk))}, sent[len(sent)-1])
			for _, pong := range sent[:len(sent)-1] {
				assert.Equal(t, sentFrame{true, frames.Pong, strings.Repeat("p", 125)}, pong)
			}
		})
	})
	t.Run("a frame that waits behind them has not begun", func(t *testing.T) {
		for _, r := range roles {
			r.deaf(t, quiet, func(t *testing.T, c *Conn, p *peer) {
				n := c.NetConn(Binary)
				require.NoError(t, n.SetWriteDeadline(time.Unix(1, 0)))
				go n.Read(make([]byte, 1))
				for range 300 {
					p.send(r.frame(0x89, strings.Repeat("p", 125)))
				}
				synctest.Wait()
				require.NoError(t, n.SetWriteDeadline(time.Now().Add(time.Second)))
				k, err := n.Write(make([]byte, chunk))
				assert.Zero(t, k)
				assert.True(t, isDeadline(err))
				require.NoError(t, n.SetWriteDeadline(time.Time{}))
				p.listen()
				_, err = n.Write([]byte("y"))
				require.NoError(t, err)
				sent := parseSent(t, r, unhex(p.heard()))
				assert.Equal(t, frames.Pong, sent[len(sent)-2].op)
				assert.Equal(t, sentFrame{true, frames.Binary, "y"}, sent[len(sent)-1])
			})
		}
	})
	t.Run("the tail of a frame goes before the Close frame", func(t *testing.T) {
		for _, r := range roles {
			r.deaf(t, quiet, func(t *testing.T, c *Conn, p *peer) {
				n := c.NetConn(Binary)
				require.NoError(t, n.SetWriteDeadline(time.Now().Add(time.Second)))
				p.got = make([]byte, 3)
				go io.ReadFull(p.nc, p.got)
				_, err := n.Write([]byte("Hello"))
				require.True(t, isDeadline(err))
				p.listen()
				require.NoError(t, n.Close())
				assert.Equal(t, r.own(0x82, "Hello")+" "+r.ownClose(1000, ""), p.heard())
			})
		}
	})
	t.Run("a keepalive Ping does not end it", func(t *testing.T) {
		both(t, Options{}, func(t *testing.T, r role, c *Conn, p *peer) {
			n := c.NetConn(Binary)
			require.NoError(t, n.SetWriteDeadline(time.Unix(1, 0)))
			go n.Read(make([]byte, 1))
			time.Sleep(DefaultKeepAlive)
			assert.Empty(t, p.heard())
			p.send(r.frame(0x8a, ""))
			require.NoError(t, n.SetWriteDeadline(time.Time{}))
			_, err := n.Write([]byte("y"))
			require.NoError(t, err)
			assert.Equal(t, r.own(0x89, "")+" "+r.own(0x82, "y"), p.heard())
		})
	})
}

func TestNetConnText(t *testing.T) {
	t.Run("6455-5.6-1 no frame splits a character", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			n := c.NetConn(Text)
			for _, text := range []string{strings.Repeat("你", 20_000), strings.Repeat("a", chunk-1) + "😀", strings.Repeat("a", chunk) + "😀", strings.Repeat("é", chunk)} {
				k, err := n.Write([]byte(text))
				require.NoError(t, err)
				assert.Equal(t, len(text), k)
				var got string
				for _, f := range parseSent(t, r, unhex(p.heard())) {
					assert.True(t, f.fin && f.op == Text)
					assert.True(t, utf8.ValidString(f.payload))
					got += f.payload
				}
				assert.True(t, text == got)
			}
		})
	})
	t.Run("6455-5.6-1 other bytes are refused", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			n := c.NetConn(Text)
			k, err := n.Write([]byte("a\xff"))
			assert.Zero(t, k)
			assert.Equal(t, "6455-5.6-1", asRule(t, err).Rule)
			assert.Empty(t, p.heard())
			k, err = n.Write([]byte("fine"))
			assert.Equal(t, 4, k)
			assert.NoError(t, err)
		})
	})
	t.Run("reads may", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			n := c.NetConn(Text)
			go p.send(r.frame(0x81, "你"))
			b := make([]byte, 2)
			_, err := io.ReadFull(n, b)
			require.NoError(t, err)
			assert.Equal(t, "你"[:2], string(b))
		})
	})
}

func TestNetConnWriteSizes(t *testing.T) {
	both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
		n := c.NetConn(Binary)
		k, err := n.Write(nil)
		assert.Zero(t, k)
		require.NoError(t, err)
		assert.Empty(t, p.heard(), "nothing is nothing")
		for _, size := range sizes[1:] {
			k, err := n.Write(pattern(size))
			require.NoError(t, err)
			assert.Equal(t, size, k)
			var got []byte
			for _, f := range parseSent(t, r, unhex(p.heard())) {
				assert.LessOrEqual(t, len(f.payload), chunk)
				got = append(got, f.payload...)
			}
			assert.True(t, bytes.Equal(pattern(size), got), size)
		}
	})
}

func TestNetConnWithoutKeys(t *testing.T) {
	a, b := net.Pipe()
	defer b.Close()
	n := newConn(a, true, "", nil, nil, &Options{KeepAlive: -1, Rand: &failingReader{os.ErrPermission}}).NetConn(Binary)
	k, err := n.Write([]byte("secret"))
	assert.Zero(t, k)
	assert.ErrorIs(t, err, os.ErrPermission)
	_, err = n.Write([]byte("secret"))
	assert.ErrorIs(t, err, net.ErrClosed)
}

func TestNetConnSocketFails(t *testing.T) {
	for _, r := range roles {
		t.Run(r.name, func(t *testing.T) {
			a, b := net.Pipe()
			defer b.Close()
			taken := make([]byte, 9)
			taking := later(func() error { _, err := io.ReadFull(b, taken); return err })
			c := r.conn(&failing{a, len(taken), os.ErrPermission}, quiet)
			n := c.NetConn(Binary)
			k, err := n.Write([]byte("more than nine"))
			assert.Zero(t, k)
			assert.ErrorIs(t, err, os.ErrPermission)
			_, err = n.Write([]byte("again"))
			assert.ErrorIs(t, err, net.ErrClosed)
			require.NoError(t, <-taking)
			_, err = b.Read(taken)
			assert.Equal(t, io.EOF, err, "nothing behind the cut")
			assertNoBuffer(t, &c.out)
		})
	}
}
