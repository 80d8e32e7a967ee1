package handshake_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/handshake"
)

func TestReadResponse(t *testing.T) {
	want := &handshake.Response{
		Proto:  "HTTP/1.1",
		Status: 101,
		Reason: "Switching Protocols",
		Header: handshake.Header{
			{"Upgrade", "websocket"},
			{"Connection", "Upgrade"},
			{"Sec-WebSocket-Accept", rfcAccept},
			{"Sec-WebSocket-Protocol", "chat"},
		},
	}
	t.Run("the response of the RFC", func(t *testing.T) {
		assert.Equal(t, want, readResponse(t, rfcResponse))
		assert.Equal(t, rfcResponse, string(want.Append(nil)))
	})
	t.Run("one byte at a time", func(t *testing.T) {
		got, err := handshake.ReadResponse(bufio.NewReader(iotest.OneByteReader(strings.NewReader(rfcResponse))), handshake.Limits{})
		require.NoError(t, err)
		assert.Equal(t, want, got)
	})
	t.Run("an empty reason, with its space and without", func(t *testing.T) {
		for _, line := range []string{"HTTP/1.1 404 \r\n\r\n", "HTTP/1.1 404\r\n\r\n"} {
			got := readResponse(t, line)
			assert.Equal(t, 404, got.Status)
			assert.Empty(t, got.Reason)
			assert.Equal(t, "HTTP/1.1 404 \r\n\r\n", string(got.Append(nil)))
		}
	})
	t.Run("a reason of several words and other letters", func(t *testing.T) {
		assert.Equal(t, " Geht  nicht, \xc3\xbc", readResponse(t, "HTTP/1.0 403  Geht  nicht, \xc3\xbc\r\n\r\n").Reason)
	})
	t.Run("9110-15.2 interim answers are skipped", func(t *testing.T) {
		interim := "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
		assert.Equal(t, want, readResponse(t, interim+interim+rfcResponse))
	})
	t.Run("6455-4.2.2-13 a frame right behind the response stays in the reader", func(t *testing.T) {
		r := bufio.NewReader(strings.NewReader(rfcResponse + "\x81\x05hello"))
		resp, err := handshake.ReadResponse(r, handshake.Limits{})
		require.NoError(t, err)
		require.NoError(t, resp.ReadBody(r, 4096), "a 101 has no body")
		assert.Empty(t, resp.Body)
		rest, err := io.ReadAll(r)
		require.NoError(t, err)
		assert.Equal(t, "\x81\x05hello", string(rest))
	})
}

func TestReadResponseCutAtEveryByte(t *testing.T) {
	wire := "HTTP/1.1 100 Continue\r\n\r\n" + rfcResponse
	for n := range len(wire) {
		resp, err := handshake.ReadResponse(bufio.NewReader(strings.NewReader(wire[:n])), handshake.Limits{})
		require.Nil(t, resp)
		if n == 0 {
			require.Same(t, io.EOF, err)
		} else {
			require.ErrorIs(t, err, io.ErrUnexpectedEOF, "cut after %d bytes", n)
		}

		timeout := &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}
		_, err = handshake.ReadResponse(bufio.NewReader(io.MultiReader(strings.NewReader(wire[:n]), iotest.ErrReader(timeout))), handshake.Limits{})
		var netErr net.Error
		require.ErrorAs(t, err, &netErr)
		require.True(t, netErr.Timeout())
	}
}

