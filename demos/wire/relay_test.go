package wire_test

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/wire"
)

func TestRelay(t *testing.T) {
	var s sink
	tap := wire.New(wire.Options{Sink: s.add, Now: func() time.Time { return time.Unix(0, 0) }})
	client, server := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 2}
	r := wire.NewRelay(tap, client, server)
	assert.Equal(t, uint64(1), r.Conn())
	ping := []byte{0x89, 0x80, 1, 2, 3, 4}
	assert.Equal(t, wire.ErrNotBetweenFrames, r.Inject(wire.Client, ping), "before the Upgrade")
	r.Pass(wire.Client, []byte("GET /a HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"))
	r.Pass(wire.Server, []byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"))
	r.Pass(wire.Server, []byte{0x81, 0x02, 'h'})
	require.NoError(t, r.Inject(wire.Client, ping))
	assert.Equal(t, wire.ErrNotBetweenFrames, r.Inject(wire.Server, []byte{0x89, 0}), "in the middle of a frame")
	r.Pass(wire.Server, []byte{'i'})
	require.NoError(t, r.Inject(wire.Server, []byte{0x89, 0}))
	info := tap.Conns()
	require.Len(t, info, 1)
	assert.Equal(t, "/a", info[0].Path)
	assert.Equal(t, "127.0.0.1:1", info[0].Client)
	assert.Equal(t, uint64(len("GET /a HTTP/1.1\r\nUpgrade: websocket\r\n\r\n")+len(ping)), info[0].Up)
	r.End(wire.Server, io.EOF)
	r.End(wire.Client, io.EOF)
	r.Close()
	assert.Empty(t, tap.Conns())
	assert.Equal(t, wire.ErrNotBetweenFrames, r.Inject(wire.Client, ping), "after the end")

	assert.Equal(t, []string{"client opened", "client request", "server response", "server text", "client ping",
		"server text", "server ping", "server FIN", "client FIN"}, s.told())
	var injected []uint64
	var out bytes.Buffer
	p := wire.Printer{W: &out}
	for _, row := range s.rows {
		if row.Injected {
			injected = append(injected, row.Seq)
		}
		require.NoError(t, p.Print(row))
	}
	assert.Equal(t, []uint64{5, 7}, injected, "and not the frame of the server that is shown as begun before")
	assert.Equal(t, 2, bytes.Count(out.Bytes(), []byte("(injected)")))
}
