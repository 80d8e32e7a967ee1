package handshake_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
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

// withFields returns the request of the RFC with further lines.
func withFields(lines string) string {
	return strings.TrimSuffix(rfcRequest, "\r\n") + lines + "\r\n"
}

func TestReadRequest(t *testing.T) {
	want := &handshake.Request{
		Method: "GET",
		Target: "/chat",
		Proto:  "HTTP/1.1",
		Header: handshake.Header{
			{"Host", "server.example.com"},
			{"Upgrade", "websocket"},
			{"Connection", "Upgrade"},
			{"Sec-WebSocket-Key", rfcKey},
			{"Origin", "http://example.com"},
			{"Sec-WebSocket-Protocol", "chat, superchat"},
			{"Sec-WebSocket-Version", "13"},
		},
	}
	t.Run("the request of the RFC", func(t *testing.T) {
		assert.Equal(t, want, readRequest(t, rfcRequest))
	})
	t.Run("one byte at a time", func(t *testing.T) {
		got, err := handshake.ReadRequest(bufio.NewReader(iotest.OneByteReader(strings.NewReader(rfcRequest))), handshake.Limits{})
		require.NoError(t, err)
		assert.Equal(t, want, got)
	})
	t.Run("through a buffer shorter than a line", func(t *testing.T) {
		got, err := handshake.ReadRequest(bufio.NewReaderSize(strings.NewReader(rfcRequest), 16), handshake.Limits{})
		require.NoError(t, err)
		assert.Equal(t, want, got)
	})
	t.Run("with the end of the stream together with the last byte", func(t *testing.T) {
		got, err := handshake.ReadRequest(bufio.NewReader(iotest.DataErrReader(strings.NewReader(rfcRequest))), handshake.Limits{})
		require.NoError(t, err)
		assert.Equal(t, want, got)
	})
	t.Run("after one empty line", func(t *testing.T) {
		assert.Equal(t, want, readRequest(t, "\r\n"+rfcRequest))
	})
	t.Run("6455-4.1-18 Append writes what was read", func(t *testing.T) {
		assert.Equal(t, rfcRequest, string(readRequest(t, rfcRequest).Append(nil)))
		assert.Equal(t, "before "+rfcRequest, string(want.Append([]byte("before "))))
	})
	t.Run("white space around values is no part of them", func(t *testing.T) {
		got := readRequest(t, "GET / HTTP/1.1\r\na:b\r\nc: \t d e \t\r\nf:\r\ng: :\r\nh: \xc3\xbc\r\n\r\n")
		assert.Equal(t, handshake.Header{{"a", "b"}, {"c", "d e"}, {"f", ""}, {"g", ":"}, {"h", "\xc3\xbc"}}, got.Header)
	})
	t.Run("other methods, targets and versions are for Check", func(t *testing.T) {
		got := readRequest(t, "OPTIONS * HTTP/3.0\r\n\r\n")
		assert.Equal(t, &handshake.Request{Method: "OPTIONS", Target: "*", Proto: "HTTP/3.0", Header: handshake.Header{}}, got)
	})
}

func TestReadRequestLeavesTheRest(t *testing.T) {
	const frame = "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
	t.Run("6455-4.2.2-13 a frame right behind the request stays in the reader", func(t *testing.T) {
		for _, size := range []int{16, 100, 4096} {
			r := bufio.NewReaderSize(strings.NewReader(rfcRequest+frame), size)
			_, err := handshake.ReadRequest(r, handshake.Limits{})
			require.NoError(t, err)
			rest, err := io.ReadAll(r)
			require.NoError(t, err)
			assert.Equal(t, frame, string(rest), "buffer of %d bytes", size)
		}
	})
	t.Run("two requests are read one by one", func(t *testing.T) {
		r := bufio.NewReader(strings.NewReader(rfcRequest + "GET /2 HTTP/1.1\r\n\r\n"))
		_, err := handshake.ReadRequest(r, handshake.Limits{})
		require.NoError(t, err)
		second, err := handshake.ReadRequest(r, handshake.Limits{})
		require.NoError(t, err)
		assert.Equal(t, "/2", second.Target)
		_, err = handshake.ReadRequest(r, handshake.Limits{})
		assert.Same(t, io.EOF, err)
	})
}

func TestReadRequestCutAtEveryByte(t *testing.T) {
	for _, wire := range []string{rfcRequest, "\r\n" + rfcRequest} {
		for n := range len(wire) {
			req, err := handshake.ReadRequest(bufio.NewReader(strings.NewReader(wire[:n])), handshake.Limits{})
			require.Nil(t, req)
			if n == 0 {
				require.Same(t, io.EOF, err, "nothing was sent")
				continue
			}
			require.ErrorIs(t, err, io.ErrUnexpectedEOF, "cut after %d bytes", n)
			require.NotErrorIs(t, err, io.EOF, "cut after %d bytes", n)
			require.Equal(t, 400, handshake.Refuse(err).Status)
		}
	}
}

