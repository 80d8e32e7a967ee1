package load

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/frames"
)

func TestEcho(t *testing.T) {
	for _, kind := range []frames.Opcode{frames.Binary, frames.Text} {
		for _, size := range []int{16, 125, 126, 65536} {
			t.Run(fmt.Sprintf("%v, %d bytes", kind, size), func(t *testing.T) {
				s := Echo(kind, size, 3, false)
				assert.Equal(t, 3, s.Messages)
				sent, wanted := split(t, s.Send), split(t, s.Want)
				require.Len(t, sent, 3)
				require.Len(t, wanted, 3)
				for i := range sent {
					assert.Equal(t, frames.Header{Fin: true, Opcode: kind, Length: uint64(size)}, wanted[i].h)
					assert.True(t, sent[i].h.Masked)
					assert.Equal(t, kind, sent[i].h.Opcode)
					assert.Equal(t, wanted[i].payload, sent[i].payload)
					if kind == frames.Text {
						assert.True(t, utf8.Valid(sent[i].payload))
					}
				}
				assert.NotEqual(t, sent[0].payload, sent[1].payload, "so that replies in the wrong order are seen")
				assert.NotEqual(t, sent[0].h.MaskKey, sent[1].h.MaskKey)

				verbatim := Echo(kind, size, 3, true)
				assert.Equal(t, s.Send, verbatim.Send)
				assert.Equal(t, s.Send, verbatim.Want)
			})
		}
	}
}

type wireFrame struct {
	h       frames.Header
	payload []byte // without the mask
}

// split takes frames apart.
func split(t *testing.T, wire []byte) []wireFrame {
	var all []wireFrame
	for len(wire) > 0 {
		h, n, err := frames.ParseHeader(wire)
		require.NoError(t, err)
		require.NotZero(t, n)
		p := bytes.Clone(wire[n : n+int(h.Length)])
		if h.Masked {
			frames.Mask(h.MaskKey, 0, p)
		}
		all = append(all, wireFrame{h, p})
		wire = wire[n+int(h.Length):]
	}
	return all
}

func TestDiffers(t *testing.T) {
	long := bytes.Repeat([]byte("0123456789"), 30)
	with := func(i int) []byte {
		p := bytes.Clone(long)
		p[i] ^= 1
		return p
	}
	for _, tt := range []struct {
		name      string
		got, want []byte
		whole     bool
		at        int
	}{
		{"the same", long, long, true, -1},
		{"nothing", nil, nil, false, -1},
		{"the first byte", with(0), long, true, 0},
		{"the middle", with(150), long, true, 150},
		{"the middle, when only the ends are compared", with(150), long, false, -1},
		{"the last byte of the first end", with(63), long, false, 63},
		{"the first byte of the last end", with(236), long, false, 236},
		{"the last byte", with(299), long, false, 299},
		{"a short reply is compared whole", with(50)[:100], long[:100], false, 50},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.at, differs(tt.got, tt.want, tt.whole))
		})
	}
}

func TestCompressedDecompresses(t *testing.T) {
	m := Compressed(1000, 2)
	for i, wire := range m.sent {
		f := split(t, wire)[0]
		assert.True(t, f.h.Rsv1)
		assert.Less(t, len(f.payload), 500)
		plain, err := m.Listen(&Conn{}).inflate(f.payload)
		require.NoError(t, err, hex.EncodeToString(wire))
		assert.Equal(t, m.plain[i], plain)
	}
}
