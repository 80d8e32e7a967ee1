// Package own is a WebSocket made of what the chapters before have built. It has the
// three methods that the demos want of one, and so it can carry the vote and the chat.
package own

import (
	"bufio"
	"errors"
	"io"
	"net"
	"strings"

	httptext "example.com/ws101/lessons/01-http-is-text"
	upgrade "example.com/ws101/lessons/07-upgrade"
	acceptkey "example.com/ws101/lessons/08-accept-key"
	refusing "example.com/ws101/lessons/09-refusing-well"
	threelengths "example.com/ws101/lessons/11-three-lengths"
	masking "example.com/ws101/lessons/12-masking"
	control "example.com/ws101/lessons/14-control-frames"
	fragments "example.com/ws101/lessons/15-fragments"
	closing "example.com/ws101/lessons/16-closing"
	failing "example.com/ws101/lessons/17-failing"
)

// This file is where the chapters come together. Each of them has a Header and an Opcode
// of its own, so what one of them gives is copied into what another one takes. The tutor
// writes the imports above: a chapter of yours that passes takes the place of the
// course's.

// The types that this package uses, each from the chapter that knows most about it.
type (
	Request   = refusing.Request
	Header    = fragments.Header
	Opcode    = fragments.Opcode
	State     = fragments.State
	Closing   = closing.Closing
	CloseCode = closing.CloseCode
)

// The opcodes.
const (
	Continuation = fragments.Continuation
	Text         = fragments.Text
	Binary       = fragments.Binary
	Close        = fragments.Close
	Ping         = fragments.Ping
	Pong         = fragments.Pong
)

// readRequest reads the request of a handshake: chapter 7 its head, and chapter 1 the
// first line of it. A request that cannot be understood is a [*refusing.Error].
func readRequest(br *bufio.Reader) (*Request, error) {
	head, err := upgrade.ReadHead(br)
	if err != nil {
		if codeOf(err) == 0 {
			return nil, err // the socket is at fault
		}
		return nil, &refusing.Error{Status: 400, Text: err.Error()}
	}
	lines := strings.Split(strings.TrimSuffix(head, "\r\n\r\n"), "\r\n")
	first, err := httptext.ParseRequestLine(lines[0])
	if err != nil {
		return nil, &refusing.Error{Status: 400, Text: err.Error()}
	}
	req := &Request{Method: first.Method, Target: first.Target, Proto: first.Proto}
	for _, line := range lines[1:] {
		name, value, found := strings.Cut(line, ":")
		if !found || name == "" || strings.ContainsAny(name, " \t") {
			return nil, &refusing.Error{Status: 400, Text: "a header field is a line such as Host: example.com"}
		}
		req.Header = append(req.Header, refusing.Field{Name: name, Value: strings.Trim(value, " \t")})
	}
	return req, nil
}

// append101 appends the head of the response that accepts a key: chapter 8 has the answer,
// and chapter 7 the lines around it.
func append101(dst []byte, key string) []byte {
	return upgrade.Append101(dst, acceptkey.AcceptKey(key))
}

// refuse returns the answer to a request that is refused because of err. It is chapter 9's.
func refuse(err error) []byte { return refusing.Refuse(err) }

// parseHeader is chapter 11's ParseHeader, which has all of chapter 10 in it.
func parseHeader(b []byte) (Header, int, error) {
	h, n, err := threelengths.ParseHeader(b)
	if err != nil {
		err = broken("5.2", err)
	}
	return Header{
		Fin: h.Fin, Rsv1: h.Rsv1, Rsv2: h.Rsv2, Rsv3: h.Rsv3, Opcode: Opcode(h.Opcode),
		Masked: h.Masked, MaskKey: h.MaskKey, Length: h.Length,
	}, n, err
}

// check judges a header of a client: chapter 12 its mask, chapter 14 control frames, and
// chapter 15 what went before.
func check(s State, h Header) error {
	if err := masking.CheckMasked(masking.Header{Masked: h.Masked}, true); err != nil {
		return broken("5.1", err)
	}
	if err := control.CheckControl(control.Header{Fin: h.Fin, Opcode: control.Opcode(h.Opcode), Length: h.Length}); err != nil {
		return broken("5.5", err)
	}
	if err := s.Check(h); err != nil {
		return broken("5.4", err)
	}
	return nil
}

// makeRoom is chapter 11's MakeRoom, with the limit of this package.
func makeRoom(message []byte, length uint64) ([]byte, error) {
	message, err := threelengths.MakeRoom(message, length, maxMessage)
	if err != nil {
		return nil, errTooBig
	}
	return message, nil
}

// unmask is chapter 12's Mask, for a whole payload.
func unmask(key [4]byte, payload []byte) { masking.Mask(key, 0, payload) }

// appendFrame appends a whole frame, as a server sends it, with chapter 11's AppendHeader.
func appendFrame(dst []byte, op Opcode, payload []byte) []byte {
	dst = threelengths.AppendHeader(dst, threelengths.Header{
		Fin: true, Opcode: threelengths.Opcode(op), Length: uint64(len(payload)),
	})
	return append(dst, payload...)
}

// maySend is chapter 16's MaySend. c.mu is held.
func (c *Conn) maySend(op Opcode) bool { return c.closing.MaySend(closing.Opcode(op)) }

// codeOf is chapter 17's CodeOf, which here knows three errors more. It is 0 for an error of
// the socket.
func codeOf(err error) CloseCode {
	switch {
	case errors.Is(err, errTooBig):
		return 1009
	case errors.Is(err, errNotUTF8):
		return 1007
	case errors.Is(err, errTooMany):
		return 1008
	}
	return CloseCode(failing.CodeOf(err))
}

// reasonOf returns what a client is told about an error, cut to fit by chapter 17.
func reasonOf(err error) string {
	switch {
	case errors.Is(err, errTooBig):
		return errTooBig.Error()
	case errors.Is(err, errNotUTF8):
		return errNotUTF8.Error()
	case errors.Is(err, errTooMany):
		return errTooMany.Error()
	}
	return failing.CutReason(failing.ReasonOf(err))
}

// broken is the error for a rule of the protocol that the client has broken.
func broken(section string, err error) error {
	return &failing.ProtocolError{Section: section, Text: err.Error()}
}

// hangUp is chapter 17's HangUp.
func hangUp(nc Socket) { failing.HangUp(nc) }

// Socket is what is needed of a TCP connection. A *net.TCPConn has all of it.
type Socket interface {
	net.Conn
	// CloseWrite ends our direction alone: it sends FIN.
	CloseWrite() error
}

var (
	errTooBig  = errors.New("the message is larger than the limit")
	errTooMany = errors.New("the message has too many fragments")
	errNotUTF8 = errors.New("the text is not valid UTF-8")
)

// errClosed is the end of a connection whose Close frame has come, or is on its way.
var errClosed = errors.New("the WebSocket is closed")

// unexpected turns io.EOF into io.ErrUnexpectedEOF, for places where no end is clean.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
