package handshake_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http/httpguts"

	"example.com/ws101/handshake"
)

// fuzzLimits are small, so that the fuzzer reaches them.
var fuzzLimits = handshake.Limits{Line: 200, Fields: 12, Total: 600}

// requireBounded asserts that a header keeps to fuzzLimits and to the byte rules.
func requireBounded(t *testing.T, h handshake.Header) {
	require.LessOrEqual(t, len(h), fuzzLimits.Fields)
	for _, f := range h {
		require.LessOrEqual(t, len(f.Name)+len(f.Value), fuzzLimits.Line)
		require.True(t, httpguts.ValidHeaderFieldName(f.Name), "%q", f.Name)
		require.True(t, httpguts.ValidHeaderFieldValue(f.Value), "%q", f.Value)
	}
}

// requireSameError asserts that two readings of the same bytes failed in the same way, or not at all.
func requireSameError(t *testing.T, want, got error) {
	if want == nil {
		require.NoError(t, got)
		return
	}
	require.EqualError(t, got, want.Error())
}

func FuzzReadRequest(f *testing.F) {
	f.Add([]byte(rfcRequest + "\x81\x05hello"))
	f.Add([]byte("\r\n" + withFields("Sec-WebSocket-Extensions: a; b=\"c\\d\", e\r\n")))
	f.Add([]byte("GET http://server.example.com/chat?x HTTP/1.1\r\nHost: server.example.com\r\n\r\n"))
	f.Add([]byte("\x16\x03\x01\x02\x00"))
	f.Add([]byte("GET / HTTP/1.1\r\nA:\t b \r\n c\r\n\r\n"))
	f.Add([]byte("GET / HTTP/1.1\r\n" + strings.Repeat("A: b\r\n", 20)))
	f.Add([]byte("GET /" + strings.Repeat("a", 300)))
	f.Add([]byte("GET / HTTP/1.1\r\nA: b\rc\n\n"))
	for _, fault := range faults {
		f.Add([]byte(strings.Replace(rfcRequest, fault.line, fault.by, 1)))
	}

	f.Fuzz(func(t *testing.T, wire []byte) {
		r := bufio.NewReader(bytes.NewReader(wire))
		req, err := handshake.ReadRequest(r, fuzzLimits)

		// How the bytes arrive makes no difference.
		slow, slowErr := handshake.ReadRequest(bufio.NewReaderSize(iotest.OneByteReader(bytes.NewReader(wire)), 16), fuzzLimits)
		requireSameError(t, err, slowErr)
		require.Equal(t, req, slow)

		if err != nil {
			require.Nil(t, req)
			var known *handshake.Error
			if errors.As(err, &known) {
				require.Contains(t, []int{400, 414, 431}, known.Status)
			} else {
				require.True(t, err == io.EOF && len(wire) == 0 || errors.Is(err, io.ErrUnexpectedEOF), "%v", err)
			}
			requireReadable(t, handshake.Refuse(err))
			return
		}

		// Nothing beyond the limits, and nothing lost behind the blank line.
		requireBounded(t, req.Header)
		rest, err := io.ReadAll(r)
		require.NoError(t, err)
		head := wire[:len(wire)-len(rest)]
		require.LessOrEqual(t, len(head), fuzzLimits.Total)
		require.True(t, bytes.HasSuffix(head, []byte("\r\n\r\n")))
		require.True(t, bytes.HasSuffix(wire, rest))

		// Reading what was written gives the same again.
		again, err := handshake.ReadRequest(bufio.NewReader(bytes.NewReader(req.Append(nil))), handshake.Limits{})
		require.NoError(t, err)
		require.Equal(t, req, again)

		if err := req.Check(nil); err != nil {
			requireReadable(t, handshake.Refuse(err))
			return
		}
		// Another reader of HTTP finds the same in what we accept, which leaves no room for smuggling.
		std, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(wire)))
		if bytes.HasPrefix(wire, []byte("\r\n")) {
			std, err = http.ReadRequest(bufio.NewReader(bytes.NewReader(wire[2:])))
		}
		require.NoError(t, err)
		require.Equal(t, req.Target, std.RequestURI)
		require.Zero(t, std.ContentLength)
		require.Empty(t, std.TransferEncoding)
		require.NoError(t, handshake.FromHTTP(std).Check(nil))
		_, err = req.URL()
		require.NoError(t, err)

		// A client accepts the answer.
		resp, err := handshake.Accepted(req, handshake.Choice{})
		require.NoError(t, err)
		require.NoError(t, resp.Check(req))
	})
}

