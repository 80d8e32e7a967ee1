// Show gives bytes to the UTF8 of this chapter, as hex digits on the command line, and tells what is open behind each of
// them. A "|" is the end of a frame, and changes nothing.
package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"

	text "example.com/ws101/lessons/18-utf8"
	"example.com/ws101/lessons/internal/lesson"
)

func main() {
	lesson.Main(func() error { return show(strings.Fields(strings.Join(os.Args[1:], " "))) })
}

func show(words []string) error {
	if len(words) == 0 {
		return errors.New(`give the bytes of a text as hex digits, and perhaps where the frames end: 63 61 66 c3 "|" a9`)
	}
	var u text.UTF8
	var open []byte // the bytes of the character that is not whole
	for _, word := range words {
		if word == "|" {
			fmt.Println("--  the frame ends")
			continue
		}
		b, err := hex.DecodeString(word)
		if err != nil || len(b) != 1 {
			return fmt.Errorf("%q is not one byte in hex", word)
		}
		if err := u.Add(b); err != nil {
			return fmt.Errorf("%s  %w: close code 1007", word, err)
		}
		open = append(open, b...)
		if copy := u; copy.End() == nil {
			fmt.Printf("%s  %q\n", word, open)
			open = nil
		} else {
			fmt.Printf("%s  open\n", word)
		}
	}
	if err := u.End(); err != nil {
		return fmt.Errorf("the message ends: %w: close code 1007", err)
	}
	fmt.Println("the message ends")
	return nil
}
