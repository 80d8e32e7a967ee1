// Show gives frames of a client, as hex digits on the command line, to the Read of
// this chapter, and prints what comes out: messages for the program, and answers for
// the client. With -ping it sends a ping with this text first.
package main

import (
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	control "example.com/ws101/lessons/14-control-frames"
	"example.com/ws101/lessons/internal/lesson"
)

var ping = flag.String("ping", "", "send a ping with this text")

func main() {
	flag.Parse()
	lesson.Main(func() error { return show(strings.Join(flag.Args(), "")) })
}

func show(digits string) error {
	b, err := hex.DecodeString(strings.ReplaceAll(digits, " ", ""))
	if err != nil || len(b) == 0 {
		return errors.New("give the frames of a client as hex digits: 89 85 37 fa 21 3d 7f 9f 4d 51 58")
	}
	c := control.NewConn(&client{b})
	if *ping != "" {
		if err := c.Ping(*ping); err != nil {
			return err
		}
	}
	for {
		op, payload, err := c.Read()
		if err == io.EOF {
			fmt.Println("end")
			return nil
		}
		if err != nil {
			return err
		}
		fmt.Printf("message  %v %q\n", op, payload)
	}
}

// client is a socket whose other end sends some bytes.
type client struct{ sends []byte }

func (c *client) Read(p []byte) (int, error) {
	if len(c.sends) == 0 {
		return 0, io.EOF
	}
	n := copy(p, c.sends)
	fmt.Printf("receive  % x\n", p[:n])
	c.sends = c.sends[n:]
	return n, nil
}

func (c *client) Write(p []byte) (int, error) {
	fmt.Printf("send     % x\n", p)
	return len(p), nil
}
