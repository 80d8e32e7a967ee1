package rfc6455

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/frames"
)

var server = roles[0]

// serving runs Serve in a goroutine.
func serving(ctx context.Context, c *Conn, h Handler) <-chan error {
	done := make(chan error, 1)
	go func() { done <- c.Serve(ctx, h) }()
	return done
}

// echoing is a handler that answers each message with itself.
var echoing = Handler{Message: func(c *Conn, t MessageType, p []byte) { c.Write(forever, t, p) }}

func TestServeCallsInOrder(t *testing.T) {
	both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
		var calls []string
		done := serving(forever, c, Handler{
			Open: func(got *Conn) {
				assert.Same(t, c, got)
				calls = append(calls, "open")
			},
			Message: func(got *Conn, typ MessageType, p []byte) {
				assert.Same(t, c, got)
				calls = append(calls, fmt.Sprintf("%v %q", typ, p))
			},
			Close: func(got *Conn, err *CloseError) {
				assert.Same(t, c, got)
				calls = append(calls, fmt.Sprintf("close %v %q", err.Code, err.Reason))
			},
		})
		p.send(r.frame(0x81, "Hello"))
		p.send(r.frame(0x82, "\x00\xff"))
		p.send(r.frame(0x81, ""))
		p.send(bytes.Join([][]byte{r.frame(0x01, "in "), r.frame(0x89, "p"), r.frame(0x00, "two "), r.frame(0x80, "parts")}, nil))
		assert.Equal(t, r.own(0x8a, "p"), p.heard(), "6455-5.4-4")
		p.send(r.close(1000, "enough"))
		assert.Equal(t, r.ownClose(1000, ""), p.heard(), "6455-5.5.1-5")
		p.nc.Close()
		e := asClose(t, <-done)
		assert.True(t, e.Clean)
		assert.True(t, e.Remote)
		assert.Same(t, e, c.Err())
		assert.Equal(t, []string{
			"open", `text "Hello"`, `binary "\x00\xff"`, `text ""`, `text "in two parts"`, `close 1000 normal closure "enough"`,
		}, calls)
	})
}

func TestServeWithoutCallbacks(t *testing.T) {
	server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
		done := serving(forever, c, Handler{})
		p.send(server.frame(0x81, "nobody listens"))
		p.send(server.frame(0x89, "but Pings are answered"))
		assert.Equal(t, server.own(0x8a, "but Pings are answered"), p.heard(), "6455-5.5.2-1")
		p.send(server.close(1000, ""))
		p.heard()
		assert.True(t, asClose(t, <-done).Clean)
	})
}

// A handler that panics takes its connection with it, and the panic goes on.
func TestServePanic(t *testing.T) {
	bang := func() { panic("bang") }
	for name, h := range map[string]Handler{
		"Open":    {Open: func(*Conn) { bang() }},
		"Message": {Message: func(*Conn, MessageType, []byte) { bang() }},
		"Close": {
			Message: func(c *Conn, _ MessageType, _ []byte) { c.CloseNow() },
			Close:   func(*Conn, *CloseError) { bang() },
		},
	} {
		t.Run(name, func(t *testing.T) {
			server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
				panicked := make(chan any, 1)
				go func() {
					defer func() { panicked <- recover() }()
					c.Serve(forever, h)
				}()
				p.nc.Write(server.frame(0x81, "Hello"))
				assert.Equal(t, "bang", <-panicked)
				assert.True(t, p.hungUp())
				<-c.Done()
				if name != "Close" {
					assert.ErrorIs(t, c.Err(), errHandlerPanic)
				}
				_, _, err := c.Read(forever) // is not blocked by what Serve held
				asClose(t, err)
			})
		})
	}
}

