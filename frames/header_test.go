package frames

import (
	"bytes"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The examples of RFC 6455 section 5.7: headers, and where they end.
var rfcExamples = []struct {
	name, bytes string
	want        Header
	payload     string // clear; of the long ones nothing
}{
	{"a whole unmasked text message", "81 05 48 65 6c 6c 6f",
		Header{Fin: true, Opcode: Text, Length: 5}, "Hello"},
	{"a whole masked text message", "81 85 37 fa 21 3d 7f 9f 4d 51 58",
		Header{Fin: true, Opcode: Text, Masked: true, MaskKey: key, Length: 5}, "Hello"},
	{"the first fragment of two", "01 03 48 65 6c",
		Header{Opcode: Text, Length: 3}, "Hel"},
	{"the second fragment of two", "80 02 6c 6f",
		Header{Fin: true, Opcode: Continuation, Length: 2}, "lo"},
	{"an unmasked ping", "89 05 48 65 6c 6c 6f",
		Header{Fin: true, Opcode: Ping, Length: 5}, "Hello"},
	{"a masked pong", "8a 85 37 fa 21 3d 7f 9f 4d 51 58",
		Header{Fin: true, Opcode: Pong, Masked: true, MaskKey: key, Length: 5}, "Hello"},
	{"256 bytes of binary", "82 7e 01 00",
		Header{Fin: true, Opcode: Binary, Length: 256}, ""},
	{"64 KiB of binary", "82 7f 00 00 00 00 00 01 00 00",
		Header{Fin: true, Opcode: Binary, Length: 65536}, ""},
}

func TestHeaderRFCExamples(t *testing.T) {
	for _, c := range rfcExamples {
		t.Run("6455-5.2-8 "+c.name, func(t *testing.T) {
			b := wire(t, c.bytes)
			h, n, err := ParseHeader(b)
			require.NoError(t, err)
			assert.Equal(t, c.want, h)
			assert.Equal(t, len(b)-len(c.payload), n)
			assert.Equal(t, b[:n], AppendHeader(nil, h), "appended again")

			payload := bytes.Clone(b[n:])
			Mask(h.MaskKey, 0, payload)
			assert.Equal(t, c.payload, string(payload))
		})
	}
}

func TestHeaderBits(t *testing.T) {
	t.Run("6455-5.2-8 every first two bytes", func(t *testing.T) {
		rest := wire(t, "00 00 00 00 00 00 00 00 00 00 00 00")
		for b0 := range 256 {
			for b1 := range 256 {
				b := append([]byte{byte(b0), byte(b1)}, rest...)
				h, n, _ := ParseHeader(b)
				require.NotZero(t, n)
				require.Equal(t, b0>>7 == 1, h.Fin)
				require.Equal(t, b0>>6&1 == 1, h.Rsv1)
				require.Equal(t, b0>>5&1 == 1, h.Rsv2)
				require.Equal(t, b0>>4&1 == 1, h.Rsv3)
				require.Equal(t, Opcode(b0&15), h.Opcode)
				require.Equal(t, b1>>7 == 1, h.Masked)
				if b1&127 < 126 {
					require.Equal(t, uint64(b1&127), h.Length)
				}
			}
		}
	})
}

// The lengths at which the form changes, and the largest ones.
var lengthForms = []struct {
	length uint64
	bytes  string // of an unmasked binary frame's header
}{
	{0, "82 00"},
	{1, "82 01"},
	{125, "82 7d"},
	{126, "82 7e 00 7e"},
	{127, "82 7e 00 7f"},
	{65535, "82 7e ff ff"},
	{65536, "82 7f 00 00 00 00 00 01 00 00"},
	{1<<31 - 1, "82 7f 00 00 00 00 7f ff ff ff"},
	{1 << 31, "82 7f 00 00 00 00 80 00 00 00"},
	{1 << 32, "82 7f 00 00 00 01 00 00 00 00"},
	{1 << 62, "82 7f 40 00 00 00 00 00 00 00"},
	{1<<63 - 1, "82 7f 7f ff ff ff ff ff ff ff"},
}

func TestHeaderLength(t *testing.T) {
	for _, c := range lengthForms {
		t.Run(fmt.Sprintf("6455-5.2-5 length %d in its shortest form", c.length), func(t *testing.T) {
			want := Header{Fin: true, Opcode: Binary, Length: c.length}
			b := wire(t, c.bytes)
			h, n, err := ParseHeader(b)
			require.NoError(t, err)
			assert.Equal(t, want, h)
			assert.Equal(t, len(b), n)
			assert.Equal(t, b, AppendHeader(nil, h))

			want.Masked, want.MaskKey = true, key
			masked := AppendHeader(nil, want)
			h, n, err = ParseHeader(masked)
			require.NoError(t, err)
			assert.Equal(t, want, h)
			assert.Equal(t, len(b)+4, n)
		})
	}
}

func TestHeaderLengthBroken(t *testing.T) {
	for _, c := range []struct {
		name, rule, bytes string
		length            uint64
		form              LengthForm
	}{
		{"0 in 16 bits", "6455-5.2-5", "82 7e 00 00", 0, Length16},
		{"2 in 16 bits", "6455-5.2-5", "82 7e 00 02", 2, Length16},
		{"125 in 16 bits", "6455-5.2-5", "82 7e 00 7d", 125, Length16},
		{"0 in 64 bits", "6455-5.2-5", "82 7f 00 00 00 00 00 00 00 00", 0, Length64},
		{"126 in 64 bits", "6455-5.2-5", "82 7f 00 00 00 00 00 00 00 7e", 126, Length64},
		{"65535 in 64 bits", "6455-5.2-5", "82 7f 00 00 00 00 00 00 ff ff", 65535, Length64},
		{"top bit set", "6455-5.2-4", "82 7f 80 00 00 00 00 00 00 00", 1 << 63, Length64},
		{"all bits set", "6455-5.2-4", "82 7f ff ff ff ff ff ff ff ff", math.MaxUint64, Length64},
	} {
		t.Run(c.rule+" "+c.name, func(t *testing.T) {
			b := wire(t, c.bytes)
			h, n, err := ParseHeader(b)
			requireRule(t, err, c.rule, CloseProtocolError)
			assert.Equal(t, Header{Fin: true, Opcode: Binary, Length: c.length}, h, "told all the same")
			assert.Equal(t, len(b), n, "told all the same")
			assert.Equal(t, b, AppendHeaderForm(nil, h, c.form), "can be made on purpose")
		})
	}
}

func TestHeaderCutShort(t *testing.T) {
	for _, length := range []uint64{0, 125, 126, 65535, 65536, 1<<63 - 1, 1 << 63} {
		for _, masked := range []bool{false, true} {
			h := Header{Opcode: Text, Masked: masked, Length: length}
			if masked {
				h.MaskKey = key
			}
			b := AppendHeader(nil, h)
			for i := range b {
				got, n, err := ParseHeader(b[:i])
				require.Zero(t, n, "% x", b[:i])
				require.NoError(t, err, "% x", b[:i])
				require.Equal(t, Header{}, got, "% x", b[:i])
			}
			_, n, _ := ParseHeader(append(b, 0xff))
			require.Equal(t, len(b), n, "what follows is no part of the header")
			require.LessOrEqual(t, n, MaxHeaderLen)
		}
	}
}

func TestAppendHeaderForm(t *testing.T) {
	for _, c := range []struct {
		length uint64
		form   LengthForm
		want   string
	}{
		{5, Shortest, "82 05"},
		{5, Length16, "82 7e 00 05"},
		{5, Length64, "82 7f 00 00 00 00 00 00 00 05"},
		{300, Shortest, "82 7e 01 2c"},
		{300, Length16, "82 7e 01 2c"},
		{300, Length64, "82 7f 00 00 00 00 00 00 01 2c"},
		{65536, Length16, "82 7f 00 00 00 00 00 01 00 00"}, // widened
	} {
		got := AppendHeaderForm([]byte{0xaa}, Header{Fin: true, Opcode: Binary, Length: c.length}, c.form)
		assert.Equal(t, wire(t, "aa "+c.want), got, "%d in form %d", c.length, c.form)
	}
}

func TestParseWhole(t *testing.T) {
	for _, c := range []struct {
		name, bytes string
		masked      bool
		want        Opcode
		start, end  int
	}{
		{"text", "81 05 48 65 6c 6c 6f", false, Text, 2, 7},
		{"masked binary", "82 85 37 fa 21 3d 7f 9f 4d 51 58", true, Binary, 6, 11},
		{"an empty message", "81 00", false, Text, 2, 2},
		{"an empty one, masked", "81 80 37 fa 21 3d", true, Text, 6, 6},
		{"more behind it", "81 01 48 81 01 48", false, Text, 2, 3},
		{"a mask too much", "81 85 37 fa 21 3d 7f 9f 4d 51 58", false, 0, 0, 0},
		{"no mask", "81 05 48 65 6c 6c 6f", true, 0, 0, 0},
		{"a ping", "89 00", false, 0, 0, 0},
		{"a continuation", "80 00", false, 0, 0, 0},
		{"a fragment", "01 00", false, 0, 0, 0},
		{"a reserved bit", "c1 00", false, 0, 0, 0},
		{"a reserved opcode", "83 00", false, 0, 0, 0},
		{"a length that is too long", "81 7e 00 01 48", false, 0, 0, 0},
		{"a 64-bit length", "81 7f 00 00 00 00 00 01 00 00", false, 0, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			opcode, start, end := ParseWhole(wire(t, c.bytes), c.masked)
			assert.Equal(t, []any{c.want, c.start, c.end}, []any{opcode, start, end})
		})
	}
	t.Run("cut at each byte", func(t *testing.T) {
		for _, head := range []string{"82 7d", "82 fd 37 fa 21 3d", "82 7e 00 7e", "82 fe 00 7e 37 fa 21 3d"} {
			b := append(wire(t, head), bytes.Repeat([]byte("a"), 126)...)
			masked := b[1]&0x80 != 0
			_, start, end := ParseWhole(b, masked)
			require.Equal(t, len(wire(t, head)), start)
			for n := range end {
				_, _, cut := ParseWhole(b[:n], masked)
				require.Zero(t, cut, "the first %d bytes", n)
			}
		}
	})
}

