// Package httptext answers HTTP requests over a plain connection, with no library for HTTP
// underneath (RFC 9112 sections 2 and 3).
package httptext

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

// Request is the head of a request: all that it consists of, if it has no body.
type Request struct {
	Method string            // what is to be done: "GET"
	Target string            // with what: "/vote?name=Ada"
	Proto  string            // "HTTP/1.1" or "HTTP/1.0"
	Fields map[string]string // the header fields, by their names in lower case
}

// Why a request is refused.
var (
	errRequestLine   = errors.New("a request begins with a line such as GET / HTTP/1.1")
	errField         = errors.New("a header field is a line such as Host: example.com")
	errLineEnd       = errors.New("a line ends in CR LF")
	errLineTooLong   = errors.New("a line is longer than 4096 bytes")
	errTooManyFields = errors.New("the request has more than 100 header fields")
	errBody          = errors.New("the request has a body, which this server does not read")
)

// maxFields is how many header fields a request may have.
const maxFields = 100

// readLine reads a line and returns it without its CR LF. The end of the stream is io.EOF
// in front of the line, and io.ErrUnexpectedEOF inside of it.
func readLine(br *bufio.Reader) (string, error) {
	line, err := br.ReadSlice('\n') // at most as long as the buffer of br, 4096 bytes
	switch {
	case err == bufio.ErrBufferFull:
		return "", errLineTooLong
	case err == io.EOF && len(line) > 0:
		return "", io.ErrUnexpectedEOF
	case err != nil:
		return "", err
	case !bytes.HasSuffix(line, []byte("\r\n")):
		return "", errLineEnd
	}
	return string(line[:len(line)-2]), nil
}

// ParseRequestLine takes the first line of a request apart, without its CR LF: a method, a
// blank, a target that begins with a slash, a blank, and HTTP/1.1 or HTTP/1.0. Anything
// else is errRequestLine.
func ParseRequestLine(line string) (Request, error) {
	// lesson:begin ParseRequestLine
	method, rest, _ := strings.Cut(line, " ")
	target, proto, _ := strings.Cut(rest, " ")
	if method == "" || !strings.HasPrefix(target, "/") || proto != "HTTP/1.1" && proto != "HTTP/1.0" {
		return Request{}, errRequestLine
	}
	return Request{Method: method, Target: target, Proto: proto}, nil
	// lesson:end
}

// ReadRequest reads a request up to the blank line, and with it. What comes behind that
// stays in br.
//
// A field is a name, a colon, and a value with or without blanks and tabs around it. The
// name is not empty, and has neither of them. If it occurs twice, the second value goes
// behind the first, with ", " between them.
//
// The errors are those of readLine and ParseRequestLine, errField, errTooManyFields, and
// errBody for a request that has a field Content-Length or Transfer-Encoding, whatever its
// value is. The end of the stream is io.EOF in front of the request, and
// io.ErrUnexpectedEOF inside of it.
func ReadRequest(br *bufio.Reader) (Request, error) {
	// lesson:begin ReadRequest
	line, err := readLine(br)
	if err != nil {
		return Request{}, err
	}
	req, err := ParseRequestLine(line)
	if err != nil {
		return Request{}, err
	}
	req.Fields = map[string]string{}
	for count := 0; ; count++ {
		line, err := readLine(br)
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return Request{}, err
		}
		if line == "" {
			break
		}
		if count == maxFields {
			return Request{}, errTooManyFields
		}
		name, value, found := strings.Cut(line, ":")
		if !found || name == "" || strings.ContainsAny(name, " \t") {
			return Request{}, errField
		}
		name, value = strings.ToLower(name), strings.Trim(value, " \t")
		if before, twice := req.Fields[name]; twice {
			value = before + ", " + value
		}
		req.Fields[name] = value
	}
	_, length := req.Fields["content-length"]
	_, encoding := req.Fields["transfer-encoding"]
	if length || encoding {
		return Request{}, errBody
	}
	return req, nil
	// lesson:end
}
