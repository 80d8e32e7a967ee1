//go:build unix && amd64 && !race

package rfc6455

import (
	"io"
	"os"
	"os/exec"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A goroutine begins with a stack of 2 KiB, and an echo must not make it larger;
// see writeShort. The handler here takes some of it too, as one of a program
// does. (The race detector makes each call take more.)
func TestServeKeepsItsSmallStack(t *testing.T) {
	// In a process of its own: the runtime gives a new goroutine as much as those
	// before it have needed.
	const inside = "WS101_TEST_STACK"
	if os.Getenv(inside) == "" {
		program, err := os.Executable()
		require.NoError(t, err)
		child := exec.Command(program, "-test.run=^TestServeKeepsItsSmallStack$")
		child.Env = append(os.Environ(), inside+"=1")
		out, err := child.CombinedOutput()
		require.NoError(t, err, string(out))
		return
	}
	const n = 200
	before := stacks()
	for range n {
		a, b := tcpPair(t)
		go server.conn(a, quiet).Serve(forever, Handler{Message: echoFromDeeper})
		_, err := b.Write(server.frame(0x81, "Hello"))
		require.NoError(t, err)
		_, err = io.ReadFull(b, make([]byte, len("..Hello")))
		require.NoError(t, err)
	}
	assert.Less(t, (stacks()-before)/n, 3<<10, "bytes for each of them")
}

func stacks() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.StackInuse)
}

// echoFromDeeper echoes, with more than 160 bytes of stack in use.
func echoFromDeeper(c *Conn, t MessageType, p []byte) {
	var room [160]byte
	n := copy(room[:], p)
	c.Write(forever, t, p)
	runtime.KeepAlive(room[:n])
}
