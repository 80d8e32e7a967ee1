package frames

import "encoding/binary"

// MaxHeaderLen is the most bytes a header can take: 2, a 64-bit length, and a
// masking key.
const MaxHeaderLen = 2 + 8 + 4

// MaxControlPayload is the most payload bytes a control frame may carry
// (RFC 6455 section 5.5).
const MaxControlPayload = 125

// Header is everything in a frame before its payload (RFC 6455 section 5.2).
// It is a plain value: compare two with ==.
type Header struct {
	// Fin is set on the last, or only, frame of a message.
	Fin bool
	// Rsv1, Rsv2 and Rsv3 belong to extensions. They are 0 unless one was
	// negotiated; permessage-deflate uses Rsv1.
	Rsv1, Rsv2, Rsv3 bool
	// Opcode says what the frame is for.
	Opcode Opcode
	// Masked is set on every frame from a client and on none from a server.
	Masked bool
	// MaskKey is the masking key of a Masked frame, else zero.
	MaskKey [4]byte
	// Length is the number of payload bytes that follow the header. It comes
	// from the peer: check it against a limit before you convert it to an int
	// or make room for it.
	Length uint64
}

// The bits of a header's first two bytes.
const (
	bitFin  = 0x80
	bitRsv1 = 0x40
	bitRsv2 = 0x20
	bitRsv3 = 0x10
	bitMask = 0x80

	length16 = 126 // in the 7-bit length: the length is in the next 2 bytes
	length64 = 127 // in the 7-bit length: the length is in the next 8 bytes
)

// ParseHeader decodes the header at the start of b and returns it with the
// number of bytes it took. n == 0 with a nil error means that b does not hold
// the whole header yet.
//
// A length that is not in its shortest form (6455-5.2-5), or has the top one
// of its 64 bits set (6455-5.2-4), is an [*Error]. The header and n are
// returned all the same, for those who look at frames rather than obey them.
// Whether the frame may come now is not judged here but by [State.Check].
func ParseHeader(b []byte) (h Header, n int, err error) {
	n, err = h.Parse(b)
	return h, n, err
}

// Parse is [ParseHeader] in place: it overwrites h, or leaves it as it was when
// n is 0.
//
// It is there for loops in which each nanosecond counts. A Header is too large
// for the registers in which Go passes results, so one that is returned is
// written to memory in parts, bit by bit as they are decoded, and then copied
// in blocks of 16 bytes. But a processor cannot read a block while its parts
// are still on their way to the cache: it waits until they have arrived, at
// every copy. Without a copy a header takes a quarter of the time.
func (h *Header) Parse(b []byte) (n int, err error) {
	if len(b) < 2 {
		return 0, nil
	}
	b0, b1 := b[0], b[1]
	length, n := uint64(b1&^bitMask), 2
	if length >= length16 {
		if length, n, err = parseLongLength(b); n == 0 {
			return 0, nil
		}
	}
	var key [4]byte
	if b1&bitMask != 0 {
		if len(b) < n+len(key) {
			return 0, nil
		}
		key = [4]byte(b[n:])
		n += len(key)
	}
	h.Fin = b0&bitFin != 0
	h.Rsv1 = b0&bitRsv1 != 0
	h.Rsv2 = b0&bitRsv2 != 0
	h.Rsv3 = b0&bitRsv3 != 0
	h.Opcode = Opcode(b0 & 0x0f)
	h.Masked = b1&bitMask != 0
	h.MaskKey = key
	h.Length = length
	return n, err
}

// parseLongLength decodes a length of 16 or 64 bits. n is where it ends in the
// header, or 0 when b does not hold it all.
func parseLongLength(b []byte) (length uint64, n int, err error) {
	if b[1]&^bitMask == length16 {
		if len(b) < 4 {
			return 0, 0, nil
		}
		length = uint64(binary.BigEndian.Uint16(b[2:]))
		if length < length16 {
			err = errNotShortest(length, 16)
		}
		return length, 4, err
	}
	if len(b) < 10 {
		return 0, 0, nil
	}
	length = binary.BigEndian.Uint64(b[2:])
	if length < 1<<16 {
		err = errNotShortest(length, 64)
	} else if length > 1<<63-1 {
		err = errTopBit(length)
	}
	return length, 10, err
}

