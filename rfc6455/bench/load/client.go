package load

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// patience is how long a reply may take.
const patience = 60 * time.Second

// A Conn is one connection to a server, after the handshake.
type Conn struct {
	nc      *net.TCPConn
	checked *Script // of which a first reply was compared whole
	buf     []byte
}

// Request is the client's half of the handshake. extensions may be empty.
func Request(host, extensions string) []byte {
	r := "GET / HTTP/1.1\r\nHost: " + host + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
	if extensions != "" {
		r += "Sec-WebSocket-Extensions: " + extensions + "\r\n"
	}
	return []byte(r + "\r\n")
}

// Dial connects and does the handshake. The server must agree to an extension
// if one is offered.
func Dial(addr, extensions string) (*Conn, error) {
	nc, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		return nil, err
	}
	c := &Conn{nc: nc.(*net.TCPConn)}
	// The end of a connection is not measured. A reset leaves no port behind
	// that waits for a minute.
	c.nc.SetLinger(0)
	if err := c.handshake(addr, extensions); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (c *Conn) handshake(addr, extensions string) error {
	c.nc.SetDeadline(time.Now().Add(patience))
	if _, err := c.nc.Write(Request(addr, extensions)); err != nil {
		return err
	}
	// Byte by byte would be slow, and there is nothing behind the head: a server
	// does not speak first here.
	var head []byte
	buf := make([]byte, 1024)
	for !bytes.HasSuffix(head, []byte("\r\n\r\n")) {
		n, err := c.nc.Read(buf)
		if err != nil {
			return fmt.Errorf("no whole answer to the handshake: %w", err)
		}
		if head = append(head, buf[:n]...); len(head) > 64<<10 {
			return errors.New("the answer to the handshake does not end")
		}
	}
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 101 ")) {
		line, _, _ := bytes.Cut(head, []byte("\r\n"))
		return fmt.Errorf("the handshake was answered with %q", line)
	}
	if extensions != "" && !strings.Contains(strings.ToLower(string(head)), "permessage-deflate") {
		return errors.New("the server did not agree to compress")
	}
	return nil
}

// Close resets the connection.
func (c *Conn) Close() { c.nc.Close() }

// DialAll opens n connections to a server.
func DialAll(addr, extensions string, n int) ([]*Conn, error) {
	conns := make([]*Conn, n)
	err := all(min(n, 32), func(worker int) error {
		for i := worker; i < n; i += min(n, 32) {
			c, err := Dial(addr, extensions)
			if err != nil {
				return fmt.Errorf("connection %d of %d: %w", i+1, n, err)
			}
			conns[i] = c
		}
		return nil
	})
	if err != nil {
		CloseAll(conns)
		return nil, err
	}
	return conns, nil
}

// CloseAll resets them.
func CloseAll(conns []*Conn) {
	for _, c := range conns {
		if c != nil {
			c.Close()
		}
	}
}

// all calls f n times at once and returns the first error there was.
func all(n int, f func(i int) error) error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = f(i) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Run lets every connection go through the script again and again for d. Each
// ends behind a reply, so that when Run returns nothing is under way. It returns
// how many messages came back.
func Run(conns []*Conn, s *Script, d time.Duration) (int, error) {
	var messages atomic.Int64
	until := time.Now().Add(d)
	err := all(len(conns), func(i int) error {
		c := conns[i]
		c.nc.SetDeadline(until.Add(patience))
		n := 0
		for {
			if err := c.exchange(s); err != nil {
				return fmt.Errorf("connection %d of %d, after %d messages: %w", i+1, len(conns), n, err)
			}
			n += s.Messages
			if !time.Now().Before(until) {
				messages.Add(int64(n))
				return nil
			}
		}
	})
	return int(messages.Load()), err
}

// Broadcast sends the script on the first connection again and again for d,
// each time when all connections have received it. It returns how many messages
// were received.
func Broadcast(conns []*Conn, s *Script, d time.Duration) (int, error) {
	until := time.Now().Add(d)
	for _, c := range conns {
		c.nc.SetDeadline(until.Add(patience))
	}
	for n := 0; ; {
		if _, err := conns[0].nc.Write(s.Send); err != nil {
			return n, err
		}
		for i, c := range conns {
			if err := c.receive(s); err != nil {
				return n, fmt.Errorf("connection %d of %d, after %d messages: %w", i+1, len(conns), n, err)
			}
			n += s.Messages
		}
		if !time.Now().Before(until) {
			return n, nil
		}
	}
}

// spaceInSockets is how much can be sent while nobody reads.
const spaceInSockets = 64 << 10

// exchange sends the script and receives what must come back.
func (c *Conn) exchange(s *Script) error {
	if len(s.Send) <= spaceInSockets {
		if _, err := c.nc.Write(s.Send); err != nil {
			return err
		}
		return c.receive(s)
	}
	// The server may begin to answer before it has all of it, and each would
	// wait for the other to read.
	sent := make(chan error, 1)
	go func() {
		_, err := c.nc.Write(s.Send)
		sent <- err
	}()
	if err := c.receive(s); err != nil {
		return err
	}
	return <-sent
}

// receive reads what the script wants, and not a byte more. The first time
// every byte is compared, later the ends of what each read brought.
func (c *Conn) receive(s *Script) error {
	whole := c.checked != s
	if whole {
		c.buf = make([]byte, min(len(s.Want), 64<<10))
	}
	for at := 0; at < len(s.Want); {
		n, err := c.nc.Read(c.buf[:min(len(c.buf), len(s.Want)-at)])
		if err != nil {
			return fmt.Errorf("%d of %d bytes came back: %w", at, len(s.Want), noEOF(err))
		}
		got, want := c.buf[:n], s.Want[at:at+n]
		if i := differs(got, want, whole); i >= 0 {
			return &WrongByte{At: at + i, Got: got[i], Want: want[i]}
		}
		at += n
	}
	c.checked = s
	return nil
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// WrongByte is a reply that is not what it must be.
type WrongByte struct {
	At        int // in the replies to what was sent in one go
	Got, Want byte
}

func (e *WrongByte) Error() string {
	return fmt.Sprintf("byte %d of the reply is %02x, not %02x", e.At, e.Got, e.Want)
}
