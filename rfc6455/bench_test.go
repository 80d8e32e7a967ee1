package rfc6455

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"
	"time"

	"example.com/ws101/frames"
)

// repeatConn is a socket without a kernel: the same bytes come again and again,
// as often as rounds says, and writes go nowhere. It shows what the library
// alone costs.
type repeatConn struct {
	net.Conn // nil: what is not defined here must not be called
	wire     []byte
	unread   []byte // of this round
	rounds   int
}

func (c *repeatConn) Read(p []byte) (int, error) {
	if len(c.unread) == 0 {
		if c.rounds == 0 {
			return 0, io.EOF
		}
		c.rounds--
		c.unread = c.wire
	}
	n := copy(p, c.unread)
	c.unread = c.unread[n:]
	return n, nil
}

func (c *repeatConn) Write(p []byte) (int, error) { return len(p), nil }
func (c *repeatConn) Close() error                { return nil }

func (c *repeatConn) SetReadDeadline(time.Time) error  { return nil }
func (c *repeatConn) SetWriteDeadline(time.Time) error { return nil }

// maskedFrame is one message as a client sends it.
func maskedFrame(t MessageType, size int) []byte {
	h := frames.Header{Fin: true, Opcode: t, Masked: true, MaskKey: [4]byte{0x37, 0xfa, 0x21, 0x3d}, Length: uint64(size)}
	wire := frames.AppendHeader(nil, h)
	start := len(wire)
	wire = append(wire, bytes.Repeat([]byte("a"), size)...)
	frames.Mask(h.MaskKey, 0, wire[start:])
	return wire
}

// BenchmarkServeEcho is a message in and the same message out, without a
// socket and without the write deadline, which is measured beside it. Where 32
// arrive together, what counts is a 32nd of ns/op.
func BenchmarkServeEcho(b *testing.B) {
	for _, bench := range []struct {
		name     string
		t        MessageType
		size     int
		perRead  int
		deadline bool
	}{
		{"binary", Binary, 125, 1, false},
		{"text", Text, 125, 1, false},
		{"text with a deadline", Text, 125, 1, true},
		{"32 short binary", Binary, 16, 32, false},
		{"32 short text", Text, 16, 32, false},
	} {
		b.Run(bench.name, func(b *testing.B) {
			opts := &Options{KeepAlive: -1, WriteTimeout: -1}
			if bench.deadline {
				opts.WriteTimeout = 0
			}
			wire := bytes.Repeat(maskedFrame(bench.t, bench.size), bench.perRead)
			nc := &repeatConn{wire: wire, rounds: b.N}
			c := newConn(nc, false, "", nil, nil, opts)
			b.ReportAllocs()
			b.ResetTimer()
			c.Serve(context.Background(), Handler{Message: func(c *Conn, t MessageType, p []byte) {
				c.Write(context.Background(), t, p)
			}})
		})
	}
}

// BenchmarkMachine is the protocol alone: a frame that has arrived is judged,
// unmasked and checked. "step by step" is the way that takes any frame, in any
// pieces, "whole" the short one for a message in a single frame.
func BenchmarkMachine(b *testing.B) {
	for _, t := range []MessageType{Binary, Text} {
		// With a key of zeros the bytes stay as they are, however often they are
		// unmasked.
		h := frames.Header{Fin: true, Opcode: t, Masked: true, Length: 125}
		wire := append(frames.AppendHeader(nil, h), bytes.Repeat([]byte("a"), 125)...)
		b.Run(t.String()+"/whole", func(b *testing.B) {
			m := newMachine(true, &Options{})
			for b.Loop() {
				if _, n, err := m.whole(wire); n != len(wire) || err != nil {
					b.Fatal(n, err)
				}
			}
		})
		b.Run(t.String()+"/step by step", func(b *testing.B) {
			m := newMachine(true, &Options{})
			for b.Loop() {
				n, err := m.header(wire)
				if err == nil {
					err = m.payload(wire[n:])
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