// ParseWhole looks for what nearly every message is: one frame that lies whole at
// the start of b. It returns the type of the message, Text or Binary, and where
// in b its payload begins and the frame ends; the masking key is the four bytes
// before start. If the frame is anything else, it returns zeros, and
// [Header.Parse] tells what: a control frame, a fragment, one with a reserved
// bit, one whose mask is not as masked says, one with a wrong or a 64-bit
// length, or only a part of one.
//
// A frame that it finds is legal in each State between two messages. What else
// there is to know about a frame need not be written down then, which is most
// of what Parse does.
func ParseWhole(b []byte, masked bool) (t Opcode, start, end int) {
	const text, binaryMessage = bitFin | byte(Text), bitFin | byte(Binary)
	if len(b) < 2 || b[0] != text && b[0] != binaryMessage || b[1]&bitMask != 0 != masked {
		return 0, 0, 0
	}
	length, start := int(b[1]&^bitMask), 2
	if length >= length16 {
		if length == length64 || len(b) < 4 {
			return 0, 0, 0
		}
		length, start = int(binary.BigEndian.Uint16(b[2:])), 4
		if length < length16 {
			return 0, 0, 0
		}
	}
	if masked {
		start += 4
	}
	end = start + length
	if end > len(b) {
		return 0, 0, 0
	}
	return Opcode(b[0] &^ bitFin), start, end
}

func errNotShortest(length uint64, bits int) error {
	return broken("6455-5.2-5", CloseProtocolError,
		"a payload length of %d is written in %d bits; the shortest form must be used", length, bits)
}

func errTopBit(length uint64) error {
	return broken("6455-5.2-4", CloseProtocolError,
		"the 64-bit payload length %#x has its top bit set; it must be 0", length)
}

// AppendWhole appends a message in one frame to dst, not masked, as a server sends
// nearly all of its messages, and returns the longer slice. t is Text or Binary.
//
// It is to [AppendHeader] what [ParseWhole] is to Parse: with all that such a
// frame cannot have, there is little left to write down.
func AppendWhole(dst []byte, t Opcode, p []byte) []byte {
	if len(p) < length16 {
		return append(append(dst, bitFin|byte(t), byte(len(p))), p...)
	}
	dst = AppendHeader(dst, Header{Fin: true, Opcode: t, Length: uint64(len(p))})
	return append(dst, p...)
}

// LengthForm is one of the three ways to write a payload length.
type LengthForm uint8

// The length forms of RFC 6455 section 5.2. A sender must use the shortest one
// that holds the length; the others exist for tests and tools that send
// illegal frames on purpose.
const (
	Shortest LengthForm = iota // whichever is shortest
	Length16                   // 16 bits, even where 7 are enough
	Length64                   // 64 bits, even where fewer are enough
)

// AppendHeader appends h to dst, its length in the shortest form, and returns
// the longer slice. It writes what it is given: whether the frame may be sent
// is for [State.Check] to say.
func AppendHeader(dst []byte, h Header) []byte { return h.AppendTo(dst) }

// AppendTo is [AppendHeader] in place: h is not copied, which [Header.Parse]
// tells the price of.
func (h *Header) AppendTo(dst []byte) []byte { return h.appendForm(dst, Shortest) }

// AppendHeaderForm is [AppendHeader] with a length form of the caller's
// choice. A form too small for the length is widened, so nothing is cut off.
func AppendHeaderForm(dst []byte, h Header, form LengthForm) []byte {
	return h.appendForm(dst, form)
}

func (h *Header) appendForm(dst []byte, form LengthForm) []byte {
	b0 := h.firstByte()
	var b1 byte
	if h.Masked {
		b1 = bitMask
	}
	switch {
	case h.Length < length16 && form == Shortest:
		dst = append(dst, b0, b1|byte(h.Length))
	case h.Length < 1<<16 && form != Length64:
		dst = append(dst, b0, b1|length16, byte(h.Length>>8), byte(h.Length))
	default:
		dst = append(dst, b0, b1|length64)
		dst = binary.BigEndian.AppendUint64(dst, h.Length)
	}
	if h.Masked {
		dst = append(dst, h.MaskKey[:]...)
	}
	return dst
}

// firstByte is the byte with FIN, the reserved bits and the opcode.
func (h *Header) firstByte() byte {
	b := byte(h.Opcode & 0x0f)
	if h.Fin {
		b |= bitFin
	}
	if h.Rsv1 {
		b |= bitRsv1
	}
	if h.Rsv2 {
		b |= bitRsv2
	}
	if h.Rsv3 {
		b |= bitRsv3
	}
	return b
}
