// Show sends the request of the chapter to the Check of this chapter, with changes
// that are given on the command line, and prints the answer as it travels.
package main

import (
	"encoding/hex"
	"fmt"
	"os"
	"strings"

	refusing "example.com/ws101/lessons/09-refusing-well"
	"example.com/ws101/lessons/internal/lesson"
)

const usage = `give the changes to the request, each an argument:
  POST                    another method
  HTTP/1.0                another version of HTTP
  Origin:https://a.test   another value of a field, or a field more
  Origin:                 no such field
  hex                     the answer in hex as well`

func main() { lesson.Main(func() error { return show(os.Args[1:]) }) }

func show(args []string) error {
	r := &refusing.Request{Method: "GET", Target: "/chat", Proto: "HTTP/1.1", Header: refusing.Header{
		{Name: "Host", Value: "example.com"},
		{Name: "Upgrade", Value: "websocket"},
		{Name: "Connection", Value: "keep-alive, Upgrade"},
		{Name: "Origin", Value: "https://example.com"},
		{Name: "Sec-WebSocket-Version", Value: "13"},
		{Name: "Sec-WebSocket-Key", Value: "dGhlIHNhbXBsZSBub25jZQ=="},
	}}
	inHex := false
	for _, a := range args {
		name, value, isField := strings.Cut(a, ":")
		switch {
		case isField:
			set(&r.Header, name, strings.TrimSpace(value))
		case strings.HasPrefix(a, "HTTP/"):
			r.Proto = a
		case a == "hex":
			inHex = true
		case a != "" && a == strings.ToUpper(a):
			r.Method = a
		default:
			return fmt.Errorf("%q: what is that?\n%s", a, usage)
		}
	}
	fmt.Printf("request\n  %s %s %s\n", r.Method, r.Target, r.Proto)
	for _, f := range r.Header {
		fmt.Printf("  %s: %s\n", f.Name, f.Value)
	}
	err := r.Check(nil)
	if err == nil {
		fmt.Println("answer\n  101: the request may be accepted")
		return nil
	}
	answer := refusing.Refuse(err)
	fmt.Println("answer")
	for line := range strings.Lines(string(answer)) {
		fmt.Printf("  %q\n", line)
	}
	if inHex {
		fmt.Print(hex.Dump(answer))
	}
	return nil
}

// set gives a field a value, adds it, or takes it away if the value is empty.
func set(h *refusing.Header, name, value string) {
	var changed refusing.Header
	found := false
	for _, f := range *h {
		if strings.EqualFold(f.Name, name) {
			if value == "" || found {
				continue
			}
			f.Value, found = value, true
		}
		changed = append(changed, f)
	}
	if !found && value != "" {
		changed = append(changed, refusing.Field{Name: name, Value: value})
	}
	*h = changed
}
