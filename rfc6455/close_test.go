package rfc6455

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/frames"
)

// Each of the 65536 codes a peer can send.
func TestEveryCloseCodeReceived(t *testing.T) {
	for _, r := range roles {
		t.Run("6455-7.4.1-1 6455-7.4.1-2 6455-7.4.1-3 6455-7.4.2-1 6455-7.1.5-1 6455-5.5.1-5 "+r.name, func(t *testing.T) {
			for n := range 1 << 16 {
				code := CloseCode(n)
				s := &script{in: bytes.NewReader(r.close(code, "why"))}
				_, _, err := r.conn(s, quiet).Read(forever)
				e := asClose(t, err)
				legal := n >= 1000 && n <= 1003 || n >= 1007 && n <= 1014 || n >= 3000 && n <= 4999
				want := CloseError{Code: code, Reason: "why", Sent: code, Remote: true, Clean: true}
				answer := closeFrame(r.client, code, "")
				if !legal {
					want = CloseError{Code: frames.CloseAbnormal, Sent: frames.CloseProtocolError, Err: asRule(t, e)}
					answer = closeFrame(r.client, frames.CloseProtocolError, asRule(t, e).Text)
					require.Equal(t, closeRule(code), asRule(t, e).Rule, n)
				}
				// Compared by hand first: there are many.
				if *e != want || !bytes.Equal(answer, s.out.Bytes()) {
					require.Equal(t, &want, e)
					require.Equal(t, tohex(answer), s.sent())
				}
			}
		})
	}
}

// Proves 6455-7.1.4-1.
func TestCloseReceived(t *testing.T) {
	long := strings.Repeat("r", 123)
	tests := []struct {
		name    string
		payload string
		want    CloseError
		answer  string // payload of ours
		rule    string
	}{
		{"6455-7.1.5-1 empty, answered with an empty one", "", CloseError{Code: 1005, Sent: 1005, Remote: true, Clean: true}, "", ""},
		{"6455-5.5.1-5 a code", "\x03\xe8", CloseError{Code: 1000, Sent: 1000, Remote: true, Clean: true}, "\x03\xe8", ""},
		{"6455-7.1.6-1 a reason", "\x03\xe9再见", CloseError{Code: 1001, Reason: "再见", Sent: 1001, Remote: true, Clean: true}, "\x03\xe9", ""},
		{"6455-5.5-1 the longest reason", "\x0f\xa0" + long, CloseError{Code: 4000, Reason: long, Sent: 4000, Remote: true, Clean: true}, "\x0f\xa0", ""},
		{"6455-5.5.1-1 one byte", "\x03", CloseError{Code: 1006, Sent: 1002}, "\x03\xea", "6455-5.5.1-1"},
		{"6455-8.1-1 a reason that is not UTF-8", "\x03\xe8\xff", CloseError{Code: 1006, Sent: 1007}, "\x03\xef", "6455-8.1-1"},
		{"6455-8.1-1 a reason that ends inside a character", "\x03\xe8\xe4\xbd", CloseError{Code: 1006, Sent: 1007}, "\x03\xef", "6455-8.1-1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
				read := startReading(c)
				p.send(r.frame(0x88, test.payload))
				answer := p.heard()
				p.nc.Close()
				e := read.ended(t)
				if test.rule == "" {
					assert.Equal(t, r.own(0x88, test.answer), answer)
					assert.Equal(t, &test.want, e)
					return
				}
				rule := asRule(t, e)
				assert.Equal(t, test.rule, rule.Rule)
				assert.Equal(t, r.own(0x88, test.answer+rule.Text), answer)
				e.Err = nil
				assert.Equal(t, &test.want, e)
			})
		})
	}
}

