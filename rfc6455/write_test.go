package rfc6455

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/frames"
)

// deaf runs a test whose peer does not read until it is told to listen.
func (r role) deaf(t *testing.T, o Options, test func(t *testing.T, c *Conn, p *peer)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		c := r.conn(a, o)
		defer b.Close()
		defer c.CloseNow()
		test(t, c, &peer{t: t, nc: b})
	})
}

// later calls f in a goroutine of its own.
func later(f func() error) <-chan error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	return done
}

func TestWriteRefuses(t *testing.T) {
	both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
		for _, bad := range []string{"\xff", "a\xc3", "\xed\xa0\x80", strings.Repeat("a", 100000) + "\x80"} {
			err := c.Write(forever, Text, []byte(bad))
			assert.Equal(t, "6455-5.6-1", asRule(t, err).Rule)
			assert.Zero(t, asRule(t, err).Code, "the peer is not to blame")
		}
		for op := range MessageType(16) {
			if op != Text && op != Binary {
				assert.ErrorContains(t, c.Write(forever, op, nil), "Text or Binary, not "+op.String())
				_, err := c.Writer(forever, op)
				assert.ErrorContains(t, err, "Text or Binary, not "+op.String())
			}
		}
		over, cancel := context.WithCancel(forever)
		cancel()
		assert.Equal(t, context.Canceled, c.Write(over, Text, []byte("late")))
		assert.Empty(t, p.heard(), "nothing has left")
		require.NoError(t, c.Write(forever, Binary, []byte("\xff")))
		assert.Equal(t, r.own(0x82, "\xff"), p.heard(), "and the connection is fine")
	})
}

// Every size at which something changes: the length form, the room in a
// buffer, one write or two.
var sizes = []int{0, 1, 125, 126, 127, bufferSize/2 - 14, bufferSize / 2, bufferSize - 15, bufferSize - 14, bufferSize - 13, bufferSize - 4,
	bufferSize - 2, bufferSize - 1, bufferSize, bufferSize + 1, 65535, 65536, 3*bufferSize - 8, 3 * bufferSize, 1 << 20}

func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i ^ i>>8)
	}
	return b
}

func TestWriteSizes(t *testing.T) {
	for _, s := range sockets {
		for _, r := range roles {
			t.Run("6455-5.1-1 6455-5.1-3 6455-5.2-5 6455-6.1-8 "+s.name+" "+r.name, func(t *testing.T) {
				a, b := s.make(t)
				c := r.conn(a, quiet)
				for _, n := range sizes {
					p := pattern(n)
					want := frame(r.client, 0x82, string(p))
					got := make([]byte, len(want))
					done := later(func() error { return c.Write(forever, Binary, p) })
					_, err := io.ReadFull(b, got)
					require.NoError(t, err)
					require.NoError(t, <-done)
					require.Truef(t, bytes.Equal(want, got), "%d bytes", n)
					require.Truef(t, bytes.Equal(pattern(n), p), "6455-10.3-2 the caller's %d bytes are untouched", n)
					assertNoBuffer(t, &c.out)
				}
				c.CloseNow()
			})
		}
	}
}

