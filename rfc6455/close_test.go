package rfc6455

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
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
					require.Contains(t, asRule(t, e).Rule, "6455-7.4", n)
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
			require.Contains(t, asRule(t, err).Rule, "6455-7.4", n)
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

func TestSimultaneousClose(t *testing.T) {
	for _, who := range []string{"nobody", "a reader", "Serve"} {
		t.Run("6455-5.5.1-10 while reads: "+who, func(t *testing.T) {
			both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
				switch who {
				case "a reader":
					startReading(c)
				case "Serve":
					go c.Serve(forever, Handler{})
				}
				synctest.Wait()
				// Ours is on its way when the peer's is sent: the peer has
				// not read it yet.
				done := later(func() error { return c.Close(1000, "ours") })
				synctest.Wait()
				p.send(r.close(1001, "theirs"))
				assert.Equal(t, r.ownClose(1000, "ours"), p.heard(), "and no second one")
				p.nc.Close()
				require.NoError(t, <-done)
				<-c.Done()
				e := asClose(t, c.Err())
				assert.Equal(t, CloseCode(1001), e.Code)
				assert.Equal(t, "theirs", e.Reason)
				assert.Equal(t, CloseCode(1000), e.Sent)
				assert.True(t, e.Clean)
			})
		})
	}
	t.Run("6455-5.5.1-10 of two of ours", func(t *testing.T) {
		for _, s := range sockets {
			for range 20 {
				a, b := s.make(t)
				server, client := role{}.conn(a, quiet), role{client: true}.conn(b, quiet)
				startReading(server)
				one, two := later(func() error { return server.Close(1000, "") }), later(func() error { return client.Close(1001, "") })
				require.NoError(t, <-one)
				require.NoError(t, <-two)
				assert.True(t, asClose(t, server.Err()).Clean)
				assert.True(t, asClose(t, client.Err()).Clean)
			}
		}
	})
}

func TestAfterOurClose(t *testing.T) {
	both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
		read := startReading(c)
		synctest.Wait()
		done := later(func() error { return c.Close(1000, "") })
		assert.Equal(t, r.ownClose(1000, ""), p.heard())

		// 6455-5.5.1-4: nothing more from us, but an answer to a Ping.
		assert.Equal(t, ErrClosing, c.Write(forever, Text, nil))
		_, err := c.Writer(forever, Text)
		assert.Equal(t, ErrClosing, err)
		_, err = c.Ping(forever)
		assert.Equal(t, ErrClosing, err)
		m, err := Prepare(Text, nil)
		require.NoError(t, err)
		assert.Equal(t, ErrClosing, c.WritePrepared(forever, m))

		// What the peer had sent before it knew goes to the one who reads.
		p.send(bytes.Join([][]byte{r.frame(0x89, "?"), r.frame(0x81, "crossed it")}, nil))
		assert.Equal(t, []message{{Text, "crossed it"}}, read.messages())
		p.send(r.close(1000, ""))
		assert.Equal(t, r.own(0x8a, "?"), p.heard(), "6455-5.5.2-1 due until the peer's Close frame has come")
		p.nc.Close()
		require.NoError(t, <-done)
		assert.True(t, read.ended(t).Clean)
	})
}

func TestCloseReadsIfNobodyDoes(t *testing.T) {
	both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
		done := later(func() error { return c.Close(1000, "") })
		p.send(bytes.Join([][]byte{r.frame(0x01, "thrown"), r.frame(0x89, ""), r.frame(0x80, "away"), r.frame(0x82, strings.Repeat("x", 100000))}, nil))
		late := readLater(forever, c)
		ctx, cancel := context.WithTimeout(forever, time.Second)
		defer cancel()
		_, _, err := c.Read(ctx)
		assert.Equal(t, context.DeadlineExceeded, err)
		p.send(r.close(1000, ""))
		synctest.Wait()
		p.nc.Close()
		require.NoError(t, <-done)
		assert.Equal(t, c.Err(), (<-late).err, "a Read that came later hears of the end")
	})
	t.Run("also when a message was read half", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			stream := open(t, c, p, r.frame(0x01, "half"))
			done := later(func() error { return c.Close(1000, "") })
			p.send(append(r.frame(0x80, "a message"), r.close(1000, "")...))
			synctest.Wait()
			p.nc.Close()
			require.NoError(t, <-done)
			_, err := stream.Read(make([]byte, 10))
			assert.Equal(t, c.Err(), err)
		})
	})
	t.Run("and the peer breaks a rule", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			done := later(func() error { return c.Close(1000, "") })
			p.send(r.frame(0xff, ""))
			assert.Equal(t, r.ownClose(1000, ""), p.heard(), "one Close frame is enough")
			p.nc.Close()
			err := <-done
			assert.Equal(t, "6455-5.2-2", asRule(t, err).Rule)
			assert.Equal(t, &CloseError{Code: 1006, Sent: 1000, Err: asRule(t, err)}, err)
		})
	})
}

