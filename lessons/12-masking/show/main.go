// Show takes a masked frame apart with the functions of this chapter: give its
// bytes as hex digits. With -key it applies a key to bytes that are no frame. With
// -send it makes the frame in which a client sends a word.
package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"

	masking "example.com/ws101/lessons/12-masking"
	"example.com/ws101/lessons/internal/lesson"
)

var (
	key  = flag.String("key", "", "apply this key, four bytes in hex")
	send = flag.String("send", "", "make a frame with this text")
)

func main() {
	flag.Parse()
	lesson.Main(func() error { return show(flag.Args()) })
}

func show(args []string) error {
	if *send != "" {
		b, err := masking.AppendMasked(nil, masking.Header{Fin: true, Opcode: masking.Text}, []byte(*send), rand.Reader)
		if err != nil {
			return err
		}
		return frame(b)
	}
	b, err := hex.DecodeString(strings.ReplaceAll(strings.Join(args, ""), " ", ""))
	if err != nil || len(b) == 0 {
		return errors.New("give the bytes of a frame as hex digits: 81 85 37 fa 21 3d 7f 9f 4d 51 58")
	}
	if *key == "" {
		return frame(b)
	}
	k, err := hex.DecodeString(*key)
	if err != nil || len(k) != 4 {
		return errors.New("a key is four bytes in hex: -key 37fa213d")
	}
	rows("before", "after", [4]byte(k), b)
	return nil
}

func frame(b []byte) error {
	h, n, err := masking.ParseHeader(b)
	if err != nil {
		return err
	}
	if n == 0 || uint64(len(b)-n) < h.Length {
		return errors.New("the rest of the frame is missing")
	}
	fmt.Printf("header  % x\n", b[:n])
	payload := b[n : n+int(h.Length)]
	if h.Masked {
		rows("masked", "clear", h.MaskKey, payload)
	} else {
		fmt.Printf("clear   % x  %q\n", payload, payload)
	}
	fmt.Printf("a server that receives it  %s\n", verdict(masking.CheckMasked(h, true)))
	fmt.Printf("a client that receives it  %s\n", verdict(masking.CheckMasked(h, false)))
	return nil
}

// rows prints three rows, each byte above the one that it meets.
func rows(before, after string, key [4]byte, b []byte) {
	fmt.Printf("%-6s  % x\n", before, b)
	fmt.Printf("key     % x\n", slices.Repeat(key[:], len(b)/4+1)[:len(b)])
	masking.Mask(key, 0, b)
	fmt.Printf("%-6s  % x  %q\n", after, b, b)
}

func verdict(err error) string {
	if err != nil {
		return "refuses it: " + err.Error()
	}
	return "takes it"
}
