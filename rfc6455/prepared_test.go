package rfc6455

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPrepare(t *testing.T) {
	_, err := Prepare(Text, []byte("\xff"))
	assert.Equal(t, "6455-5.6-1", asRule(t, err).Rule)
	_, err = Prepare(8, nil)
	assert.ErrorContains(t, err, "Text or Binary, not close")

	p := []byte("Hello")
	m, err := Prepare(Text, p)
	require.NoError(t, err)
	p[0] = 'J'
	for _, r := range roles {
		t.Run("it was copied, "+r.name, func(t *testing.T) {
			r.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
				for range 3 {
					require.NoError(t, c.WritePrepared(forever, m))
					assert.Equal(t, r.own(0x81, "Hello"), p.heard())
				}
			})
		})
	}
	assert.Equal(t, "81 05 48 65 6c 6c 6f", tohex(m.plain.bytes), "6455-10.3-2 and never changed")
}

func TestPreparedSizes(t *testing.T) {
	for _, s := range sockets {
		for _, r := range roles {
			t.Run(s.name+" "+r.name, func(t *testing.T) {
				a, b := s.make(t)
				c := r.conn(a, quiet)
				for _, n := range sizes {
					m, err := Prepare(Binary, pattern(n))
					require.NoError(t, err)
					want := frame(r.client, 0x82, string(pattern(n)))
					done := later(func() error { return c.WritePrepared(forever, m) })
					got := make([]byte, len(want))
					_, err = io.ReadFull(b, got)
					require.NoError(t, err)
					require.NoError(t, <-done)
					require.Truef(t, bytes.Equal(want, got), "%d bytes", n)
				}
				c.CloseNow()
			})
		}
	}
}

// Under Serve replies gather: prepared and other messages keep their order,
// whatever their size.
func TestPreparedAmongHeldReplies(t *testing.T) {
	for _, s := range sockets {
		for _, r := range roles {
			for _, n := range []int{0, 100, maxHeld, bufferSize - 20, bufferSize, 100_000} {
				t.Run(fmt.Sprintf("%s %s %d bytes", s.name, r.name, n), func(t *testing.T) {
					a, b := s.make(t)
					c := r.conn(a, quiet)
					m, err := Prepare(Binary, pattern(n))
					require.NoError(t, err)
					var want []byte
					for i := range 4 {
						for k := range 3 {
							if i != k {
								want = append(want, frame(r.client, 0x81, "small")...)
							}
							want = append(want, frame(r.client, 0x82, string(pattern(n)))...)
						}
					}
					i := 0
					go c.Serve(forever, Handler{Message: func(c *Conn, _ MessageType, _ []byte) {
						for k := range 3 {
							if i != k { // once the first is prepared, once the last
								c.Write(forever, Text, []byte("small"))
							}
							c.WritePrepared(forever, m)
						}
						i++
					}})
					go b.Write(bytes.Repeat(r.frame(0x81, "x"), 4))
					got := make([]byte, len(want))
					_, err = io.ReadFull(b, got)
					require.NoError(t, err)
					assert.True(t, bytes.Equal(want, got))
					c.CloseNow()
				})
			}
		}
	}
}

func TestOnePreparedMessageForAll(t *testing.T) {
	m, err := Prepare(Text, bytes.Repeat([]byte("news "), 20_000))
	require.NoError(t, err)
	var wg sync.WaitGroup
	for i := range 10 {
		a, b := net.Pipe()
		from, to := role{client: i%2 == 0}.conn(a, quiet), role{client: i%2 == 1}.conn(b, quiet)
		wg.Go(func() {
			for range 5 {
				if err := from.WritePrepared(forever, m); err != nil {
					t.Error(err)
				}
			}
			from.CloseNow()
		})
		wg.Go(func() {
			for range 5 {
				_, p, err := to.Read(forever)
				if err != nil || !bytes.Equal(p, m.plain.payload) {
					t.Error("not the same: ", err)
				}
			}
		})
	}
	wg.Wait()
}

func TestPreparedHeedsItsContext(t *testing.T) {
	both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
		m, err := Prepare(Text, nil)
		require.NoError(t, err)
		over, cancel := context.WithCancel(forever)
		cancel()
		assert.Equal(t, context.Canceled, c.WritePrepared(over, m))
		assert.Empty(t, p.heard())
		require.NoError(t, c.WritePrepared(forever, m))
	})
}