// requireReadable asserts that a refusal reads back as itself, with its whole body.
func requireReadable(t *testing.T, resp *handshake.Response) {
	r := bufio.NewReader(bytes.NewReader(resp.Append(nil)))
	again, err := handshake.ReadResponse(r, handshake.Limits{})
	require.NoError(t, err)
	require.NoError(t, again.ReadBody(r, 4096))
	require.Equal(t, resp, again)
}

func FuzzReadResponse(f *testing.F) {
	f.Add([]byte(rfcResponse + "\x81\x05hello"))
	f.Add([]byte("HTTP/1.1 103 Early Hints\r\n\r\n" + rfcResponse))
	f.Add([]byte("HTTP/1.1 404\r\nContent-Length: 5\r\n\r\nhello"))
	f.Add([]byte("HTTP/1.1 404 \r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello"))
	f.Add([]byte("HTTP/1.1 101 X\r\n" + strings.Repeat("A: b\r\n", 20)))
	f.Add([]byte("HTTP/1.1 500 " + strings.Repeat("x", 300)))
	f.Add([]byte("\x15\x03\x01\x00\x02\x02\x46"))
	f.Add([]byte(strings.Replace(rfcResponse, lineAnswerProtocol, "Sec-WebSocket-Extensions: a; b=\"c\"\r\n", 1)))

	f.Fuzz(func(t *testing.T, wire []byte) {
		const most = 50
		r := bufio.NewReader(bytes.NewReader(wire))
		resp, err := handshake.ReadResponse(r, fuzzLimits)
		slowReader := bufio.NewReaderSize(iotest.OneByteReader(bytes.NewReader(wire)), 16)
		slow, slowErr := handshake.ReadResponse(slowReader, fuzzLimits)
		requireSameError(t, err, slowErr)
		require.Equal(t, resp, slow)
		if err != nil {
			require.Nil(t, resp)
			var known *handshake.Error
			if errors.As(err, &known) {
				require.Zero(t, known.Status)
			} else {
				require.True(t, err == io.EOF && len(wire) == 0 || errors.Is(err, io.ErrUnexpectedEOF), "%v", err)
			}
			return
		}

		requireBounded(t, resp.Header)
		require.True(t, resp.Status == 101 || resp.Status >= 200 && resp.Status <= 999)
		again, err := handshake.ReadResponse(bufio.NewReader(bytes.NewReader(resp.Append(nil))), handshake.Limits{})
		require.NoError(t, err)
		require.Equal(t, resp, again)

		// A 101 is accepted exactly if it has what Accepted would send.
		req := &handshake.Request{Header: handshake.Header{{"Sec-WebSocket-Key", rfcKey}, {"Sec-WebSocket-Protocol", "chat"}}}
		if resp.Check(req) == nil {
			require.Equal(t, 101, resp.Status)
			require.Equal(t, rfcAccept, resp.Header.Get("Sec-WebSocket-Accept"))
			require.False(t, resp.Header.Has("Sec-WebSocket-Extensions"))
			require.Contains(t, []string{"", "chat"}, resp.Header.Get("Sec-WebSocket-Protocol"))
		}

		err = resp.ReadBody(r, most)
		requireSameError(t, err, slow.ReadBody(slowReader, most))
		require.Equal(t, resp.Body, slow.Body)
		require.LessOrEqual(t, len(resp.Body), most)
		if resp.Status == 101 {
			require.NoError(t, err)
			require.Nil(t, resp.Body)
		}
	})
}

