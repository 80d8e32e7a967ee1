// Show opens a WebSocket, sends a text, waits for one frame, and closes.
//
// Without an argument the server is that of the library, in this program, and the random
// bytes are those of the examples in RFC 6455. It prints what passes in both directions: ->
// is what the client sends, and <- what it gets. With an address (ws://...) it is a real
// server, the random bytes are random, and it prints what the program gets.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"

	"example.com/ws101/frames"
	client "example.com/ws101/lessons/21-client"
	"example.com/ws101/lessons/internal/lesson"
	"example.com/ws101/rfc6455"
)

func main() { lesson.Main(func() error { return show(os.Args[1:]) }) }

func show(args []string) error {
	switch len(args) {
	case 0:
		return inMemory()
	case 1:
		c, err := client.Dial(args[0])
		if err != nil {
			return err
		}
		return talk(c)
	}
	return errors.New("say nothing, or an address like ws://127.0.0.1:8101/echo/ws")
}

// inMemory talks to a server in this program.
func inMemory() error {
	ours, theirs := net.Pipe()
	go echo(theirs)
	u, err := url.Parse("ws://example.com/echo")
	if err != nil {
		return err
	}
	random := strings.NewReader("the sample nonce" + "\x37\xfa\x21\x3d" + "\x37\xfa\x21\x3d")
	c, err := client.Open(&tap{Conn: ours}, u, random)
	if err != nil {
		return err
	}
	return talk(c)
}

// echo is a server that sends each message back.
func echo(nc net.Conn) {
	conn, _, err := rfc6455.Accept(context.Background(), nc, nil)
	if err != nil {
		return
	}
	for {
		t, message, err := conn.Read(context.Background())
		if err != nil {
			return
		}
		conn.Write(context.Background(), t, message)
	}
}

func talk(c *client.Conn) error {
	if err := c.Write(client.Text, []byte("Hello")); err != nil {
		return err
	}
	op, payload, err := c.Read()
	if err != nil {
		return err
	}
	fmt.Printf("   the program gets the %v %q\n", op, payload)
	if err := c.Write(client.Close, []byte{0x03, 0xe8}); err != nil {
		return err
	}
	_, _, err = c.Read()
	return err
}

// tap prints what passes a connection. Everything up to the first empty line is text.
type tap struct {
	net.Conn
	sent, got stream
}

type stream struct {
	frames bool
	state  frames.State
}

func (t *tap) Write(p []byte) (int, error) {
	t.sent.print("->", p, frames.State{FromClient: true})
	return t.Conn.Write(p)
}

func (t *tap) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	t.got.print("<-", p[:n], frames.State{})
	if err == io.EOF {
		fmt.Println("<- the end")
	}
	return n, err
}

func (s *stream) print(arrow string, p []byte, first frames.State) {
	if !s.frames {
		head, rest, _ := bytes.Cut(p, []byte("\r\n\r\n"))
		for line := range strings.SplitSeq(string(head), "\r\n") {
			fmt.Println(arrow, line)
		}
		p, s.frames, s.state = rest, true, first
	}
	for len(p) > 0 {
		x := frames.Explain(p, s.state)
		fmt.Println(arrow, x)
		p, s.state = p[len(x.Bytes):], x.Next
	}
}
