package drive_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/websocket"

	"example.com/ws101/frames"
	"example.com/ws101/handshake"
	"example.com/ws101/rfc6455"
	"example.com/ws101/rfc6455/conformance/drive"
	"example.com/ws101/rfc6455/conformance/echo"
)

// A testCase is the server's part of one case. It returns what the driver did
// wrong.
type testCase struct {
	name string
	play func(c *rfc6455.Conn, raw net.Conn) error
}

// suite is a small fuzzing server. It speaks the protocol of the public one.
type suite struct {
	cases []testCase
	count string // what /getCaseCount says; the number of cases if empty

	stop func() // ends the server; what follows may then be looked at

	mu       sync.Mutex
	asked    []string // the targets of all requests
	offered  []string // the extensions they offer
	verdicts []error
}

func (s *suite) start(t *testing.T) *url.URL {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() { s.serve(nc) })
		}
	})
	s.stop = func() { l.Close(); conns.Wait() }
	t.Cleanup(s.stop)
	return &url.URL{Scheme: "ws", Host: l.Addr().String()}
}

func (s *suite) serve(nc net.Conn) {
	defer nc.Close()
	conn, req, err := rfc6455.Accept(context.Background(), nc, &rfc6455.AcceptOptions{
		Options: rfc6455.Options{MaxMessage: 4 << 20},
		Check:   s.check,
	})
	if err != nil {
		return
	}
	defer conn.CloseNow()
	u, _ := req.URL()
	switch u.Path {
	case "/getCaseCount":
		count := s.count
		if count == "" {
			count = strconv.Itoa(len(s.cases))
		}
		conn.Write(context.Background(), rfc6455.Text, []byte(count))
		conn.Close(frames.CloseNormal, "")
	case "/runCase":
		n, _ := strconv.Atoi(u.Query().Get("case"))
		err := s.cases[n-1].play(conn, nc)
		s.mu.Lock()
		s.verdicts = append(s.verdicts, err)
		s.mu.Unlock()
	case "/updateReports":
		conn.Close(frames.CloseNormal, "")
	}
}

// check refuses cases without a script, as a server would that is out of order.
func (s *suite) check(r *handshake.Request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r.Target)
	s.offered = append(s.offered, r.Header.Get("Sec-WebSocket-Extensions"))
	u, err := r.URL()
	if err != nil {
		return err
	}
	if n, err := strconv.Atoi(u.Query().Get("case")); err == nil && s.cases[n-1].play == nil {
		return &handshake.Error{Rule: "6455-4.2.2-5", Status: 503, Text: "out of order"}
	}
	return nil
}

func (s *suite) run(t *testing.T, maxMessage int64) (drive.Result, error) {
	t.Helper()
	d := drive.Driver{URL: s.start(t), Agent: "ws 101&", MaxMessage: maxMessage}
	defer s.stop()
	return d.Run(context.Background())
}

// echoes sends a message and wants it back.
func echoes(typ rfc6455.MessageType, p []byte) func(*rfc6455.Conn, net.Conn) error {
	return func(c *rfc6455.Conn, _ net.Conn) error {
		wrote := make(chan error, 1)
		go func() { wrote <- c.Write(context.Background(), typ, p) }()
		if err := wantEcho(c, typ, p); err != nil {
			return err
		}
		if err := <-wrote; err != nil {
			return err
		}
		return c.Close(frames.CloseNormal, "")
	}
}

func wantEcho(c *rfc6455.Conn, typ rfc6455.MessageType, p []byte) error {
	gotType, got, err := c.Read(context.Background())
	switch {
	case err != nil:
		return err
	case gotType != typ || !bytes.Equal(got, p):
		return fmt.Errorf("sent %v of %d bytes, and %v of %d bytes came back", typ, len(p), gotType, len(got))
	}
	return nil
}

// raw sends bytes as they are and then wants what want says.
func raw(sent []byte, want func(*rfc6455.Conn) error) func(*rfc6455.Conn, net.Conn) error {
	return func(c *rfc6455.Conn, nc net.Conn) error {
		if _, err := nc.Write(sent); err != nil {
			return err
		}
		return want(c)
	}
}

