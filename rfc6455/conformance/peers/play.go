// This file holds our part in the exchanges.

package peers

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"

	"example.com/ws101/frames"
)

type play = func(context.Context, *Session) error

// textOf returns text of this many bytes, with characters of every length in it.
func textOf(size int) []byte {
	const text = "WebSocket, übers Netz, 实时网络, 🙂. "
	times := size / len(text)
	p := append(make([]byte, 0, size), strings.Repeat(text, times)...)
	return append(p, strings.Repeat("x", size-len(p))...)
}

// binaryOf returns bytes of every value, in an order that does not repeat.
func binaryOf(size int) []byte {
	p := make([]byte, size)
	// Its Read does not fail.
	_, _ = rand.NewChaCha8([32]byte{}).Read(p)
	return p
}

// pieces cuts s into pieces of n bytes.
func pieces(s string, n int) []string {
	var all []string
	for c := range slices.Chunk([]byte(s), n) {
		all = append(all, string(c))
	}
	return all
}

// echo sends a message and wants it back.
func echo(typ frames.Opcode, p []byte) play {
	return func(ctx context.Context, s *Session) error {
		if err := s.Write(ctx, typ, p); err != nil {
			return err
		}
		return s.want(ctx, typ, p)
	}
}

// echoSize is echo for a message of this size, which is made when it is needed.
func echoSize(typ frames.Opcode, size int) play {
	return func(ctx context.Context, s *Session) error {
		if typ == frames.Text {
			return echo(typ, textOf(size))(ctx, s)
		}
		return echo(typ, binaryOf(size))(ctx, s)
	}
}

// want reads a message, which has to be this one.
func (s *Session) want(ctx context.Context, typ frames.Opcode, p []byte) error {
	gotType, got, err := s.Read(ctx)
	switch {
	case err != nil:
		return err
	case gotType != typ || len(got) != len(p):
		return fmt.Errorf("want %v of %d bytes, got %v of %d", typ, len(p), gotType, len(got))
	case !bytes.Equal(got, p):
		i := 0
		for got[i] == p[i] {
			i++
		}
		return fmt.Errorf("of %d bytes, byte %d came back as %02x, not %02x", len(p), i, got[i], p[i])
	}
	return nil
}

// frame sends a frame that a Conn would not make. No other goroutine writes now.
func (s *Session) frame(fin bool, op frames.Opcode, payload string) error {
	h := frames.Header{Fin: fin, Opcode: op, Length: uint64(len(payload))}
	p := []byte(payload)
	if s.Tap.client {
		h.Masked, h.MaskKey = true, [4]byte{0x37, 0xfa, 0x21, 0x3d}
		frames.Mask(h.MaskKey, 0, p)
	}
	_, err := s.Tap.Write(append(frames.AppendHeader(nil, h), p...))
	return err
}

// inFragments sends a message in these fragments and wants it back.
func inFragments(typ frames.Opcode, parts []string) play {
	return func(ctx context.Context, s *Session) error {
		op := typ
		for i, part := range parts {
			if err := s.frame(i == len(parts)-1, op, part); err != nil {
				return err
			}
			op = frames.Continuation
		}
		return s.want(ctx, typ, []byte(strings.Join(parts, "")))
	}
}

// pingsBetween sends Pings inside of a message, of which the last one at least has to
// be answered, and wants the message back.
func pingsBetween(ctx context.Context, s *Session) error {
	for _, f := range []struct {
		op      frames.Opcode
		payload string
	}{
		{frames.Text, "frag"}, {frames.Ping, "one"}, {frames.Continuation, "men"}, {frames.Ping, "two"},
	} {
		if err := s.frame(f.op == frames.Ping, f.op, f.payload); err != nil {
			return err
		}
	}
	if err := s.frame(true, frames.Continuation, "ts"); err != nil {
		return err
	}
	if err := s.want(ctx, frames.Text, []byte("fragments")); err != nil {
		return err
	}
	pongs := s.received(frames.Pong)
	// One Pong may answer both (RFC 6455 section 5.5.3).
	if len(pongs) == 0 || string(pongs[len(pongs)-1].Payload) != "two" {
		return fmt.Errorf("the Ping between the fragments got no answer: %v", pongs)
	}
	return nil
}

// byWriter sends a message by a Writer, which makes several frames of what is longer than its
// buffer, and wants it back.
func byWriter(text []byte) play {
	return func(ctx context.Context, s *Session) error {
		w, err := s.Writer(ctx, frames.Text)
		if err != nil {
			return err
		}
		if _, err := io.Copy(w, bytes.NewReader(text)); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		return s.want(ctx, frames.Text, text)
	}
}

// fragmented sends a message, and wants it back in fragments.
func fragmented(typ frames.Opcode, p []byte) play {
	return func(ctx context.Context, s *Session) error {
		if err := echo(typ, p)(ctx, s); err != nil {
			return err
		}
		if len(s.received(frames.Continuation)) == 0 {
			return fmt.Errorf("the message came in one frame")
		}
		return nil
	}
}

// ping pings three times, while a message is waited for.
func ping(ctx context.Context, s *Session) error {
	read := make(chan error, 1)
	go func() { read <- s.want(ctx, frames.Text, []byte("enough")) }()
	for range 3 {
		if _, err := s.Ping(ctx); err != nil {
			return err
		}
	}
	if err := s.Write(ctx, frames.Text, []byte("enough")); err != nil {
		return err
	}
	return <-read
}

// pinged waits for the payload of the peer's Ping as text: the peer has seen
// our Pong.
func pinged(payload string) play {
	return func(ctx context.Context, s *Session) error {
		if err := s.want(ctx, frames.Text, []byte(payload)); err != nil {
			return err
		}
		if pings := s.received(frames.Ping); len(pings) != 1 || string(pings[0].Payload) != payload {
			return fmt.Errorf("want one Ping of %q, got %v", payload, pings)
		}
		return nil
	}
}

// received returns the peer's frames with this opcode.
func (s *Session) received(op frames.Opcode) []frames.Explanation {
	all, _ := s.Tap.Frames(!s.Tap.client, s.Tap.Deflated())
	return slices.DeleteFunc(all, func(x frames.Explanation) bool { return x.Header.Opcode != op })
}
