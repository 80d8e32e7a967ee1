// This file holds the client's judgement of a response (RFC 6455 section 4.1).

package handshake

import (
	"errors"
	"slices"
	"strconv"
)

// Check says whether the response accepts the request req: nil, or the rule it breaks first, an
// [*Error] with status 0. After an error the client must not go on with the connection.
//
// A status other than 101 is such an error too. What the server meant stays in the response for
// the caller: a redirect, a demand to log in, or a body that tells why ([Response.ReadBody]).
//
// The parameters of extensions are not judged here: only the extension itself knows them.
func (r *Response) Check(req *Request) error {
	if r.Status != 101 {
		text := strconv.Itoa(r.Status)
		if r.Reason != "" {
			text += " " + shown(r.Reason)
		}
		return failure("6455-4.1-37", "the server answered %s and not 101; it did not open a WebSocket", text)
	}
	for _, check := range []func(*Request) error{
		r.checkUpgrade,
		r.checkAccept,
		r.checkExtensions,
		r.checkSubprotocol,
	} {
		if err := check(req); err != nil {
			return err
		}
	}
	return nil
}

func (r *Response) checkUpgrade(*Request) error {
	switch upgrade := r.Header.Get("Upgrade"); {
	case !upgradable(r.Proto):
		return failure("6455-4.1-43", "the answer is %s; only HTTP/1.1 can switch protocols", shown(r.Proto))
	case r.Header.count("Upgrade") > 1:
		return failure("6455-4.1-43", "the answer has two Upgrade fields; there has to be one, with websocket")
	case !sameFold(upgrade, "websocket"):
		return failure("6455-4.1-38", "the Upgrade field of the answer is %s; it has to be websocket", shown(upgrade))
	case !r.Header.HasToken("Connection", "Upgrade"):
		return failure("6455-4.1-39", "the Connection field of the answer is %s; it has to list Upgrade", shown(r.Header.Get("Connection")))
	}
	return nil
}

func (r *Response) checkAccept(req *Request) error {
	accept := trimSpace(r.Header.Get("Sec-WebSocket-Accept"))
	switch want := AcceptKey(req.Header.Get("Sec-WebSocket-Key")); {
	case r.Header.count("Sec-WebSocket-Accept") > 1:
		return failure("6455-11.3.3-1", "the answer has two Sec-WebSocket-Accept fields; there has to be one")
	case accept == "":
		return failure("6455-4.1-40", "the answer has no Sec-WebSocket-Accept; it has to be %s for this key", want)
	case accept != want:
		return failure("6455-4.1-40", "the Sec-WebSocket-Accept is %s; it has to be %s for this key", shown(accept), want)
	}
	return nil
}

// checkExtensions takes a list spread over several fields: RFC 6455 section 4.2.2 allows what
// its section 11.3.2 forbids. This package sends one field.
func (r *Response) checkExtensions(req *Request) error {
	accepted, err := r.Extensions()
	if err != nil || len(accepted) == 0 {
		return err
	}
	offered, err := req.Extensions()
	if err != nil {
		return clientSide(err)
	}
	if name, ok := notOffered(accepted, offered); !ok {
		return failure("6455-4.1-41", "the server uses the extension %s, which was not offered", shown(name))
	}
	return nil
}

// notOffered returns the name of the first accepted extension that is not among those offered, or true.
func notOffered(accepted, offered []Extension) (name string, ok bool) {
	for _, a := range accepted {
		if !slices.ContainsFunc(offered, func(o Extension) bool { return o.Name == a.Name }) {
			return a.Name, false
		}
	}
	return "", true
}

func (r *Response) checkSubprotocol(req *Request) error {
	switch r.Header.count("Sec-WebSocket-Protocol") {
	case 0:
		return nil // none agreed: whether that is enough is for the caller to say
	case 1:
	default:
		return failure("6455-11.3.4-1", "the answer has two Sec-WebSocket-Protocol fields; a server chooses one subprotocol")
	}
	offered, err := req.Subprotocols()
	if err != nil {
		return clientSide(err)
	}
	if name := r.Header.Get("Sec-WebSocket-Protocol"); !slices.Contains(offered, name) {
		return failure("6455-4.1-42", "the server chose the subprotocol %s, which was not offered", shown(name))
	}
	return nil
}

// clientSide takes the status off an error: a client answers nothing.
func clientSide(err error) error {
	var known *Error
	if !errors.As(err, &known) {
		return err
	}
	own := *known
	own.Status = 0
	return &own
}