// What each broken rule ends with.
func TestFailureCodes(t *testing.T) {
	for _, r := range roles {
		tests := []struct {
			name string
			wire []byte
			code CloseCode
			rule string
		}{
			{"6455-5.2-2 a reserved bit", r.frame(0xc1, "x"), 1002, "6455-5.2-2"},
			{"6455-5.2-3 a reserved opcode", r.frame(0x83, "x"), 1002, "6455-5.2-3"},
			{"6455-5.4-6 a stray continuation", r.frame(0x80, "x"), 1002, "6455-5.4-6"},
			{"6455-5.5-2 a fragmented ping", r.frame(0x09, "x"), 1002, "6455-5.5-2"},
			{"6455-5.5-1 a ping too long", r.frame(0x89, strings.Repeat("x", 126)), 1002, "6455-5.5-1"},
			{"6455-8.1-1 bad text", r.frame(0x81, "\xc0"), 1007, "6455-8.1-1"},
			{"6455-8.1-1 text that ends early", r.frame(0x81, "\xe4\xbd"), 1007, "6455-8.1-1"},
			{"6455-8.1-1 text that ends early, in an empty frame", append(r.frame(0x01, "\xe4"), r.frame(0x80, "")...), 1007, "6455-8.1-1"},
			{"6455-10.4-2 too many fragments", bytes.Join([][]byte{r.frame(2, ""), r.frame(0, ""), r.frame(0, "")}, nil), 1008, "6455-10.4-2"},
			{"6455-10.4-2 too large", r.frame(0x82, strings.Repeat("x", 200)), 1009, "6455-10.4-1"},
		}
		for _, test := range tests {
			t.Run("6455-7.1.7-1 6455-7.1.7-2 6455-7.1.7-4 6455-7.1.7-5 "+test.name+", "+r.name, func(t *testing.T) {
				r.bubble(t, Options{KeepAlive: -1, MaxMessage: 199, MaxFragments: 2}, func(t *testing.T, c *Conn, p *peer) {
					read := startReading(c)
					// A good message in front is delivered, and nothing behind.
					p.send(bytes.Join([][]byte{r.frame(0x81, "good"), test.wire, r.frame(0x81, "evil"), r.frame(0x89, "evil"), r.close(1000, "evil")}, nil))
					answer := p.heard()
					if r.client {
						assert.False(t, p.hungUp(), "the client lets the server hang up")
						p.nc.Close()
					}
					e := read.ended(t)
					assert.Equal(t, []message{{Text, "good"}}, read.msgs)
					assert.Equal(t, test.rule, asRule(t, e).Rule)
					assert.Equal(t, r.ownClose(test.code, asRule(t, e).Text), answer)
					assert.Equal(t, &CloseError{Code: 1006, Sent: test.code, Err: e.Err}, e)
					<-c.Done()
					assert.True(t, r.client || p.hungUp())
					assert.Equal(t, error(e), c.Write(forever, Text, nil))
					assert.Equal(t, error(e), c.Close(1000, ""))
				})
			})
		}
	}
}

// A peer that breaks a rule and does not read either.
func TestFailureThatCannotBeTold(t *testing.T) {
	for _, r := range roles {
		t.Run("6455-7.1.7-1 6455-7.1.7-2 "+r.name, func(t *testing.T) {
			r.deaf(t, quiet, func(t *testing.T, c *Conn, p *peer) {
				start := time.Now()
				read := startReading(c)
				p.send(r.frame(0xff, ""))
				e := read.ended(t)
				assert.Equal(t, "6455-5.2-2", asRule(t, e).Rule)
				assert.Equal(t, DefaultCloseTimeout, time.Since(start))
				<-c.Done()
			})
		})
	}
}

func TestFailureIsLogged(t *testing.T) {
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	t.Run("6455-7.1.7-3 a broken rule", func(t *testing.T) {
		role{}.bubble(t, Options{KeepAlive: -1, Logger: logger}, func(t *testing.T, c *Conn, p *peer) {
			go p.send(unhex("81 00"))
			c.Read(forever)
			<-c.Done()
		})
		assert.Equal(t, `level=WARN msg="websocket: the connection failed" remote=pipe rule=6455-5.1-2 code=1002 `+
			`error="the client sent a frame that is not masked; every frame from a client must be (RFC 6455 section 5.1)"`+"\n", log.String())
	})
	t.Run("an ordinary end is not", func(t *testing.T) {
		log.Reset()
		role{}.bubble(t, Options{KeepAlive: -1, Logger: logger}, func(t *testing.T, c *Conn, p *peer) {
			go p.send(closeFrame(true, 1000, ""))
			c.Read(forever)
			<-c.Done()
		})
		assert.Empty(t, log.String())
	})
}

func TestCloseSends(t *testing.T) {
	for _, test := range []struct {
		name    string
		code    CloseCode
		reason  string
		payload string
	}{
		{"6455-7.1.2-1 a code and a reason", 1000, "bye", "\x03\xe8bye"},
		{"a code alone", 4999, "", "\x13\x87"},
		{"the longest reason", 1001, strings.Repeat("r", 123), "\x03\xe9" + strings.Repeat("r", 123)},
		{"6455-7.4.1-1 1005 is an empty frame", 1005, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
				done := later(func() error { return c.Close(test.code, test.reason) })
				assert.Equal(t, r.own(0x88, test.payload), p.heard())
				p.send(r.close(3000, "yes"))
				synctest.Wait()
				p.nc.Close()
				require.NoError(t, <-done)
				assert.Equal(t, &CloseError{Code: 3000, Reason: "yes", Sent: test.code, Clean: true}, c.Err())
			})
		})
	}
}