func TestAppendWhole(t *testing.T) {
	for _, opcode := range []Opcode{Text, Binary} {
		for _, n := range []int{0, 1, 125, 126, 127, 1<<16 - 1, 1 << 16} {
			p := counting(n)
			want := append([]byte("before"), AppendHeader(nil, Header{Fin: true, Opcode: opcode, Length: uint64(n)})...)
			want = append(want, p...)
			got := AppendWhole([]byte("before"), opcode, p)
			require.True(t, bytes.Equal(want, got), "%v, %d bytes", opcode, n)

			found, start, end := ParseWhole(got[len("before"):], false)
			if n < 1<<16 {
				require.Equal(t, []any{opcode, n, len(got) - len("before")}, []any{found, end - start, end})
			}
		}
	}
	room, p := make([]byte, 0, 300), counting(200)
	noAllocs(t, "AppendWhole into room", func() { _ = AppendWhole(room, Binary, p) })
}

func TestHeaderDoesNotAllocate(t *testing.T) {
	b := wire(t, "81 fe 01 2c 37 fa 21 3d")
	h, _, err := ParseHeader(b)
	require.NoError(t, err)
	noAllocs(t, "ParseHeader", func() { _, _, _ = ParseHeader(b) })
	room := make([]byte, 0, MaxHeaderLen)
	noAllocs(t, "AppendHeader into room", func() { _ = AppendHeader(room, h) })
}