func TestServeContext(t *testing.T) {
	t.Run("its end closes with 1001", func(t *testing.T) {
		server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
			ctx, cancel := context.WithCancel(forever)
			done := serving(ctx, c, echoing)
			p.send(server.frame(0x81, "Hello"))
			assert.Equal(t, server.own(0x81, "Hello"), p.heard())
			cancel()
			assert.Equal(t, server.ownClose(frames.CloseGoingAway, ""), p.heard())
			p.send(server.close(frames.CloseGoingAway, ""))
			e := asClose(t, <-done)
			assert.True(t, e.Clean)
			assert.False(t, e.Remote)
			assert.Equal(t, frames.CloseGoingAway, e.Sent)
		})
	})
	t.Run("it has ended before", func(t *testing.T) {
		server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
			ctx, cancel := context.WithCancel(forever)
			cancel()
			var calls []string
			done := serving(ctx, c, Handler{
				Open:  func(*Conn) { calls = append(calls, "open") },
				Close: func(*Conn, *CloseError) { calls = append(calls, "close") },
			})
			assert.Equal(t, server.ownClose(frames.CloseGoingAway, ""), p.heard())
			p.send(server.close(frames.CloseGoingAway, ""))
			assert.True(t, asClose(t, <-done).Clean)
			assert.Equal(t, []string{"open", "close"}, calls)
		})
	})
	t.Run("a peer that does not answer is cut", func(t *testing.T) {
		server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
			ctx, cancel := context.WithCancel(forever)
			done := serving(ctx, c, Handler{})
			cancel()
			start := time.Now()
			e := asClose(t, <-done)
			assert.False(t, e.Clean)
			assert.ErrorIs(t, e, errNoAnswer)
			assert.Equal(t, DefaultCloseTimeout, time.Since(start))
			assert.True(t, p.hungUp())
		})
	})
	t.Run("it ends later", func(t *testing.T) {
		server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
			ctx, cancel := context.WithCancel(forever)
			done := serving(ctx, c, Handler{})
			p.send(server.close(1000, ""))
			p.heard()
			<-done
			cancel()
			assert.Empty(t, p.heard())
		})
	})
}

func TestServeCloseFromTheHandler(t *testing.T) {
	t.Run("6455-7.1.2-1 Serve completes the handshake", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			var got []string
			done := serving(forever, c, Handler{Message: func(c *Conn, _ MessageType, p []byte) {
				got = append(got, string(p))
				if string(p) == "bye" {
					assert.NoError(t, c.Close(4000, "as you wish"))
					assert.ErrorIs(t, c.Write(forever, Text, []byte("too late")), ErrClosing, "6455-5.5.1-4")
					assert.NoError(t, c.Close(4001, "only the first counts"))
				}
			}})
			p.send(r.frame(0x81, "bye"))
			assert.Equal(t, r.ownClose(4000, "as you wish"), p.heard())
			p.send(r.frame(0x81, "one more before I answer"))
			p.send(r.close(4000, ""))
			p.heard()
			p.nc.Close()
			e := asClose(t, <-done)
			assert.True(t, e.Clean)
			assert.False(t, e.Remote)
			assert.Equal(t, CloseCode(4000), e.Sent)
			assert.Equal(t, []string{"bye", "one more before I answer"}, got)
		})
	})
	t.Run("from Open", func(t *testing.T) {
		server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
			done := serving(forever, c, Handler{Open: func(c *Conn) {
				assert.NoError(t, c.Write(forever, Text, []byte("full")))
				assert.NoError(t, c.Close(frames.CloseTryAgainLater, ""))
			}})
			assert.Equal(t, server.own(0x81, "full")+" "+server.ownClose(1013, ""), p.heard())
			p.send(server.close(1013, ""))
			assert.True(t, asClose(t, <-done).Clean)
		})
	})
	t.Run("from Close it does nothing", func(t *testing.T) {
		server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
			done := serving(forever, c, Handler{Close: func(c *Conn, err *CloseError) {
				assert.NoError(t, c.Close(1000, ""))
				assert.Same(t, err, c.Write(forever, Text, nil))
				_, err2 := c.Ping(forever)
				assert.Same(t, err, err2)
			}})
			p.send(server.close(1000, ""))
			<-done
			assert.Equal(t, server.ownClose(1000, ""), p.heard())
		})
	})
	t.Run("the peer does not answer", func(t *testing.T) {
		server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
			done := serving(forever, c, Handler{Open: func(c *Conn) { c.Close(1000, "") }})
			start := time.Now()
			assert.ErrorIs(t, asClose(t, <-done), errNoAnswer)
			assert.Equal(t, DefaultCloseTimeout, time.Since(start))
		})
	})
	t.Run("a code that may not be sent changes nothing", func(t *testing.T) {
		server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
			serving(forever, c, Handler{Message: func(c *Conn, typ MessageType, p []byte) {
				asRule(t, c.Close(1006, ""))
				c.Write(forever, typ, p)
			}})
			p.send(server.frame(0x81, "a"))
			assert.Equal(t, server.own(0x81, "a"), p.heard())
		})
	})
	t.Run("CloseNow", func(t *testing.T) {
		server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
			count := 0
			done := serving(forever, c, Handler{Message: func(c *Conn, _ MessageType, _ []byte) { count++; c.CloseNow() }})
			p.send(append(server.frame(0x81, "a"), server.frame(0x81, "b")...))
			assert.ErrorIs(t, <-done, errClosedNow)
			assert.Equal(t, 1, count, "nothing more is delivered")
			assert.Empty(t, p.heard())
			assert.True(t, p.hungUp())
		})
	})
}

