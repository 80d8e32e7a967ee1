package load

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/frames"
)

// serving returns the client's end of a connection. Behind it, each time all of
// the script has come, reply says what goes back.
func serving(t *testing.T, s *Script, reply func(round int) []byte) *Conn {
	client, server := net.Pipe()
	t.Cleanup(func() { client.Close() })
	go func() {
		defer server.Close()
		buf := make([]byte, len(s.Send))
		for round := 0; ; round++ {
			if _, err := io.ReadFull(server, buf); err != nil {
				return
			}
			if !bytes.Equal(buf, s.Send) {
				return
			}
			if _, err := server.Write(reply(round)); err != nil {
				return
			}
		}
	}()
	return &Conn{nc: client}
}

func flipped(p []byte, i int) []byte {
	p = bytes.Clone(p)
	p[i] ^= 0x10
	return p
}

func TestWrongByteIsRefused(t *testing.T) {
	const size = 1000
	s := Echo(frames.Binary, size, 2, false)
	last := len(s.Want) - 1
	for _, tt := range []struct {
		name  string
		round int
		at    int
	}{
		{"the first byte of the first reply", 0, 0},
		{"in the middle of the first reply", 0, size / 2},
		{"the header of the second message", 0, len(s.Want) / 2},
		{"the last byte of the first reply", 0, last},
		{"the header of a later reply", 3, 1},
		{"the last byte of a later reply", 3, last},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := serving(t, s, func(round int) []byte {
				if round == tt.round {
					return flipped(s.Want, tt.at)
				}
				return s.Want
			})
			n, err := Run([]*Conn{c}, s, time.Hour)
			var wrong *WrongByte
			require.ErrorAs(t, err, &wrong)
			assert.Equal(t, &WrongByte{At: tt.at, Got: s.Want[tt.at] ^ 0x10, Want: s.Want[tt.at]}, wrong)
			assert.Equal(t, tt.round*s.Messages, n, "what came before is counted")
		})
	}
}

func TestShortReplyIsRefused(t *testing.T) {
	s := Echo(frames.Text, 100, 1, false)
	client, server := net.Pipe()
	go func() {
		io.ReadFull(server, make([]byte, len(s.Send)))
		server.Write(s.Want[:50])
		server.Close()
	}()
	_, err := Run([]*Conn{{nc: client}}, s, time.Hour)
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.ErrorContains(t, err, "50 of 102 bytes came back")
}

func TestPingBeforeAReplyIsPassedOver(t *testing.T) {
	s := Echo(frames.Binary, 200, 1, false)
	c := serving(t, s, func(int) []byte { return append(bytes.Clone(emptyPing), s.Want...) })
	n, err := Run([]*Conn{c}, s, time.Millisecond)
	require.NoError(t, err)
	assert.Positive(t, n)
}

// What Run counts is what the servers have answered, and at its end nothing is
// under way.
func TestRunCounts(t *testing.T) {
	s := Echo(frames.Text, 125, 32, false)
	var answered atomic.Int64
	var conns []*Conn
	for range 4 {
		conns = append(conns, serving(t, s, func(int) []byte {
			answered.Add(int64(s.Messages))
			return s.Want
		}))
	}
	for range 2 {
		before := answered.Load()
		n, err := Run(conns, s, time.Millisecond)
		require.NoError(t, err)
		assert.GreaterOrEqual(t, n, 4*s.Messages)
		assert.Equal(t, answered.Load()-before, int64(n))
	}
}

func TestSlideCounts(t *testing.T) {
	const size = 125
	s := Echo(frames.Binary, size, 8, false)
	client, server := net.Pipe()
	defer client.Close()
	frame, reply := len(s.Send)/8, len(s.Want)/8
	var answered atomic.Int64
	toAnswer := make(chan int, 64)
	go func() { // message by message, and reading goes on while nobody takes the replies
		defer close(toAnswer)
		buf := make([]byte, frame)
		for i := 0; ; i = (i + 1) % 8 {
			if _, err := io.ReadFull(server, buf); err != nil {
				return
			}
			toAnswer <- i
		}
	}()
	go func() {
		for i := range toAnswer {
			answered.Add(1)
			server.Write(s.Want[i*reply : (i+1)*reply])
		}
	}()
	n, err := Slide([]*Conn{{nc: client}}, s, time.Millisecond)
	require.NoError(t, err)
	assert.GreaterOrEqual(t, n, 16)
	assert.Equal(t, answered.Load(), int64(n))
}

