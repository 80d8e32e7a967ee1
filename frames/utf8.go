package frames

import (
	"encoding/binary"
	"math/bits"
)

// UTF8 checks text that arrives in pieces. A character may be split over any
// of them, so each piece alone says little; UTF8 remembers what the pieces so
// far have left open. Its zero value is ready for the start of a text.
//
// It fails on the first byte that no valid text could have in that place, and
// does not wait for the end of the character, the frame or the message
// (RFC 6455 sections 5.6 and 8.1; the encoding is RFC 3629).
type UTF8 struct {
	need   uint8  // continuation bytes that the open character still needs
	lo, hi uint8  // the range that the next one of them must be in
	seen   uint64 // bytes checked so far, to say where an error is
}

// Add checks the next piece of the text. The error is an [*Error] with close
// code 1007 that tells the offending byte and its offset in the text. After an
// error the text is lost: u is of no more use.
func (u *UTF8) Add(p []byte) error {
	i := 0
	if u.need == 0 { // Nearly all that is short is ASCII, and then that is all.
		if i = ascii(p); i == len(p) {
			u.seen += uint64(len(p))
			return nil
		}
	}
	// Finish the character that the last piece left open.
	for u.need > 0 && i < len(p) {
		if !u.step(p[i]) {
			return u.bad(p[i], i)
		}
		i++
	}
	// The bulk goes word by word. What that leaves is the end of the piece, or
	// what is wrong: it is walked one by one, to remember it or to find it.
	i += validPrefix(p[i:])
	for ; i < len(p); i++ {
		if !u.step(p[i]) {
			return u.bad(p[i], i)
		}
	}
	u.seen += uint64(len(p))
	if u.need == 0 {
		u.lo, u.hi = 0, 0 // so that equal texts leave equal states behind
	}
	return nil
}

// End reports, at the end of the text, a character that was never finished.
// The error is an [*Error] with close code 1007. After End returns nil, u is
// ready for the next text.
func (u *UTF8) End() error {
	if u.need > 0 {
		return u.unfinished()
	}
	*u = UTF8{}
	return nil
}

// unfinished is apart so that End is small enough to be inlined.
func (u *UTF8) unfinished() error {
	return broken("6455-8.1-1", CloseInvalidPayload,
		"the text ends inside a UTF-8 character, %s short", count(uint64(u.need), "byte"))
}

// ValidUTF8 reports whether p is valid UTF-8. It is for a text that is at hand
// whole, as most are, and then faster than to ask a [UTF8].
//
// One step takes 128 bytes. What it costs beside their sixteen loads, to move the
// slice and to jump back, is as much as twelve more, so steps of 64 bytes made a text
// of 1 KiB take a quarter longer. The end of p is looked at in two pieces that meet
// or overlap, so that there is no loop before the last three bytes.
func ValidUTF8(p []byte) bool {
	for len(p) >= 128 {
		if (or64(p)|or64(p[64:]))&tops != 0 {
			return validFrom(p)
		}
		p = p[128:]
	}
	var or uint64
	rest := p
	if len(rest) >= 64 {
		or = or64(rest)
		rest = rest[64:]
	}
	if len(rest) >= 32 {
		or |= or32(rest)
		rest = rest[32:]
	}
	switch n := len(rest); {
	case n >= 16:
		or |= or16(rest) | or16(rest[n-16:])
	case n >= 8:
		or |= binary.LittleEndian.Uint64(rest) | binary.LittleEndian.Uint64(rest[n-8:])
	case n >= 4:
		or |= uint64(binary.LittleEndian.Uint32(rest) | binary.LittleEndian.Uint32(rest[n-4:]))
	default:
		for _, b := range rest {
			or |= uint64(b)
		}
	}
	return or&tops == 0 || validFrom(p)
}

// validFrom is ValidUTF8 from the first piece on that is not all ASCII.
func validFrom(p []byte) bool {
	var u UTF8
	return u.Add(p) == nil && u.End() == nil
}

// step takes one byte and reports whether it may stand where it does. The
// ranges are the table of RFC 3629 section 4: they leave out overlong forms,
// the surrogates U+D800 to U+DFFF, and everything above U+10FFFF.
func (u *UTF8) step(b byte) bool {
	if u.need > 0 {
		if b < u.lo || b > u.hi {
			return false
		}
		u.need--
		u.lo, u.hi = 0x80, 0xbf
		return true
	}
	u.lo, u.hi = 0x80, 0xbf
	switch {
	case b < 0x80:
		return true
	case b < 0xc2: // a stray continuation byte, or an overlong form of ASCII
		return false
	case b < 0xe0:
		u.need = 1
	case b < 0xf0:
		u.need = 2
		switch b {
		case 0xe0:
			u.lo = 0xa0
		case 0xed:
			u.hi = 0x9f
		}
	case b < 0xf5:
		u.need = 3
		switch b {
		case 0xf0:
			u.lo = 0x90
		case 0xf4:
			u.hi = 0x8f
		}
	default:
		return false
	}
	return true
}

