package rfc6455

import (
	"fmt"
	"os"
)

// checkWrite finds a peer that does not take what is sent to it. It is called
// each time that half of [Options.WriteTimeout] has passed. Whoever sends a frame
// holds the frame lock, and the lock counts; so if the same holder has it as
// at the last call, he has been waiting for at least that half, and for no
// more than the whole.
//
// A deadline on the socket would do the same, and must be set anew for each
// write, or at least compared with the clock. This way a write pays nothing. To
// ask for the time took a quarter of what the echo of a small message costs
// without a socket.
func (c *Conn) checkWrite() error {
	turn, held := c.out.lock.turn()
	stalled := held && turn == c.pulse.turn
	c.pulse.turn = turn
	if stalled && !c.out.netConn.Load() {
		return errStalled
	}
	return nil
}

var errStalled = fmt.Errorf("rfc6455: the peer does not take what is sent to it: %w", os.ErrDeadlineExceeded)
