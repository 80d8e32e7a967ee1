// This file holds subprotocols: the names in Sec-WebSocket-Protocol.

package handshake

import (
	"slices"
	"strings"
)

// maxSubprotocols is how many names one request may offer. Each new name is compared with
// those before it, so the number has to be small.
const maxSubprotocols = 64

// Subprotocols returns the subprotocols that the client offers, in its order of preference, or
// nil if it offers none. Names keep their case and are compared with it.
//
// The list may be spread over several fields. Names that are empty, not tokens, or given twice
// are an [*Error] with status 400, and so are more than 64 of them (RFC 6455 sections 4.1 and
// 11.3.4).
func (r *Request) Subprotocols() ([]string, error) {
	var names []string
	for _, f := range r.Header {
		if !sameFold(f.Name, "Sec-WebSocket-Protocol") {
			continue
		}
		for rest, more := f.Value, true; more; {
			var name string
			name, rest, more = strings.Cut(rest, ",")
			name = trimSpace(name)
			if err := checkSubprotocol(names, name); err != nil {
				return nil, refusal("6455-4.2.1-1h", 400, "Sec-WebSocket-Protocol is wrong: %s", err.Text)
			}
			names = append(names, name)
		}
	}
	return names, nil
}

// checkSubprotocol says whether name may follow the names offered before it.
func checkSubprotocol(before []string, name string) *Error {
	switch {
	case !isToken(name):
		return failure("6455-4.1-33", "%s is not a subprotocol name; a name is a token: letters, digits and a few signs, and not empty", shown(name))
	case slices.Contains(before, name):
		return failure("6455-4.1-34", "the subprotocol %s is offered twice; offer each name once", shown(name))
	case len(before) == maxSubprotocols:
		return failure("6455-4.1-34", "more than %d subprotocols are offered", maxSubprotocols)
	}
	return nil
}

// ChooseSubprotocol returns the first of the supported names that is also offered, or "" if
// there is none, in which case the answer names no subprotocol. The server's order of
// preference counts, not the client's: the server has to run what it chooses, and RFC 6455
// section 4.2.2 leaves the choice to it. Swap the arguments to follow the client.
//
// The result is a string from supported, so keeping it does not keep the request in memory.
func ChooseSubprotocol(offered, supported []string) string {
	for _, name := range supported {
		if slices.Contains(offered, name) {
			return name
		}
	}
	return ""
}
