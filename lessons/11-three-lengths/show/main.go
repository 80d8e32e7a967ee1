// Show decodes the header of a frame, given as hex digits on the command line,
// with the ParseHeader of this chapter, asks MakeRoom for room, and writes the
// header again with AppendHeader.
package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"

	threelengths "example.com/ws101/lessons/11-three-lengths"
	"example.com/ws101/lessons/internal/lesson"
)

const limit = 1 << 20 // 1 MiB, as in the library

func main() { lesson.Main(func() error { return show(os.Args[1:]) }) }

func show(args []string) error {
	b, err := hex.DecodeString(strings.ReplaceAll(strings.Join(args, ""), " ", ""))
	if err != nil || len(b) == 0 {
		return errors.New("give the bytes of a header as hex digits: 82 7e 01 00")
	}
	h, n, err := threelengths.ParseHeader(b)
	if n == 0 && err == nil {
		return fmt.Errorf("% x: the rest of the header is missing", b)
	}
	fmt.Printf("header   % x\n", b[:n])
	fmt.Printf("length   %d\n", h.Length)
	if err != nil {
		fmt.Printf("refused  %v\n", err)
	} else if p, err := threelengths.MakeRoom(nil, h.Length, limit); err != nil {
		fmt.Printf("refused  %v\n", err)
	} else {
		fmt.Printf("room     %d bytes\n", len(p))
	}
	fmt.Printf("again    % x\n", threelengths.AppendHeader(nil, h))
	return nil
}
