package rfc6455

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// inflate runs one message through an inflater, in pieces of the sizes that
// next asks for, into a buffer of room bytes.
func inflate(past *window, p []byte, next func() int, room int) ([]byte, error) {
	var d Deflate
	z := d.newInflater(past)
	defer d.putInflater(z)
	var out []byte
	buf := make([]byte, room)
	for {
		n, err := z.read(buf)
		out = append(out, buf[:n]...)
		switch err {
		case nil:
		case errMoreInput:
			n := min(next(), len(p))
			z.feed(p[:n], n == len(p))
			p = p[n:]
		case io.EOF:
			return out, nil
		default:
			return out, err
		}
	}
}

// The examples of RFC 7692 section 7.2.3.
const (
	helloFixed  = "f2 48 cd c9 c9 07 00"
	helloStored = "00 05 00 fa ff 48 65 6c 6c 6f 00"
	helloFinal  = "f3 48 cd c9 c9 07 00 00"
	helloTwo    = "f2 48 05 00 00 00 ff ff ca c9 c9 07 00"
	helloAgain  = "f2 00 11 00 00" // with a Hello before it
	helloMatch  = "02 13 00 00"    // the same in one match, as compress/flate finds it
)

func TestInflate(t *testing.T) {
	for _, tt := range []struct {
		name     string
		messages []string
		want     []string
	}{
		{"7692-7.2.1-1 one block", []string{helloFixed}, []string{"Hello"}},
		{"7692-7.2.2-1 context takeover", []string{helloFixed, helloAgain, helloMatch}, []string{"Hello", "Hello", "Hello"}},
		{"7692-7.2.2-3 a stored block", []string{helloStored}, []string{"Hello"}},
		{"7692-7.2.1-3 a block that says it is the last", []string{helloFinal}, []string{"Hello"}},
		{"7692-7.2.2-3 two blocks", []string{helloTwo}, []string{"Hello"}},
		{"7692-7.2.2-3 an empty message", []string{"00"}, []string{""}},
		{"7692-7.2.2-3 the last block is the one that was cut", []string{"01"}, []string{""}},
		{"7692-7.2.2-3 many last blocks", []string{"f3 48 cd c9 c9 07 00 03 00 f3 48 cd c9 c9 07 00 00"}, []string{"HelloHello"}},
		{"7692-7.2.2-1 what follows a last block refers to what was before it", []string{"f3 48 cd c9 c9 07 00 " + helloMatch}, []string{"HelloHello"}},
		{"7692-7.2.2-1 and so does the next message", []string{helloFinal, helloAgain}, []string{"Hello", "Hello"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, piece := range []int{1, 2, 3, 100} {
				for _, room := range []int{1, 4, 100} {
					past := &window{size: 1 << 15}
					for i, m := range tt.messages {
						got, err := inflate(past, unhex(m), func() int { return piece }, room)
						require.NoErrorf(t, err, "message %d in pieces of %d", i, piece)
						require.Equal(t, tt.want[i], string(got))
					}
				}
			}
		})
	}
}

func TestInflateRefuses(t *testing.T) {
	for _, tt := range []struct{ name, message string }{
		{"nothing at all", ""},
		{"the reserved block type", "07"},
		{"a block that is cut off", "f2 48 cd"},
		{"a last block that is cut off", "f3 48 cd"},
		{"no empty block behind the last one", "f3 48 cd c9 c9 07 00"},
		{"a stored block whose lengths differ", "00 05 00 fb ff 48 65 6c 6c 6f 00"},
		{"a stored block that is too short", "00 08 00 f7 ff 48 65 6c 6c 6f"},
		{"a stored block that ends in the end that is put behind it", "00 0a 00 f5 ff 48 65 6c 6c 6f"},
		{"text behind the end", helloFixed + "48 65 6c 6c 6f"},
		{"it refers to a message before, and there is none", helloAgain},
	} {
		t.Run("7692-6.2-1 "+tt.name, func(t *testing.T) {
			for _, piece := range []int{1, 100} {
				_, err := inflate(nil, unhex(tt.message), func() int { return piece }, 100)
				assert.Equal(t, "7692-6.2-1", asRule(t, err).Rule)
				assert.EqualValues(t, 1007, asRule(t, err).Code)
			}
		})
	}
}

