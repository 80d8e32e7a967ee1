// Package upgrade takes a connection over from HTTP: it reads the request,
// answers it with 101, and hands out what comes behind it as bytes that are no
// HTTP any more (RFC 9110 section 7.8, RFC 6455 section 4.2).
package upgrade

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
)

// maxHead is how long the head of a request may be, in bytes.
const maxHead = 8192

var (
	errHeadTooLong = errors.New("the head of the request is longer than 8192 bytes")
	errNoKey       = errors.New("the request has no Sec-WebSocket-Key")
)

// ReadHead reads the head of one request from br: everything up to the blank
// line, and with it. What comes behind the blank line stays in br.
//
// A head of more than maxHead bytes is errHeadTooLong, and reading stops there.
// The end of the stream is io.EOF before the first byte, and
// io.ErrUnexpectedEOF inside the head.
func ReadHead(br *bufio.Reader) (string, error) {
	// lesson:begin ReadHead
	var head []byte
	for !bytes.HasSuffix(head, []byte("\r\n\r\n")) {
		if len(head) == maxHead {
			return "", errHeadTooLong
		}
		b, err := br.ReadByte()
		if err == io.EOF && len(head) > 0 {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return "", err
		}
		head = append(head, b)
	}
	return string(head), nil
	// lesson:end
}

// Append101 appends the head of the response that accepts the request to dst,
// and returns the longer slice. accept is the value of Sec-WebSocket-Accept.
func Append101(dst []byte, accept string) []byte {
	// lesson:begin Append101
	dst = append(dst, "HTTP/1.1 101 Switching Protocols\r\n"...)
	dst = append(dst, "Upgrade: websocket\r\n"...)
	dst = append(dst, "Connection: Upgrade\r\n"...)
	dst = append(dst, "Sec-WebSocket-Accept: "+accept+"\r\n"...)
	return append(dst, "\r\n"...)
	// lesson:end
}

// Conn is a connection that speaks HTTP no more.
type Conn struct {
	net.Conn
	in io.Reader // where Read finds the bytes of the client
}

// Read reads what the client sends behind its request.
func (c *Conn) Read(p []byte) (int, error) { return c.in.Read(p) }

// TakeOver reads a request from nc, answers it with 101, and returns the
// connection from the first byte behind the request on. A request without a key
// is errNoKey. After an error nothing has been sent, and the caller closes nc.
func TakeOver(nc net.Conn) (*Conn, error) {
	// lesson:begin TakeOver
	br := bufio.NewReader(nc)
	head, err := ReadHead(br)
	if err != nil {
		return nil, err
	}
	key := keyOf(head)
	if key == "" {
		return nil, errNoKey
	}
	if _, err := nc.Write(Append101(nil, acceptKey(key))); err != nil {
		return nil, err
	}
	return &Conn{Conn: nc, in: br}, nil
	// lesson:end
}

// Watch reads from r until the end of the stream, and calls see with the bytes of
// each Read. The end is no error: Watch returns nil then. It returns any other
// error of r as it is.
func Watch(r io.Reader, see func(b []byte)) error {
	// lesson:begin Watch
	buf := make([]byte, 512)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			see(buf[:n])
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
	// lesson:end
}