func TestReadRequestPassesErrorsOfTheStreamOn(t *testing.T) {
	for n := range len(rfcRequest) {
		timeout := &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}
		r := bufio.NewReader(io.MultiReader(strings.NewReader(rfcRequest[:n]), iotest.ErrReader(timeout)))
		_, err := handshake.ReadRequest(r, handshake.Limits{})
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		var netErr net.Error
		require.ErrorAs(t, err, &netErr)
		require.True(t, netErr.Timeout())
		require.Equal(t, 408, handshake.Refuse(err).Status)
	}
}

func TestReadRequestRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, wire, rule string
		status           int
		sentence         string
	}{
		{"two words in the first line", "GET /\r\n\r\n", "9112-3", 400, `begins with "GET /"`},
		{"one word", "hello\r\n\r\n", "9112-3", 400, `begins with "hello"`},
		{"four words", "GET / x HTTP/1.1\r\n\r\n", "9112-3", 400, "begins with"},
		{"two spaces", "GET  / HTTP/1.1\r\n\r\n", "9112-3", 400, "begins with"},
		{"a tab for a space", "GET\t/ HTTP/1.1\r\n\r\n", "9112-3", 400, "begins with"},
		{"a space in front", " GET / HTTP/1.1\r\n\r\n", "9112-3", 400, "begins with"},
		{"a space behind", "GET / HTTP/1.1 \r\n\r\n", "9112-3", 400, "begins with"},
		{"a method that is no token", "G@T / HTTP/1.1\r\n\r\n", "9112-3", 400, "begins with"},
		{"a version in lower case", "GET / http/1.1\r\n\r\n", "9112-3", 400, "begins with"},
		{"a version of two digits", "GET / HTTP/1.11\r\n\r\n", "9112-3", 400, "begins with"},
		{"a version without a dot", "GET / HTTP/1-1\r\n\r\n", "9112-3", 400, "begins with"},
		{"a version of letters", "GET / HTTP/a.b\r\n\r\n", "9112-3", 400, "begins with"},
		{"an empty target", "GET  HTTP/1.1\r\n\r\n", "9112-3.2", 400, `target is ""`},
		{"6455-11.1-2 a target outside ASCII", "GET /\xc3\xbc HTTP/1.1\r\n\r\n", "9112-3.2", 400, `target is "/\u00fc"`},
		{"6455-3-2 a fragment in the target", "GET /#x HTTP/1.1\r\n\r\n", "6455-3-2", 400, "%23"},
		{"two empty lines in front", "\r\n\r\n" + rfcRequest, "9112-3", 400, `begins with ""`},

		{"a bare LF in the first line", "GET / HTTP/1.1\n\r\n", "9112-2.2", 400, "LF alone"},
		{"a bare LF in a field", withFields("A: b\n"), "9112-2.2", 400, "LF alone"},
		{"a bare LF for the blank line", "GET / HTTP/1.1\r\n\n", "9112-2.2", 400, "LF alone"},
		{"bare LF everywhere", strings.ReplaceAll(rfcRequest, "\r", ""), "9112-2.2", 400, "LF alone"},
		{"a bare CR in the first line", "GET /\r HTTP/1.1\r\n\r\n", "9112-2.2", 400, "CR without LF"},
		{"a bare CR in a value", withFields("A: b\rc\r\n"), "9112-2.2", 400, "CR without LF"},
		{"two CR and LF", withFields("A: b\r\r\n"), "9112-2.2", 400, "CR without LF"},
		{"a bare CR for the blank line", "GET / HTTP/1.1\r\n\rX", "9112-2.2", 400, "CR without LF"},

		{"NUL in the first line", "GET /\x00 HTTP/1.1\r\n\r\n", "9110-5.5", 400, "0x00"},
		{"NUL in a name", withFields("A\x00: b\r\n"), "9110-5.5", 400, "0x00"},
		{"NUL in a value", withFields("A: b\x00\r\n"), "9110-5.5", 400, "0x00"},
		{"a bell in a value", withFields("A: \x07\r\n"), "9110-5.5", 400, "0x07"},
		{"DEL in a value", withFields("A: \x7f\r\n"), "9110-5.5", 400, "0x7f"},

		{"a space before the colon", withFields("A : b\r\n"), "9112-5.1", 400, `before the colon of "A "`},
		{"a tab before the colon", withFields("A\t: b\r\n"), "9112-5.1", 400, "before the colon"},
		{"a folded field", withFields("A: b\r\n c\r\n"), "9112-5.2", 400, "folded"},
		{"a field folded with a tab", withFields("A: b\r\n\tc\r\n"), "9112-5.2", 400, "folded"},
		{"a fold in front of all fields", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", "9112-5.2", 400, "folded"},
		{"a line of white space only", withFields(" \r\n"), "9112-5.2", 400, "folded"},
		{"a field without a colon", withFields("Host\r\n"), "9112-5", 400, "no colon"},
		{"a field without a name", withFields(": b\r\n"), "9110-5.1", 400, `field name ""`},
		{"a name with a space in it", withFields("A B: c\r\n"), "9110-5.1", 400, "field name"},
		{"a name with a slash", withFields("A/B: c\r\n"), "9110-5.1", 400, "field name"},
		{"a name outside ASCII", withFields("\xc3\xbc: c\r\n"), "9110-5.1", 400, "field name"},

		{"TLS on a plain port, before any line ends", "\x16\x03\x01\x02\x00\x01\x00\x01", "9112-2.2", 400, "begins like TLS"},
		{"bytes that are not text, before any line ends", "\x00\x01\x02\x03", "9110-5.5", 400, "0x00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for name, stream := range map[string]io.Reader{
				"at once":            strings.NewReader(tt.wire),
				"one byte at a time": iotest.OneByteReader(strings.NewReader(tt.wire)),
			} {
				req, err := handshake.ReadRequest(bufio.NewReader(stream), handshake.Limits{})
				assert.Nil(t, req, name)
				known := requireRule(t, err, tt.rule, tt.status)
				assert.Contains(t, known.Text, tt.sentence, name)
			}
		})
	}
}

