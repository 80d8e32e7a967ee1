// Show lets several goroutines send at the same time, and prints the frames in the order
// in which they leave. Without an argument they all use the Writer of this chapter. With
// "garbage", two of them write header and payload on their own, and nobody keeps them
// apart.
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"example.com/ws101/frames"
	writer "example.com/ws101/lessons/19-one-writer"
	"example.com/ws101/lessons/internal/lesson"
)

func main() { lesson.Main(func() error { return show(os.Args[1:]) }) }

func show(args []string) error {
	switch strings.Join(args, " ") {
	case "":
		return together()
	case "garbage":
		explain(lesson.Hex("81 05 81 05 48 65 6c 6c 6f 57 6f 72 6c 64"))
		return nil
	case "cost":
		return cost()
	}
	return errors.New("say nothing, garbage or cost")
}

// explain prints the frames that a client sees in some bytes, up to the first that breaks a
// rule.
func explain(b []byte) {
	var state frames.State
	for len(b) > 0 {
		x := frames.Explain(b, state)
		fmt.Println(x)
		if x.Grade == frames.Broken {
			return
		}
		b, state = b[len(x.Bytes):], x.Next
	}
}

// socket prints every Write. What happens during the first one stands in meanwhile.
type socket struct {
	meanwhile func()
	state     frames.State
}

func (s *socket) Write(p []byte) (int, error) {
	x := frames.Explain(p, s.state)
	fmt.Println(x)
	s.state = x.Next
	if f := s.meanwhile; f != nil {
		s.meanwhile = nil
		f()
	}
	return len(p), nil
}

// together sends a message of three frames. While the first of them is being sent, a ping
// comes, and another goroutine begins to wait, which has a message too. At last it closes.
func together() error {
	var s socket
	var others sync.WaitGroup
	w := writer.New(&s, 8)
	s.meanwhile = func() {
		w.Pong([]byte("p"))
		others.Go(func() { w.Write(writer.Text, []byte("another")) })
	}
	if err := w.Write(writer.Text, []byte("a message of 24 bytes...")); err != nil {
		return err
	}
	others.Wait()
	if err := w.Close([]byte{0x03, 0xe8}); err != nil {
		return err
	}
	fmt.Println("and then:", w.Write(writer.Text, []byte("too late")))
	return nil
}

// cost tells how many bytes stand before the pong, if a ping comes when a message of 1 MiB
// has begun to leave, and how many bytes the message takes in all.
func cost() error {
	for _, size := range []int{1 << 20, 1 << 16, 1 << 12, 1 << 8} {
		var c counter
		w := writer.New(&c, size)
		c.meanwhile = func() { w.Pong(nil) }
		if err := w.Write(writer.Binary, make([]byte, 1<<20)); err != nil {
			return err
		}
		fmt.Printf("%7d bytes a frame: %7d bytes before the pong, %5.2f%% for headers\n",
			size, c.before, float64(c.all-1<<20-2)*100/(1<<20))
	}
	return nil
}

// counter counts bytes.
type counter struct {
	meanwhile   func()
	before, all int // those in front of the pong, and all of them
}

func (c *counter) Write(p []byte) (int, error) {
	if writer.Opcode(p[0]&0xf) == writer.Pong {
		c.before = c.all
	}
	c.all += len(p)
	if f := c.meanwhile; f != nil {
		c.meanwhile = nil
		f()
	}
	return len(p), nil
}
