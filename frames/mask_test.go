package frames

import (
	"bytes"
	"crypto/subtle"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// maskSlowly is the formula of RFC 6455 section 5.3.
func maskSlowly(key [4]byte, pos int, b []byte) {
	for i := range b {
		b[i] ^= key[(pos+i)%4]
	}
}

// counting returns n bytes that are all different, as far as bytes can be.
func counting(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + 1)
	}
	return b
}

func TestMask(t *testing.T) {
	t.Run("6455-5.3-5 the example of RFC 6455 section 5.7", func(t *testing.T) {
		b := []byte("Hello")
		Mask(key, 0, b)
		assert.Equal(t, wire(t, "7f 9f 4d 51 58"), b)
		Mask(key, 0, b)
		assert.Equal(t, "Hello", string(b), "masked twice")
	})

	t.Run("6455-5.3-5 every alignment, position and length", func(t *testing.T) {
		// Bytes before and after must stay as they are.
		const guard = 8
		for align := range 8 {
			for pos := range 8 {
				for n := range 101 {
					got := counting(align + guard + n + guard)
					want := bytes.Clone(got)
					from, to := align+guard, align+guard+n
					maskSlowly(key, pos, want[from:to])
					end := Mask(key, pos, got[from:to])
					if !bytes.Equal(want, got) {
						require.Equal(t, want, got, "align %d, pos %d, length %d", align, pos, n)
					}
					require.Equal(t, (pos+n)%4, end%4)
				}
			}
		}
	})

	t.Run("6455-5.3-5 any split gives the same bytes", func(t *testing.T) {
		for n := range 101 {
			want := counting(n)
			maskSlowly(key, 0, want)
			for split := range n + 1 {
				got := counting(n)
				pos := Mask(key, 0, got[:split])
				Mask(key, pos, got[split:])
				if !bytes.Equal(want, got) {
					require.Equal(t, want, got, "length %d split at %d", n, split)
				}
			}
		}
	})

	t.Run("does not allocate", func(t *testing.T) {
		b := counting(1000)
		noAllocs(t, "Mask", func() { Mask(key, 1, b) })
	})
}

func FuzzMask(f *testing.F) {
	f.Add([]byte("Hello, Mask"), uint32(0x37fa213d), uint8(1), uint8(5))
	f.Fuzz(func(t *testing.T, b []byte, k uint32, pos, split uint8) {
		key := [4]byte{byte(k >> 24), byte(k >> 16), byte(k >> 8), byte(k)}
		want := bytes.Clone(b)
		maskSlowly(key, int(pos), want)

		got := bytes.Clone(b)
		s := min(int(split), len(got))
		next := Mask(key, int(pos), got[:s])
		Mask(key, next, got[s:])
		require.Equal(t, want, got)
	})
}

// BenchmarkMask compares Mask with the formula of the RFC, and with the assembly
// of crypto/subtle over a key that is repeated beforehand.
func BenchmarkMask(b *testing.B) {
	repeated := bytes.Repeat(key[:], 1<<14)
	for _, n := range []int{8, 125, 1 << 10, 64 << 10} {
		p := counting(n)
		for _, way := range []struct {
			name string
			mask func()
		}{
			{"Mask", func() { Mask(key, 0, p) }},
			{"byte by byte", func() { maskSlowly(key, 0, p) }},
			{"subtle.XORBytes", func() { subtle.XORBytes(p, p, repeated) }},
		} {
			b.Run(fmt.Sprint(n, "/", way.name), func(b *testing.B) {
				b.SetBytes(int64(n))
				b.ReportAllocs()
				for b.Loop() {
					way.mask()
				}
			})
		}
	}
}
