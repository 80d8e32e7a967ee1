package rfc6455

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/frames"
)

// seen parses what the side under test has sent into frames, unmasked.
type sentFrame struct {
	fin     bool
	op      frames.Opcode
	payload string
}

func parseSent(t *testing.T, r role, b []byte) (list []sentFrame) {
	t.Helper()
	state := frames.State{FromClient: r.client}
	for len(b) > 0 {
		h, n, err := frames.ParseHeader(b)
		require.NoError(t, err)
		require.NotZero(t, n, "a header was cut")
		require.NoError(t, state.Check(h))
		require.LessOrEqual(t, h.Length, uint64(len(b)-n), "a frame was cut")
		p := bytes.Clone(b[n : n+int(h.Length)])
		if h.Masked {
			frames.Mask(h.MaskKey, 0, p)
		}
		list = append(list, sentFrame{h.Fin, h.Opcode, string(p)})
		state = state.After(h)
		b = b[n+int(h.Length):]
	}
	return list
}

func TestWriter(t *testing.T) {
	t.Run("6455-6.1-6 what fits in a buffer is one frame", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			for _, size := range []int{0, 1, 1000, fragmentSize} {
				w, err := c.Writer(forever, Binary)
				require.NoError(t, err)
				b := pattern(size)
				for rest := b; len(rest) > 0; {
					n, err := w.Write(rest[:min(len(rest), 700)])
					require.NoError(t, err)
					rest = rest[n:]
				}
				assert.Empty(t, p.heard(), "nothing before Close")
				require.NoError(t, w.Close())
				assert.Equal(t, r.own(0x82, string(b)), p.heard())
			}
		})
	})
	t.Run("6455-6.1-4 6455-6.1-5 6455-6.1-6 what does not is fragmented", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			for _, size := range []int{fragmentSize + 1, 2 * fragmentSize, 2*fragmentSize + 1, 100_000} {
				w, err := c.Writer(forever, Binary)
				require.NoError(t, err)
				b := pattern(size)
				n, err := w.Write(b)
				require.NoError(t, err)
				assert.Equal(t, size, n)
				require.NoError(t, w.Close())
				assert.Equal(t, pattern(size), b, "6455-10.3-2 untouched")
				op, rest := frames.Binary, string(b)
				for i, f := range parseSent(t, r, unhex(p.heard())) {
					assert.Equal(t, op, f.op, "frame %d", i)
					assert.Equal(t, len(f.payload) == len(rest), f.fin, "frame %d", i)
					require.True(t, strings.HasPrefix(rest, f.payload), "frame %d", i)
					rest = rest[len(f.payload):]
					op = frames.Continuation
				}
				assert.Empty(t, rest)
			}
		})
	})
	t.Run("6455-6.1-6 Close without Write sends an empty message", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			w, err := c.Writer(forever, Text)
			require.NoError(t, err)
			n, err := w.Write(nil)
			assert.Zero(t, n)
			require.NoError(t, err)
			require.NoError(t, w.Close())
			assert.Equal(t, r.own(0x81, ""), p.heard())
			assert.NoError(t, w.Close(), "once more does nothing")
			_, err = w.Write([]byte("x"))
			assert.Equal(t, errWriterClosed, err)
			assert.Empty(t, p.heard())
			require.NoError(t, c.Write(forever, Text, nil), "and the lock was let go once")
		})
	})
	t.Run("a character may be spread over writes and fragments", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			text := "a" + strings.Repeat("你", fragmentSize/3+100)
			require.NotZero(t, (fragmentSize-1)%3, "so the border of the first fragment cuts a character")
			w, err := c.Writer(forever, Text)
			require.NoError(t, err)
			_, err = io.Copy(w, io.MultiReader(strings.NewReader(text[:4]), strings.NewReader(text[4:8]), strings.NewReader(text[8:])))
			require.NoError(t, err)
			require.NoError(t, w.Close())
			var got string
			for _, f := range parseSent(t, r, unhex(p.heard())) {
				got += f.payload
			}
			assert.True(t, text == got)
		})
	})
	t.Run("6455-5.4-4 6455-5.5.2-2 control frames go between fragments", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			startReading(c)
			w, err := c.Writer(forever, Binary)
			require.NoError(t, err)
			_, err = w.Write(make([]byte, fragmentSize+1))
			require.NoError(t, err)
			p.heard()
			p.send(r.frame(0x89, "now"))
			assert.Equal(t, r.own(0x8a, "now"), p.heard(), "while the message is open")
			ping := later(func() error { _, err := c.Ping(forever); return err })
			list := parseSent(t, r, unhex(p.heard()))
			require.Len(t, list, 1)
			assert.Equal(t, frames.Ping, list[0].op)
			p.send(r.frame(0x8a, list[0].payload))
			require.NoError(t, <-ping)
			require.NoError(t, w.Close())
			assert.Equal(t, r.own(0x80, "\x00"), p.heard())
		})
	})
}

