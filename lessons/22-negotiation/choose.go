// Package negotiation is about what two sides agree on while the connection is opened: a subprotocol, and
// extensions (RFC 6455 sections 1.9 and 9.1).
package negotiation

import (
	"errors"
	"slices"
	"strings"
)

// Why a list of subprotocols, or an answer to one, is refused.
var (
	errName       = errors.New("the name of a subprotocol is a token")
	errTwice      = errors.New("a subprotocol is offered twice")
	errTooMany    = errors.New("too many subprotocols are offered")
	errNotOffered = errors.New("the server chose a subprotocol that was not offered")
)

// maxSubprotocols is how many subprotocols a client may offer.
const maxSubprotocols = 64

// Subprotocols returns the subprotocols that a client offers, in its order. The values are those of all its
// fields Sec-WebSocket-Protocol, and together they are one list, with commas. Each name is a token (errName),
// stands there once (errTwice), and there are maxSubprotocols at most (errTooMany). Beside an error the list
// is nil.
func Subprotocols(values []string) ([]string, error) {
	// lesson:begin Subprotocols
	var names []string
	for _, value := range values {
		for name := range strings.SplitSeq(value, ",") {
			name = trimSpace(name)
			switch {
			case !isToken(name):
				return nil, errName
			case slices.Contains(names, name):
				return nil, errTwice
			case len(names) == maxSubprotocols:
				return nil, errTooMany
			}
			names = append(names, name)
		}
	}
	return names, nil
	// lesson:end
}

// ChooseSubprotocol returns the first of the supported names that is also offered, or "" if there is none. Then
// the answer has no field Sec-WebSocket-Protocol.
func ChooseSubprotocol(offered, supported []string) string {
	// lesson:begin ChooseSubprotocol
	for _, name := range supported {
		if slices.Contains(offered, name) {
			return name
		}
	}
	return ""
	// lesson:end
}

// Chosen is for the client. It returns the subprotocol in the server's answer, whose fields
// Sec-WebSocket-Protocol have these values. Without a field it is "". A name that was not offered is
// errNotOffered, and so is more than one name: whatever the server runs, the client did not ask for it.
func Chosen(offered, values []string) (string, error) {
	// lesson:begin Chosen
	switch {
	case len(values) == 0:
		return "", nil
	case len(values) > 1 || !slices.Contains(offered, values[0]):
		return "", errNotOffered
	}
	return values[0], nil
	// lesson:end
}