// closesWith wants a Close frame with a code, and nothing before it.
func closesWith(code frames.CloseCode) func(*rfc6455.Conn) error {
	return func(c *rfc6455.Conn) error {
		_, p, err := c.Read(context.Background())
		var closed *rfc6455.CloseError
		switch {
		case err == nil:
			return fmt.Errorf("a message of %d bytes came, and no Close", len(p))
		case !errors.As(err, &closed) || closed.Code != code:
			return fmt.Errorf("want close code %v: %w", code, err)
		}
		return nil
	}
}

func frame(fin bool, op frames.Opcode, payload string) []byte {
	h := frames.Header{Fin: fin, Opcode: op, Length: uint64(len(payload))}
	return append(frames.AppendHeader(nil, h), payload...)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func TestDriverPlaysEveryCase(t *testing.T) {
	big := bytes.Repeat([]byte("0123456789abcdef"), 1<<17) // 2 MiB
	s := &suite{cases: []testCase{
		{"text", echoes(rfc6455.Text, []byte("Hello-µ@ßöäüàá-UTF-8!!"))},
		{"empty text", echoes(rfc6455.Text, nil)},
		{"binary", echoes(rfc6455.Binary, []byte{0, 0xff, 0xfe})},
		{"big", echoes(rfc6455.Binary, big)},
		{"fragments with a ping between", raw(
			join(frame(false, frames.Text, "frag"), frame(true, frames.Ping, "are you there?"), frame(true, frames.Continuation, "ments")),
			func(c *rfc6455.Conn) error {
				if err := wantEcho(c, rfc6455.Text, []byte("fragments")); err != nil {
					return err
				}
				return c.Close(frames.CloseNormal, "")
			})},
		{"a character over two fragments", raw(
			join(frame(false, frames.Text, "\xe2\x82"), frame(true, frames.Continuation, "\xac")),
			func(c *rfc6455.Conn) error {
				if err := wantEcho(c, rfc6455.Text, []byte("€")); err != nil {
					return err
				}
				return c.Close(frames.CloseNormal, "")
			})},
		{"text that is not UTF-8", raw(frame(true, frames.Text, "\xce\xba\xed\xa0\x80"), closesWith(frames.CloseInvalidPayload))},
		{"a reserved bit", raw([]byte{0xc1, 0x00}, closesWith(frames.CloseProtocolError))},
		{"the server hangs up", func(c *rfc6455.Conn, _ net.Conn) error { c.CloseNow(); return nil }},
		{"the server closes with a code", func(c *rfc6455.Conn, _ net.Conn) error { return c.Close(4000, "x") }},
		{"text again", echoes(rfc6455.Text, []byte("still here"))},
	}}
	result, err := s.run(t, 4<<20)
	require.NoError(t, err)
	assert.Equal(t, drive.Result{Cases: len(s.cases), Ran: len(s.cases)}, result)
	require.Len(t, s.verdicts, len(s.cases))
	for i, err := range s.verdicts {
		assert.NoError(t, err, s.cases[i].name)
	}
	assert.Equal(t, "/getCaseCount", s.asked[0])
	assert.Equal(t, "/runCase?agent=ws+101%26&case=1", s.asked[1])
	assert.Equal(t, "/updateReports?agent=ws+101%26", s.asked[len(s.asked)-1])
}

func TestDriverHeedsMaxMessage(t *testing.T) {
	s := &suite{cases: []testCase{
		{"too big", raw(frame(true, frames.Binary, strings.Repeat("x", 11)), closesWith(frames.CloseTooBig))},
	}}
	_, err := s.run(t, 10)
	require.NoError(t, err)
	assert.NoError(t, s.verdicts[0])
}

func TestDriverOffersDeflate(t *testing.T) {
	s := &suite{cases: []testCase{{"text", echoes(rfc6455.Text, []byte("Hello"))}}}
	d := drive.Driver{URL: s.start(t), Deflate: echo.Deflate()}
	_, err := d.Run(context.Background())
	require.NoError(t, err)
	s.stop()
	const plain = "permessage-deflate; client_max_window_bits"
	assert.Equal(t, []string{plain, plain, plain}, s.offered)
}

func TestAFailingConnectionDoesNotEndTheRun(t *testing.T) {
	s := &suite{cases: []testCase{
		{"", echoes(rfc6455.Text, nil)},
		{"out of order", nil},
		{"", echoes(rfc6455.Text, nil)},
	}}
	var begun []int
	failed := map[int]string{}
	d := drive.Driver{
		URL: s.start(t), Agent: "a",
		Begin:  func(n, of int) { begun = append(begun, n*10+of) },
		Failed: func(n int, err error) { failed[n] = err.Error() },
	}
	result, err := d.Run(context.Background())
	s.stop()
	require.NoError(t, err)
	assert.Equal(t, drive.Result{Cases: 3, Ran: 3, Failed: 1}, result)
	assert.Equal(t, []int{13, 23, 33}, begun)
	assert.Len(t, failed, 1)
	assert.Contains(t, failed[2], "503")
	assert.Len(t, s.verdicts, 2)
}

func TestRunFails(t *testing.T) {
	for _, count := range []string{"many", "-1", "1000000", " 3"} {
		_, err := (&suite{count: count}).run(t, 0)
		assert.ErrorContains(t, err, "is not a number", count)
	}

	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	nobody := &url.URL{Scheme: "ws", Host: l.Addr().String()}
	l.Close()
	_, err = (&drive.Driver{URL: nobody}).Run(context.Background())
	assert.ErrorContains(t, err, "could not be opened")
}

func TestTheContextEndsARun(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s := &suite{cases: make([]testCase, 2)}
	for i := range s.cases {
		s.cases[i].play = func(c *rfc6455.Conn, _ net.Conn) error {
			cancel() // while the driver waits for the first message
			return closesWith(frames.CloseGoingAway)(c)
		}
	}
	d := drive.Driver{URL: s.start(t)}
	result, err := d.Run(ctx)
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, drive.Result{Cases: 2, Ran: 1}, result)
}