func TestMaskingKeys(t *testing.T) {
	t.Run("6455-5.3-2 a key for each frame, in order", func(t *testing.T) {
		role{client: true}.bubble(t, Options{KeepAlive: -1, Rand: fixedKeys("01 02 03 04 05 06 07 08 09 0a 0b 0c")}, func(t *testing.T, c *Conn, p *peer) {
			startReading(c)
			require.NoError(t, c.Write(forever, Text, []byte("abc")))
			p.send(frame(false, 0x89, "abc"))
			synctest.Wait()
			require.NoError(t, c.Write(forever, Text, []byte("abc")))
			go c.Close(1000, "")
			assert.Equal(t, "81 83 01 02 03 04 60 60 60 8a 83 05 06 07 08 64 64 64 81 83 09 0a 0b 0c 68 68 68 88 82 01 02 03 04 02 ea", p.heard())
		})
	})
	t.Run("6455-5.3-3 6455-10.3-1 from crypto/rand, never the same twice", func(t *testing.T) {
		const n = 10000
		s := &script{in: bytes.NewReader(nil)}
		c := newConn(s, true, "", nil, nil, &quiet)
		for range n {
			require.NoError(t, c.Write(forever, Binary, nil))
		}
		seen := make(map[[4]byte]int, n)
		for b := s.out.Bytes(); len(b) > 0; b = b[6:] {
			require.Equal(t, []byte{0x82, 0x80}, b[:2])
			seen[[4]byte(b[2:6])]++
		}
		// 10,000 of 2^32: one pair in 100 runs, three times the same never.
		assert.Greater(t, len(seen), n-5)
	})
	t.Run("a source that fails ends the connection", func(t *testing.T) {
		errDry := errors.New("no more entropy")
		s := &script{in: bytes.NewReader(nil)}
		c := newConn(s, true, "", nil, nil, &Options{KeepAlive: -1, Rand: io.MultiReader(bytes.NewReader(unhex(rfcKey)), &failingReader{errDry})})
		require.NoError(t, c.Write(forever, Text, nil))
		err := c.Write(forever, Text, []byte("secret"))
		assert.ErrorIs(t, err, errDry)
		assert.Equal(t, "81 80 37 fa 21 3d", s.sent(), "nothing leaves without a key")
		assert.True(t, s.closed)
		assert.ErrorIs(t, c.Write(forever, Text, nil), errDry)
	})
}

type failingReader struct{ err error }

func (f *failingReader) Read([]byte) (int, error) { return 0, f.err }

func TestWriteContextWhileWaiting(t *testing.T) {
	for _, r := range roles {
		t.Run("for another message, "+r.name, func(t *testing.T) {
			r.deaf(t, quiet, func(t *testing.T, c *Conn, p *peer) {
				first := later(func() error { return c.Write(forever, Text, []byte("first")) })
				synctest.Wait()
				ctx, cancel := context.WithTimeout(forever, time.Second)
				defer cancel()
				assert.Equal(t, context.DeadlineExceeded, c.Write(ctx, Text, []byte("second")))
				w, err := c.Writer(ctx, Text)
				require.NoError(t, err)
				assert.Equal(t, context.DeadlineExceeded, w.Close())
				_, err = c.Ping(ctx)
				assert.Equal(t, context.DeadlineExceeded, err)

				p.listen()
				require.NoError(t, <-first)
				assert.Equal(t, r.own(0x81, "first"), p.heard())
				require.NoError(t, c.Write(forever, Text, []byte("third")))
				assert.Equal(t, r.own(0x81, "third"), p.heard())
			})
		})
		t.Run("for a writer that was left open, "+r.name, func(t *testing.T) {
			r.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
				w, err := c.Writer(forever, Text)
				require.NoError(t, err)
				ctx, cancel := context.WithTimeout(forever, time.Second)
				defer cancel()
				assert.Equal(t, context.DeadlineExceeded, c.Write(ctx, Text, nil))
				m, err := Prepare(Text, nil)
				require.NoError(t, err)
				assert.Equal(t, context.DeadlineExceeded, c.WritePrepared(ctx, m))
				require.NoError(t, w.Close())
				require.NoError(t, c.Write(forever, Text, nil))
			})
		})
	}
}

