package rfc6455

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/frames"
)

// A talk is a list of messages, and one of the many ways to send it: each cut
// into random frames, with control frames in between.
type talk struct {
	messages []message
	wire     []byte // what the peer sends, with a Close frame at the end
	answer   []byte // what must come back: a Pong for each Ping, and a Close
}

var alphabet = []string{"a", "é", "你", "😀", "hello ", "\U0010FFFF", "\x00"}

func randomTalk(random *rand.Rand, r role, largest int) (k talk) {
	for range 1 + random.IntN(6) {
		m := message{Binary, ""}
		size := random.IntN(40)
		if random.IntN(3) == 0 {
			size = random.IntN(largest)
		}
		var b strings.Builder
		if random.IntN(2) == 0 {
			m.t = Text
			for b.Len() < size {
				b.WriteString(alphabet[random.IntN(len(alphabet))])
			}
		} else {
			for range size {
				b.WriteByte(byte(random.IntN(256)))
			}
		}
		m.data = b.String()
		k.messages = append(k.messages, m)
		k.fragment(random, r, m)
	}
	k.wire = append(k.wire, r.close(4321, "that was all")...)
	k.answer = append(k.answer, closeFrame(r.client, 4321, "")...)
	return k
}

// fragment appends m in random frames.
func (k *talk) fragment(random *rand.Rand, r role, m message) {
	b0, rest := byte(m.t), m.data
	for {
		for random.IntN(3) == 0 {
			k.control(random, r)
		}
		n := len(rest)
		switch random.IntN(4) {
		case 0:
			n = 0
		case 1:
			n = random.IntN(n + 1)
		case 2:
			n = min(n, 1+random.IntN(4))
		}
		if n == len(rest) && random.IntN(2) == 0 {
			k.wire = append(k.wire, r.frame(b0|0x80, rest)...)
			return
		}
		k.wire = append(k.wire, r.frame(b0, rest[:n])...)
		b0, rest = 0, rest[n:]
	}
}

func (k *talk) control(random *rand.Rand, r role) {
	payload := strings.Repeat("p", random.IntN(126))
	if random.IntN(2) == 0 {
		k.wire = append(k.wire, r.frame(0x8a, payload)...)
		return
	}
	k.wire = append(k.wire, r.frame(0x89, payload)...)
	k.answer = append(k.answer, frame(r.client, 0x8a, payload)...)
}

// randomly delivers pieces of random size.
type randomly struct {
	r      io.Reader
	random *rand.Rand
}

func (r *randomly) Read(p []byte) (int, error) {
	return r.r.Read(p[:min(len(p), 1+r.random.IntN(600))])
}

type oneByte struct{ r io.Reader }

func (o oneByte) Read(p []byte) (int, error) { return o.r.Read(p[:1]) }

var chunkings = []struct {
	name string
	of   func([]byte, *rand.Rand) io.Reader
}{
	{"in one piece", func(b []byte, _ *rand.Rand) io.Reader { return bytes.NewReader(b) }},
	{"byte by byte", func(b []byte, _ *rand.Rand) io.Reader { return oneByte{bytes.NewReader(b)} }},
	{"in random pieces", func(b []byte, random *rand.Rand) io.Reader { return &randomly{bytes.NewReader(b), random} }},
}

// The ways to receive. Each returns all messages, and how it ended.
var receivers = []struct {
	name string
	all  func(*Conn, *rand.Rand) ([]message, error)
}{
	{"Read", func(c *Conn, _ *rand.Rand) (got []message, err error) {
		for {
			t, p, err := c.Read(forever)
			if err != nil {
				return got, err
			}
			got = append(got, message{t, string(p)})
		}
	}},
	{"Reader", func(c *Conn, random *rand.Rand) (got []message, err error) {
		for {
			t, r, err := c.Reader(forever)
			if err != nil {
				return got, err
			}
			var b []byte
			buf := make([]byte, 1+random.IntN(2*bufferSize))
			for err == nil {
				var n int
				n, err = r.Read(buf[:1+random.IntN(len(buf))])
				b = append(b, buf[:n]...)
			}
			if err != io.EOF {
				return got, err
			}
			got = append(got, message{t, string(b)})
		}
	}},
	{"Read and Reader by turns", func(c *Conn, random *rand.Rand) (got []message, err error) {
		for {
			if random.IntN(2) == 0 {
				t, p, err := c.Read(forever)
				if err != nil {
					return got, err
				}
				got = append(got, message{t, string(p)})
				continue
			}
			t, r, err := c.Reader(forever)
			if err != nil {
				return got, err
			}
			p, err := io.ReadAll(r)
			if err != nil {
				return got, err
			}
			got = append(got, message{t, string(p)})
		}
	}},
	{"Serve", func(c *Conn, _ *rand.Rand) (got []message, err error) {
		err = c.Serve(forever, Handler{Message: func(_ *Conn, t MessageType, p []byte) {
			got = append(got, message{t, string(p)})
		}})
		return got, err
	}},
}

