package rfc6455

import (
	"bytes"
	"errors"
	"slices"
)

// modelInflater is DEFLATE (RFC 1951) once more, for comparison: slow, obvious,
// and without a line of the library. It also says how far the compressed bytes
// refer back.
type modelInflater struct {
	history  []byte // all that was ever decompressed
	farthest int    // the largest distance so far
}

var errModel = errors.New("not DEFLATE")

// modelBits are the bits that are not used yet.
type modelBits struct {
	p   []byte
	pos int // in bits
}

func (b *modelBits) take(n int) int {
	v := 0
	for i := range n {
		if b.pos >= 8*len(b.p) {
			panic(errModel)
		}
		v |= int(b.p[b.pos/8]>>(b.pos%8)&1) << i
		b.pos++
	}
	return v
}

func (b *modelBits) align() { b.pos = (b.pos + 7) / 8 * 8 }

// message decompresses the payload of one message.
func (m *modelInflater) message(p []byte) (out []byte, err error) {
	start := len(m.history)
	defer func() {
		if recover() == errModel {
			err = errModel
		}
		out = m.history[start:]
	}()
	bits := &modelBits{p: append(slices.Clone(p), messageEnd...)}
	end := 8 * (len(p) + len(blockEnd))
	for {
		final := m.block(bits)
		if !final {
			continue
		}
		bits.align()
		switch {
		case bits.pos == end || bits.pos == 8*len(bits.p):
			return nil, nil
		case bits.pos > 8*len(p):
			return nil, errModel
		}
	}
}

func (m *modelInflater) block(bits *modelBits) (final bool) {
	final = bits.take(1) == 1
	switch bits.take(2) {
	case 0:
		bits.align()
		n, not := bits.take(16), bits.take(16)
		if n != ^not&0xffff {
			panic(errModel)
		}
		for range n {
			m.history = append(m.history, byte(bits.take(8)))
		}
	case 1:
		lengths := bytes.Repeat([]byte{8}, 288)
		copy(lengths[144:], bytes.Repeat([]byte{9}, 112))
		copy(lengths[256:], bytes.Repeat([]byte{7}, 24))
		m.codes(bits, newModelCode(lengths), newModelCode(bytes.Repeat([]byte{5}, 32)))
	case 2:
		m.dynamic(bits)
	case 3:
		panic(errModel)
	}
	return final
}

func (m *modelInflater) dynamic(bits *modelBits) {
	literals, distances, n := 257+bits.take(5), 1+bits.take(5), 4+bits.take(4)
	if literals > 286 || distances > 30 {
		panic(errModel)
	}
	order := []int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
	lengths := make([]byte, 19)
	for _, i := range order[:n] {
		lengths[i] = byte(bits.take(3))
	}
	code := newModelCode(lengths)
	lengths = nil
	for len(lengths) < literals+distances {
		switch sym := code.next(bits); {
		case sym < 16:
			lengths = append(lengths, byte(sym))
		case sym == 16:
			if len(lengths) == 0 {
				panic(errModel)
			}
			lengths = append(lengths, bytes.Repeat(lengths[len(lengths)-1:], 3+bits.take(2))...)
		case sym == 17:
			lengths = append(lengths, make([]byte, 3+bits.take(3))...)
		default:
			lengths = append(lengths, make([]byte, 11+bits.take(7))...)
		}
	}
	if len(lengths) > literals+distances {
		panic(errModel)
	}
	m.codes(bits, newModelCode(lengths[:literals]), newModelCode(lengths[literals:]))
}

// codes decompresses until the end of a block.
func (m *modelInflater) codes(bits *modelBits, literals, distances modelCode) {
	for {
		sym := literals.next(bits)
		switch {
		case sym < 256:
			m.history = append(m.history, byte(sym))
			continue
		case sym == 256:
			return
		case sym > 285:
			panic(errModel)
		}
		length := modelExtra(bits, sym-257, 4, 3)
		if sym == 285 {
			length = 258
		}
		sym = distances.next(bits)
		if sym > 29 {
			panic(errModel)
		}
		distance := modelExtra(bits, sym, 2, 1)
		if distance > len(m.history) || distance > 1<<15 {
			panic(errModel)
		}
		m.farthest = max(m.farthest, distance)
		for range length {
			m.history = append(m.history, m.history[len(m.history)-distance])
		}
	}
}

// modelExtra reads a length or a distance: codes in groups, each of whose codes
// stands for a range, with one bit more of it from group to group.
func modelExtra(bits *modelBits, code, group, first int) int {
	extra, base := 0, first
	for i := range code + 1 {
		extra = max(0, i/group-1)
		if i == code {
			break
		}
		base += 1 << extra
	}
	if group == 4 && code == 28 {
		return 0 // length 258, which has no range
	}
	return base + bits.take(extra)
}

// modelCode is a Huffman code: the symbol for each sequence of bits.
type modelCode map[[2]int]int // {how many bits, their value}: symbol

func newModelCode(lengths []byte) modelCode {
	code := modelCode{}
	next, room := 0, 1<<15
	for n := 1; n <= 15; n++ {
		next <<= 1
		for sym, length := range lengths {
			if int(length) == n {
				code[[2]int{n, next}] = sym
				next++
				room -= 1 << (15 - n)
			}
		}
	}
	// A code must use all sequences of bits, but for one of a single symbol.
	_, single := code[[2]int{1, 0}]
	if room != 0 && len(code) != 0 && !(len(code) == 1 && single) {
		panic(errModel)
	}
	return code
}

func (c modelCode) next(bits *modelBits) int {
	v := 0
	for n := 1; n <= 15; n++ {
		v = v<<1 | bits.take(1)
		if sym, ok := c[[2]int{n, v}]; ok {
			return sym
		}
	}
	panic(errModel)
}
