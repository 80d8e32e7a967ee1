package rfc6455

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/frames"
)

// allocated returns how many bytes f allocates, freed or not.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// ways to read, for those who attack.
var ways = []struct {
	name string
	read func(*Conn) error
}{
	{"Read", func(c *Conn) error { _, _, err := c.Read(forever); return err }},
	{"Reader", func(c *Conn) error {
		_, r, err := c.Reader(forever)
		if err == nil {
			_, err = io.Copy(io.Discard, r)
		}
		return err
	}},
	{"Serve", func(c *Conn) error { return c.Serve(forever, Handler{}) }},
	{"NetConn", func(c *Conn) error {
		_, err := io.Copy(io.Discard, c.NetConn(Binary))
		return err
	}},
}

func TestAnnouncedBytesCostNothing(t *testing.T) {
	for _, way := range ways {
		for _, length := range []uint64{1 << 20, 1<<20 + 1, 1 << 32, 1 << 62, 1<<63 - 1} {
			for _, limit := range []int64{0, -1} {
				t.Run(fmt.Sprintf("6455-10.4-1 a header of %d bytes, %s, limit %d", length, way.name, limit), func(t *testing.T) {
					b := frames.AppendHeader(nil, frames.Header{Fin: true, Opcode: frames.Binary, Length: length})
					getBuffer() // not the first
					var c *Conn
					cost := allocated(func() {
						c = role{client: true}.conn(&script{in: bytes.NewReader(b)}, Options{KeepAlive: -1, MaxMessage: limit})
						way.read(c)
					})
					e := asClose(t, c.Err())
					if length > 1<<20 && limit == 0 || length > uint64(maxSlice) {
						assert.Equal(t, "6455-10.4-1", asRule(t, e).Rule)
						assert.Equal(t, frames.CloseTooBig, e.Sent)
					} else {
						assert.ErrorIs(t, e, io.ErrUnexpectedEOF)
					}
					// A buffer may have to be made if the pool has none.
					assert.Less(t, cost, uint64(4*bufferSize))
				})
			}
		}
	}
}

// repeating is a socket that sends first and then again and again, n times.
type repeating struct {
	script
	first, again []byte
	n            int
	rest         []byte
}

func (r *repeating) Read(p []byte) (n int, err error) {
	if r.first != nil {
		r.rest, r.first = r.first, nil
	}
	for n < len(p) {
		if len(r.rest) == 0 {
			if r.n == 0 {
				if n == 0 {
					err = io.EOF
				}
				return n, err
			}
			r.n--
			r.rest = r.again
		}
		k := copy(p[n:], r.rest)
		n += k
		r.rest = r.rest[k:]
	}
	return n, nil
}

func TestEmptyFragments(t *testing.T) {
	for _, r := range roles {
		for _, way := range ways {
			t.Run("6455-10.4-2 two million, "+r.name+" "+way.name, func(t *testing.T) {
				const n = 2_000_000
				s := &repeating{first: r.frame(0x02, ""), again: r.frame(0x00, ""), n: n}
				c := r.conn(s, quiet)
				cost := allocated(func() { way.read(c) })
				assert.Less(t, cost, uint64(8*bufferSize))
				e := asClose(t, c.Err())
				assert.Equal(t, frames.ClosePolicyViolation, e.Sent)
				assert.Equal(t, "6455-10.4-2", asRule(t, e).Rule)
				assert.Equal(t, r.ownClose(1008, asRule(t, e).Text), s.sent())
				if !r.client { // who discards all until the server hangs up
					assert.Greater(t, s.n, n-DefaultMaxFragments-bufferSize, "it did not look at more of them")
				}
			})
		}
	}
	t.Run("6455-10.4-2 all of them, where that is allowed", func(t *testing.T) {
		const n = 2_000_000
		c := role{client: true}.conn(&repeating{first: unhex("02 00"), again: unhex("00 00"), n: n}, Options{KeepAlive: -1, MaxFragments: n})
		cost := allocated(func() {
			_, _, err := c.Read(forever)
			assert.Equal(t, "6455-10.4-2", asRule(t, err).Rule)
		})
		assert.EqualValues(t, n, c.m.fragments)
		assert.Less(t, cost, uint64(n), "not half of what they take on the wire")
	})
}

func TestOneByteFragments(t *testing.T) {
	for _, r := range roles {
		t.Run("6455-10.4-1 memory in proportion to what arrived, "+r.name, func(t *testing.T) {
			const n = 131_000
			s := &repeating{first: r.frame(0x02, "a"), again: r.frame(0x00, "a"), n: n}
			c := r.conn(s, quiet)
			cost := allocated(func() {
				_, _, err := c.Read(forever)
				assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
			})
			assert.Len(t, c.gathered, n+1)
			assert.Less(t, cost, uint64(6*n))
		})
	}
}

func TestSlowPeers(t *testing.T) {
	t.Run("a header that never ends", func(t *testing.T) {
		both(t, Options{}, func(t *testing.T, r role, c *Conn, p *peer) {
			read := startReading(c)
			p.send(r.frame(0x82, strings.Repeat("x", 65536))[:7])
			assert.ErrorIs(t, read.ended(t), errDead, "the keepalive ends it")
			assert.Nil(t, c.in.large, "and until then it costs little")
		})
	})
	t.Run("a message that never ends holds what has arrived", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			ctx, cancel := context.WithTimeout(forever, 1000*time.Second)
			defer cancel()
			read := readLater(ctx, c)
			for _, b := range append(r.frame(0x02, ""), r.frame(0x80, strings.Repeat("x", 1<<20))[:200]...) {
				p.send([]byte{b})
				time.Sleep(time.Second)
			}
			require.Equal(t, context.DeadlineExceeded, (<-read).err)
			assert.LessOrEqual(t, cap(c.gathered), firstAlloc)
		})
	})
}

// While nothing comes, a connection holds no buffer, or a small one.
func TestWaitingHoldsNoBuffer(t *testing.T) {
	check := func(t *testing.T, c *Conn, plain bool) {
		t.Helper()
		assert.Nil(t, c.in.large)
		if plain {
			assert.Nil(t, c.in.small)
		}
		assertNoBuffer(t, &c.out)
	}
	t.Run("pipe", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			read := startReading(c)
			for _, f := range [][]byte{r.frame(0x81, "a"), r.frame(0x89, "b"), r.frame(0x82, strings.Repeat("c", 100000))} {
				p.send(f)
				synctest.Wait()
				check(t, c, false)
			}
			assert.Len(t, read.messages(), 2)
		})
	})
	for _, s := range sockets[1:] {
		t.Run(s.name, func(t *testing.T) {
			a, b := s.make(t)
			c := role{}.conn(a, quiet)
			for _, f := range [][]byte{frame(true, 0x81, "a"), frame(true, 0x82, strings.Repeat("c", 100000))} {
				go b.Write(f)
				_, _, err := c.Read(forever)
				require.NoError(t, err)
				check(t, c, s.name == "tcp")
			}
			c.CloseNow()
		})
	}
}
