// This file holds the reader of lines and fields that requests and responses share.
//
// It is strict where HTTP allows a choice. A line ends in CR LF and in nothing else, a
// field is never folded over two lines, and control bytes are refused. RFC 9112 section
// 2.2 lets a recipient take a bare LF for a line end. This one does not: when a proxy and
// the server behind it disagree on where a line ends, an attacker can hide one request
// inside another ("request smuggling"), and no WebSocket client sends a bare LF.

package handshake

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
)

// headReader reads the lines of one head within its limits.
type headReader struct {
	r      *bufio.Reader
	lim    Limits
	answer bool   // a client reads an answer: errors carry no status
	start  bool   // the start line is being read
	used   int    // bytes read so far
	buf    []byte // the line being read
	cr     bool   // the byte before was CR
}

// what names the thing being read, for sentences.
func (h *headReader) what() string {
	if h.answer {
		return "response"
	}
	return "request"
}

// fail makes the error for this side: a server answers with the status, a client does not.
func (h *headReader) fail(rule string, status int, format string, args ...any) error {
	if h.answer {
		status = 0
	}
	return refusal(rule, status, format, args...)
}

// line reads one line and returns it without its CR LF. Each byte is judged as it comes, so
// that bytes which are not HTTP at all fail at once and not at the next deadline. How the
// stream is cut into reads makes no difference to the result.
func (h *headReader) line() (string, error) {
	h.buf = h.buf[:0]
	for {
		if _, err := h.r.Peek(1); err != nil {
			return "", h.interrupted(err)
		}
		room := min(h.lim.Line+len("\r\n")-len(h.buf), h.lim.Total-h.used)
		piece, _ := h.r.Peek(min(h.r.Buffered(), room+1))
		end := bytes.IndexByte(piece, '\n')
		if end >= 0 {
			piece = piece[:end+1]
		}
		fits := len(piece) <= room
		if !fits {
			piece = piece[:room]
		}
		if err := h.judge(piece); err != nil {
			return "", err
		}
		if !fits {
			return "", h.tooLong()
		}
		h.buf = append(h.buf, piece...)
		h.used += len(piece)
		h.r.Discard(len(piece)) // cannot fail: the bytes were peeked
		if end >= 0 {
			return string(h.buf[:len(h.buf)-len("\r\n")]), nil
		}
	}
}

// judge looks for bytes that may not stand in a line.
func (h *headReader) judge(piece []byte) error {
	for i, c := range piece {
		switch {
		case h.cr && c != '\n':
			return h.fail("9112-2.2", 400, "the %s has a CR without LF; every line ends in CR LF", h.what())
		case c == '\r':
			h.cr = true
		case c == '\n' && !h.cr:
			return h.fail("9112-2.2", 400, "the %s has a line that ends in LF alone; every line ends in CR LF", h.what())
		case c == '\n':
			h.cr = false
		case !isValueByte(c):
			return h.controlByte(c, h.used+i == 0)
		}
	}
	return nil
}

// controlByte makes the error for a control byte. The first byte tells the most common
// mistake: one side speaks TLS and the other does not. 0x16 opens a TLS handshake, 0x15 is
// a TLS alert (RFC 8446 section 5.1).
func (h *headReader) controlByte(c byte, first bool) error {
	switch {
	case first && c == 0x16 && !h.answer:
		return h.fail("9112-2.2", 400, "the request begins like TLS, but this port speaks plain HTTP; use ws:// here, or serve TLS")
	case first && c == 0x15 && h.answer:
		return h.fail("9112-2.2", 0, "the response begins like TLS, but the request was plain HTTP; use wss:// for this server")
	}
	return h.fail("9110-5.5", 400, "the %s has the control byte 0x%02x; lines hold text only", h.what(), c)
}

// tooLong makes the error for a head beyond its limits.
func (h *headReader) tooLong() error {
	switch {
	case h.start && !h.answer:
		return h.fail("9112-3", 414, "the request line is longer than %d bytes", min(h.lim.Line, h.lim.Total))
	case h.lim.Total-h.used < h.lim.Line+len("\r\n")-len(h.buf):
		return h.fail("9110-5.4", 431, "the head of the %s is longer than %d bytes", h.what(), h.lim.Total)
	}
	return h.fail("9110-5.4", 431, "the %s has a line longer than %d bytes", h.what(), h.lim.Line)
}

// interrupted tells the end of the stream before the first byte, which is io.EOF and means that
// nobody asked for anything, from an end or an error in the middle.
func (h *headReader) interrupted(err error) error {
	if err == io.EOF {
		if h.used == 0 {
			return io.EOF
		}
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("reading the %s: %w", h.what(), err)
}

// fields reads header fields up to and with the blank line.
func (h *headReader) fields() (Header, error) {
	header := make(Header, 0, 12) // room for a browser's request
	for {
		line, err := h.line()
		if err != nil {
			return nil, err
		}
		if line == "" {
			return header, nil
		}
		if len(header) == h.lim.Fields {
			return nil, h.fail("9110-5.4", 431, "the %s has more than %d header fields", h.what(), h.lim.Fields)
		}
		field, err := h.field(line)
		if err != nil {
			return nil, err
		}
		header = append(header, field)
	}
}

// field takes one line apart: field-name ":" OWS field-value OWS (RFC 9112 section 5).
func (h *headReader) field(line string) (Field, error) {
	if isSpace(line[0]) {
		return Field{}, h.fail("9112-5.2", 400, "the %s has a line that begins with white space; a field must not be folded over several lines", h.what())
	}
	name, value, ok := strings.Cut(line, ":")
	if !ok {
		return Field{}, h.fail("9112-5", 400, "the %s has the header line %s, which has no colon; write Name: value", h.what(), shown(line))
	}
	// A proxy that ignores the space sees a field that another one does not.
	if name != "" && isSpace(name[len(name)-1]) {
		return Field{}, h.fail("9112-5.1", 400, "the %s has white space before the colon of %s; write Name: value", h.what(), shown(name))
	}
	if !isToken(name) {
		return Field{}, h.fail("9110-5.1", 400, "the %s has the field name %s; a name is letters, digits and a few signs, and not empty", h.what(), shown(name))
	}
	return Field{Name: name, Value: trimSpace(value)}, nil
}
