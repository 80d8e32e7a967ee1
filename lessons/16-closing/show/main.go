// Show plays the end of a connection, as the server sees it. Its arguments are what
// happens, in this order:
//
//	close:CODE:REASON   the server closes; the reason may be missing
//	receive:HEX         a Close frame of the client comes, with this payload
//	end                 the socket ends
package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	closing "example.com/ws101/lessons/16-closing"
	"example.com/ws101/lessons/internal/lesson"
)

func main() { lesson.Main(func() error { return show(os.Args[1:]) }) }

var errUsage = errors.New("say what happens: close:1000:bye receive:03e8 end")

func show(events []string) error {
	if len(events) == 0 {
		return errUsage
	}
	var c closing.Closing
	for _, event := range events {
		name, rest, _ := strings.Cut(event, ":")
		switch name {
		case "close":
			digits, reason, _ := strings.Cut(rest, ":")
			code, err := strconv.ParseUint(digits, 10, 16)
			if err != nil {
				return errUsage
			}
			print(event, &c)(c.Close(closing.CloseCode(code), reason))
		case "receive":
			payload, err := hex.DecodeString(rest)
			if err != nil {
				return errUsage
			}
			print(event, &c)(c.Receive(payload))
		case "end":
			code, reason, clean := c.End()
			fmt.Printf("%s\n  code %v, reason %q, clean %v\n", event, code, reason, clean)
		default:
			return errUsage
		}
	}
	return nil
}

func print(event string, c *closing.Closing) func(frame []byte, err error) {
	return func(frame []byte, err error) {
		fmt.Println(event)
		switch {
		case err != nil:
			fmt.Println("  error:", err)
		case frame == nil:
			fmt.Println("  send nothing")
		default:
			fmt.Printf("  send % x\n", frame)
		}
		fmt.Printf("  may send: data %v, pong %v\n", c.MaySend(closing.Text), c.MaySend(closing.Pong))
	}
}
