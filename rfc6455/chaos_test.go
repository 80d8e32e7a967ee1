package rfc6455

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"example.com/ws101/frames"
)

// Everything at once: on both sides goroutines read, write, ping, give up and
// close at random moments. Whatever happens, no side may ever see the other
// break a rule, no message may be mixed up, both must end, and no goroutine may
// stay behind (the bubble fails then).
func TestChaos(t *testing.T) {
	first := rand.Uint64()
	for i := range uint64(60) {
		seed := first + i
		synctest.Test(t, func(t *testing.T) { chaos(t, seed) })
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// chance is a source of chance that goroutines share.
type chance struct {
	sync.Mutex
	r *rand.Rand
}

func (c *chance) n(n int) int {
	c.Lock()
	defer c.Unlock()
	return c.r.IntN(n)
}

func (c *chance) time() time.Duration {
	return time.Duration(c.n(20*c.n(10)+1)) * time.Millisecond
}

// context ends after a while, or never.
func (c *chance) context() (context.Context, context.CancelFunc) {
	if c.n(2) == 0 {
		return forever, func() {}
	}
	return context.WithTimeout(forever, c.time())
}

func chaos(t *testing.T, seed uint64) {
	dice := &chance{r: rand.New(rand.NewPCG(seed, 0))}
	a, b := net.Pipe()
	sides := []*Conn{
		role{}.conn(&chunked{a, 1 + dice.n(5000)}, Options{}),
		role{client: true}.conn(&chunked{b, 1 + dice.n(5000)}, Options{}),
	}
	var wg sync.WaitGroup
	for _, c := range sides {
		switch dice.n(4) {
		case 0:
			wg.Go(func() {
				c.Serve(forever, Handler{Message: func(c *Conn, kind MessageType, p []byte) {
					checkSame(t, p)
					if dice.n(3) == 0 {
						c.Write(forever, kind, p)
					}
				}})
			})
		case 1:
			wg.Go(func() { chaosReader(t, dice, c) })
		default:
			wg.Go(func() {
				for c.Err() == nil {
					ctx, cancel := dice.context()
					_, p, err := c.Read(ctx)
					cancel()
					if err == nil {
						checkSame(t, p)
					}
				}
			})
		}
		for range 1 + dice.n(3) {
			wg.Go(func() { chaosWriter(dice, c) })
		}
		wg.Go(func() {
			time.Sleep(time.Duration(dice.n(2000)) * time.Millisecond)
			switch dice.n(4) {
			case 0:
				c.CloseNow()
			case 1:
				time.Sleep(3 * time.Second) // let the other side close
				c.CloseNow()
			default:
				c.Close(1000, "enough")
			}
		})
	}
	for _, c := range sides {
		<-c.Done()
		e := asClose(t, c.Err())
		var rule *frames.Error
		assert.False(t, errors.As(e, &rule), "%v", e)
		assert.NotErrorIs(t, e, errDead, "both are alive")
	}
	wg.Wait()
}

// checkSame fails if p, whose bytes were all the same when it was sent, was
// mixed up.
func checkSame(t *testing.T, p []byte) {
	if len(p) > 0 && !bytes.Equal(p, bytes.Repeat(p[:1], len(p))) {
		t.Error("a message was mixed up")
	}
}

func chaosReader(t *testing.T, dice *chance, c *Conn) {
	for c.Err() == nil {
		ctx, cancel := dice.context()
		_, r, err := c.Reader(ctx)
		for k := dice.n(6); err == nil && k > 0; k-- {
			buf := make([]byte, 1+dice.n(4000))
			var n int
			n, err = r.Read(buf)
			checkSame(t, buf[:n])
		}
		cancel()
	}
}

func chaosWriter(dice *chance, c *Conn) {
	for c.Err() == nil {
		time.Sleep(dice.time())
		p := bytes.Repeat([]byte{byte('a' + dice.n(26))}, dice.n(100)*dice.n(1000))
		ctx, cancel := dice.context()
		if dice.n(10) > 0 {
			ctx = forever // a context that ends in the middle ends the connection
		}
		switch dice.n(5) {
		case 0:
			c.Ping(ctx)
		case 1:
			if m, err := Prepare(Text, p); err == nil {
				c.WritePrepared(ctx, m)
			}
		case 2:
			if w, err := c.Writer(ctx, Binary); err == nil {
				io.Copy(struct{ io.Writer }{w}, bytes.NewReader(p))
				w.Close()
			}
		default:
			c.Write(ctx, Text, p)
		}
		cancel()
		if errors.Is(c.Write(forever, Binary, nil), ErrClosing) {
			return
		}
	}
}