func TestReadResponseRefuses(t *testing.T) {
	for _, tt := range []struct{ name, wire, rule, sentence string }{
		{"another protocol", "SSH-2.0-OpenSSH_9.6\r\n", "9112-4", `begins with "SSH-2.0-OpenSSH_9.6"`},
		{"an empty first line", "\r\n", "9112-4", `begins with ""`},
		{"no status", "HTTP/1.1\r\n\r\n", "9112-4", "begins with"},
		{"a status of two digits", "HTTP/1.1 99 X\r\n\r\n", "9112-4", "begins with"},
		{"a status of four digits", "HTTP/1.1 1010 X\r\n\r\n", "9112-4", "begins with"},
		{"a status below 100", "HTTP/1.1 099 X\r\n\r\n", "9112-4", "begins with"},
		{"a status that is no number", "HTTP/1.1 1O1 X\r\n\r\n", "9112-4", "begins with"},
		{"a signed status", "HTTP/1.1 +99 X\r\n\r\n", "9112-4", "begins with"},
		{"two spaces", "HTTP/1.1  101 X\r\n\r\n", "9112-4", "begins with"},
		{"a version without HTTP", "ICY/1.1 200 OK\r\n\r\n", "9112-4", "begins with"},
		{"a bare LF", "HTTP/1.1 101 X\n\n", "9112-2.2", "the response has a line that ends in LF alone"},
		{"a folded field", "HTTP/1.1 101 X\r\nA: b\r\n c\r\n\r\n", "9112-5.2", "folded"},
		{"a space before the colon", "HTTP/1.1 101 X\r\nA : b\r\n\r\n", "9112-5.1", "before the colon"},
		{"NUL in a value", "HTTP/1.1 101 X\r\nA: \x00\r\n\r\n", "9110-5.5", "0x00"},
		{"a TLS alert", "\x15\x03\x01\x00\x02\x02\x46", "9112-2.2", "use wss://"},
		{"a line beyond the limit", "HTTP/1.1 101 " + strings.Repeat("x", 9000), "9110-5.4", "a line longer than 8192 bytes"},
		{"101 fields", "HTTP/1.1 101 X\r\n" + strings.Repeat("A: b\r\n", 101) + "\r\n", "9110-5.4", "more than 100"},
		{"a head beyond the limit", "HTTP/1.1 101 X\r\n" + strings.Repeat("A: "+strings.Repeat("b", 8000)+"\r\n", 5), "9110-5.4", "32768"},
		{"interim answers without end", strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 100), "9110-15.2", "more than 4 interim"},
		{"interim answers beyond the whole", strings.Repeat("HTTP/1.1 103 Early Hints\r\nA: "+strings.Repeat("b", 8100)+"\r\nB: "+strings.Repeat("c", 4000)+"\r\n\r\n", 3), "9110-5.4", "32768"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			resp, err := handshake.ReadResponse(bufio.NewReader(strings.NewReader(tt.wire)), handshake.Limits{})
			assert.Nil(t, resp)
			assert.Contains(t, requireRule(t, err, tt.rule, 0).Text, tt.sentence)
		})
	}
}

func TestReadBody(t *testing.T) {
	read := func(wire string, max int) (string, string, error) {
		t.Helper()
		r := bufio.NewReader(iotest.HalfReader(strings.NewReader(wire)))
		resp, err := handshake.ReadResponse(r, handshake.Limits{})
		require.NoError(t, err)
		err = resp.ReadBody(r, max)
		rest, restErr := io.ReadAll(r)
		require.NoError(t, restErr)
		return string(resp.Body), string(rest), err
	}
	const refused = "HTTP/1.1 400 Bad Request\r\n"
	const chunked = refused + "Transfer-Encoding: chunked\r\n\r\n"

	for _, tt := range []struct {
		name, wire string
		max        int
		body, rest string
	}{
		{"6455-4.1-37 of known length", refused + "Content-Length: 5\r\n\r\nhello, more", 100, "hello", ", more"},
		{"6455-4.1-37 of known length, twice the same", refused + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello, more", 100, "hello", ", more"},
		{"6455-4.1-37 of length 0", refused + "Content-Length: 0\r\n\r\nmore", 100, "", "more"},
		{"6455-4.1-37 longer than asked for", refused + "Content-Length: 5\r\n\r\nhello", 3, "hel", "lo"},
		{"6455-4.1-37 of a length beyond all memory", refused + "Content-Length: 9223372036854775807\r\n\r\nhello", 5, "hello", ""},
		{"6455-4.1-37 until the end", refused + "\r\nhello", 100, "hello", ""},
		{"6455-4.1-37 until the end, longer than asked for", refused + "\r\nhello", 4, "hell", "o"},
		{"6455-4.1-37 until the end, empty", refused + "\r\n", 100, "", ""},
		{"6455-4.1-37 in an unknown transfer encoding", refused + "Transfer-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhello", 100, "hello", ""},
		{"6455-4.1-37 in chunks", chunked + "3\r\nhel\r\n2;name=value\r\nlo\r\n0\r\n\r\n", 100, "hello", "\r\n"},
		{"6455-4.1-37 in chunks of upper and lower case", chunked + "A\r\n0123456789\r\na \r\n0123456789\r\n00\r\n", 100, "01234567890123456789", ""},
		{"6455-4.1-37 in chunks, whatever the length says", refused + "Content-Length: 1\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n3\r\nhel\r\n0\r\n", 100, "hel", ""},
		{"6455-4.1-37 in chunks, longer than asked for", chunked + "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", 4, "hell", "o\r\n0\r\n\r\n"},
		{"6455-4.1-37 in a chunk beyond all memory", chunked + "7fffffffffffffff\r\nhello", 5, "hello", ""},
		{"nothing asked for", refused + "Content-Length: 5\r\n\r\nhello", 0, "", "hello"},
		{"no body behind 204", "HTTP/1.1 204 No Content\r\n\r\nmore", 100, "", "more"},
		{"no body behind 304", "HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\nmore", 100, "", "more"},
		{"no body behind 101, whatever it says", "HTTP/1.1 101 Switching Protocols\r\nContent-Length: 4\r\n\r\nmore", 100, "", "more"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body, rest, err := read(tt.wire, tt.max)
			require.NoError(t, err)
			assert.Equal(t, tt.body, body)
			assert.Equal(t, tt.rest, rest)
		})
	}

	for _, tt := range []struct{ name, wire, body string }{
		{"cut in its length", refused + "Content-Length: 5\r\n\r\nhel", "hel"},
		{"cut before the first byte", refused + "Content-Length: 5\r\n\r\n", ""},
		{"cut before the first chunk", chunked, ""},
		{"cut in the size of a chunk", chunked + "3\r\nhel\r\n1", "hel"},
		{"cut in a chunk", chunked + "3\r\nhe", "he"},
		{"cut behind a chunk", chunked + "3\r\nhel", "hel"},
		{"cut before the last chunk", chunked + "3\r\nhel\r\n", "hel"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body, _, err := read(tt.wire, 100)
			assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
			assert.NotErrorIs(t, err, io.EOF)
			assert.Equal(t, tt.body, body, "what came is kept")
		})
	}

	for _, tt := range []struct{ name, wire, rule, body string }{
		{"a length that is no number", refused + "Content-Length: x\r\n\r\nhello", "9112-6.3", ""},
		{"two lengths that differ", refused + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nhello", "9112-6.3", ""},
		{"a chunk without a size", chunked + "\r\nhello", "9112-7.1", ""},
		{"a chunk with a size that is no number", chunked + "0x3\r\nhel\r\n", "9112-7.1", ""},
		{"a chunk with a negative size", chunked + "-1\r\nhel\r\n", "9112-7.1", ""},
		{"a chunk beyond 63 bits", chunked + "ffffffffffffffff\r\nhel\r\n", "9112-7.1", ""},
		{"a chunk longer than it says", chunked + "3\r\nhello\r\n", "9112-7.1", "hel"},
		{"a chunk that ends in LF", chunked + "3\r\nhel\n", "9112-2.2", "hel"},
		{"a chunk with a name of 1 MB", chunked + "3;" + strings.Repeat("x", 1<<20), "9110-5.4", ""},
		{"chunks that are all framing", chunked + strings.Repeat("1;"+strings.Repeat("x", 250)+"\r\n.\r\n", 4096), "9110-5.4", strings.Repeat(".", 128)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body, _, err := read(tt.wire, 4096)
			requireRule(t, err, tt.rule, 0)
			assert.Equal(t, tt.body, body)
		})
	}

	t.Run("an error of the stream", func(t *testing.T) {
		resp := &handshake.Response{Status: 500}
		err := resp.ReadBody(bufio.NewReader(io.MultiReader(strings.NewReader("hel"), iotest.ErrReader(os.ErrDeadlineExceeded))), 100)
		assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
		assert.Equal(t, "hel", string(resp.Body))
	})
}