func TestWriteContextEndsInTheMiddle(t *testing.T) {
	for _, r := range roles {
		for _, size := range []int{1, 1000, 100_000} {
			for _, taken := range []int{0, 1, 300} {
				if taken > size {
					continue
				}
				t.Run(fmt.Sprintf("%s, %d of %d bytes", r.name, taken, size), func(t *testing.T) {
					r.deaf(t, quiet, func(t *testing.T, c *Conn, p *peer) {
						ctx, cancel := context.WithTimeout(forever, time.Second)
						defer cancel()
						start := time.Now()
						done := later(func() error { return c.Write(ctx, Binary, make([]byte, size)) })
						_, err := io.ReadFull(p.nc, make([]byte, taken))
						require.NoError(t, err)
						err = <-done
						assert.Equal(t, time.Second, time.Since(start))
						assert.ErrorIs(t, err, context.DeadlineExceeded)
						assert.ErrorIs(t, err, errWriteStopped)
						assert.Equal(t, frames.CloseAbnormal, asClose(t, err).Code)
						assert.Equal(t, c.Err(), err)
						<-c.Done()
						assert.Equal(t, err, c.Write(forever, Binary, nil))
						_, _, err = c.Read(forever)
						assert.Equal(t, c.Err(), err)
						p.listen()
						assert.True(t, p.hungUp())
					})
				})
			}
		}
	}
}

func TestWriteContextThatIsNotNeeded(t *testing.T) {
	// A context that ends when all has been written changes nothing.
	both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
		for range 3 {
			ctx, cancel := context.WithCancel(forever)
			require.NoError(t, c.Write(ctx, Text, []byte("a")))
			cancel()
			synctest.Wait()
		}
		assert.NoError(t, c.Err())
		assert.Len(t, unhex(p.heard()), 3*len(frame(r.client, 0x81, "a")))
	})
}

func TestWriteTimeout(t *testing.T) {
	for _, r := range roles {
		for _, test := range []struct {
			name     string
			o        time.Duration
			min, max time.Duration
		}{
			{"by default", 0, 15 * time.Second, 30 * time.Second},
			{"as told", 4 * time.Second, 2 * time.Second, 4 * time.Second},
		} {
			for _, size := range []int{1, bufferSize, 1 << 20} {
				t.Run(fmt.Sprintf("a peer that does not read is cut, %s, %s, %d bytes", test.name, r.name, size), func(t *testing.T) {
					r.deaf(t, Options{KeepAlive: -1, WriteTimeout: test.o}, func(t *testing.T, c *Conn, p *peer) {
						// The clock runs since the connection was opened.
						done := later(func() error { return c.Write(forever, Text, []byte("a")) })
						_, err := io.ReadFull(p.nc, make([]byte, len(frame(r.client, 0x81, "a"))))
						require.NoError(t, err)
						require.NoError(t, <-done)
						for _, pause := range []time.Duration{0, test.min - 1} {
							time.Sleep(pause)
						}
						start := time.Now()
						err = c.Write(forever, Binary, make([]byte, size))
						took := time.Since(start)
						assert.True(t, isTimeout(err), "%v", err)
						assert.Equal(t, frames.CloseAbnormal, asClose(t, err).Code)
						assert.GreaterOrEqual(t, took, test.min)
						assert.LessOrEqual(t, took, test.max)
						<-c.Done()
					})
				})
			}
		}
		t.Run("can be turned off, "+r.name, func(t *testing.T) {
			r.deaf(t, Options{KeepAlive: -1, WriteTimeout: -1}, func(t *testing.T, c *Conn, p *peer) {
				done := later(func() error { return c.Write(forever, Text, []byte("a")) })
				time.Sleep(24 * time.Hour)
				p.listen()
				require.NoError(t, <-done)
			})
		})
		if r.client { // which masks a large frame piece by piece
			t.Run("a large frame that goes on slowly is not cut", func(t *testing.T) {
				r.deaf(t, Options{KeepAlive: -1}, func(t *testing.T, c *Conn, p *peer) {
					done := later(func() error { return c.Write(forever, Binary, make([]byte, 20*bufferSize)) })
					for range 20 {
						time.Sleep(14 * time.Second)
						_, err := io.ReadFull(p.nc, make([]byte, bufferSize))
						require.NoError(t, err)
					}
					p.listen()
					require.NoError(t, <-done)
				})
			})
		}
		t.Run("a peer that reads now and then is not cut, "+r.name, func(t *testing.T) {
			r.deaf(t, Options{KeepAlive: -1}, func(t *testing.T, c *Conn, p *peer) {
				stopped := later(func() error {
					for {
						time.Sleep(14 * time.Second)
						if _, err := io.ReadFull(p.nc, make([]byte, 100)); err != nil {
							return err
						}
					}
				})
				for range 20 {
					require.NoError(t, c.Write(forever, Binary, make([]byte, 50)))
				}
				c.CloseNow()
				<-stopped
			})
		})
	}
}

