//go:build !race

package rfc6455

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/handshake"
)

// On the steady path nothing is allocated, but for the slice that Read gives
// away. (The race detector makes sync.Pool forget on purpose.)
func TestSteadyPathAllocatesNothing(t *testing.T) {
	const runs = 200
	for _, r := range roles {
		for _, n := range []int{0, 1, 125, 1000, 20_000, 100_000} {
			name := fmt.Sprintf(" %d bytes, %s", n, r.name)
			p := bytes.Repeat([]byte("a"), n)
			t.Run("Write"+name, func(t *testing.T) {
				s := &memory{}
				c := r.conn(s, quiet)
				assert.Zero(t, testing.AllocsPerRun(runs, func() {
					if err := c.Write(forever, Text, p); err != nil {
						t.Fatal(err)
					}
				}))
				assert.Equal(t, (runs+1)*len(frame(r.client, 0x81, string(p))), s.written)
			})
			t.Run("WritePrepared"+name, func(t *testing.T) {
				s := &memory{}
				c := r.conn(s, quiet)
				m, err := Prepare(Text, p)
				require.NoError(t, err)
				assert.Zero(t, testing.AllocsPerRun(runs, func() {
					if err := c.WritePrepared(forever, m); err != nil {
						t.Fatal(err)
					}
				}))
				assert.Equal(t, (runs+1)*len(frame(r.client, 0x81, string(p))), s.written)
			})
			t.Run("Read"+name, func(t *testing.T) {
				c := r.conn(&memory{in: r.frame(0x81, string(p))}, quiet)
				allocs := testing.AllocsPerRun(runs, func() {
					if _, got, err := c.Read(forever); err != nil || len(got) != n {
						t.Fatal(len(got), err)
					}
				})
				switch {
				case n == 0:
					assert.Zero(t, allocs)
				case n <= firstAlloc:
					assert.EqualValues(t, 1, allocs)
				default:
					assert.LessOrEqual(t, allocs, 4.0, "room is made as bytes arrive")
				}
			})
			t.Run("Serve, echo"+name, func(t *testing.T) {
				one := r.frame(0x81, string(p))
				allocs := func(messages int) float64 {
					return testing.AllocsPerRun(5, func() {
						s := &memory{in: bytes.Repeat(one, 3)} // which arrive together
						got := 0
						r.conn(&limited{s, messages * len(one)}, quiet).Serve(forever, Handler{
							Message: func(c *Conn, mt MessageType, p []byte) {
								got++
								c.Write(forever, mt, p)
							}})
						if got != messages {
							t.Fatal(got)
						}
					})
				}
				// What the connection itself costs is in both, and so is what a pool lost.
				assert.InDelta(t, allocs(5), allocs(runs), 4)
			})
		}
	}
}

// Nor does compression allocate. (Decompression by compress/flate does, a
// little, for each block that brings a Huffman table of its own.)
func TestDeflateAllocatesNothing(t *testing.T) {
	for _, r := range roles {
		for _, agreed := range []handshake.Deflate{{}, alone} {
			for _, n := range []int{200, 20_000, 100_000} {
				name := fmt.Sprintf("%d bytes, takeover %t, %s", n, agreed != alone, r.name)
				p := text(newRandom(), n)
				t.Run("Write "+name, func(t *testing.T) {
					c := r.deflating(&memory{}, quiet, agreed)
					assert.Zero(t, testing.AllocsPerRun(100, func() {
						if err := c.Write(forever, Text, p); err != nil {
							t.Fatal(err)
						}
					}))
				})
				t.Run("Read "+name, func(t *testing.T) {
					fixed := r.frame(0x81|deflated, string(unhex(helloFixed)))
					c := r.deflating(&memory{in: fixed}, quiet, agreed)
					assert.EqualValues(t, 1, testing.AllocsPerRun(100, func() {
						if _, got, err := c.Read(forever); err != nil || len(got) != 5 {
							t.Fatal(len(got), err)
						}
					}))
				})
			}
		}
	}
}