func TestBroadcastCounts(t *testing.T) {
	s := Echo(frames.Text, 125, 1, false)
	var servers []net.Conn
	var conns []*Conn
	for range 3 {
		client, server := net.Pipe()
		defer client.Close()
		servers, conns = append(servers, server), append(conns, &Conn{nc: client})
	}
	var said atomic.Int64
	go func() {
		for {
			if _, err := io.ReadFull(servers[0], make([]byte, len(s.Send))); err != nil {
				return
			}
			for _, to := range servers {
				said.Add(1)
				to.Write(s.Want)
			}
		}
	}()
	n, err := Broadcast(conns, s, time.Millisecond)
	require.NoError(t, err)
	assert.Positive(t, n)
	assert.Equal(t, said.Load(), int64(n))
}

// A compressed reply is decompressed before it is compared, so it may look as
// it likes.
func TestCompressedReplies(t *testing.T) {
	m := Compressed(500, 2)
	flate := func(p []byte) []byte {
		p = deflate(p)
		return append(frames.AppendHeader(nil, frames.Header{Fin: true, Rsv1: true, Opcode: frames.Text, Length: uint64(len(p))}), p...)
	}
	for _, tt := range []struct {
		name    string
		replies [2][]byte
		wrong   string
	}{
		{"good", [2][]byte{flate(m.plain[0]), flate(m.plain[1])}, ""},
		{"in the wrong order", [2][]byte{flate(m.plain[1]), flate(m.plain[0])}, "message 0 decompresses to something else"},
		{"one byte is another", [2][]byte{flate(m.plain[0]), flate(flipped(m.plain[1], 250))}, "message 1 decompresses to something else"},
		{"no DEFLATE", [2][]byte{{0xc1, 0x02, 0xff, 0xff}, nil}, "does not decompress"},
		{"a Ping", [2][]byte{{0x89, 0x00}, nil}, "a frame with the header"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client, server := net.Pipe()
			defer client.Close()
			go func() {
				for i, reply := range tt.replies {
					io.ReadFull(server, make([]byte, len(m.sent[i])))
					server.Write(reply)
				}
			}()
			script, share, err := m.Learn(&Conn{nc: client})
			if tt.wrong != "" {
				assert.ErrorContains(t, err, tt.wrong)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, &Script{
				Messages: 2,
				Send:     append(bytes.Clone(m.sent[0]), m.sent[1]...),
				Want:     append(bytes.Clone(tt.replies[0]), tt.replies[1]...),
			}, script)
			assert.InDelta(t, float64(len(script.Want)-8)/1000, share, 1e-9)
		})
	}
}

func TestRefuses(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer []byte
		want   bool
	}{
		{"a Close", []byte{0x88, 0x02, 0x03, 0xea}, true},
		{"the end", nil, true},
		{"an echo", []byte{0x81, 0x00}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client, server := net.Pipe()
			defer client.Close()
			go func() {
				io.ReadFull(server, make([]byte, 2))
				if tt.answer != nil {
					server.Write(tt.answer)
				}
				server.Close()
			}()
			got, err := (&Conn{nc: client}).Refuses([]byte{0x81, 0x00}, time.Hour)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestHandshakeAnswers(t *testing.T) {
	for _, tt := range []struct {
		name, answer, extensions, wrong string
	}{
		{"good", "HTTP/1.1 101 Switching Protocols\r\n\r\n", "", ""},
		{"good, compressed", "HTTP/1.1 101 Switching Protocols\r\nsec-websocket-extensions: permessage-deflate\r\n\r\n", OfferTakeover, ""},
		{"refused", "HTTP/1.1 403 Forbidden\r\n\r\n", "", `"HTTP/1.1 403 Forbidden"`},
		{"not compressed", "HTTP/1.1 101 Switching Protocols\r\n\r\n", OfferTakeover, "did not agree"},
		{"cut off", "HTTP/1.1 101 Swi", "", "no whole answer"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client, server := net.Pipe()
			defer client.Close()
			go func() {
				io.ReadFull(server, make([]byte, len(Request("example.com", tt.extensions))))
				server.Write([]byte(tt.answer))
				server.Close()
			}()
			err := (&Conn{nc: client}).handshake("example.com", tt.extensions)
			if tt.wrong == "" {
				require.NoError(t, err)
				return
			}
			assert.ErrorContains(t, err, tt.wrong)
		})
	}
}

func TestSomeReportsTheFirstError(t *testing.T) {
	err := some(100, func(i int) error {
		if i == 70 {
			return errors.New("no")
		}
		return nil
	})
	assert.EqualError(t, err, "connection 71 of 100: no")
}
