// Show gives bytes to the Reader of this chapter, in the pieces that stand on the
// command line, and tells when which frame is there.
package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	stream "example.com/ws101/lessons/13-no-packets"
	"example.com/ws101/lessons/internal/lesson"
)

func main() { lesson.Main(func() error { return show(os.Args[1:]) }) }

func show(args []string) error {
	var src pieces
	for p := range strings.SplitSeq(strings.Join(args, ""), "/") {
		b, err := hex.DecodeString(strings.ReplaceAll(p, " ", ""))
		if err != nil || len(b) == 0 {
			return errors.New("give the bytes as hex digits, with a / between the pieces: 81 05 48 / 65 6c 6c 6f")
		}
		src = append(src, b)
	}
	r := stream.NewReader(&src)
	for {
		h, payload, err := r.Next()
		if err != nil {
			fmt.Printf("error  %v\n", err)
			return nil
		}
		fmt.Printf("frame  %v, %d bytes: %q\n", h.Opcode, h.Length, payload)
	}
}

// pieces is a connection on which each Read brings one piece.
type pieces [][]byte

func (p *pieces) Read(b []byte) (int, error) {
	if len(*p) == 0 {
		fmt.Println("read   the end")
		return 0, io.EOF
	}
	n := copy(b, (*p)[0])
	fmt.Printf("read   % x\n", b[:n])
	if (*p)[0] = (*p)[0][n:]; len((*p)[0]) == 0 {
		*p = (*p)[1:]
	}
	return n, nil
}
