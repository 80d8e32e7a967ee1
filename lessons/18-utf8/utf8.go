// Package text checks that the text in a WebSocket is UTF-8 (RFC 6455 section 8.1), as it comes in: in
// pieces that end anywhere, also inside of a character.
package text

import "errors"

// Why a text is refused.
var (
	errInvalid    = errors.New("the text is not valid UTF-8")
	errUnfinished = errors.New("the text ends inside of a character")
)

// UTF8 checks a text that comes in pieces. Its zero value is ready for the start of a text.
type UTF8 struct {
	need   uint8 // how many bytes the open character still needs
	lo, hi uint8 // the range in which the next of them has to be, if need is not 0
}

// step takes the next byte of the text, and reports whether it may stand where it does (RFC 3629 section 4).
func (u *UTF8) step(b byte) bool {
	// lesson:begin step
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
	case b <= 0x7f:
		u.need = 0
	case b < 0xc2:
		return false
	case b <= 0xdf:
		u.need = 1
	case b <= 0xef:
		u.need = 2
	case b <= 0xf4:
		u.need = 3
	default:
		return false
	}
	switch b {
	case 0xe0:
		u.lo = 0xa0
	case 0xed:
		u.hi = 0x9f
	case 0xf0:
		u.lo = 0x90
	case 0xf4:
		u.hi = 0x8f
	}
	return true
	// lesson:end
}

// Add checks the next piece. It returns errInvalid as soon as there is a byte that no text could have in
// its place, and does not wait for the end of the character. After an error, u is of no more use.
func (u *UTF8) Add(p []byte) error {
	// lesson:begin Add
	for _, b := range p {
		if !u.step(b) {
			return errInvalid
		}
	}
	return nil
	// lesson:end
}

// End is called at the end of the text. It returns errUnfinished if the last character is not whole. Else
// u is ready for the next text.
func (u *UTF8) End() error {
	// lesson:begin End
	if u.need > 0 {
		return errUnfinished
	}
	*u = UTF8{}
	return nil
	// lesson:end
}
