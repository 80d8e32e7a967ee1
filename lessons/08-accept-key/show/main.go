// Show answers a key with the AcceptKey of this chapter, and then plays a client
// that asks several servers. Without a key on the command line it makes a new one.
package main

import (
	"crypto/rand"
	"fmt"
	"os"

	acceptkey "example.com/ws101/lessons/08-accept-key"
	"example.com/ws101/lessons/internal/lesson"
)

func main() { lesson.Main(func() error { return show(os.Args[1:]) }) }

func show(args []string) error {
	var key string
	switch len(args) {
	case 0:
		var err error
		if key, err = acceptkey.NewKey(rand.Reader); err != nil {
			return err
		}
	case 1:
		key = args[0]
	default:
		return fmt.Errorf("give one key, such as dGhlIHNhbXBsZSBub25jZQ==")
	}
	if !acceptkey.IsKey(key) {
		return fmt.Errorf("%q is no key: a key is 16 bytes in base64", key)
	}
	accept := acceptkey.AcceptKey(key)
	fmt.Printf("the client sends    %q\n", "Sec-WebSocket-Key: "+key+"\r\n")
	fmt.Printf("the server answers  %q\n\n", acceptkey.AppendAccept(nil, key))

	// What several servers answer, and what a client makes of it.
	for _, server := range []struct{ who, answer string }{
		{"a WebSocket server", accept},
		{"a server that repeats what it gets", key},
		{"a cache, with an answer to another key", acceptkey.AcceptKey("AAAAAAAAAAAAAAAAAAAAAA==")},
		{"a server that knows no WebSocket", ""},
		{"an attacker who has read the RFC", acceptkey.AcceptKey(key)},
	} {
		verdict := "no WebSocket: the client gives up"
		if server.answer == accept {
			verdict = "this one speaks WebSocket"
		}
		fmt.Printf("%-39s %-31q %s\n", server.who, server.answer, verdict)
	}
	return nil
}
