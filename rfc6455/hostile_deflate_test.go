package rfc6455

import (
	"bytes"
	"compress/flate"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/frames"
	"example.com/ws101/handshake"
)

// bomb is a compressed message of 90 KB that comes to 90 MiB.
var bomb = sync.OnceValue(func() string {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression)
	zeros := make([]byte, 1<<20)
	for range 90 {
		w.Write(zeros)
	}
	w.Flush()
	return strings.TrimSuffix(b.String(), blockEnd)
})

// deflatedFragments is a compressed binary message in fragments of n bytes.
func (r role) deflatedFragments(payload string, n int) (wire []byte) {
	b0 := byte(0x02 | deflated)
	for ; len(payload) > n; b0 = 0x00 {
		wire = append(wire, r.frame(b0, payload[:n])...)
		payload = payload[n:]
	}
	return append(wire, r.frame(0x80|b0, payload)...)
}

func TestBombs(t *testing.T) {
	require.InDelta(t, 90_000, len(bomb()), 5000)
	for _, r := range roles {
		for _, way := range ways {
			for name, wire := range map[string][]byte{
				"whole":                     r.frame(0x82|deflated, bomb()),
				"in fragments of 100 bytes": r.deflatedFragments(bomb(), 100),
				"in fragments of one byte":  r.deflatedFragments(bomb(), 1),
				"the start of it":           r.frame(0x82|deflated, bomb())[:2000],
			} {
				t.Run(fmt.Sprintf("7692-8-1 %s, %s, %s", name, r.name, way.name), func(t *testing.T) {
					s := &script{in: bytes.NewReader(wire)}
					c := r.deflating(s, quiet, handshake.Deflate{})
					cost := allocated(func() { way.read(c) })
					e := asClose(t, c.Err())
					assert.Equal(t, "6455-10.4-1", asRule(t, e).Rule)
					assert.Equal(t, frames.CloseTooBig, e.Sent)
					assert.Equal(t, r.ownClose(1009, asRule(t, e).Text), s.sent())
					assert.Less(t, cost, uint64(6<<20), "much less than 90 MiB")
				})
			}
		}
	}
}

// While the peer is told that its message is too large, and is slow to hear it,
// nothing of the message is held.
func TestFailedConnectionHoldsNothing(t *testing.T) {
	for _, way := range ways {
		t.Run("7692-8-1 "+way.name, func(t *testing.T) {
			bothDeflating(t, quiet, handshake.Deflate{}, func(t *testing.T, r role, c *Conn, p *peer) {
				ended := later(func() error { return way.read(c) })
				p.nc.Write(r.frame(0x82|deflated, bomb()))
				assert.NotEmpty(t, p.heard())
				assert.Nil(t, c.inflate)
				assert.Nil(t, c.gathered)
				assert.Nil(t, c.in.large)
				assert.False(t, c.turn)
				p.nc.Close()
				asClose(t, <-ended)
			})
		})
	}
}

// Blocks that hold nothing cost time alone, and are taken.
func TestEmptyBlocks(t *testing.T) {
	for name, block := range map[string]string{
		"stored": "\x00" + blockEnd, "last": "\x03\x00",
	} {
		for _, r := range roles {
			t.Run("7692-7.2.2-3 "+name+", "+r.name, func(t *testing.T) {
				payload := strings.Repeat(block, 20_000) + "\x00"
				s := &script{in: bytes.NewReader(r.frame(0x82|deflated, payload))}
				c := r.deflating(s, quiet, handshake.Deflate{})
				cost := allocated(func() {
					_, p, err := c.Read(forever)
					require.NoError(t, err)
					assert.Empty(t, p)
				})
				assert.Less(t, cost, uint64(1<<20))
			})
		}
	}
}

// While the others have all the turns, a bomb comes to no more than one buffer.
func TestTurns(t *testing.T) {
	defer func(all chan struct{}) { turns = all }(turns)
	bothDeflating(t, quiet, alone, func(t *testing.T, r role, c *Conn, p *peer) {
		turns = make(chan struct{}, 1)
		turns <- struct{}{}
		read := startReading(c)
		go p.nc.Write(r.frame(0x82|deflated, bomb()))
		synctest.Wait()
		assert.Len(t, c.gathered, bufferSize)
		assert.Empty(t, p.heard())
		<-turns
		synctest.Wait()
		assert.Empty(t, turns, "it has given its turn back")
		p.nc.Close()
		assert.EqualValues(t, 1009, read.ended(t).Sent)
	})
}