// The public server adds its paths to a URL that may have one already.
func TestPathsAreAddedToTheURL(t *testing.T) {
	s := &suite{cases: nil}
	u := s.start(t)
	u.Path = "/suite"
	// The small server knows no such path and hangs up without an answer.
	_, err := (&drive.Driver{URL: u}).Run(context.Background())
	s.stop()
	require.Error(t, err)
	assert.Equal(t, []string{"/suite/getCaseCount"}, s.asked)
}

// The same protocol, played by a server that is not ours.
func TestIndependentServer(t *testing.T) {
	messages := []any{"hello, 世界", []byte{0, 1, 0xff}, strings.Repeat("long", 20_000)}
	got := make(chan any, len(messages))
	server := httptest.NewServer(websocket.Server{Handler: func(ws *websocket.Conn) {
		switch r := ws.Request(); r.URL.Path {
		case "/getCaseCount":
			websocket.Message.Send(ws, strconv.Itoa(len(messages)))
		case "/runCase":
			n, _ := strconv.Atoi(r.URL.Query().Get("case"))
			message := messages[n-1]
			websocket.Message.Send(ws, message)
			if _, ok := message.(string); ok {
				var s string
				websocket.Message.Receive(ws, &s)
				got <- s
			} else {
				var p []byte
				websocket.Message.Receive(ws, &p)
				got <- p
			}
		}
	}})
	defer server.Close()
	u, err := url.Parse(server.URL)
	require.NoError(t, err)
	u.Scheme = "ws"
	result, err := (&drive.Driver{URL: u, Agent: "a"}).Run(context.Background())
	require.NoError(t, err)
	assert.Equal(t, drive.Result{Cases: 3, Ran: 3}, result)
	for _, want := range messages {
		assert.Equal(t, want, <-got)
	}
}
