// This file holds the response: reading it and writing it.

package handshake

import (
	"bufio"
	"strconv"
	"strings"
)

// Response is the answer to a handshake (RFC 6455 section 4.2.2, RFC 9112 section 4).
type Response struct {
	Proto  string // "HTTP/1.1"
	Status int    // 101 if the server agrees
	Reason string // "Switching Protocols"; may be empty, means nothing to a program
	Header Header
	Body   []byte // of a refusal: see ReadBody
}

// maxInterim is how many interim answers may come before the one that counts.
const maxInterim = 4

// ReadResponse reads the head of a response up to the blank line, and leaves every byte behind
// it in r. For a 101 those bytes are frames; for anything else [Response.ReadBody] reads the body.
//
// Interim answers (100 to 199 but 101), such as 103 Early Hints, announce another and are skipped
// (RFC 9110 section 15.2): at most four, within the total limit. Errors are those of [ReadRequest],
// with status 0.
func ReadResponse(r *bufio.Reader, lim Limits) (*Response, error) {
	h := headReader{r: r, lim: lim.withDefaults(), answer: true}
	for range maxInterim + 1 {
		resp, err := h.response()
		if err != nil {
			return nil, err
		}
		if resp.Status >= 200 || resp.Status == 101 {
			return resp, nil
		}
	}
	return nil, failure("9110-15.2", "the server sent more than %d interim answers and no final one", maxInterim)
}

func (h *headReader) response() (*Response, error) {
	line, err := h.line()
	if err != nil {
		return nil, err
	}
	resp, err := h.statusLine(line)
	if err != nil {
		return nil, err
	}
	resp.Header, err = h.fields()
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// statusLine takes the first line apart: version SP status SP reason. Some servers leave out
// the last space with the reason.
func (h *headReader) statusLine(line string) (*Response, error) {
	proto, rest, _ := strings.Cut(line, " ")
	code, reason, _ := strings.Cut(rest, " ")
	if !isProto(proto) || len(code) != 3 || code[0] == '0' || !isDigit(code[0]) || !isDigit(code[1]) || !isDigit(code[2]) {
		return nil, h.fail("9112-4", 0, "the response begins with %s; an HTTP answer begins with a line like HTTP/1.1 101 Switching Protocols", shown(line))
	}
	status := int(code[0]-'0')*100 + int(code[1]-'0')*10 + int(code[2]-'0')
	return &Response{Proto: proto, Status: status, Reason: reason}, nil
}

// Append appends the response as it travels, with its body. Control bytes in any part but the
// body become spaces, so that nothing in the response can add a line. It does not add a
// Content-Length; [Refuse] sets one.
func (r *Response) Append(dst []byte) []byte {
	dst = appendLine(dst, r.Proto+" "+strconv.Itoa(r.Status)+" "+r.Reason)
	dst = r.Header.append(dst)
	return append(dst, r.Body...)
}
