//go:build unix

package rfc6455

import (
	"context"
	"net"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fill makes a connection on which the system takes no more, since nobody reads at
// the other end.
func fill(t *testing.T) net.Conn {
	a, b := tcpPair(t)
	require.NoError(t, a.(*net.TCPConn).SetWriteBuffer(4<<10))
	require.NoError(t, b.(*net.TCPConn).SetReadBuffer(4<<10))
	raw, err := a.(*net.TCPConn).SyscallConn()
	require.NoError(t, err)
	require.NoError(t, raw.Write(func(fd uintptr) bool {
		for err == nil {
			_, err = syscall.Write(int(fd), make([]byte, bufferSize))
		}
		return true
	}))
	require.Equal(t, syscall.EAGAIN, err)
	return a
}

// A write that has to wait on a plain socket is interrupted by its context.
func TestWriteThatWaitsIsInterrupted(t *testing.T) {
	for _, r := range roles {
		for _, size := range []int{bufferSize - 100, 10 * bufferSize} {
			c := r.conn(fill(t), quiet)
			ctx, cancel := context.WithCancel(forever)
			done := later(func() error { return c.Write(ctx, Binary, make([]byte, size)) })
			for held := false; !held; _, held = c.out.lock.turn() {
				runtime.Gosched()
			}
			cancel() // the write has begun, and cannot end
			err := <-done
			assert.ErrorIs(t, err, context.Canceled, r.name)
			assert.ErrorIs(t, err, errWriteStopped, r.name)
			assert.Equal(t, err, c.Err(), "half a frame may have left")
		}
	}
}