// If no window was agreed on, it has 32,768 bytes.
//
// Proves 7692-7.2.2-2.
func TestInflateFarBack(t *testing.T) {
	random := newRandom()
	first := make([]byte, 1<<15)
	for i := range first {
		first[i] = byte(random.Uint32())
	}
	// A fixed block with the length 3 at the distance 32,768: the codes
	// 0000001 and 11101, 13 bits of distance, and 0000000 for the end.
	far := "02 de ff 0f 00"
	past := &window{size: 1 << 15}
	past.add(first)
	got, err := inflate(past, unhex(far), func() int { return 100 }, 100)
	require.NoError(t, err)
	assert.Equal(t, tohex(first[:3]), tohex(got))

	past.reset(1 << 15)
	past.add(first[1:])
	_, err = inflate(past, unhex(far), func() int { return 100 }, 100)
	assert.Error(t, err, "one byte further back than there is")
}

func TestWindow(t *testing.T) {
	random := newRandom()
	for range 200 {
		w := &window{size: 1 + random.IntN(50)}
		var all []byte
		for range 20 {
			p := pattern(random.IntN(70))
			w.add(p)
			all = append(all, p...)
			want := all[max(0, len(all)-w.size):]
			require.Equal(t, tohex(want), tohex(w.appendTo(nil)))
		}
	}
}

// compressedBy returns a message that flate has made.
func compressedBy(level int, p []byte) []byte {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, level)
	if err != nil {
		panic(err)
	}
	w.Write(p)
	w.Flush()
	return bytes.TrimSuffix(b.Bytes(), []byte(blockEnd))
}

// text returns n bytes that can be compressed, like a page of JSON.
func text(random *rand.Rand, n int) []byte {
	var b []byte
	for len(b) < n {
		b = fmt.Appendf(b, `{"id":%d,"name":"user-%d","price":%d.%02d,"side":"buy","tags":["a","b","c"]},`,
			random.IntN(1e6), random.IntN(500), random.IntN(1000), random.IntN(100))
	}
	return b[:n]
}

// checkInflateAgainstModel runs two messages through an inflater, in several
// chunkings, and compares with the model.
func checkInflateAgainstModel(t *testing.T, first, second []byte, takeover bool, seed uint64) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 0))
	for name, next := range map[string]func() int{
		"one byte at a time": func() int { return 1 },
		"all at once":        func() int { return 1 << 20 },
		"in random pieces":   func() int { return random.IntN(9) },
	} {
		var past *window
		if takeover {
			past = &window{size: 1 << 15}
		}
		model := &modelInflater{}
		for i, p := range [][]byte{first, second} {
			if !takeover {
				model = &modelInflater{}
			}
			want, wantErr := model.message(p)
			got, err := inflate(past, p, next, 1+random.IntN(1000))
			require.Equalf(t, wantErr == nil, err == nil, "message %d %s (seed %d): % x: %v", i, name, seed, p, err)
			if err != nil {
				return
			}
			require.Truef(t, bytes.Equal(want, got), "message %d %s (seed %d): % x", i, name, seed, p)
		}
	}
}

func FuzzInflate(f *testing.F) {
	for i, s := range []string{helloFixed, helloStored, helloFinal, helloTwo, helloAgain, "", "00", "01", "07", "02 de ff 0f 00"} {
		f.Add(unhex(helloFixed), unhex(s), i%2 == 0, uint64(i))
		f.Add(unhex(s), unhex(helloAgain), true, uint64(i))
	}
	random := newRandom()
	for _, level := range []int{1, 6, 9, flate.HuffmanOnly} {
		p := compressedBy(level, text(random, 300))
		f.Add(p, p, level > 1, uint64(level))
	}
	f.Fuzz(func(t *testing.T, first, second []byte, takeover bool, seed uint64) {
		if len(first)+len(second) > 500 {
			return // a short message already comes to much
		}
		checkInflateAgainstModel(t, first, second, takeover, seed)
	})
}

// Fuzzing finds it hard to get through a Huffman table by chance; this takes
// good messages and changes a few bits.
func TestInflateAgainstModel(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	for range 150 {
		level := []int{1, 6, 9, flate.HuffmanOnly, flate.NoCompression}[random.IntN(5)]
		first := compressedBy(level, text(random, random.IntN(400)))
		second := compressedBy(level, text(random, random.IntN(400)))
		for range random.IntN(3) {
			bit := random.IntN(8 * len(second))
			second[bit/8] ^= 1 << (bit % 8)
		}
		checkInflateAgainstModel(t, first, second, random.IntN(2) == 0, random.Uint64())
	}
}
