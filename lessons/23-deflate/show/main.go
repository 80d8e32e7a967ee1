// Show compresses the messages on the command line, one after the other, and prints how
// long their frames are and would have been without compression, and the bytes. The flag -takeover lets each refer to those before it. With "bomb" alone it makes a
// message that is short on the wire, and decompresses it.
package main

import (
	"errors"
	"flag"
	"fmt"

	deflate "example.com/ws101/lessons/23-deflate"
	"example.com/ws101/lessons/internal/lesson"
)

func main() {
	takeover := flag.Bool("takeover", false, "let messages refer to those before them")
	flag.Parse()
	lesson.Main(func() error { return show(*takeover, flag.Args()) })
}

func show(takeover bool, messages []string) error {
	if len(messages) == 0 {
		return errors.New("give some messages, as they follow each other: Hello Hello")
	}
	if messages[0] == "bomb" {
		return bomb()
	}
	c, d := deflate.NewCompressor(takeover), deflate.NewDecompressor(takeover, 1<<20)
	for _, message := range messages {
		payload := c.Compress([]byte(message))
		plain := deflate.AppendMessage(nil, deflate.Text, []byte(message), false, 1<<10)
		b := deflate.AppendMessage(nil, deflate.Text, payload, true, 1<<10)
		fmt.Printf("%3d bytes, compressed %3d: % x\n", len(plain), len(b), b)
		got, err := d.Decompress(payload)
		if err != nil {
			return err
		}
		if string(got) != message {
			return fmt.Errorf("it came back as %q", got)
		}
	}
	return nil
}

func bomb() error {
	const limit = 1 << 20
	payload := deflate.NewCompressor(false).Compress(make([]byte, 8<<20))
	fmt.Printf("%d bytes on the wire come to %d, %d times as much\n", len(payload), 8<<20, (8<<20)/len(payload))
	_, err := deflate.NewDecompressor(false, limit).Decompress(payload)
	fmt.Printf("with a limit of %d: %v\n", limit, err)
	return nil
}
