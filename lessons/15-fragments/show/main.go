// Show gives frames of a client, as hex digits on the command line, to the Read of
// this chapter, and prints what comes out: messages for the program, and answers for
// the client. With -send it cuts a text into frames of -size bytes.
package main

import (
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	fragments "example.com/ws101/lessons/15-fragments"
	"example.com/ws101/lessons/internal/lesson"
)

var (
	send = flag.String("send", "", "cut this text into frames")
	size = flag.Int("size", 3, "bytes of payload in a frame")
)

func main() {
	flag.Parse()
	lesson.Main(func() error { return show(strings.Join(flag.Args(), "")) })
}

func show(digits string) error {
	if *send != "" {
		if *size < 1 {
			return errors.New("a frame has at least one byte of payload: -size 3")
		}
		fmt.Printf("% x\n", fragments.AppendMessage(nil, fragments.Text, []byte(*send), *size))
		return nil
	}
	b, err := hex.DecodeString(strings.ReplaceAll(digits, " ", ""))
	if err != nil || len(b) == 0 {
		return errors.New("give the frames of a client as hex digits: 01 82 00 00 00 00 48 65 80 81 00 00 00 00 79")
	}
	c := fragments.NewConn(&client{b})
	for {
		op, message, err := c.Read()
		if err == io.EOF {
			fmt.Println("end")
			return nil
		}
		if err != nil {
			return err
		}
		fmt.Printf("message  %v %q\n", op, message)
	}
}

// client is a socket whose other end sends some bytes, one at a time.
type client struct{ sends []byte }

func (c *client) Read(p []byte) (int, error) {
	if len(c.sends) == 0 {
		return 0, io.EOF
	}
	p[0] = c.sends[0]
	c.sends = c.sends[1:]
	return 1, nil
}

func (c *client) Write(p []byte) (int, error) {
	fmt.Printf("send     % x\n", p)
	return len(p), nil
}
