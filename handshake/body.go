// This file holds the body of a refusal, read within a bound (RFC 9112 sections 6 and 7).

package handshake

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Limits on the lines between chunks. They are not counted as body, so that they need a
// bound of their own.
var chunkLimits = Limits{Line: 256, Total: 32768}

// ReadBody reads up to max bytes of the body that follows the response in br, into r.Body, so that
// a client can show what the server said; 4096 is plenty. A longer body is cut there without
// an error. The connection is of no use afterwards and has to be closed.
//
// The body ends where Transfer-Encoding or Content-Length say, or at the end of the stream. On an
// error r.Body holds what came before it. A body that ends early wraps io.ErrUnexpectedEOF; wrong
// framing is an [*Error] with status 0; errors of the stream come back wrapped.
//
// After a 101 come frames, and after 204 and 304 comes nothing: then ReadBody reads nothing.
func (r *Response) ReadBody(br *bufio.Reader, max int) error {
	if r.Status < 200 || r.Status == 204 || r.Status == 304 || max <= 0 {
		return nil
	}
	var err error
	switch length, ok := contentLength(r.Header); {
	case r.Header.HasToken("Transfer-Encoding", "chunked"):
		r.Body, err = readChunked(br, max)
	case r.Header.Has("Transfer-Encoding"):
		r.Body, err = readToEnd(br, max)
	case !ok:
		return failure("9112-6.3", "the Content-Length of the answer is %s; it has to be one number", shown(r.Header.Get("Content-Length")))
	case length >= 0:
		r.Body, err = readBytes(nil, br, int(min(length, int64(max))))
	default:
		r.Body, err = readToEnd(br, max)
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return fmt.Errorf("reading the body of the answer: %w", err)
	}
	return nil
}

// readBytes appends the next n bytes to dst. It takes memory as bytes come, not as they are promised.
func readBytes(dst []byte, br *bufio.Reader, n int) ([]byte, error) {
	for n > 0 {
		if _, err := br.Peek(1); err != nil {
			return dst, err
		}
		piece, _ := br.Peek(min(n, br.Buffered()))
		dst = append(dst, piece...)
		n -= len(piece)
		br.Discard(len(piece)) // cannot fail: the bytes were peeked
	}
	return dst, nil
}

// readToEnd reads until the server closes, or max bytes.
func readToEnd(br *bufio.Reader, max int) ([]byte, error) {
	body, err := readBytes(nil, br, max)
	if err == io.EOF {
		err = nil
	}
	return body, err
}

// readChunked reads chunks up to the last one, or max bytes (RFC 9112 section 7.1). The trailer
// behind the last chunk stays unread.
func readChunked(br *bufio.Reader, max int) (body []byte, err error) {
	lines := headReader{r: br, lim: chunkLimits.withDefaults(), answer: true}
	for {
		line, err := lines.line()
		if err != nil {
			return body, err
		}
		digits, _, _ := strings.Cut(line, ";")
		size, err := strconv.ParseUint(trimSpace(digits), 16, 63)
		if err != nil {
			return body, failure("9112-7.1", "a chunk of the body begins with %s; it begins with its size in hexadecimal", shown(line))
		}
		if size == 0 {
			return body, nil
		}
		body, err = readBytes(body, br, int(min(size, uint64(max-len(body)))))
		if err != nil || len(body) == max {
			return body, err
		}
		if line, err = lines.line(); err != nil {
			return body, err
		}
		if line != "" {
			return body, failure("9112-7.1", "a chunk of the body is longer than it says")
		}
	}
}