func TestCloseRefuses(t *testing.T) {
	both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
		for n := range 1 << 16 {
			if n >= 1000 && n <= 1003 || n >= 1007 && n <= 1014 || n >= 3000 && n <= 4999 {
				continue
			}
			err := c.Close(CloseCode(n), "because")
			require.Equal(t, closeRule(CloseCode(n)), asRule(t, err).Rule, n)
			require.Zero(t, asRule(t, err).Code)
		}
		assert.Equal(t, "6455-7.4.1-2", asRule(t, c.Close(1006, "")).Rule)
		assert.Equal(t, "6455-7.4.1-3", asRule(t, c.Close(1015, "")).Rule)
		assert.Equal(t, "6455-5.5-1", asRule(t, c.Close(1000, strings.Repeat("r", 124))).Rule)
		assert.Equal(t, "6455-8.1-1", asRule(t, c.Close(1000, "\xff")).Rule)
		assert.Empty(t, p.heard())
		require.NoError(t, c.Write(forever, Text, []byte("still open")))
	})
}

// Who ends the socket, and when.
//
// Proves 6455-5.5.1-7, 6455-7.1.2-2.
func TestCloseEndsTheSocket(t *testing.T) {
	for _, weClose := range []bool{true, false} {
		t.Run(fmt.Sprintf("6455-5.5.1-8 6455-7.1.1-3 the server does so at once, it closes: %v", weClose), func(t *testing.T) {
			role{}.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
				start := time.Now()
				done := later(func() error {
					if weClose {
						return c.Close(1000, "")
					}
					_, _, err := c.Read(forever)
					return unclean(asClose(t, err))
				})
				synctest.Wait()
				assert.False(t, p.hungUp())
				p.send(closeFrame(true, 1000, ""))
				assert.NoError(t, <-done)
				assert.True(t, p.hungUp())
				assert.Zero(t, time.Since(start))
				<-c.Done()
			})
		})
		for _, timeout := range []time.Duration{0, 300 * time.Millisecond, time.Hour} {
			t.Run(fmt.Sprintf("6455-5.5.1-9 6455-7.1.1-4 the client waits for that, it closes: %v, timeout %v", weClose, timeout), func(t *testing.T) {
				role{client: true}.bubble(t, Options{KeepAlive: -1, CloseTimeout: timeout}, func(t *testing.T, c *Conn, p *peer) {
					start := time.Now()
					done := later(func() error {
						if weClose {
							return c.Close(1000, "")
						}
						_, _, err := c.Read(forever)
						return unclean(asClose(t, err))
					})
					p.send(closeFrame(false, 1000, ""))
					want := time.Second
					if timeout > 0 {
						want = min(want, timeout)
					}
					time.Sleep(want - 1)
					assert.False(t, p.hungUp())
					assert.NoError(t, <-done)
					assert.True(t, p.hungUp())
					assert.Equal(t, want, time.Since(start), "but not for ever")
				})
			})
		}
	}
}

func TestCloseWithoutAnswer(t *testing.T) {
	for _, timeout := range []time.Duration{0, -1, time.Second, time.Minute} {
		want := timeout
		if timeout <= 0 {
			want = DefaultCloseTimeout
		}
		for _, who := range []string{"nobody", "a reader", "Serve"} {
			t.Run(fmt.Sprintf("a peer that does not answer is cut after %v, while %s reads", want, who), func(t *testing.T) {
				both(t, Options{KeepAlive: -1, CloseTimeout: timeout}, func(t *testing.T, r role, c *Conn, p *peer) {
					reader := later(func() error {
						switch who {
						case "a reader":
							_, _, err := c.Read(forever)
							return err
						case "Serve":
							return c.Serve(forever, Handler{})
						}
						return nil
					})
					synctest.Wait()
					start := time.Now()
					err := c.Close(1000, "bye")
					if who == "Serve" {
						assert.NoError(t, err, "Serve reports it")
					} else {
						assert.Equal(t, c.Err(), err)
					}
					<-c.Done()
					assert.Equal(t, want, time.Since(start))
					e := asClose(t, c.Err())
					assert.Equal(t, &CloseError{Code: 1006, Sent: 1000, Err: errNoAnswer}, e)
					if who != "nobody" {
						assert.Equal(t, error(e), <-reader)
					}
					assert.Equal(t, r.ownClose(1000, "bye"), p.heard())
					assert.True(t, p.hungUp())
				})
			})
		}
	}
	t.Run("a peer that goes on talking is cut as well", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			talking := later(func() error {
				for {
					if _, err := p.nc.Write(r.frame(0x81, "blah")); err != nil {
						return err
					}
					time.Sleep(time.Millisecond)
				}
			})
			start := time.Now()
			assert.ErrorIs(t, c.Close(1000, ""), errNoAnswer)
			assert.Equal(t, DefaultCloseTimeout, time.Since(start))
			assert.Error(t, <-talking)
		})
	})
}