func (u *UTF8) bad(b byte, i int) error {
	return broken("6455-8.1-1", CloseInvalidPayload,
		"the text is not valid UTF-8: byte %#02x at offset %d cannot stand there", b, u.seen+uint64(i))
}

// validPrefix returns how many bytes at the start of p are whole, valid
// characters, give or take the last few: it looks at eight bytes at a time,
// and stops where fewer are left.
//
// The kind of a character shows in a few bits that have the same place in each
// one: of three bytes, the first is 1110xxxx, and the others 10xxxxxx. So to mask
// a word and compare it once checks six bytes, two characters of Chinese. What
// is left to exclude shows in five more bits. [unicode/utf8.Valid] takes each byte
// by itself and its range from a table: for Chinese that takes three times as
// long. ASCII is looked at in whole words by both, here with more to a step; see
// [ValidUTF8].
//
// The order counts: what comes in long runs is asked for first.
func validPrefix(p []byte) int {
	whole := p
	p = p[ascii(p):]
	for len(p) >= 8 {
		w := binary.LittleEndian.Uint64(p)
		switch {
		case w&0xc0c0f0c0c0f0 == 0x8080e08080e0 && isThree(w) && isThree(w>>24):
			p = p[6:]
		case w&0xc0c0f0 == 0x8080e0 && isThree(w):
			p = p[3:]
			if w&0x80000000 == 0 { // a space or the end of a line is the next
				p = p[1:]
			}
		case w&tops == 0:
			p = p[8:]
			p = p[ascii(p):]
		case w&0x80 == 0:
			p = p[bits.TrailingZeros64(w&tops)/8:]
		case w&0xc0e0c0e0 == 0x80c080c0 && isTwo(w) && isTwo(w>>16):
			p = p[4:]
		case w&0xc0e0 == 0x80c0 && isTwo(w):
			p = p[2:]
		case w&0xc0c0c0f8 == 0x808080f0 && isFour(w):
			p = p[4:]
		default:
			return len(whole) - len(p)
		}
	}
	return len(whole) - len(p) + ascii(p)
}

// tops are the bits that no byte of ASCII has.
const tops = 0x8080808080808080

// ascii returns how many bytes at the start of p are ASCII.
func ascii(p []byte) int {
	rest := p
	for len(rest) >= 128 && (or64(rest)|or64(rest[64:]))&tops == 0 {
		rest = rest[128:]
	}
	if len(rest) >= 64 && or64(rest)&tops == 0 {
		rest = rest[64:]
	}
	for len(rest) >= 8 && binary.LittleEndian.Uint64(rest)&tops == 0 {
		rest = rest[8:]
	}
	if len(rest) < 8 && len(p) >= 8 && binary.LittleEndian.Uint64(p[len(p)-8:])&tops == 0 {
		return len(p) // some of its last eight bytes were looked at twice
	}
	for len(rest) > 0 && rest[0] < 0x80 {
		rest = rest[1:]
	}
	return len(p) - len(rest)
}

// or64 is all words of 64 bytes in one, or32 those of 32, and or16 those of 16. They
// are inlined.
func or64(b []byte) uint64 { return or32(b[:32]) | or32(b[32:64]) }

func or32(b []byte) uint64 {
	b = b[:32]
	return binary.LittleEndian.Uint64(b[0:8]) | binary.LittleEndian.Uint64(b[8:16]) |
		binary.LittleEndian.Uint64(b[16:24]) | binary.LittleEndian.Uint64(b[24:32])
}

func or16(b []byte) uint64 {
	b = b[:16]
	return binary.LittleEndian.Uint64(b[0:8]) | binary.LittleEndian.Uint64(b[8:16])
}

// isTwo reports whether two bytes that look like a character are one, and not
// an overlong form of ASCII: more than the last bit of the first is needed.
func isTwo(w uint64) bool { return w&0x1e != 0 }

// isThree reports whether three bytes that look like a character are one: its
// first five bits are not all 0, which would be an overlong form, nor those of a
// surrogate.
func isThree(w uint64) bool {
	top := w & 0x200f
	return top != 0 && top != 0x200d
}

// isFour reports whether four bytes that look like a character are one: what
// stands above its lowest 16 bits is not 0, which would be an overlong form, and
// not above 0x10, where Unicode ends.
func isFour(w uint64) bool {
	top := w&7<<2 | w>>12&3
	return top >= 1 && top <= 0x10
}
