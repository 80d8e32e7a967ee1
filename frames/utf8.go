package frames

import "unicode/utf8"

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
	// Finish the character that the last piece left open.
	i := 0
	for u.need > 0 && i < len(p) {
		if !u.step(p[i]) {
			return u.bad(p[i], i)
		}
		i++
	}
	// The bulk, up to the last character that is complete, goes through the
	// standard library's fast check; only when that says no are the bytes
	// walked one by one, to find which it was.
	whole := len(p) - openTail(p[i:])
	if utf8.Valid(p[i:whole]) {
		i = whole
	}
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
		return broken("6455-8.1-1", CloseInvalidPayload,
			"the text ends inside a UTF-8 character, %s short", count(uint64(u.need), "byte"))
	}
	*u = UTF8{}
	return nil
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

// openTail returns how many bytes at the end of p begin a character without
// finishing it: 0 to 3. Whether they begin it well is not looked at here.
func openTail(p []byte) int {
	for back := 1; back <= 3 && back <= len(p); back++ {
		b := p[len(p)-back]
		switch {
		case b < 0x80:
			return 0
		case b < 0xc0:
			continue // a continuation byte: its lead is further back
		case b >= 0xf0, b >= 0xe0 && back < 3, back < 2:
			return back
		default:
			return 0
		}
	}
	return 0
}
