package rfc6455

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
)

// A peer that closes while we are in the middle of a large message, and then is
// gone: why it closed is not lost.
func TestCloseReceivedButNotAnswered(t *testing.T) {
	for _, r := range roles {
		t.Run(r.name, func(t *testing.T) {
			r.deaf(t, quiet, func(t *testing.T, c *Conn, p *peer) {
				written := make(chan error, 1)
				go func() { written <- c.Write(forever, Binary, make([]byte, 1<<20)) }()
				read := startReading(c)
				synctest.Wait() // the write is blocked
				p.send(r.close(1009, "too big"))
				synctest.Wait() // the answer waits for the frame at hand
				p.nc.Close()
				e := read.ended(t)
				assert.EqualValues(t, 1009, e.Code, "6455-7.1.5-1")
				assert.Equal(t, "too big", e.Reason, "6455-7.1.6-1")
				assert.True(t, e.Remote)
				assert.False(t, e.Clean, "6455-7.1.4-1")
				assert.Equal(t, e, asClose(t, <-written))
			})
		})
	}
}
