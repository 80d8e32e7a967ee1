// This file holds extensions: the grammar of Sec-WebSocket-Extensions.
//
//	extension-list  = 1#extension
//	extension       = extension-token *( ";" extension-param )
//	extension-param = token [ "=" ( token / quoted-string ) ]

package handshake

import "strings"

// Extension is one extension as offered or accepted: a name and its parameters, in order.
// Names keep their case and are compared with it.
type Extension struct {
	Name   string
	Params []Param
}

// Param is one parameter of an extension. A parameter without a value has the Value "". A value,
// where there is one, is never empty: RFC 6455 section 9.1 makes it a token, quoted or not.
type Param struct{ Name, Value string }

// What one header may list. Offers in use have one or two extensions of up to four parameters.
const (
	maxExtensions = 32
	maxParams     = 32
)

// Extensions returns the extensions that the client offers, in its order of preference, or nil.
// Errors are those of [ParseExtensions].
func (r *Request) Extensions() ([]Extension, error) {
	return ParseExtensions(r.Header.Values("Sec-WebSocket-Extensions"))
}

// Extensions returns the extensions that the server accepted, in the order in which they
// apply, or nil. The list may be spread over several fields. Errors are those of
// [ParseExtensions], with status 0.
func (r *Response) Extensions() ([]Extension, error) {
	extensions, err := ParseExtensions(r.Header.Values("Sec-WebSocket-Extensions"))
	return extensions, clientSide(err)
}

// ParseExtensions reads the values of all Sec-WebSocket-Extensions fields of one message as
// one list (RFC 6455 section 9.1). A quoted value is returned without quotes and backslashes, and
// must be a token then. White space may stand around every sign, as in RFC 2616, whose list
// grammar section 9.1 uses. No values at all are no extensions.
//
// A malformed list is an [*Error] with status 400. So is a list with an empty element (nobody
// sends one on purpose), one of more than 32 extensions, or an extension of more than 32 parameters.
func ParseExtensions(values []string) ([]Extension, error) {
	var list []Extension
	for _, value := range values {
		p := extensionParser{rest: value}
		for more := true; more; more = p.sign(',') {
			if len(list) == maxExtensions {
				return nil, refusal("6455-9.1-1", 400, "Sec-WebSocket-Extensions lists more than %d extensions", maxExtensions)
			}
			extension, err := p.extension()
			if err != nil {
				return nil, err
			}
			list = append(list, extension)
		}
		if p.rest != "" {
			return nil, p.fail("a comma, a semicolon or the end")
		}
	}
	return list, nil
}

// extensionParser walks over one value. Each byte is looked at a fixed number of times.
type extensionParser struct{ rest string }

func (p *extensionParser) extension() (Extension, error) {
	name := p.token()
	if name == "" {
		return Extension{}, p.fail("the name of an extension")
	}
	extension := Extension{Name: name}
	for p.sign(';') {
		if len(extension.Params) == maxParams {
			return Extension{}, refusal("6455-9.1-1", 400, "Sec-WebSocket-Extensions gives %s more than %d parameters", shown(name), maxParams)
		}
		param, err := p.param()
		if err != nil {
			return Extension{}, err
		}
		extension.Params = append(extension.Params, param)
	}
	return extension, nil
}

func (p *extensionParser) param() (Param, error) {
	param := Param{Name: p.token()}
	if param.Name == "" {
		return Param{}, p.fail("the name of a parameter")
	}
	if !p.sign('=') {
		return param, nil
	}
	if p.sign('"') {
		var err error
		param.Value, err = p.quoted()
		return param, err
	}
	param.Value = p.token()
	if param.Value == "" {
		return Param{}, p.fail("a value")
	}
	return param, nil
}

// token takes a token off the front, with the white space before it, or returns "".
func (p *extensionParser) token() string {
	p.space()
	n := 0
	for n < len(p.rest) && isTokenByte(p.rest[n]) {
		n++
	}
	token := p.rest[:n]
	p.rest = p.rest[n:]
	return token
}

// sign takes the byte c off the front, with the white space before it, and reports whether
// it was there.
func (p *extensionParser) sign(c byte) bool {
	p.space()
	if p.rest == "" || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

func (p *extensionParser) space() {
	for p.rest != "" && isSpace(p.rest[0]) {
		p.rest = p.rest[1:]
	}
}

// quoted takes the rest of a quoted string off the front, up to and with the closing quote,
// and returns what it says. A backslash makes the next byte plain (RFC 9110 section 5.6.4).
func (p *extensionParser) quoted() (string, error) {
	var b strings.Builder
	for i := 0; i < len(p.rest); i++ {
		switch p.rest[i] {
		case '"':
			p.rest = p.rest[i+1:]
			if !isToken(b.String()) {
				return "", refusal("6455-4.3-1", 400, "Sec-WebSocket-Extensions has the quoted value %s; without its quotes it must be a token", shown(b.String()))
			}
			return b.String(), nil
		case '\\':
			i++
			if i == len(p.rest) {
				continue
			}
		}
		b.WriteByte(p.rest[i])
	}
	p.rest = ""
	return "", p.fail("a closing quote")
}

// fail makes the error for a byte, or an end, where something else was expected.
func (p *extensionParser) fail(want string) error {
	p.space()
	if p.rest == "" {
		return refusal("6455-9.1-1", 400, "Sec-WebSocket-Extensions ends where %s should stand", want)
	}
	return refusal("6455-9.1-1", 400, "Sec-WebSocket-Extensions has %s where %s should stand", shown(p.rest), want)
}

// String returns the extension as it stands in a header: "name; param; param=value".
func (e Extension) String() string { return string(e.append(nil)) }

func (e Extension) append(dst []byte) []byte {
	dst = append(dst, e.Name...)
	for _, p := range e.Params {
		dst = append(dst, "; "...)
		dst = append(dst, p.Name...)
		if p.Value != "" {
			dst = append(dst, '=')
			dst = append(dst, p.Value...)
		}
	}
	return dst
}

// FormatExtensions returns the list as the value of one Sec-WebSocket-Extensions field. Values are
// tokens and need no quotes. [ParseExtensions] reads it back to an equal list.
func FormatExtensions(list []Extension) string {
	var dst []byte
	for i, e := range list {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = e.append(dst)
	}
	return string(dst)
}

// checkExtensions says whether the list can be sent: names and values that are tokens.
func checkExtensions(list []Extension) *Error {
	for _, e := range list {
		if !isToken(e.Name) {
			return failure("6455-9.1-1", "%s is not the name of an extension; a name is a token", shown(e.Name))
		}
		for _, p := range e.Params {
			if !isToken(p.Name) || p.Value != "" && !isToken(p.Value) {
				return failure("6455-9.1-1", "the extension %s has the parameter %s=%s; name and value are tokens", shown(e.Name), shown(p.Name), shown(p.Value))
			}
		}
	}
	return nil
}
