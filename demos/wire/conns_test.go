package wire_test

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/wire"
	"example.com/ws101/frames"
)

// counts is a ConnInfo without what differs from run to run.
func counts(i wire.ConnInfo) wire.ConnInfo {
	i.Client, i.Server = "", ""
	return i
}

func TestConnsCountWhetherAnybodyWatchesOrNot(t *testing.T) {
	opened := time.Unix(7, 0)
	for name, o := range map[string]wire.Options{
		"nobody watches": {},
		"a sink":         {Sink: func(wire.Row) {}},
	} {
		t.Run(name, func(t *testing.T) {
			o.Now = func() time.Time { return opened }
			tap := wire.New(o)
			a, client := tcpPair(t)
			defer client.Close()
			server := wire.ServerConn(a, tap)
			list := tap.Conns()
			require.Len(t, list, 1)
			assert.Equal(t, wire.ConnInfo{Conn: 1, Client: client.LocalAddr().String(), Server: client.RemoteAddr().String(), Opened: opened}, list[0])

			const first, second = "GET /vote?uid=1 HTTP/1.1\r\n\r\n", "GET /other HTTP/1.1\r\n\r\n"
			io.WriteString(client, first+second)
			_, err := io.ReadFull(server, make([]byte, len(first+second)))
			require.NoError(t, err)
			io.WriteString(server, "HTTP/1.1 204 No Content\r\n\r\n")
			want := wire.ConnInfo{Conn: 1, Opened: opened, Path: "/vote", Requests: 2, Up: uint64(len(first + second)), Down: 27}
			assert.Equal(t, want, counts(tap.Conns()[0]))

			require.NoError(t, server.Close())
			require.Error(t, server.Close())
			assert.Empty(t, tap.Conns())
		})
	}
}

func TestClientConnCountsUpAndDownFromTheClient(t *testing.T) {
	tap := wire.New(wire.Options{})
	server, b := tcpPair(t)
	defer server.Close()
	client := wire.ClientConn(b, tap)
	defer client.Close()
	io.WriteString(client, "abc")
	got := tap.Conns()[0]
	assert.EqualValues(t, 3, got.Up)
	assert.Zero(t, got.Down)
	assert.Equal(t, client.LocalAddr().String(), got.Client)
	assert.Empty(t, got.Path, "this is no HTTP")
}

func TestConnsCountsOnlyWhatLeft(t *testing.T) {
	tap := wire.New(wire.Options{})
	a, b := net.Pipe()
	defer b.Close()
	h := half{Conn: a, entered: make(chan struct{}), leave: make(chan struct{})}
	close(h.leave)
	c := wire.ServerConn(h, tap)
	defer c.Close()
	_, err := c.Write([]byte("0123456789"))
	require.Error(t, err)
	assert.EqualValues(t, 5, tap.Conns()[0].Down)
}

func TestConnsAreBounded(t *testing.T) {
	tap := wire.New(wire.Options{MaxConns: 2})
	var open []net.Conn
	for range 4 {
		a, b := net.Pipe()
		defer b.Close()
		open = append(open, wire.ServerConn(a, tap))
	}
	var listed []uint64
	for _, i := range tap.Conns() {
		listed = append(listed, i.Conn)
	}
	assert.Equal(t, []uint64{3, 4}, listed, "the latest")
	for _, c := range open {
		require.NoError(t, c.Close())
	}
	assert.Empty(t, tap.Conns())
}

// A sink runs inside the connection, and may ask about it all the same.
func TestASinkMayAskForConns(t *testing.T) {
	var tap *wire.Tap
	var seen []int
	tap = wire.New(wire.Options{Sink: func(wire.Row) { seen = append(seen, len(tap.Conns())) }})
	a, b := net.Pipe()
	defer b.Close()
	c := wire.ServerConn(a, tap)
	go io.WriteString(b, "GET / HTTP/1.1\r\n\r\n")
	_, err := io.ReadFull(c, make([]byte, 18))
	require.NoError(t, err)
	c.Close()
	assert.Equal(t, []int{1, 1, 0}, seen, "opened, a request, and the end of a closed connection")
}

// BenchmarkTap is what it costs to be tapped: a text of 100 bytes goes to a
// server over TCP and comes back as it went.
func BenchmarkTap(b *testing.B) {
	const upgrade = "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
	const switched = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
	text := strings.Repeat("x", 100)
	up := frames.AppendHeader(nil, frames.Header{Fin: true, Opcode: frames.Text, Masked: true, Length: 100})
	up = append(up, text...)
	down := frames.AppendHeader(nil, frames.Header{Fin: true, Opcode: frames.Text, Length: 100})
	down = append(down, text...)

	for _, bb := range []struct {
		name            string
		tapped, watched bool
	}{
		{"untapped", false, false},
		{"nobody-watches", true, false},
		{"one-watcher", true, true},
	} {
		b.Run(bb.name, func(b *testing.B) {
			server, client := tcpPair(b)
			defer client.Close()
			if bb.tapped {
				tap := wire.New(wire.Options{})
				server = wire.ServerConn(server, tap)
				if bb.watched {
					w := tap.Watch()
					defer w.Close()
					go func() {
						for {
							if _, _, err := w.Next(context.Background()); err != nil {
								return
							}
						}
					}()
				}
			}
			served := make(chan struct{})
			go func() {
				defer close(served)
				defer server.Close()
				in := make([]byte, 256)
				answer(server, in[:len(upgrade)], []byte(switched))
				for answer(server, in[:len(up)], down) {
				}
			}()
			got := make([]byte, 256)
			require.True(b, ask(client, []byte(upgrade), got[:len(switched)]))
			b.ReportAllocs()
			for b.Loop() {
				if !ask(client, up, got[:len(down)]) {
					b.Fatal("no answer")
				}
			}
			client.Close()
			<-served
		})
	}
}

func ask(nc net.Conn, p, answer []byte) bool {
	nc.Write(p)
	_, err := io.ReadFull(nc, answer)
	return err == nil
}

func answer(nc net.Conn, question, p []byte) bool {
	if _, err := io.ReadFull(nc, question); err != nil {
		return false
	}
	nc.Write(p)
	return true
}