func TestCloseWhileAWriterIsBlocked(t *testing.T) {
	for _, r := range roles {
		t.Run("it goes on, "+r.name, func(t *testing.T) {
			r.deaf(t, quiet, func(t *testing.T, c *Conn, p *peer) {
				write := later(func() error { return c.Write(forever, Text, []byte("first")) })
				synctest.Wait()
				closed := later(func() error { return c.Close(1000, "") })
				time.Sleep(time.Second)
				second := later(func() error { return c.Write(forever, Text, []byte("second")) })
				synctest.Wait()
				p.listen()
				require.NoError(t, <-write)
				assert.Equal(t, ErrClosing, <-second)
				assert.Equal(t, r.own(0x81, "first")+" "+r.ownClose(1000, ""), p.heard(), "6455-5.5.1-6 right after the frame at hand")
				p.send(r.close(1000, ""))
				synctest.Wait()
				p.nc.Close()
				require.NoError(t, <-closed)
			})
		})
		t.Run("it never does, "+r.name, func(t *testing.T) {
			r.deaf(t, quiet, func(t *testing.T, c *Conn, p *peer) {
				write := later(func() error { return c.Write(forever, Text, []byte("first")) })
				synctest.Wait()
				start := time.Now()
				err := c.Close(1000, "")
				assert.Equal(t, DefaultCloseTimeout, time.Since(start))
				assert.Equal(t, &CloseError{Code: 1006, Err: errCloseUnsent}, err)
				assert.Equal(t, err, <-write)
			})
		})
		t.Run("the Close frame itself blocks, "+r.name, func(t *testing.T) {
			r.deaf(t, quiet, func(t *testing.T, c *Conn, p *peer) {
				start := time.Now()
				err := c.Close(1000, "")
				assert.Equal(t, DefaultCloseTimeout, time.Since(start))
				assert.ErrorIs(t, err, errCloseUnsent)
				assert.Equal(t, frames.CloseAbnormal, asClose(t, err).Code)
				<-c.Done()
			})
		})
		t.Run("the answer to the peer's Close cannot be sent, "+r.name, func(t *testing.T) {
			r.deaf(t, quiet, func(t *testing.T, c *Conn, p *peer) {
				write := later(func() error { return c.Write(forever, Text, []byte("first")) })
				synctest.Wait()
				read := startReading(c)
				p.send(r.close(1001, "bye"))
				e := read.ended(t)
				assert.Equal(t, CloseCode(1001), e.Code)
				assert.Equal(t, "bye", e.Reason)
				assert.False(t, e.Clean)
				assert.ErrorIs(t, e, errCloseUnsent)
				assert.Equal(t, error(e), <-write)
			})
		})
	}
}

func TestCloseAgain(t *testing.T) {
	both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
		var closed []<-chan error
		for i := range 5 {
			closed = append(closed, later(func() error { return c.Close(CloseCode(4000+i), "") }))
		}
		sent := p.heard()
		assert.Len(t, unhex(sent), len(unhex(r.ownClose(4000, ""))), "one Close frame")
		p.send(r.close(1000, ""))
		synctest.Wait()
		p.nc.Close()
		for _, done := range closed {
			assert.NoError(t, <-done)
		}
		assert.NoError(t, c.Close(1000, ""), "and after the end")
		assert.Empty(t, p.heard())
	})
	t.Run("after the peer did", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			startReading(c)
			p.send(r.close(1001, ""))
			synctest.Wait()
			done := later(func() error { return c.Close(1000, "") })
			p.nc.Close()
			assert.NoError(t, <-done)
			assert.Equal(t, r.ownClose(1001, ""), p.heard())
		})
	})
	t.Run("after an end that was not clean", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			p.nc.Close()
			_, _, err := c.Read(forever)
			assert.Equal(t, err, c.Close(1000, ""))
		})
	})
}

func TestCloseNow(t *testing.T) {
	both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
		read := startReading(c)
		synctest.Wait()
		assert.NoError(t, c.Err())
		c.CloseNow()
		assert.True(t, p.hungUp())
		assert.Empty(t, p.heard())
		<-c.Done()
		assert.Equal(t, &CloseError{Code: 1006, Err: errClosedNow}, read.ended(t))
		assert.Equal(t, c.Err(), c.Close(1000, ""))
		c.CloseNow()
	})
	t.Run("behind a clean end it changes nothing", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			read := startReading(c)
			p.send(r.close(1000, ""))
			synctest.Wait()
			p.nc.Close()
			e := read.ended(t)
			c.CloseNow()
			assert.Equal(t, error(e), c.Err())
			assert.True(t, e.Clean)
		})
	})
	t.Run("while Close waits", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			closed := later(func() error { return c.Close(1000, "") })
			p.heard()
			c.CloseNow()
			assert.Equal(t, &CloseError{Code: 1006, Sent: 1000, Err: errClosedNow}, <-closed)
		})
	})
}

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
	c := newConn(a, false, "chat", nil, &Options{KeepAlive: -1})
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
