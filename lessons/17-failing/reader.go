package failing

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// Opcode says what a frame is for.
type Opcode uint8

// The opcodes that RFC 6455 defines.
const (
	Continuation Opcode = 0x0
	Text         Opcode = 0x1
	Binary       Opcode = 0x2
	Close        Opcode = 0x8
	Ping         Opcode = 0x9
	Pong         Opcode = 0xa
)

// String returns the name of the opcode, or its number, "0x3", if it has none.
func (o Opcode) String() string {
	names := map[Opcode]string{
		Continuation: "continuation", Text: "text", Binary: "binary",
		Close: "close", Ping: "ping", Pong: "pong",
	}
	if name, ok := names[o]; ok {
		return name
	}
	return fmt.Sprintf("0x%x", uint8(o))
}

// The limits of a message.
const (
	maxMessage   = 1 << 20 // bytes
	maxFragments = 1000
)

// Reader takes messages out of what a client sends, by the rules of chapters 10 to 16.
type Reader struct {
	in   *bufio.Reader
	out  io.Writer // for pongs
	open Opcode    // the message that is not finished, or Continuation
}

// NewReader returns a Reader of what comes from a socket. It sends pongs to it.
func NewReader(nc io.ReadWriter) *Reader { return &Reader{in: bufio.NewReader(nc), out: nc} }

// Next waits for the next message and returns its type and payload. A Close frame comes as
// a message of type Close, and its payload is what the answer has to carry.
//
// If the client has broken a rule of the protocol, the error is a [*ProtocolError]. It
// wraps errNotUTF8, errTooBig or errTooMany if the message is at fault. An error of the
// socket is a net.Error, io.EOF or io.ErrUnexpectedEOF.
func (r *Reader) Next() (op Opcode, message []byte, err error) {
	for count := 0; ; {
		h, err := r.header()
		if err != nil {
			return 0, nil, err
		}
		if h.op < Close && h.length > uint64(maxMessage-len(message)) {
			return 0, nil, fmt.Errorf("a %v frame of %d bytes: %w", h.op, h.length, errTooBig)
		}
		payload := make([]byte, h.length)
		if err := r.full(payload); err != nil {
			return 0, nil, err
		}
		for i := range payload {
			payload[i] ^= h.key[i%4]
		}
		switch h.op {
		case Ping:
			if _, err := r.out.Write(frame(Pong, payload)); err != nil {
				return 0, nil, err
			}
			continue
		case Pong:
			continue
		case Close:
			payload, err := checkClose(payload)
			return Close, payload, err
		case Text, Binary:
			op = h.op
		}
		if count++; count > maxFragments {
			return 0, nil, errTooMany
		}
		message = append(message, payload...)
		r.open = op
		if h.fin {
			r.open = Continuation
			if op == Text && !utf8.Valid(message) {
				return 0, nil, fmt.Errorf("a message of %d bytes: %w", len(message), errNotUTF8)
			}
			return op, message, nil
		}
	}
}

// header is what Next needs of a header.
type header struct {
	fin    bool
	op     Opcode
	length uint64
	key    [4]byte
}

// header reads a header and judges it.
func (r *Reader) header() (h header, err error) {
	var b [8]byte
	if _, err := io.ReadFull(r.in, b[:1]); err != nil {
		return h, err
	}
	if err := r.full(b[1:2]); err != nil {
		return h, err
	}
	h.fin, h.op, h.length = b[0]&0x80 != 0, Opcode(b[0]&0x0f), uint64(b[1]&0x7f)
	control := h.op&0x8 != 0
	switch {
	case b[0]&0x70 != 0:
		return h, broken("5.2", "a reserved bit is set, and no extension was agreed")
	case h.op > Pong || h.op > Binary && h.op < Close:
		return h, broken("5.2", "opcode "+h.op.String()+" is reserved")
	case b[1]&0x80 == 0:
		return h, broken("5.1", "a frame of a client is not masked")
	case control && !h.fin:
		return h, broken("5.5", "a control frame is fragmented")
	case control && h.length > 125:
		return h, broken("5.5", "a control frame carries more than 125 bytes")
	case h.op == Continuation && r.open == Continuation:
		return h, broken("5.4", "a continuation frame came with no message to continue")
	case !control && h.op != Continuation && r.open != Continuation:
		return h, broken("5.4", "a new message began before the last frame of another")
	}
	least := uint64(0)
	switch h.length {
	case 126:
		err = r.full(b[:2])
		h.length, least = uint64(binary.BigEndian.Uint16(b[:])), 126
	case 127:
		err = r.full(b[:8])
		h.length, least = binary.BigEndian.Uint64(b[:]), 1<<16
	}
	if err != nil {
		return h, err
	}
	if h.length < least || h.length>>63 != 0 {
		return h, broken("5.2", "the payload length is not written as it should be")
	}
	return h, r.full(h.key[:])
}

// full fills b. It is called inside of a frame, where no end of the stream is a clean
// one.
func (r *Reader) full(b []byte) error {
	_, err := io.ReadFull(r.in, b)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// checkClose checks the payload of a Close frame, and returns the part of it that the
// answer carries: the code.
func checkClose(payload []byte) ([]byte, error) {
	switch len(payload) {
	case 0:
		return nil, nil
	case 1:
		return nil, broken("5.5.1", "a Close frame carries half a code")
	}
	c := CloseCode(binary.BigEndian.Uint16(payload))
	if c < 1000 || c > 1003 && c < 1007 || c > 1014 && c < 3000 || c > 4999 {
		return nil, broken("7.4", fmt.Sprintf("close code %d must not be in a Close frame", c))
	}
	if !utf8.Valid(payload[2:]) {
		return nil, fmt.Errorf("the reason of a Close frame: %w", errNotUTF8)
	}
	return payload[:2], nil
}

// frame returns a whole frame, as a server sends it, with at most 125 bytes of payload.
func frame(op Opcode, payload []byte) []byte {
	return append([]byte{0x80 | byte(op), byte(len(payload))}, payload...)
}

// ProtocolError is a rule of the protocol that the client has broken.
type ProtocolError struct {
	Section string // of RFC 6455
	Text    string // what was wrong, for the client to read
}

func (e *ProtocolError) Error() string { return e.Text + " (RFC 6455 section " + e.Section + ")" }

func broken(section, text string) error { return &ProtocolError{section, text} }

// Other errors for which there is a close code.
var (
	errNotUTF8 = errors.New("the text is not valid UTF-8")
	errTooBig  = errors.New("the message is larger than the limit")
	errTooMany = errors.New("the message has too many fragments")

	// errUnsupported and errNotAllowed are for programs: a type of message that they
	// do not take, and a message that breaks a rule of their own.
	errUnsupported = errors.New("this type of message is not taken here")
	errNotAllowed  = errors.New("this message is not allowed here")
)
