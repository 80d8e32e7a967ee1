package client

import (
	"bufio"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
)

// Conn is the client's side of a WebSocket.
type Conn struct {
	nc     net.Conn
	br     *bufio.Reader // of nc; what has come behind the answer is in it
	random io.Reader
}

// Dial opens the WebSocket at an address like ws://example.com/chat. There is no TLS here.
func Dial(rawURL string) (*Conn, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "ws" {
		return nil, errors.New("the address has to begin with ws://")
	}
	nc, err := net.Dial("tcp", Address(u))
	if err != nil {
		return nil, err
	}
	return Open(nc, u, rand.Reader)
}

// Open does the client's half of the handshake on a connection that is open already. The key
// and all masks come from random. If it fails, it closes nc.
func Open(nc net.Conn, u *url.URL, random io.Reader) (c *Conn, err error) {
	// lesson:begin Open
	defer func() {
		if err != nil {
			nc.Close()
		}
	}()
	key, err := NewKey(random)
	if err != nil {
		return nil, err
	}
	if _, err := nc.Write(AppendRequest(nil, u, key)); err != nil {
		return nil, err
	}
	br := bufio.NewReader(nc)
	resp, err := http.ReadResponse(br, nil)
	if err != nil {
		return nil, err
	}
	if err := CheckAnswer(resp, key); err != nil {
		return nil, err
	}
	return &Conn{nc: nc, br: br, random: random}, nil
	// lesson:end
}

// Write sends a frame.
func (c *Conn) Write(op Opcode, payload []byte) error {
	b, err := AppendFrame(nil, c.random, op, payload)
	if err != nil {
		return err
	}
	_, err = c.nc.Write(b)
	return err
}

// errMasked is what a server gets for a frame that is masked.
var errMasked = errors.New("a frame of the server is masked")

// Read returns the next frame. A server does not mask: a frame that is masked is errMasked,
// and closes the connection.
func (c *Conn) Read() (op Opcode, payload []byte, err error) {
	// lesson:begin Read
	h, payload, err := readFrame(c.br)
	if err == nil && h.Masked {
		err = errMasked
	}
	if err != nil {
		c.nc.Close()
		return 0, nil, err
	}
	return h.Opcode, payload, nil
	// lesson:end
}