func TestWriterBadText(t *testing.T) {
	t.Run("before anything has left, the message is given up", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			for _, end := range []string{"in Write", "in Close"} {
				w, err := c.Writer(forever, Text)
				require.NoError(t, err)
				_, err = w.Write([]byte("good \xe4\xbd"))
				require.NoError(t, err, "it can still be finished")
				if end == "in Write" {
					_, err = w.Write([]byte("a"))
					assert.Equal(t, err, w.Close())
				} else {
					err = w.Close()
				}
				assert.Equal(t, "6455-8.1-1", asRule(t, err).Rule)
				_, again := w.Write([]byte("a"))
				assert.Equal(t, err, again)
			}
			assert.Empty(t, p.heard())
			require.NoError(t, c.Write(forever, Text, []byte("fine")))
			assert.Equal(t, r.own(0x81, "fine"), p.heard())
		})
	})
	t.Run("later the connection fails, since the peer waits for the rest", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			w, err := c.Writer(forever, Text)
			require.NoError(t, err)
			_, err = w.Write(bytes.Repeat([]byte("a"), fragmentSize+1))
			require.NoError(t, err)
			p.heard()
			_, err = w.Write([]byte{0xff})
			assert.Equal(t, "6455-8.1-1", asRule(t, err).Rule)
			assert.Equal(t, r.ownClose(1011, asRule(t, err).Text), p.heard())
			assert.True(t, p.hungUp())
			assert.ErrorIs(t, c.Err(), err)
			assert.Equal(t, frames.CloseInternalError, asClose(t, c.Err()).Sent)
		})
	})
}

func TestWriterContext(t *testing.T) {
	t.Run("before anything has left, the connection stays fine", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			ctx, cancel := context.WithCancel(forever)
			w, err := c.Writer(ctx, Text)
			require.NoError(t, err)
			_, err = w.Write([]byte("half"))
			require.NoError(t, err)
			cancel()
			assert.Equal(t, context.Canceled, w.Close())
			require.NoError(t, c.Write(forever, Text, []byte("fine")))
			assert.Equal(t, r.own(0x81, "fine"), p.heard())
		})
	})
	t.Run("later the connection fails", func(t *testing.T) {
		both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
			ctx, cancel := context.WithCancel(forever)
			w, err := c.Writer(ctx, Binary)
			require.NoError(t, err)
			_, err = w.Write(make([]byte, fragmentSize+1))
			require.NoError(t, err)
			cancel()
			assert.Equal(t, context.Canceled, w.Close())
			list := parseSent(t, r, unhex(p.heard()))
			require.Len(t, list, 2)
			assert.Equal(t, frames.Close, list[1].op)
			assert.True(t, p.hungUp())
			assert.ErrorIs(t, c.Err(), context.Canceled)
			assert.ErrorIs(t, c.Write(forever, Text, nil), context.Canceled)
		})
	})
}

func TestWriterThatIsLeftOpen(t *testing.T) {
	both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
		startReading(c)
		w, err := c.Writer(forever, Binary)
		require.NoError(t, err)
		_, err = w.Write(make([]byte, fragmentSize+1))
		require.NoError(t, err)
		p.heard()

		ctx, cancel := context.WithTimeout(forever, time.Minute)
		defer cancel()
		assert.Equal(t, context.DeadlineExceeded, c.Write(ctx, Text, nil), "others wait")
		waiting := later(func() error { return c.Write(forever, Text, nil) })
		synctest.Wait()
		closed := later(func() error { return c.Close(1000, "") })
		assert.Equal(t, r.ownClose(1000, ""), p.heard(), "6455-5.5.1-6 Close does not wait for it")
		p.send(r.close(1000, ""))
		synctest.Wait()
		p.nc.Close()
		require.NoError(t, <-closed)
		assert.Equal(t, c.Err(), <-waiting)
		_, err = w.Write(make([]byte, 2*fragmentSize))
		assert.Equal(t, c.Err(), err, "6455-6.1-3")
	})
}

func TestWriterWhenTheConnectionCloses(t *testing.T) {
	both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
		w, err := c.Writer(forever, Binary)
		require.NoError(t, err)
		_, err = w.Write(make([]byte, fragmentSize+1))
		require.NoError(t, err)
		p.heard()
		closed := later(func() error { return c.Close(1000, "") })
		assert.Equal(t, r.ownClose(1000, ""), p.heard())
		assert.Equal(t, ErrClosing, w.Close(), "6455-6.1-3 the message is not finished")
		assert.Empty(t, p.heard(), "6455-5.5.1-4")
		_, err = c.Writer(forever, Binary)
		assert.Equal(t, ErrClosing, err)
		p.send(r.close(1000, ""))
		synctest.Wait()
		p.nc.Close()
		require.NoError(t, <-closed)
	})
}

func TestWriterFailsWithTheSocket(t *testing.T) {
	errCut := errors.New("the cable is cut")
	s := &script{in: bytes.NewReader(nil)}
	c := role{}.conn(&failing{s, 10, errCut}, quiet)
	w, err := c.Writer(forever, Binary)
	require.NoError(t, err)
	n, err := w.Write(make([]byte, 3*fragmentSize))
	assert.ErrorIs(t, err, errCut)
	assert.Equal(t, fragmentSize, n, "what was taken")
	assert.Equal(t, err, w.Close())
	assert.ErrorIs(t, c.Err(), errCut)
	assert.Len(t, unhex(s.sent()), 10, "nothing after the cut")
}