// Proves 6455-6.1-2.
func TestWriteAfterTheEnd(t *testing.T) {
	both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
		m, err := Prepare(Text, []byte("late"))
		require.NoError(t, err)
		c.CloseNow()
		assert.Equal(t, c.Err(), c.Write(forever, Text, nil))
		assert.Equal(t, c.Err(), c.WritePrepared(forever, m))
		_, err = c.Writer(forever, Text)
		assert.Equal(t, c.Err(), err)
		_, err = c.Ping(forever)
		assert.Equal(t, c.Err(), err)
		assert.ErrorIs(t, err, errClosedNow)
		assert.Empty(t, p.heard())
	})
	t.Run("those who wait are told", func(t *testing.T) {
		role{}.deaf(t, quiet, func(t *testing.T, c *Conn, p *peer) {
			write := later(func() error { return c.Write(forever, Text, []byte("a")) })
			synctest.Wait() // it holds the frame lock
			waiting := []<-chan error{
				write,
				later(func() error { return c.Write(forever, Text, []byte("a")) }),
				later(func() error { _, err := c.Ping(forever); return err }),
				later(func() error {
					w, err := c.Writer(forever, Text)
					if err != nil {
						return err
					}
					return w.Close()
				}),
			}
			synctest.Wait()
			c.CloseNow()
			for i, done := range waiting {
				assert.Equal(t, c.Err(), <-done, i)
			}
		})
	})
}

// Many goroutines write in every way there is; at the other end every message
// must be whole.
func TestConcurrentWriters(t *testing.T) {
	for _, s := range sockets {
		for _, r := range roles {
			t.Run("6455-5.4-3 "+s.name+" "+r.name, func(t *testing.T) {
				a, b := s.make(t)
				c, other := r.conn(a, quiet), role{client: !r.client}.conn(b, quiet)
				startReading(c) // answers Pings
				const writers, each = 6, 12
				counts := make(chan [writers]int, 1)
				go func() {
					var n [writers]int
					defer func() { counts <- n }()
					for {
						_, p, err := other.Read(forever)
						if err != nil {
							return
						}
						for _, x := range p {
							if x != p[0] {
								t.Errorf("a message of %q has a %q in it", p[0], x)
								return
							}
						}
						n[p[0]-'a']++
					}
				}()
				var wg sync.WaitGroup
				for i := range writers {
					wg.Go(func() {
						p := bytes.Repeat([]byte{byte('a' + i)}, 1+i*i*3000)
						m, _ := Prepare(Text, p)
						for k := range each {
							var err error
							switch (i + k) % 4 {
							case 0:
								err = c.Write(forever, Binary, p)
							case 1:
								err = c.WritePrepared(forever, m)
							case 2:
								_, err = c.Ping(forever)
								err = errors.Join(err, c.Write(forever, Text, p))
							case 3:
								var w io.WriteCloser
								if w, err = c.Writer(forever, Text); err == nil {
									_, err = w.Write(p[:len(p)/2])
									_, err2 := w.Write(p[len(p)/2:])
									err = errors.Join(err, err2, w.Close())
								}
							}
							if err != nil {
								t.Error(err)
								return
							}
						}
					})
				}
				wg.Go(func() {
					for range 20 {
						if _, err := other.Ping(forever); err != nil {
							t.Error(err)
						}
					}
				})
				wg.Wait()
				require.NoError(t, c.Close(1000, ""))
				assert.Equal(t, [writers]int{each, each, each, each, each, each}, <-counts)
			})
		}
	}
}