func TestNetConnAllocatesNothing(t *testing.T) {
	for _, r := range roles {
		t.Run(r.name, func(t *testing.T) {
			n := r.conn(&memory{in: r.frame(0x82, "0123456789")}, quiet).NetConn(Binary)
			p := make([]byte, 10)
			assert.Zero(t, testing.AllocsPerRun(200, func() {
				if _, err := n.Write(p); err != nil {
					t.Fatal(err)
				}
				if k, err := n.Read(p); err != nil || k != 10 {
					t.Fatal(k, err)
				}
			}))
		})
	}
}

func TestContextCost(t *testing.T) {
	// A context that can be cancelled costs a little, but no goroutine.
	ctx, cancel := context.WithCancel(forever)
	defer cancel()
	c := role{}.conn(&memory{in: frame(true, 0x81, "Hello")}, quiet)
	assert.LessOrEqual(t, testing.AllocsPerRun(200, func() {
		if err := c.Write(ctx, Text, []byte("Hello")); err != nil {
			t.Fatal(err)
		}
	}), 8.0)
}

// Messages that come to just as much as is allowed are taken, one after the
// other, and their memory is used again.
func TestMessagesAtTheLimit(t *testing.T) {
	const n = 90
	payload := compressedBy(9, make([]byte, DefaultMaxMessage))
	for _, r := range roles {
		t.Run("7692-8-1 "+r.name, func(t *testing.T) {
			s := &script{in: bytes.NewReader(bytes.Repeat(r.frame(0x82|deflated, string(payload)), n))}
			c := r.deflating(s, quiet, alone)
			came := 0
			cost := allocated(func() {
				c.Serve(forever, Handler{Message: func(_ *Conn, _ MessageType, p []byte) { came += len(p) }})
			})
			assert.Equal(t, n*DefaultMaxMessage, came)
			assert.Less(t, cost, uint64(n*DefaultMaxMessage/4))
		})
	}
}

// While somebody else is writing, a Ping starts nothing: its Pong is left to
// that writer.
func TestPingFloodBehindABlockedWrite(t *testing.T) {
	for _, r := range roles {
		t.Run("6455-5.5.3-2 "+r.name, func(t *testing.T) {
			const n = 20_000
			ping := r.frame(0x89, strings.Repeat("p", 125))
			c := r.conn(&limited{&memory{in: bytes.Repeat(ping, 200)}, n * len(ping)}, quiet)
			require.True(t, c.out.lock.tryLock())
			getBuffer() // not the first
			cost := allocated(func() { assert.ErrorIs(t, c.advance(), io.ErrUnexpectedEOF) })
			assert.Less(t, cost, uint64(4*bufferSize))
		})
	}
}

func TestPongFlood(t *testing.T) {
	for _, r := range roles {
		t.Run("6455-5.5.3-2 "+r.name, func(t *testing.T) {
			const n = 20_000
			pong := r.frame(0x8a, strings.Repeat("p", 125))
			c := r.conn(&limited{&memory{in: bytes.Repeat(pong, 200)}, n * len(pong)}, quiet)
			getBuffer() // not the first
			cost := allocated(func() { assert.ErrorIs(t, c.advance(), io.ErrUnexpectedEOF) })
			assert.Less(t, cost, uint64(4*bufferSize))
		})
	}
}

// A context that could end costs nothing where the system takes a message at once.
func TestContextIsNotWatchedWithoutNeed(t *testing.T) {
	a, b := tcpPair(t)
	go io.Copy(io.Discard, b)
	c := server.conn(a, quiet)
	if c.in.raw == nil {
		t.Skip("there is no RawConn to write with here")
	}
	ctx, cancel := context.WithCancel(forever)
	defer cancel()
	p := []byte("Hello")
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		if err := c.Write(ctx, Binary, p); err != nil {
			t.Fatal(err)
		}
	}))
}

// A Conn is held by each connection that waits, so it counts what it weighs.
// 448 is a size that the allocator has; one byte more costs 480 (see
// internal/runtime/gc/sizeclasses.go).
func TestConnIsSmall(t *testing.T) {
	assert.LessOrEqual(t, unsafe.Sizeof(Conn{}), uintptr(448))
}
