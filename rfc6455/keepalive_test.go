package rfc6455

import (
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/frames"
)

func TestKeepAliveFindsTheDead(t *testing.T) {
	for name, o := range map[string]Options{"by default": {}, "as told": {KeepAlive: 4 * time.Second}} {
		every := orDefault(o.KeepAlive, DefaultKeepAlive)
		t.Run(name, func(t *testing.T) {
			both(t, o, func(t *testing.T, r role, c *Conn, p *peer) {
				start := time.Now()
				read := startReading(c)
				time.Sleep(every - 1)
				assert.Empty(t, p.heard())
				time.Sleep(time.Nanosecond)
				assert.Equal(t, r.own(0x89, ""), p.heard(), "a Ping after one interval")
				e := read.ended(t)
				assert.Equal(t, 2*every, time.Since(start), "the end after two")
				assert.Equal(t, &CloseError{Code: frames.CloseAbnormal, Err: errDead}, e)
				assert.Empty(t, p.heard())
				assert.True(t, p.hungUp())
			})
		})
	}
	t.Run("under Serve, and Close waits for nothing then", func(t *testing.T) {
		both(t, Options{}, func(t *testing.T, r role, c *Conn, p *peer) {
			assert.ErrorIs(t, c.Serve(forever, Handler{}), errDead)
			assert.ErrorIs(t, c.Close(1000, ""), errDead)
		})
	})
}

func TestKeepAliveLetsTheLivingBe(t *testing.T) {
	every := DefaultKeepAlive
	t.Run("who answers", func(t *testing.T) {
		both(t, Options{}, func(t *testing.T, r role, c *Conn, p *peer) {
			startReading(c)
			for range 20 {
				time.Sleep(every)
				if p.heard() == r.own(0x89, "") {
					p.send(r.frame(0x8a, ""))
				}
			}
			assert.NoError(t, c.Err())
		})
	})
	t.Run("who talks is not even asked", func(t *testing.T) {
		both(t, Options{}, func(t *testing.T, r role, c *Conn, p *peer) {
			startReading(c)
			for range 100 {
				time.Sleep(every / 2)
				p.send(r.frame(0x82, ""))
			}
			assert.Empty(t, p.heard())
			assert.NoError(t, c.Err())
		})
	})
	t.Run("who sends one byte at a time", func(t *testing.T) {
		both(t, Options{}, func(t *testing.T, r role, c *Conn, p *peer) {
			read := startReading(c)
			for _, b := range r.frame(0x81, "slow, and yet alive") {
				time.Sleep(every - time.Second)
				p.send([]byte{b})
			}
			assert.Len(t, read.messages(), 1)
			assert.NoError(t, c.Err())
		})
	})
	t.Run("two of ours", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a, b := pipePair(t)
			server, client := role{}.conn(a, Options{KeepAlive: -1}), role{client: true}.conn(b, Options{})
			startReading(server)
			startReading(client)
			time.Sleep(time.Hour)
			assert.NoError(t, server.Err())
			assert.NoError(t, client.Close(1000, ""))
		})
	})
	t.Run("turned off", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			startReading(c)
			time.Sleep(1000 * time.Hour)
			assert.Empty(t, p.heard())
			assert.NoError(t, c.Err())
		})
	})
}

// Bytes may lie unread: only a reader that waits can tell that none come.
func TestKeepAliveDoesNotJudgeABusyReader(t *testing.T) {
	t.Run("nobody reads", func(t *testing.T) {
		both(t, Options{}, func(t *testing.T, r role, c *Conn, p *peer) {
			time.Sleep(time.Hour)
			assert.NoError(t, c.Err())
			assert.Empty(t, p.heard())
		})
	})
	t.Run("a handler takes long", func(t *testing.T) {
		both(t, Options{}, func(t *testing.T, r role, c *Conn, p *peer) {
			done := later(func() error {
				return c.Serve(forever, Handler{Message: func(*Conn, MessageType, []byte) { time.Sleep(time.Hour) }})
			})
			p.send(r.frame(0x81, "think"))
			time.Sleep(time.Hour - 1)
			assert.NoError(t, c.Err())
			go p.nc.Write(r.close(1000, ""))
			time.Sleep(time.Second)
			p.nc.Close()
			assert.True(t, asClose(t, <-done).Clean)
		})
	})
	t.Run("it waits again a moment before the second tick", func(t *testing.T) {
		both(t, Options{}, func(t *testing.T, r role, c *Conn, p *peer) {
			time.Sleep(2*DefaultKeepAlive - 1)
			start := time.Now()
			read := startReading(c)
			e := read.ended(t)
			assert.ErrorIs(t, e, errDead)
			assert.Greater(t, time.Since(start), DefaultKeepAlive, "it gets its Ping, and the time to answer")
		})
	})
}

func TestKeepAliveBehindABlockedWriter(t *testing.T) {
	for _, r := range roles {
		t.Run(r.name, func(t *testing.T) {
			r.deaf(t, Options{WriteTimeout: -1}, func(t *testing.T, c *Conn, p *peer) {
				read := startReading(c)
				write := later(func() error { return c.Write(forever, Text, []byte("Hello")) })
				assert.ErrorIs(t, read.ended(t), errDead, "it does not wait for the writer")
				assert.Equal(t, c.Err(), <-write)
			})
		})
		t.Run("the Ping is what blocks, "+r.name, func(t *testing.T) {
			r.deaf(t, Options{}, func(t *testing.T, c *Conn, p *peer) {
				start := time.Now()
				read := startReading(c)
				read.ended(t)
				assert.LessOrEqual(t, time.Since(start), 3*DefaultKeepAlive)
			})
		})
	}
}

// A tick that meets a writer still asks: the Ping leaves behind what is being
// written. A peer that lives and has nothing to say would else be taken for dead.
func TestKeepAliveAsksBehindAWriter(t *testing.T) {
	for _, r := range roles {
		t.Run(r.name, func(t *testing.T) {
			r.deaf(t, Options{}, func(t *testing.T, c *Conn, p *peer) {
				startReading(c)
				time.Sleep(DefaultKeepAlive - time.Second)
				write := later(func() error { return c.Write(forever, Binary, []byte("now")) })
				time.Sleep(2 * time.Second) // the write waits for the peer, over the tick
				p.listen()
				assert.Equal(t, r.own(0x82, "now")+" "+r.own(0x89, ""), p.heard())
				assert.NoError(t, <-write)
				p.send(r.frame(0x8a, ""))
				time.Sleep(DefaultKeepAlive)
				assert.NoError(t, c.Err())
			})
		})
	}
}

func TestKeepAlivePingFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		defer b.Close()
		c := role{}.conn(&failing{a, 1, os.ErrPermission}, Options{})
		newPeer(t, b)
		assert.ErrorIs(t, startReading(c).ended(t), os.ErrPermission)
	})
}

func TestKeepAliveStopsWithTheConnection(t *testing.T) {
	both(t, Options{}, func(t *testing.T, r role, c *Conn, p *peer) {
		startReading(c)
		time.Sleep(DefaultKeepAlive / 2)
		p.send(r.close(1000, ""))
		synctest.Wait()
		p.nc.Close()
		<-c.Done()
		end := c.Err()
		time.Sleep(10 * DefaultKeepAlive)
		assert.Equal(t, end, c.Err())
		assert.False(t, c.pulse.timer.Stop(), "the timer is off")
		c.beat() // one that was just running
		assert.False(t, c.pulse.timer.Stop())
		require.Equal(t, end, c.Err())
	})
}
