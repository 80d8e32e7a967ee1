package rfc6455

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/frames"
)

func TestCloseInsideTheHandler(t *testing.T) {
	both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
		var events []string
		served := later(func() error {
			return c.Serve(forever, Handler{
				Message: func(c *Conn, _ MessageType, b []byte) {
					events = append(events, string(b))
					if string(b) == "close" {
						assert.NoError(t, c.Close(4001, "as you wish"))
						assert.Equal(t, ErrClosing, c.Write(forever, Text, nil))
					}
				},
				Close: func(_ *Conn, err *CloseError) { events = append(events, err.Code.String()) },
			})
		})
		p.send(bytes.Join([][]byte{r.frame(0x81, "close"), r.frame(0x81, "one more")}, nil))
		assert.Equal(t, r.ownClose(4001, "as you wish"), p.heard())
		p.send(r.close(4001, ""))
		synctest.Wait()
		p.nc.Close()
		assert.Equal(t, &CloseError{Code: 4001, Sent: 4001, Clean: true}, <-served)
		assert.Equal(t, []string{"close", "one more", "4001"}, events)
	})
	t.Run("and the peer does not answer", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			served := later(func() error {
				return c.Serve(forever, Handler{Open: func(c *Conn) {
					assert.NoError(t, c.Close(1000, ""))
					assert.NoError(t, c.Close(1000, ""))
				}})
			})
			start := time.Now()
			assert.ErrorIs(t, <-served, errNoAnswer)
			assert.Equal(t, DefaultCloseTimeout, time.Since(start))
		})
	})
	t.Run("CloseNow", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			n := 0
			served := later(func() error {
				return c.Serve(forever, Handler{Message: func(c *Conn, _ MessageType, _ []byte) { n++; c.CloseNow() }})
			})
			p.send(bytes.Join([][]byte{r.frame(0x81, "one"), r.frame(0x81, "two")}, nil))
			assert.ErrorIs(t, <-served, errClosedNow)
			assert.Equal(t, 1, n, "nothing is delivered after the end")
		})
	})
}

// On real sockets: the server ends TCP first, and no RST eats its Close frame.
func TestServerEndsTCP(t *testing.T) {
	junk := bytes.Repeat(frame(true, 0x82, strings.Repeat("junk", 1000)), 250) // 1 MB that nobody will look at
	tests := []struct {
		name string
		wire []byte
		want string
	}{
		{"the client closes", closeFrame(true, 1000, ""), tohex(closeFrame(false, 1000, ""))},
		{"the client breaks a rule", unhex("81 00"), ""},
	}
	for _, test := range tests {
		t.Run("6455-7.1.1-1 6455-7.1.1-2 6455-5.5.1-8 "+test.name, func(t *testing.T) {
			a, b := tcpPair(t)
			c := role{}.conn(a, quiet)
			read := startReading(c)
			_, err := b.Write(append(bytes.Clone(test.wire), junk...))
			require.NoError(t, err, "the server takes all of it")
			got, err := io.ReadAll(b)
			require.NoError(t, err, "the server's FIN comes, and no RST, though we have not hung up")
			if test.want != "" {
				assert.Equal(t, test.want, tohex(got))
			} else {
				assert.Equal(t, "88", tohex(got[:1]))
				assert.Equal(t, "03 ea", tohex(got[2:4]))
			}
			require.NoError(t, b.Close())
			read.ended(t)
			<-c.Done()
		})
	}
	t.Run("6455-5.5.1-9 the client does not end TCP first", func(t *testing.T) {
		a, b := tcpPair(t)
		server, client := role{}.conn(&wrapped{a}, quiet), role{client: true}.conn(b, quiet)
		read := startReading(server)
		require.NoError(t, client.Close(1000, ""))
		assert.True(t, read.ended(t).Clean)
	})
}

