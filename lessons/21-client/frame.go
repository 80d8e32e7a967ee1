package client

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
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

// Header is what this chapter needs of a header.
type Header struct {
	Fin     bool
	Opcode  Opcode
	Masked  bool
	MaskKey [4]byte
	Length  uint64
}

// appendHeader appends the header of a frame.
func appendHeader(dst []byte, h Header) []byte {
	b0, mask := byte(h.Opcode), byte(0)
	if h.Fin {
		b0 |= 0x80
	}
	if h.Masked {
		mask = 0x80
	}
	dst = append(dst, b0)
	switch {
	case h.Length <= 125:
		dst = append(dst, mask|byte(h.Length))
	case h.Length <= 0xffff:
		dst = binary.BigEndian.AppendUint16(append(dst, mask|126), uint16(h.Length))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, mask|127), h.Length)
	}
	if h.Masked {
		dst = append(dst, h.MaskKey[:]...)
	}
	return dst
}

// applyMask applies a masking key to b in place.
func applyMask(key [4]byte, b []byte) {
	for i := range b {
		b[i] ^= key[i%4]
	}
}

// AppendFrame appends a whole frame, as a client sends it, and returns the longer slice. The
// masking key is the next four bytes from random. The payload is the caller's, and is not
// changed. An error of random is returned with nil.
func AppendFrame(dst []byte, random io.Reader, op Opcode, payload []byte) ([]byte, error) {
	// lesson:begin AppendFrame
	h := Header{Fin: true, Opcode: op, Masked: true, Length: uint64(len(payload))}
	if _, err := io.ReadFull(random, h.MaskKey[:]); err != nil {
		return nil, err
	}
	dst = appendHeader(dst, h)
	start := len(dst)
	dst = append(dst, payload...)
	applyMask(h.MaskKey, dst[start:])
	return dst, nil
	// lesson:end
}

var errTooLong = errors.New("the frame is longer than this client takes")

// readFrame reads the next frame, up to 1 MiB, and takes the mask off if there is one.
func readFrame(r io.Reader) (h Header, payload []byte, err error) {
	b := make([]byte, 8)
	if _, err := io.ReadFull(r, b[:2]); err != nil {
		return Header{}, nil, err
	}
	h = Header{Fin: b[0]&0x80 != 0, Opcode: Opcode(b[0] & 0xf), Masked: b[1]&0x80 != 0, Length: uint64(b[1] & 0x7f)}
	switch h.Length {
	case 126:
		_, err = io.ReadFull(r, b[:2])
		h.Length = uint64(binary.BigEndian.Uint16(b))
	case 127:
		_, err = io.ReadFull(r, b)
		h.Length = binary.BigEndian.Uint64(b)
	}
	if err == nil && h.Masked {
		_, err = io.ReadFull(r, h.MaskKey[:])
	}
	if err == nil && h.Length > 1<<20 {
		err = errTooLong
	}
	if err != nil {
		return Header{}, nil, err
	}
	payload = make([]byte, h.Length)
	if _, err := io.ReadFull(r, payload); err != nil {
		return Header{}, nil, err
	}
	applyMask(h.MaskKey, payload)
	return h, payload, nil
}
