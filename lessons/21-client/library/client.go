//go:build ignore

// The chapter's tests run on the library too, with this file in place of the
// chapter's solution.
//
// without: TestOpen (in the library it is a part of Client)
// without: TestOpenKeepsFrames (the same)
// without: TestOpenFails (the same)
// without: TestRead (in the library it is a part of the connection)
package client

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"

	"example.com/ws101/frames"
	"example.com/ws101/handshake"
)

type Opcode = frames.Opcode

const (
	Text   = frames.Text
	Binary = frames.Binary
	Close  = frames.Close
	Ping   = frames.Ping
)

var (
	errStatus     = errors.New("status")
	errUpgrade    = errors.New("upgrade")
	errConnection = errors.New("connection")
	errAccept     = errors.New("accept")
	errNotOffered = errors.New("not offered")
	errMasked     = errors.New("masked")
)

func Address(u *url.URL) string { return handshake.Address(u) }

func AppendRequest(dst []byte, u *url.URL, key string) []byte {
	req, err := handshake.NewRequest(u, key, handshake.Offer{})
	if err != nil {
		panic(err)
	}
	return req.Append(dst)
}

func CheckAnswer(resp *http.Response, key string) error {
	u, _ := url.Parse("ws://example.com/chat")
	req, err := handshake.NewRequest(u, key, handshake.Offer{})
	if err != nil {
		return err
	}
	answer := &handshake.Response{Proto: resp.Proto, Status: resp.StatusCode}
	for name, values := range resp.Header {
		for _, value := range values {
			answer.Header = append(answer.Header, handshake.Field{Name: name, Value: value})
		}
	}
	var rule *handshake.Error
	if err := answer.Check(req); !errors.As(err, &rule) {
		return err
	}
	switch rule.Rule {
	case "6455-4.1-37":
		return errStatus
	case "6455-4.1-38":
		return errUpgrade
	case "6455-4.1-39":
		return errConnection
	case "6455-4.1-40":
		return errAccept
	case "6455-4.1-41", "6455-4.1-42":
		return errNotOffered
	}
	return rule
}

// AppendFrame is put together as the library does it in output.append.
func AppendFrame(dst []byte, random io.Reader, op Opcode, payload []byte) ([]byte, error) {
	h := frames.Header{Fin: true, Opcode: op, Masked: true, Length: uint64(len(payload))}
	if _, err := io.ReadFull(random, h.MaskKey[:]); err != nil {
		return nil, err
	}
	dst = frames.AppendHeader(dst, h)
	start := len(dst)
	dst = append(dst, payload...)
	frames.Mask(h.MaskKey, 0, dst[start:])
	return dst, nil
}

type Conn struct {
	nc     net.Conn
	br     *bufio.Reader
	random io.Reader
}

func Open(net.Conn, *url.URL, io.Reader) (*Conn, error) { panic("not in the library") }
func (c *Conn) Write(Opcode, []byte) error              { panic("not in the library") }
func (c *Conn) Read() (Opcode, []byte, error)           { panic("not in the library") }
