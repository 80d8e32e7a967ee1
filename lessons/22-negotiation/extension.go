package negotiation

import (
	"errors"
	"strings"
)

// Extension is one extension as it is offered or accepted: a name and its parameters, in order.
type Extension struct {
	Name   string
	Params []Param
}

// Param is one parameter. Without a value, Value is "".
type Param struct{ Name, Value string }

var errGrammar = errors.New("Sec-WebSocket-Extensions is not written as it should be")

// What one header may list.
const (
	maxExtensions = 32
	maxParams     = 32
)

// quoted takes the rest of a quoted string off the front, up to its closing quote and with it, and returns
// what it says. The opening quote was taken before. A backslash is left out, and the byte behind it stands
// for itself, also if it is a quote. Without a closing quote, ok is false.
func (s *scanner) quoted() (text string, ok bool) {
	// lesson:begin quoted
	for i := 0; i < len(s.rest); i++ {
		switch c := s.rest[i]; {
		case c == '"':
			s.rest = s.rest[i+1:]
			return text, true
		case c == '\\' && i+1 < len(s.rest):
			i++
		}
		text += s.rest[i : i+1]
	}
	return "", false
	// lesson:end
}

// param takes a parameter off the front: a token, and perhaps "=" and a value, which is a token or a quoted
// string. A quoted value has to be a token, too, once its quotes are gone. What is not so gives false.
func (s *scanner) param() (p Param, ok bool) {
	// lesson:begin param
	p.Name = s.token()
	if p.Name == "" || !s.sign('=') {
		return p, p.Name != ""
	}
	if s.sign('"') {
		p.Value, ok = s.quoted()
		return p, ok && isToken(p.Value)
	}
	p.Value = s.token()
	return p, p.Value != ""
	// lesson:end
}

// ParseExtensions reads the values of all fields Sec-WebSocket-Extensions of one message, as one list. What is
// not written as the grammar says is errGrammar, and so are more than maxExtensions in the list, and more
// than maxParams for one of them. Beside an error the list is nil.
func ParseExtensions(values []string) ([]Extension, error) {
	// lesson:begin ParseExtensions
	var list []Extension
	for _, value := range values {
		s := scanner{value}
		for more := true; more; more = s.sign(',') {
			e := Extension{Name: s.token()}
			if e.Name == "" || len(list) == maxExtensions {
				return nil, errGrammar
			}
			for s.sign(';') {
				p, ok := s.param()
				if !ok || len(e.Params) == maxParams {
					return nil, errGrammar
				}
				e.Params = append(e.Params, p)
			}
			list = append(list, e)
		}
		if s.rest != "" {
			return nil, errGrammar
		}
	}
	return list, nil
	// lesson:end
}

// FormatExtensions writes a list as the value of one field. ParseExtensions reads it back.
func FormatExtensions(list []Extension) string {
	var b strings.Builder
	for i, e := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(e.Name)
		for _, p := range e.Params {
			b.WriteString("; " + p.Name)
			if p.Value != "" {
				b.WriteString("=" + p.Value)
			}
		}
	}
	return b.String()
}