func TestReadRequestLimits(t *testing.T) {
	const line = "GET / HTTP/1.1\r\n" // 14 bytes and the line end
	for _, tt := range []struct {
		name, wire string
		lim        handshake.Limits
		status     int // 0: accepted
		sentence   string
	}{
		{"a request line at the limit", line + "\r\n", handshake.Limits{Line: 14}, 0, ""},
		{"a request line beyond", line + "\r\n", handshake.Limits{Line: 13}, 414, "request line is longer than 13 bytes"},
		{"a field at the limit", line + "A: 45678901234\r\n\r\n", handshake.Limits{Line: 14}, 0, ""},
		{"a field beyond", line + "A: 456789012345\r\n\r\n", handshake.Limits{Line: 14}, 431, "a line longer than 14 bytes"},
		{"as many fields as allowed", line + "A: 1\r\nB: 2\r\n\r\n", handshake.Limits{Fields: 2}, 0, ""},
		{"one field more", line + "A: 1\r\nB: 2\r\nC: 3\r\n\r\n", handshake.Limits{Fields: 2}, 431, "more than 2 header fields"},
		{"a head at the limit", line + "A: 1\r\n\r\n", handshake.Limits{Total: 24}, 0, ""},
		{"a head one byte beyond", line + "A: 1\r\n\r\n", handshake.Limits{Total: 23}, 431, "the head of the request is longer than 23 bytes"},
		{"a request line beyond the whole", line + "\r\n", handshake.Limits{Total: 10}, 414, "longer than 10 bytes"},
		{"the default line", "GET /" + strings.Repeat("a", 8192-14) + " HTTP/1.1\r\n\r\n", handshake.Limits{}, 0, ""},
		{"beyond the default line", "GET /" + strings.Repeat("a", 8193-14) + " HTTP/1.1\r\n\r\n", handshake.Limits{}, 414, "8192"},
		{"the default fields", line + strings.Repeat("A: 1\r\n", 100) + "\r\n", handshake.Limits{}, 0, ""},
		{"beyond the default fields", line + strings.Repeat("A: 1\r\n", 101) + "\r\n", handshake.Limits{}, 431, "more than 100 header fields"},
		{"beyond the default whole", line + strings.Repeat("A: "+strings.Repeat("b", 1000)+"\r\n", 33) + "\r\n", handshake.Limits{}, 431, "32768"},
		{"negative limits are the defaults", line + "\r\n", handshake.Limits{Line: -1, Fields: -1, Total: -1}, 0, ""},
		{"limits beyond everything", line + "\r\n", handshake.Limits{Line: int(^uint(0) >> 1), Fields: int(^uint(0) >> 1), Total: int(^uint(0) >> 1)}, 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for name, stream := range map[string]io.Reader{
				"at once":            strings.NewReader(tt.wire),
				"one byte at a time": iotest.OneByteReader(strings.NewReader(tt.wire)),
			} {
				_, err := handshake.ReadRequest(bufio.NewReader(stream), tt.lim)
				if tt.status == 0 {
					require.NoError(t, err, name)
					continue
				}
				var known *handshake.Error
				require.ErrorAs(t, err, &known, name)
				assert.Equal(t, tt.status, known.Status, name)
				assert.Contains(t, known.Text, tt.sentence, name)
			}
		})
	}
}