func FuzzParseExtensions(f *testing.F) {
	f.Add("permessage-deflate; client_max_window_bits; server_max_window_bits=10", "x")
	f.Add(`a; b="c\d" , e`, `f;g = "h"`)
	f.Add("", ",")
	f.Add(`a; b="`, `a; b="\`)
	f.Add(strings.Repeat("a,", 40), "a"+strings.Repeat(";b", 40))

	f.Fuzz(func(t *testing.T, first, second string) {
		list, err := handshake.ParseExtensions([]string{first, second})
		if err != nil {
			require.Nil(t, list)
			var known *handshake.Error
			require.ErrorAs(t, err, &known)
			require.Equal(t, 400, known.Status)
			require.Less(t, len(known.Text), 600)
			return
		}
		require.LessOrEqual(t, len(list), 32)
		for _, e := range list {
			require.True(t, httpguts.ValidHeaderFieldName(e.Name), "%q", e.Name)
			require.LessOrEqual(t, len(e.Params), 32)
			for _, p := range e.Params {
				require.True(t, httpguts.ValidHeaderFieldName(p.Name), "%q", p.Name)
				require.True(t, p.Value == "" || httpguts.ValidHeaderFieldName(p.Value), "%q", p.Value)
			}
		}
		again, err := handshake.ParseExtensions([]string{handshake.FormatExtensions(list)})
		require.NoError(t, err)
		require.Equal(t, list, again)

		// Two fields are one list, in whatever way it is cut into fields.
		joined, err := handshake.ParseExtensions([]string{first + "," + second})
		require.NoError(t, err)
		assert.Equal(t, list, joined)
	})
}

// What is taken as an address leads to a request that our own server takes, and
// says the same when it is written and read again.
func FuzzURL(f *testing.F) {
	for _, raw := range []string{
		"ws://example.com/", "WSS://example.com:0443/a b?c d", "ws://[fe80::1%25eth0]:81/", "ws://b\u00fccher.example:/?q=\u4f60",
		"ws://a%2fb/", "ws://example.com?#", "ws://u:p@example.com/%zz", "ws://a/b//c?d?e%23", "ws://xn--bcher-kva.example", "ws://a\u3002b/", "//a", "ws:a",
	} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := handshake.ParseURL(raw)
		if err != nil {
			require.Nil(t, u)
			var known *handshake.Error
			require.ErrorAs(t, err, &known)
			require.Zero(t, known.Status)
			return
		}
		host, port, err := net.SplitHostPort(handshake.Address(u))
		require.NoError(t, err)
		require.NotEmpty(t, host)
		n, err := strconv.ParseUint(port, 10, 16)
		require.NoError(t, err)
		require.NotZero(t, n)

		req, err := handshake.NewRequest(u, rfcKey, handshake.Offer{})
		if err != nil {
			var known *handshake.Error
			require.ErrorAs(t, err, &known)
			return
		}
		require.False(t, strings.ContainsFunc(req.Target, func(c rune) bool { return c <= ' ' || c >= 0x7f || c == '#' }), "%q", req.Target)
		wire := req.Append(nil)
		if len(wire) < 8000 { // else it is beyond the server's limits
			read, err := handshake.ReadRequest(bufio.NewReader(bytes.NewReader(wire)), handshake.Limits{})
			require.NoError(t, err)
			require.NoError(t, read.Check(nil))
			require.Equal(t, req.Target, read.Target)
			require.Equal(t, req.Host(), read.Host())
		}

		again, err := handshake.ParseURL(u.String())
		require.NoError(t, err)
		require.Equal(t, handshake.Address(u), handshake.Address(again))
		same, err := handshake.NewRequest(again, rfcKey, handshake.Offer{})
		require.NoError(t, err)
		require.Equal(t, req, same)
	})
}
