// Show is a server that speaks chat.v2 and chat.v1. It prints what it makes of some offers, or of that on the command
// line: -protocols "chat.v1" -extensions "permessage-deflate; client_max_window_bits".
package main

import (
	"flag"
	"fmt"

	negotiation "example.com/ws101/lessons/22-negotiation"
	"example.com/ws101/lessons/internal/lesson"
)

var speaks = []string{"chat.v2", "chat.v1"}

// offer is what a client may say: the values of two fields, or "" for none.
type offer struct{ protocols, extensions string }

var offers = []offer{
	{"chat.v1, chat.v2", ""},
	{"superchat, chat", ""},
	{"chat.v1, chat.v1", ""},
	{"", "permessage-deflate; client_max_window_bits"},
	{"chat.v1", `permessage-deflate; server_max_window_bits="10", permessage-deflate`},
	{"", "permessage-deflate; server_max_window_bits=1 0"},
}

func main() {
	var own offer
	flag.StringVar(&own.protocols, "protocols", "", "the value of Sec-WebSocket-Protocol")
	flag.StringVar(&own.extensions, "extensions", "", "the value of Sec-WebSocket-Extensions")
	flag.Parse()
	lesson.Main(func() error {
		if own != (offer{}) {
			offers = []offer{own}
		}
		for i, o := range offers {
			if i > 0 {
				fmt.Println()
			}
			answer(o)
		}
		return nil
	})
}

// field returns the values of a field, and prints it.
func field(name, value string) []string {
	if value == "" {
		return nil
	}
	fmt.Printf("up    %s: %s\n", name, value)
	return []string{value}
}

func answer(o offer) {
	names, err := negotiation.Subprotocols(field("Sec-WebSocket-Protocol", o.protocols))
	var list []negotiation.Extension
	if values := field("Sec-WebSocket-Extensions", o.extensions); err == nil && values != nil {
		list, err = negotiation.ParseExtensions(values)
	}
	if err != nil {
		fmt.Println("down  400 Bad Request:", err)
		return
	}
	for _, e := range list {
		fmt.Printf("      an extension, %s\n", e.Name)
		for _, p := range e.Params {
			fmt.Printf("        %s %q\n", p.Name, p.Value)
		}
	}
	fmt.Println("down  101 Switching Protocols")
	if names == nil {
		return
	}
	var chosen []string
	if name := negotiation.ChooseSubprotocol(names, speaks); name != "" {
		chosen = append(chosen, name)
		fmt.Printf("down  Sec-WebSocket-Protocol: %s\n", name)
	}
	name, err := negotiation.Chosen(names, chosen)
	switch {
	case err != nil:
		fmt.Println("      the client ends the connection:", err)
	case name == "":
		fmt.Println("      the client has to decide: nothing was chosen")
	default:
		fmt.Printf("      both speak %s\n", name)
	}
}