func TestCloseErrorText(t *testing.T) {
	rule := &frames.Error{Rule: "6455-5.1-2", Code: 1002, Text: "the client sent a frame that is not masked"}
	tests := []struct {
		e    CloseError
		want string
	}{
		{CloseError{Code: 1000, Sent: 1000, Remote: true, Clean: true},
			"websocket: closed by the peer with 1000 normal closure; we sent 1000 normal closure"},
		{CloseError{Code: 1001, Reason: "bye", Sent: 1001, Remote: true, Clean: true},
			"websocket: closed by the peer with 1001 going away (bye); we sent 1001 going away"},
		{CloseError{Code: 1005, Sent: 1005, Remote: true, Clean: true},
			"websocket: closed by the peer with 1005 no status received; we sent 1005 no status received"},
		{CloseError{Code: 4000, Reason: "ok", Sent: 1000, Clean: true},
			"websocket: closed by us, answered with 4000 (ok); we sent 1000 normal closure"},
		{CloseError{Code: 1006, Err: io.ErrUnexpectedEOF},
			"websocket: ended without a Close frame from the peer: unexpected EOF"},
		{CloseError{Code: 1006, Sent: 1002, Err: rule},
			"websocket: ended without a Close frame from the peer; we sent 1002 protocol error: the client sent a frame that is not masked (RFC 6455 section 5.1)"},
		{CloseError{Code: 1006, Sent: 1000, Err: errNoAnswer},
			"websocket: ended without a Close frame from the peer; we sent 1000 normal closure: rfc6455: the peer did not answer our Close frame in time"},
		{CloseError{Code: 1006, Err: errDead},
			"websocket: ended without a Close frame from the peer: rfc6455: the peer is dead: it sent nothing, and did not answer a Ping"},
		{CloseError{Code: 1006, Err: errClosedNow},
			"websocket: ended without a Close frame from the peer: rfc6455: CloseNow was called"},
		{CloseError{Code: 1001, Remote: true, Err: errCloseUnsent},
			"websocket: closed by the peer with 1001 going away: rfc6455: our Close frame could not be sent"},
	}
	for _, test := range tests {
		assert.Equal(t, test.want, test.e.Error())
		assert.Equal(t, test.e.Err, errors.Unwrap(&test.e))
	}
	var wrapped error = &CloseError{Code: 1006, Err: rule}
	assert.Equal(t, rule, asRule(t, wrapped))
}

func TestClosePayload(t *testing.T) {
	assert.Equal(t, "\x03\xea", string(closePayload(1002, "")))
	assert.Equal(t, "\x03\xeawhy", string(closePayload(1002, "why")))
	assert.Empty(t, closePayload(1005, ""))
	for n := 118; n < 130; n++ {
		reason := strings.Repeat("r", n) + "你好"
		p := closePayload(1002, reason)
		assert.LessOrEqual(t, len(p), 125)
		assert.Greater(t, len(p), 125-3, "as much as fits in whole characters")
		code, got, err := frames.ParseClose(p)
		require.NoError(t, err)
		assert.Equal(t, CloseCode(1002), code)
		assert.True(t, strings.HasPrefix(reason, got))
	}
}

func TestConnAccessors(t *testing.T) {
	a, b := tcpPair(t)
	c := newConn(a, false, "chat", nil, nil, &Options{KeepAlive: -1})
	assert.Equal(t, "chat", c.Subprotocol())
	assert.Equal(t, a.LocalAddr(), c.LocalAddr())
	assert.Equal(t, b.LocalAddr(), c.RemoteAddr())
	assert.NoError(t, c.Err())
	select {
	case <-c.Done():
		t.Error("it is not done")
	default:
	}
	c.CloseNow()
	<-c.Done()
}

// The first cause of an end counts, whoever else comes.
func TestFirstCauseWins(t *testing.T) {
	for range 50 {
		a, b := net.Pipe()
		c := role{}.conn(a, quiet)
		read := startReading(c)
		var wg sync.WaitGroup
		wg.Go(func() { b.Close() })
		wg.Go(func() { c.CloseNow() })
		wg.Go(func() { c.Close(1000, "") })
		wg.Go(func() { c.Write(forever, Text, nil) })
		wg.Wait()
		<-c.Done()
		assert.Equal(t, c.Err(), error(read.ended(t)))
		assert.Equal(t, c.Err(), c.Write(forever, Text, nil))
	}
}