func TestServeCloseFromElsewhere(t *testing.T) {
	server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
		done := serving(forever, c, Handler{})
		synctest.Wait()
		assert.NoError(t, c.Close(1000, "does not wait"))
		assert.Equal(t, server.ownClose(1000, "does not wait"), p.heard())
		p.send(server.close(1000, ""))
		assert.True(t, asClose(t, <-done).Clean)
		assert.NoError(t, c.Close(1000, ""))
	})
}

func TestServeIsTheOnlyReader(t *testing.T) {
	server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
		serving(forever, c, Handler{Message: func(c *Conn, typ MessageType, p []byte) {
			_, _, err := c.Read(forever)
			assert.ErrorIs(t, err, ErrConcurrentRead)
			assert.ErrorIs(t, c.Serve(forever, Handler{}), ErrConcurrentRead)
			c.Write(forever, typ, p)
		}})
		p.send(server.frame(0x81, "a"))
		assert.Equal(t, server.own(0x81, "a"), p.heard())
	})
}

func TestServeOfAConnectionThatHasEnded(t *testing.T) {
	server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
		c.CloseNow()
		err := c.Serve(forever, Handler{
			Open:  func(*Conn) { t.Error("opened") },
			Close: func(*Conn, *CloseError) { t.Error("closed") },
		})
		assert.Same(t, c.Err(), err)
	})
}

// Serve takes over from a Read that gave up, wherever in a message that was.
func TestServeGoesOnWhereReadGaveUp(t *testing.T) {
	parts := [][]byte{
		server.frame(0x01, ""), server.frame(0x89, "ping"), server.frame(0x00, "Hel"), server.frame(0x80, "lo"), server.frame(0x81, "again"),
	}
	all := bytes.Join(parts, nil)
	for cut := range all {
		server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
			ctx, cancel := context.WithCancel(forever)
			read := make(chan error)
			go func() {
				_, _, err := c.Read(ctx)
				read <- err
			}()
			p.send(all[:cut])
			synctest.Wait()
			var got []string
			cancel()
			if err := <-read; err == nil {
				got = append(got, "Hello") // all of it was there
			}
			serving(forever, c, Handler{Message: func(_ *Conn, _ MessageType, p []byte) { got = append(got, string(p)) }})
			p.send(all[cut:])
			assert.Equal(t, server.own(0x8a, "ping"), p.heard())
			require.Equal(t, []string{"Hello", "again"}, got, "cut at %d", cut)
		})
	}
}

func TestServeWriteErrors(t *testing.T) {
	t.Run("6455-5.6-1 what may not be sent is refused, and the connection goes on", func(t *testing.T) {
		server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
			serving(forever, c, Handler{Message: func(c *Conn, _ MessageType, _ []byte) {
				asRule(t, c.Write(forever, Text, []byte{0xff}))
				assert.Error(t, c.Write(forever, frames.Ping, nil))
				c.Write(forever, Text, []byte("ok"))
			}})
			p.send(server.frame(0x81, "a"))
			assert.Equal(t, server.own(0x81, "ok"), p.heard())
		})
	})
	t.Run("6455-7.1.7-5 after a write has failed nothing more is delivered", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a, b := net.Pipe()
			broken := errors.New("the cable is cut")
			c := server.conn(&failing{a, 0, broken}, quiet)
			count := 0
			done := serving(forever, c, Handler{Message: func(c *Conn, typ MessageType, p []byte) {
				count++
				err := c.Write(forever, typ, make([]byte, 2*maxHeld)) // too much to gather
				assert.ErrorIs(t, err, broken)
				assert.False(t, asClose(t, err).Clean)
			}})
			go io.Copy(io.Discard, b)
			b.Write(bytes.Repeat(server.frame(0x81, "a"), 5))
			assert.ErrorIs(t, <-done, broken)
			assert.Equal(t, 1, count)
		})
	})
	t.Run("6455-7.1.7-5 so it is when the replies of a batch cannot leave", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a, b := net.Pipe()
			broken := errors.New("the cable is cut")
			c := server.conn(&failing{a, 10, broken}, quiet)
			var end *CloseError
			done := serving(forever, c, Handler{
				Message: echoing.Message,
				Close:   func(_ *Conn, err *CloseError) { end = err },
			})
			go io.Copy(io.Discard, b)
			b.Write(bytes.Repeat(server.frame(0x81, "Hello"), 5))
			assert.ErrorIs(t, <-done, broken)
			assert.ErrorIs(t, end, broken)
		})
	})
}
