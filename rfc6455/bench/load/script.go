// Package load is the client that all servers are measured with. It knows a
// little of WebSocket and nothing of any library: it sends bytes that were
// prepared beforehand, and compares what comes back with what must.
package load

import (
	"bytes"
	"math/rand/v2"

	"example.com/ws101/frames"
)

// A Script is what a connection sends in one go, and what must come back before
// it sends it again.
type Script struct {
	Messages int
	Send     []byte
	Want     []byte
}

// Echo makes the script of n messages of a size, each different from the
// others. With verbatim, frames come back as they were sent.
func Echo(t frames.Opcode, size, n int, verbatim bool) *Script {
	s := &Script{Messages: n}
	random := rand.New(rand.NewPCG(uint64(size), uint64(n)))
	for i := range n {
		p := payload(random, t, size, i)
		frame := Frame(random, frames.Header{Fin: true, Opcode: t}, p)
		s.Send = append(s.Send, frame...)
		if !verbatim {
			frame = append(frames.AppendHeader(nil, frames.Header{Fin: true, Opcode: t, Length: uint64(size)}), p...)
		}
		s.Want = append(s.Want, frame...)
	}
	return s
}

// payload is random bytes, or text that looks like what programs send.
func payload(random *rand.Rand, t frames.Opcode, size, i int) []byte {
	if t == frames.Text {
		return Feed(random, size, i)
	}
	p := make([]byte, size)
	for j := range p {
		p[j] = byte(random.Uint32())
	}
	return p
}

// Frame is a frame as a client sends it, with a key of its own.
func Frame(random *rand.Rand, h frames.Header, p []byte) []byte {
	h.Masked, h.Length = true, uint64(len(p))
	key := random.Uint32()
	h.MaskKey = [4]byte{byte(key), byte(key >> 8), byte(key >> 16), byte(key >> 24)}
	frame := frames.AppendHeader(nil, h)
	start := len(frame)
	frame = append(frame, p...)
	frames.Mask(h.MaskKey, 0, frame[start:])
	return frame
}

// edge is how much of both ends of what a read brought is compared once the
// first replies have been compared whole.
const edge = 64

// differs compares got with the bytes of want at the same place, and tells the
// first that differs, or -1.
func differs(got, want []byte, whole bool) int {
	if !whole && len(got) > 2*edge {
		if i := differs(got[:edge], want[:edge], true); i >= 0 {
			return i
		}
		tail := len(got) - edge
		if i := differs(got[tail:], want[tail:], true); i >= 0 {
			return tail + i
		}
		return -1
	}
	if bytes.Equal(got, want) {
		return -1
	}
	for i := range got {
		if got[i] != want[i] {
			return i
		}
	}
	return -1
}