func TestAnyFragmentationInAnyChunks(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for _, r := range roles {
		for _, receiver := range receivers {
			for _, chunking := range chunkings {
				t.Run(fmt.Sprintf("6455-5.4-2 6455-5.4-5 6455-5.4-7 6455-5.5.3-1 %s, %s, %s", r.name, receiver.name, chunking.name), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { // time stands still, so each Pong leaves in time
						for range 30 {
							k := randomTalk(random, r, 1500)
							s := &script{in: chunking.of(k.wire, random)}
							c := r.conn(s, quiet)
							got, err := receiver.all(c, random)
							require.Equalf(t, k.messages, got, "seed %d", seed)
							e := asClose(t, err)
							assert.True(t, e.Clean)
							assert.EqualValues(t, 4321, e.Code)
							require.Equalf(t, tohex(k.answer), s.sent(), "seed %d", seed)
						}
					})
				})
			}
		}
	}
}

// The same with messages that are larger than every buffer, over real sockets.
func TestAnyFragmentationOfLargeMessages(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for _, s := range sockets {
		for _, r := range roles {
			for _, receiver := range receivers {
				t.Run(fmt.Sprintf("6455-5.4-5 6455-5.4-7 %s, %s, %s", s.name, r.name, receiver.name), func(t *testing.T) {
					k := randomTalk(random, r, 300<<10)
					a, b := s.make(t)
					c := r.conn(a, quiet)
					go func() {
						for rest := k.wire; len(rest) > 0; {
							n, err := b.Write(rest[:min(len(rest), 1+rand.IntN(100<<10))])
							if err != nil {
								return
							}
							rest = rest[n:]
						}
					}()
					last := closeFrame(r.client, 4321, "")
					answer := make(chan []byte, 1)
					go func() {
						var p []byte
						for buf := make([]byte, 1<<10); !bytes.HasSuffix(p, last); {
							n, err := b.Read(buf)
							if p = append(p, buf[:n]...); err != nil {
								break
							}
						}
						answer <- p
						b.Close()
					}()
					got, err := receiver.all(c, random)
					assert.EqualValues(t, 4321, asClose(t, err).Code)
					assert.Truef(t, equalMessages(k.messages, got), "the messages differ; seed %d", seed)
					// On a busy machine a Pong may be late, and then only the
					// latest is sent. What is sent is right, and in order.
					due := parseSent(t, r, k.answer)
					for _, f := range parseSent(t, r, <-answer) {
						i := slices.Index(due, f)
						require.NotEqual(t, -1, i, "%v was not due, or not now", f)
						due = due[i+1:]
					}
					assert.Empty(t, due, "the last one is the Close frame")
				})
			}
		}
	}
}

// equalMessages compares without printing, since the messages are large.
func equalMessages(a, b []message) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestKindsInAnySplit(t *testing.T) {
	// 6455-5.4-12: every fragment belongs to the type of the first one, so bad
	// text is found in the last fragment just as in the first.
	for _, r := range roles {
		for _, receiver := range receivers {
			t.Run("6455-5.4-12 6455-8.1-1 "+r.name+" "+receiver.name, func(t *testing.T) {
				b := bytes.Join([][]byte{r.frame(0x02, "\xff"), r.frame(0x80, "\xff"), r.frame(0x01, "a"), r.frame(0x00, "b"), r.frame(0x80, "\xff")}, nil)
				s := &script{in: bytes.NewReader(b)}
				got, err := receiver.all(r.conn(s, quiet), newRandom())
				assert.Equal(t, []message{{Binary, "\xff\xff"}}, got)
				e := asClose(t, err)
				assert.Equal(t, frames.CloseInvalidPayload, e.Sent)
				assert.Equal(t, "6455-8.1-1", asRule(t, err).Rule)
				assert.Equal(t, tohex(closeFrame(r.client, 1007, asRule(t, err).Text)), s.sent())
			})
		}
	}
}