// countingReader counts what is taken from it.
type countingReader struct {
	r io.Reader
	n int
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

// Proves 9110-5.4, 9112-3.
func TestReadRequestStopsAtItsLimits(t *testing.T) {
	const line = "GET / HTTP/1.1\r\n"
	for _, tt := range []struct {
		name, wire string
		status     int
		bytes      int // the most that may be read from the stream: the limit and one buffer
	}{
		{"6455-10.7-1 a request line of 1 MB", "GET /" + strings.Repeat("a", 1<<20), 414, 8192 + 4096},
		{"6455-10.7-1 a field of 1 MB", line + "A: " + strings.Repeat("b", 1<<20), 431, 8192 + 2*4096},
		{"6455-10.7-1 a request of 1 MB", line + strings.Repeat("A: "+strings.Repeat("b", 8000)+"\r\n", 131), 431, 32768 + 4096},
		{"6455-10.7-1 2,000 fields", line + strings.Repeat("A: b\r\n", 2000), 431, 2 * 4096},
	} {
		t.Run(tt.name, func(t *testing.T) {
			stream := &countingReader{r: strings.NewReader(tt.wire)}
			_, err := handshake.ReadRequest(bufio.NewReaderSize(stream, 4096), handshake.Limits{})
			var known *handshake.Error
			require.ErrorAs(t, err, &known)
			assert.Equal(t, tt.status, known.Status)
			assert.LessOrEqual(t, stream.n, tt.bytes)
		})
	}
}

func TestRequestAddress(t *testing.T) {
	for _, tt := range []struct {
		target string
		secure bool
		path   string
		url    string
	}{
		{"/chat", false, "/chat", "ws://example.com:8080/chat"},
		{"/chat?room=1&x", true, "/chat", "wss://example.com:8080/chat?room=1&x"},
		{"/", false, "/", "ws://example.com:8080/"},
		{"/?a=http://b/c", false, "/", "ws://example.com:8080/?a=http://b/c"},
		{"/a%2Fb", false, "/a%2Fb", "ws://example.com:8080/a%2Fb"},
		{"/a://b", false, "/a://b", "ws://example.com:8080/a://b"},
		{"//evil.example/x", false, "//evil.example/x", "ws://example.com:8080//evil.example/x"},
		{"http://example.com:8080/chat?a", false, "/chat", "ws://example.com:8080/chat?a"},
		{"wss://EXAMPLE.com:8080", true, "/", "wss://example.com:8080"},
	} {
		t.Run(tt.target, func(t *testing.T) {
			req := readRequest(t, "GET "+tt.target+" HTTP/1.1\r\nHost: example.com:8080\r\n\r\n")
			req.Secure = tt.secure
			assert.Equal(t, tt.path, req.Path())
			u, err := req.URL()
			require.NoError(t, err)
			assert.Equal(t, tt.url, u.String())
		})
	}
	t.Run("a target without a URL", func(t *testing.T) {
		req := readRequest(t, "GET /%zz HTTP/1.1\r\nHost: example.com\r\n\r\n")
		_, err := req.URL()
		requireRule(t, err, "9112-3.2", 400)
		_, err = new(handshake.Request).URL()
		requireRule(t, err, "9112-3.2", 400)
	})
}

func TestNetHTTPReadsWhatWeRead(t *testing.T) {
	for _, wire := range []string{rfcRequest, withFields("X: \xc3\xbc\r\n"), "GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n"} {
		req := readRequest(t, wire)
		std, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(req.Append(nil))))
		require.NoError(t, err)
		assert.Equal(t, req.Method, std.Method)
		assert.Equal(t, req.Target, std.RequestURI)
		assert.Equal(t, req.Host(), std.Host)
		for _, f := range req.Header[1:] {
			assert.Equal(t, f.Value, std.Header.Get(f.Name))
		}
	}
}

func TestReadRequestReportsAReaderThatGivesNothing(t *testing.T) {
	_, err := handshake.ReadRequest(bufio.NewReader(idleReader{}), handshake.Limits{})
	assert.ErrorIs(t, err, io.ErrNoProgress)
	assert.EqualError(t, err, fmt.Sprintf("reading the request: %v", io.ErrNoProgress))
	assert.False(t, errors.Is(err, io.EOF))
}

type idleReader struct{}

func (idleReader) Read([]byte) (int, error) { return 0, nil }