func TestReadBodyAgreesWithNetHTTP(t *testing.T) {
	for _, wire := range []string{
		"HTTP/1.1 400 X\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 400 X\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;a=b\r\nlo\r\n0\r\n\r\n",
		"HTTP/1.1 400 X\r\nConnection: close\r\n\r\nhello",
	} {
		r := bufio.NewReader(strings.NewReader(wire))
		resp, err := handshake.ReadResponse(r, handshake.Limits{})
		require.NoError(t, err)
		require.NoError(t, resp.ReadBody(r, 4096))

		std, err := http.ReadResponse(bufio.NewReader(strings.NewReader(wire)), nil)
		require.NoError(t, err)
		want, err := io.ReadAll(std.Body)
		require.NoError(t, err)
		assert.Equal(t, want, resp.Body)
	}
}

func TestNetHTTPReadsOurResponses(t *testing.T) {
	req := readRequest(t, rfcRequest)
	accepted, err := handshake.Accepted(req, handshake.Choice{Subprotocol: "chat"})
	require.NoError(t, err)
	std, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(accepted.Append(nil))), nil)
	require.NoError(t, err)
	for _, tt := range []struct {
		name      string
		want, got any
	}{
		{"6455-4.2.2-12 it is a response", "HTTP/1.1", std.Proto},
		{"6455-4.2.2-12a the status is 101", "101 Switching Protocols", std.Status},
		{"6455-4.2.2-12b Upgrade is websocket", []string{"websocket"}, std.Header["Upgrade"]},
		{"6455-4.2.2-12c Connection is Upgrade", []string{"Upgrade"}, std.Header["Connection"]},
		{"6455-11.3.3-1 the proof is there once", []string{rfcAccept}, std.Header["Sec-Websocket-Accept"]},
		{"6455-11.3.4-1 the subprotocol is there once", []string{"chat"}, std.Header["Sec-Websocket-Protocol"]},
	} {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, tt.got) })
	}
}
