package load

import (
	"bytes"
	"crypto/tls"
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
	nc      net.Conn
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

// An Opening says what a connection is to be. The zero value is a plain one.
type Opening struct {
	Extensions string // to offer; the server must agree to compress then
	TLS        bool   // with whatever certificate
}

// Dial connects and does the handshake.
func Dial(addr string, o Opening) (*Conn, error) {
	nc, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		return nil, err
	}
	// The end of a connection is not measured. A reset leaves no port behind
	// that waits for a minute.
	nc.(*net.TCPConn).SetLinger(0)
	c := &Conn{nc: nc}
	if o.TLS {
		c.nc = tls.Client(nc, &tls.Config{InsecureSkipVerify: true})
	}
	if err := c.handshake(addr, o.Extensions); err != nil {
		nc.Close()
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
func DialAll(addr string, o Opening, n int) ([]*Conn, error) {
	conns := make([]*Conn, n)
	err := some(n, func(i int) (err error) {
		conns[i], err = Dial(addr, o)
		return err
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

// Once lets every connection go through the script once, a few at a time.
func Once(conns []*Conn, s *Script) error {
	return some(len(conns), func(i int) error {
		conns[i].nc.SetDeadline(time.Now().Add(patience))
		return conns[i].exchange(s)
	})
}

// some calls f for 0 to n-1, for a few of them at once.
func some(n int, f func(i int) error) error {
	workers := min(n, 32)
	return all(workers, func(worker int) error {
		for i := worker; i < n; i += workers {
			if err := f(i); err != nil {
				return fmt.Errorf("connection %d of %d: %w", i+1, n, err)
			}
		}
		return nil
	})
}

// all calls f for 0 to n-1 at once and returns the first error there was.
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
	return each(conns, d, func(c *Conn, until time.Time) (int, error) {
		for n := 0; ; {
			if err := c.exchange(s); err != nil {
				return n, err
			}
			n += s.Messages
			if !time.Now().Before(until) {
				return n, nil
			}
		}
	})
}

// Slide is Run, but a message is sent again as soon as it has come back, and not
// when all of the script has. The messages must be of one size, and few enough
// that nobody waits to send them.
func Slide(conns []*Conn, s *Script, d time.Duration) (int, error) {
	return each(conns, d, func(c *Conn, until time.Time) (int, error) { return c.slide(s, until) })
}

func (c *Conn) slide(s *Script, until time.Time) (int, error) {
	if err := c.exchange(s); err != nil { // compares every byte, if it is the first
		return 0, err
	}
	if _, err := c.nc.Write(s.Send); err != nil {
		return 0, err
	}
	sendSize, wantSize := len(s.Send)/s.Messages, len(s.Want)/s.Messages
	n, outstanding, at := s.Messages, s.Messages, 0
	for outstanding > 0 {
		got, err := c.receiveSome(s, at, false)
		if err != nil {
			return n, err
		}
		from, to := at/wantSize, (at+got)/wantSize
		n += to - from
		outstanding -= to - from
		if time.Now().Before(until) && to > from {
			if _, err := c.nc.Write(s.Send[from*sendSize : to*sendSize]); err != nil {
				return n, err
			}
			outstanding += to - from
		}
		at = (at + got) % len(s.Want)
	}
	return n, nil
}

// each calls f for every connection at once and adds up the messages.
func each(conns []*Conn, d time.Duration, f func(c *Conn, until time.Time) (int, error)) (int, error) {
	var messages atomic.Int64
	until := time.Now().Add(d)
	err := all(len(conns), func(i int) error {
		conns[i].nc.SetDeadline(until.Add(patience))
		n, err := f(conns[i], until)
		messages.Add(int64(n))
		if err != nil {
			err = fmt.Errorf("connection %d of %d, after %d messages: %w", i+1, len(conns), n, err)
		}
		return err
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
		n, err := c.receiveSome(s, at, whole)
		if err != nil {
			return err
		}
		at += n
	}
	c.checked = s
	return nil
}

// emptyPing is what a server may send to one that it has not heard of for long.
// None waits for its answer during a phase.
var emptyPing = []byte{0x89, 0x00}

// receiveSome reads once, where at bytes of what the script wants have come.
func (c *Conn) receiveSome(s *Script, at int, whole bool) (int, error) {
	n, err := c.nc.Read(c.buf[:min(len(c.buf), len(s.Want)-at)])
	if err != nil {
		return 0, fmt.Errorf("%d of %d bytes came back: %w", at, len(s.Want), noEOF(err))
	}
	got := c.buf[:n]
	for at == 0 && bytes.HasPrefix(got, emptyPing) {
		got = got[len(emptyPing):]
	}
	n = len(got)
	want := s.Want[at : at+n]
	if i := differs(got, want, whole); i >= 0 {
		return 0, &WrongByte{At: at + i, Got: got[i], Want: want[i]}
	}
	return n, nil
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
