// Show gives frames of a client, as hex digits on the command line, to the Serve of this
// chapter, and prints what the server does with its socket. The / is where one piece ends
// that the client sends.
package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	failing "example.com/ws101/lessons/17-failing"
	"example.com/ws101/lessons/internal/lesson"
)

func main() { lesson.Main(func() error { return show(os.Args[1:]) }) }

func show(args []string) error {
	var s socket
	for p := range strings.SplitSeq(strings.Join(args, ""), "/") {
		b, err := hex.DecodeString(strings.ReplaceAll(p, " ", ""))
		if err != nil || len(b) == 0 {
			return errors.New("give the frames of a client as hex digits: 81 82 00000000 48 69 / 88 80 00000000")
		}
		s.sends = append(s.sends, b)
	}
	err := failing.Serve(&s, func(op failing.Opcode, message []byte) error {
		fmt.Printf("handle   %v %q\n", op, message)
		return nil
	})
	fmt.Println("Serve    returns", err)
	return nil
}

// socket is a TCP connection whose client sends some pieces, and ends when it has read
// FIN.
type socket struct {
	sends [][]byte
	fin   bool
}

func (s *socket) Read(p []byte) (int, error) {
	if len(s.sends) == 0 {
		fmt.Println("read     the end")
		return 0, io.EOF
	}
	n := copy(p, s.sends[0])
	verb := "read"
	if s.fin {
		verb = "discard"
	}
	fmt.Printf("%-8s % x\n", verb, p[:n])
	if s.sends[0] = s.sends[0][n:]; len(s.sends[0]) == 0 {
		s.sends = s.sends[1:]
	}
	return n, nil
}

func (s *socket) Write(p []byte) (int, error) {
	fmt.Printf("write    % x\n", p)
	return len(p), nil
}

func (s *socket) CloseWrite() error {
	s.fin = true
	fmt.Println("FIN")
	return nil
}

func (s *socket) SetReadDeadline(time.Time) error { return nil }

func (s *socket) Close() error {
	fmt.Println("close")
	return nil
}
