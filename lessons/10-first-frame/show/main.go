// Show decodes the bytes of frames, given as hex digits on the command line, with
// the ParseHeader of this chapter.
package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"

	firstframe "example.com/ws101/lessons/10-first-frame"
	"example.com/ws101/lessons/internal/lesson"
)

func main() { lesson.Main(func() error { return show(os.Args[1:]) }) }

func show(args []string) error {
	b, err := hex.DecodeString(strings.ReplaceAll(strings.Join(args, ""), " ", ""))
	if err != nil || len(b) == 0 {
		return errors.New("give the bytes as hex digits: 81 05 48 65 6c 6c 6f")
	}
	for len(b) > 0 {
		h, n, err := firstframe.ParseHeader(b)
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("% x: the rest of the header is missing", b)
		}
		fmt.Printf("header   % x\n", b[:n])
		fmt.Printf("         FIN %v, RSV %v %v %v, %v\n", h.Fin, h.Rsv1, h.Rsv2, h.Rsv3, h.Opcode)
		fmt.Printf("         masked %v, length %d\n", h.Masked, h.Length)
		if h.Masked {
			fmt.Printf("         key % x\n", h.MaskKey)
		}
		b = b[n:]
		length := min(int(h.Length), len(b))
		fmt.Printf("payload  %q\n", b[:length])
		if missing := int(h.Length) - length; missing > 0 {
			return fmt.Errorf("%d bytes of the payload are missing", missing)
		}
		b = b[length:]
	}
	return nil
}
