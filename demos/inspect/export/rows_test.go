package export

import (
	"encoding/hex"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/wire"
	"example.com/ws101/frames"
	"example.com/ws101/handshake"
)

// A told is a conversation that a relay tells a tap of, with a clock of its own: a
// millisecond passes with every step.
type told struct {
	t     *testing.T
	tap   *wire.Tap
	relay *wire.Relay
	now   time.Time
}

func tell(t *testing.T, client, server string) *told {
	c := &told{t: t, now: time.Unix(1_700_000_000, 0)}
	c.tap = wire.New(wire.Options{Now: func() time.Time { return c.now }})
	w := c.tap.Watch()
	t.Cleanup(w.Close)
	c.open(client, server)
	return c
}

// open goes on with another connection.
func (c *told) open(client, server string) {
	c.relay = wire.NewRelay(c.tap, address(client), address(server))
}

type address string

func (a address) Network() string { return "tcp" }
func (a address) String() string  { return string(a) }

var _ net.Addr = address("")

func (c *told) text(from wire.Side, s string) {
	c.now = c.now.Add(time.Millisecond)
	c.relay.Pass(from, []byte(strings.ReplaceAll(s, "\n", "\r\n")))
}

func (c *told) hex(from wire.Side, s string) {
	c.t.Helper()
	c.now = c.now.Add(time.Millisecond)
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	require.NoError(c.t, err)
	c.relay.Pass(from, b)
}

// frame has a side send a frame with this payload.
func (c *told) frame(from wire.Side, h frames.Header, payload []byte) {
	c.now = c.now.Add(time.Millisecond)
	h.Length = uint64(len(payload))
	if h.Masked = from == wire.Client; h.Masked {
		h.MaskKey = [4]byte{0x37, 0xfa, 0x21, 0x3d}
	}
	payload = append([]byte(nil), payload...)
	frames.Mask(h.MaskKey, 0, payload)
	c.relay.Pass(from, append(frames.AppendHeader(nil, h), payload...))
}

func (c *told) rows() []wire.Row { return c.tap.Rows(1, ^uint64(0)) }

const upgradeKey = "dGhlIHNhbXBsZSBub25jZQ=="

func (c *told) upgrade(extensions string) {
	c.text(wire.Client, "GET /echo/ws?room=1&who=%E7%8F%AE HTTP/1.1\nHost: 127.0.0.1:8101\nConnection: Upgrade\nUpgrade: websocket\n"+
		"Sec-WebSocket-Version: 13\nSec-WebSocket-Key: "+upgradeKey+"\n"+extensions+"Cookie: a=1; b=2\n\n")
	c.text(wire.Server, "HTTP/1.1 101 Switching Protocols\nConnection: Upgrade\nUpgrade: websocket\n"+
		"Sec-WebSocket-Accept: "+handshake.AcceptKey(upgradeKey)+"\n"+extensions+"\n")
}

// conversation has all that there is in it: text, fragments with a ping inside,
// lengths of every form, a frame of which not all was kept, and both closes.
func conversation(t *testing.T) *told {
	c := tell(t, "127.0.0.1:50001", "127.0.0.1:8101")
	c.upgrade("")
	c.hex(wire.Client, "81 85 37 fa 21 3d 7f 9f 4d 51 58")
	c.hex(wire.Server, "81 05 48 65 6c 6c 6f")
	c.frame(wire.Client, frames.Header{Opcode: frames.Text}, []byte("你"))
	c.frame(wire.Client, frames.Header{Opcode: frames.Ping, Fin: true}, []byte("inside"))
	c.frame(wire.Server, frames.Header{Opcode: frames.Pong, Fin: true}, []byte("inside"))
	c.frame(wire.Client, frames.Header{Opcode: frames.Continuation, Fin: true}, []byte("好"))
	c.frame(wire.Server, frames.Header{Opcode: frames.Text, Fin: true}, []byte("你好"))
	c.frame(wire.Client, frames.Header{Opcode: frames.Binary, Fin: true}, make([]byte, 300))
	c.frame(wire.Server, frames.Header{Opcode: frames.Binary, Fin: true}, make([]byte, 300))
	c.frame(wire.Client, frames.Header{Opcode: frames.Binary, Fin: true}, make([]byte, 200_000))
	c.frame(wire.Server, frames.Header{Opcode: frames.Binary, Fin: true}, make([]byte, 200_000))
	c.frame(wire.Client, frames.Header{Opcode: frames.Close, Fin: true}, []byte("\x03\xe8done"))
	c.frame(wire.Server, frames.Header{Opcode: frames.Close, Fin: true}, []byte("\x03\xe8"))
	c.relay.End(wire.Server, io.EOF)
	c.relay.End(wire.Client, io.EOF)
	return c
}

// requests has HTTP: a body each way, in chunks and counted, and events.
func requests(t *testing.T) *told {
	c := tell(t, "127.0.0.1:50002", "127.0.0.1:8101")
	c.text(wire.Client, "POST /polling/vote?x=1&x=2&y HTTP/1.1\nHost: 127.0.0.1:8101\nContent-Type: application/json\nContent-Length: 10\nX-Quote: it's @home $(id)\n\n")
	c.text(wire.Client, `{"uid": 1}`)
	c.text(wire.Server, "HTTP/1.1 200 OK\nContent-Type: text/plain; charset=utf-8\nTransfer-Encoding: chunked\nSet-Cookie: id=7; Path=/; HttpOnly\n\n")
	c.text(wire.Server, "6\n投票\n6\n成功\n0\n\n")
	c.text(wire.Client, "GET /sse/events HTTP/1.1\nHost: 127.0.0.1:8101\n\n")
	c.text(wire.Server, "HTTP/1.1 200 OK\nContent-Type: text/event-stream\n\n")
	c.text(wire.Server, "id: 1\ndata: a\n\n")
	c.relay.End(wire.Server, io.EOF)
	return c
}
