package rfc6455

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/frames"
)

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

// Proves 6455-5.5.1-4, 6455-6.1-2.
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