func FuzzHeader(f *testing.F) {
	for _, c := range rfcExamples {
		f.Add(wire(f, c.bytes))
	}
	f.Add(wire(f, "82 7e 00 02"))
	f.Add(wire(f, "82 ff 80 00 00 00 00 00 00 00 37 fa 21 3d"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, n, err := ParseHeader(b)
		for _, masked := range []bool{false, true} {
			opcode, start, end := ParseWhole(b, masked)
			between := State{FromClient: masked}
			whole := n > 0 && err == nil && between.Check(h) == nil && h.Fin && !h.Opcode.IsControl() && h.Length <= uint64(len(b)-n) && h.Length < 1<<16
			require.Equal(t, whole, end > 0)
			if whole {
				require.Equal(t, h.Opcode, opcode)
				require.Equal(t, n, start)
				require.Equal(t, int(h.Length), end-start)
			}
		}
		if n == 0 {
			require.NoError(t, err)
			require.Less(t, len(b), MaxHeaderLen)
			return
		}
		form := Shortest
		if err != nil {
			form = map[byte]LengthForm{126: Length16, 127: Length64}[b[1]&127]
		}
		require.Equal(t, b[:n], AppendHeaderForm(nil, h, form))
	})
}

func BenchmarkParseHeader(b *testing.B) {
	for _, c := range []struct{ name, bytes string }{
		{"7bit", "81 05"},
		{"7bit masked", "81 85 37 fa 21 3d"},
		{"16bit masked", "81 fe 01 2c 37 fa 21 3d"},
		{"64bit masked", "81 ff 00 00 00 00 00 01 00 00 37 fa 21 3d"},
	} {
		b.Run(c.name, func(b *testing.B) {
			in := wire(b, c.bytes)
			b.ReportAllocs()
			for b.Loop() {
				_, _, _ = ParseHeader(in)
			}
		})
	}
}

func BenchmarkHeaderParse(b *testing.B) {
	in := wire(b, "81 85 37 fa 21 3d")
	var h Header
	b.ReportAllocs()
	for b.Loop() {
		_, _ = h.Parse(in)
	}
}

// BenchmarkParseWhole is beside what it saves.
func BenchmarkParseWhole(b *testing.B) {
	in := wire(b, "81 85 37 fa 21 3d 7f 9f 4d 51 58")
	b.Run("ParseWhole", func(b *testing.B) {
		for b.Loop() {
			_, _, _ = ParseWhole(in, true)
		}
	})
	b.Run("Parse and Allows", func(b *testing.B) {
		state := State{FromClient: true}
		var h Header
		for b.Loop() {
			_, _ = h.Parse(in)
			_ = state.Allows(&h)
		}
	})
}

func BenchmarkAppendHeader(b *testing.B) {
	h := Header{Fin: true, Opcode: Text, Masked: true, MaskKey: key, Length: 300}
	room := make([]byte, 0, MaxHeaderLen)
	b.ReportAllocs()
	for b.Loop() {
		_ = AppendHeader(room, h)
	}
}

// BenchmarkAppendWhole is beside what it saves.
func BenchmarkAppendWhole(b *testing.B) {
	p, room := counting(16), make([]byte, 0, 64)
	b.Run("AppendWhole", func(b *testing.B) {
		for b.Loop() {
			_ = AppendWhole(room, Binary, p)
		}
	})
	b.Run("AppendTo and append", func(b *testing.B) {
		for b.Loop() {
			h := Header{Fin: true, Opcode: Binary, Length: uint64(len(p))}
			_ = append(h.AppendTo(room), p...)
		}
	})
}
