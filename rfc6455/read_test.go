package rfc6455

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/frames"
)

// A result is what one call of Read came to.
type result struct {
	t   MessageType
	p   []byte
	err error
}

// readLater calls Read in a goroutine of its own.
func readLater(ctx context.Context, c *Conn) <-chan result {
	done := make(chan result, 1)
	go func() {
		t, p, err := c.Read(ctx)
		done <- result{t, p, err}
	}()
	return done
}

// giveUp lets a Read begin, wait, and end because its context does.
func giveUp(t *testing.T, c *Conn) {
	t.Helper()
	ctx, cancel := context.WithCancel(forever)
	read := readLater(ctx, c)
	synctest.Wait()
	cancel()
	got := <-read
	require.Equal(t, context.Canceled, got.err)
	require.Nil(t, got.p)
}

// fragmented is a message with everything in it that can be interrupted.
func (r role) fragmented() ([]byte, string) {
	return bytes.Join([][]byte{
		r.frame(0x01, "a你"[:2]), r.frame(0x89, "ping"), r.frame(0x00, ""), r.frame(0x00, "a你"[2:]),
		r.frame(0x8a, ""), r.frame(0x80, strings.Repeat("b", 126)),
	}, nil), "a你" + strings.Repeat("b", 126)
}

func TestReadContextEndsAtEveryByte(t *testing.T) {
	for _, r := range roles {
		all, want := r.fragmented()
		for cut := range all {
			r.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
				done := make(chan struct{})
				go func() { // the peer sends while nobody reads yet
					defer close(done)
					if cut > 0 {
						p.nc.Write(all[:cut])
					}
				}()
				giveUp(t, c)
				<-done
				read := readLater(forever, c)
				p.send(all[cut:])
				got := <-read
				require.NoError(t, got.err)
				assert.Equal(t, Text, got.t)
				assert.Equal(t, want, string(got.p))
				assert.Equal(t, r.own(0x8a, "ping"), p.heard(), "one Pong, and whole")
				assert.NoError(t, c.Err())
			})
			if t.Failed() {
				t.Fatalf("%s, the context ended at byte %d", r.name, cut)
			}
		}
	}
}

func TestReadContextEndsAfterEachByte(t *testing.T) {
	both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
		all, want := r.fragmented()
		for _, b := range all[:len(all)-1] {
			ctx, cancel := context.WithCancel(forever)
			read := readLater(ctx, c)
			p.send([]byte{b})
			synctest.Wait()
			cancel()
			require.ErrorIs(t, (<-read).err, context.Canceled)
		}
		read := readLater(forever, c)
		p.send(all[len(all)-1:])
		got := <-read
		require.NoError(t, got.err)
		assert.Equal(t, want, string(got.p))
		assert.Equal(t, r.own(0x8a, "ping"), p.heard())
	})
}

// The same over TCP, where waiting needs no buffer: the context is one that
// has a deadline in the past once the bytes are there.
func TestReadContextEndsOnTCP(t *testing.T) {
	for _, s := range sockets[1:] {
		for _, r := range roles {
			t.Run(s.name+" "+r.name, func(t *testing.T) {
				all, want := r.fragmented()
				a, b := s.make(t)
				c := r.conn(a, quiet)
				for i, x := range all[:len(all)-1] {
					ctx, cancel := context.WithCancel(forever)
					read := readLater(ctx, c)
					_, err := b.Write([]byte{x})
					require.NoError(t, err)
					if i%2 == 0 {
						cancel() // before the byte is read, or after
					} else {
						time.AfterFunc(0, cancel)
					}
					require.ErrorIs(t, (<-read).err, context.Canceled)
				}
				read := readLater(forever, c)
				_, err := b.Write(all[len(all)-1:])
				require.NoError(t, err)
				got := <-read
				require.NoError(t, got.err)
				assert.Equal(t, want, string(got.p))
				c.CloseNow()
			})
		}
	}
}

func TestReadContextDeadline(t *testing.T) {
	both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
		ctx, cancel := context.WithTimeout(forever, 3*time.Second)
		defer cancel()
		start := time.Now()
		_, _, err := c.Read(ctx)
		assert.Equal(t, context.DeadlineExceeded, err)
		assert.Equal(t, 3*time.Second, time.Since(start))

		read := readLater(forever, c)
		time.Sleep(time.Hour) // no deadline of the first Read is left
		p.send(r.frame(0x81, "late"))
		assert.Equal(t, "late", string((<-read).p))
	})
}

func TestReadContextIsOverBefore(t *testing.T) {
	both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
		read := readLater(forever, c)
		p.send(bytes.Join([][]byte{r.frame(0x81, "one"), r.frame(0x81, "two")}, nil))
		require.Equal(t, "one", string((<-read).p))

		over, cancel := context.WithCancel(forever)
		cancel()
		_, _, err := c.Read(over)
		assert.Equal(t, context.Canceled, err)
		_, _, err = c.Reader(over)
		assert.Equal(t, context.Canceled, err)

		_, b, err := c.Read(forever)
		require.NoError(t, err)
		assert.Equal(t, "two", string(b), "it was there all the time")
	})
}

func TestSecondReader(t *testing.T) {
	both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
		read := readLater(forever, c)
		synctest.Wait()
		_, _, err := c.Read(forever)
		assert.Equal(t, ErrConcurrentRead, err)
		_, _, err = c.Reader(forever)
		assert.Equal(t, ErrConcurrentRead, err)
		assert.Equal(t, ErrConcurrentRead, c.Serve(forever, Handler{}))

		p.send(r.frame(0x81, "undisturbed"))
		assert.Equal(t, "undisturbed", string((<-read).p))
		read = readLater(forever, c)
		p.send(r.frame(0x81, "again"))
		assert.Equal(t, "again", string((<-read).p))
	})
	t.Run("of a stream", func(t *testing.T) {
		role{}.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
			go p.send(frame(true, 0x01, "abc"))
			_, stream, err := c.Reader(forever)
			require.NoError(t, err)
			b := make([]byte, 3)
			_, err = io.ReadFull(stream, b)
			require.NoError(t, err)
			more := make(chan result, 1)
			go func() {
				n, err := stream.Read(b)
				more <- result{p: b[:n], err: err}
			}()
			synctest.Wait()
			_, _, err = c.Read(forever)
			assert.Equal(t, ErrConcurrentRead, err)
			p.send(frame(true, 0x80, "def"))
			assert.Equal(t, "def", string((<-more).p))
		})
	})
}

func TestReadAfterTheEnd(t *testing.T) {
	both(t, quiet, func(t *testing.T, r role, c *Conn, p *peer) {
		c.CloseNow()
		for range 2 {
			_, _, err := c.Read(forever)
			assert.Equal(t, c.Err(), err)
			_, _, err = c.Reader(forever)
			assert.Equal(t, c.Err(), err)
			assert.ErrorIs(t, err, errClosedNow)
		}
	})
}

func TestReadKeepsNothing(t *testing.T) {
	// The slice is the caller's: a later Read does not write into it.
	s := &script{in: bytes.NewReader(bytes.Join([][]byte{frame(true, 0x82, "aaaa"), frame(true, 0x82, "bbbb")}, nil))}
	c := role{}.conn(s, quiet)
	_, first, err := c.Read(forever)
	require.NoError(t, err)
	_, second, err := c.Read(forever)
	require.NoError(t, err)
	assert.Equal(t, "aaaa", string(first))
	assert.Equal(t, "bbbb", string(second))
	assert.Equal(t, 4, cap(first), "no more memory than the message has bytes")
}

// open waits for the next message as a stream while the peer sends b.
func open(t *testing.T, c *Conn, p *peer, b ...[]byte) io.Reader {
	t.Helper()
	go p.nc.Write(bytes.Join(b, nil))
	_, stream, err := c.Reader(forever)
	require.NoError(t, err)
	return stream
}

func TestReader(t *testing.T) {
	server := role{}
	s := server.frame
	t.Run("6455-5.4-7 a stream is a reader like any other", func(t *testing.T) {
		server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
			stream := open(t, c, p, s(0x01, "one "), s(0x89, ""), s(0x00, ""), s(0x00, "two "), s(0x80, "three"), s(0x82, "next"))
			n, err := stream.Read(nil)
			assert.Zero(t, n)
			require.NoError(t, err)
			require.NoError(t, iotest.TestReader(stream, []byte("one two three")))
			_, err = stream.Read(make([]byte, 1))
			assert.Equal(t, io.EOF, err, "and stays at its end")
			_, b, err := c.Read(forever)
			require.NoError(t, err)
			assert.Equal(t, "next", string(b))
			_, err = stream.Read(make([]byte, 1))
			assert.Equal(t, io.EOF, err)
		})
	})
	t.Run("an empty message", func(t *testing.T) {
		server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
			for _, f := range [][]byte{s(0x82, ""), append(s(0x02, ""), s(0x80, "")...)} {
				b, err := io.ReadAll(open(t, c, p, f))
				require.NoError(t, err)
				assert.Empty(t, b)
			}
		})
	})
	for _, next := range []string{"Read", "Reader", "Serve"} {
		t.Run("what is left is skipped by the next "+next, func(t *testing.T) {
			server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
				stream := open(t, c, p, s(0x01, "skip"), s(0x89, "p"), s(0x80, strings.Repeat("this", 100)), s(0x82, "next"), server.close(1000, ""))
				b := make([]byte, 2)
				_, err := stream.Read(b)
				require.NoError(t, err)
				assert.Equal(t, "sk", string(b))
				var got string
				switch next {
				case "Read":
					_, b, err = c.Read(forever)
					require.NoError(t, err)
					got = string(b)
				case "Reader":
					_, r, err := c.Reader(forever)
					require.NoError(t, err)
					b, err := io.ReadAll(r)
					require.NoError(t, err)
					got = string(b)
				case "Serve":
					c.Serve(forever, Handler{Message: func(_ *Conn, _ MessageType, p []byte) { got += string(p) }})
				}
				assert.Equal(t, "next", got)
				if next != "Serve" {
					_, err = stream.Read(b)
					assert.Equal(t, errStaleReader, err)
				}
			})
		})
	}
	t.Run("one read to its last byte is not at its end yet", func(t *testing.T) {
		server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
			stream := open(t, c, p, s(0x81, "all"), s(0x81, "next"))
			_, err := io.ReadFull(stream, make([]byte, 3))
			require.NoError(t, err)
			_, b, err := c.Read(forever)
			require.NoError(t, err)
			assert.Equal(t, "next", string(b))
			_, err = stream.Read(b)
			assert.Equal(t, errStaleReader, err)
		})
	})
	t.Run("skipping can be interrupted and goes on", func(t *testing.T) {
		server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
			open(t, c, p, s(0x01, "skip"))
			giveUp(t, c)
			go p.send(s(0x00, "this"))
			giveUp(t, c)
			go p.nc.Write(append(s(0x80, "too"), s(0x81, "next")...))
			_, b, err := c.Read(forever)
			require.NoError(t, err)
			assert.Equal(t, "next", string(b))
		})
	})
	t.Run("the context holds for the whole stream", func(t *testing.T) {
		server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
			go p.send(s(0x01, "abc"))
			ctx, cancel := context.WithTimeout(forever, time.Second)
			defer cancel()
			_, stream, err := c.Reader(ctx)
			require.NoError(t, err)
			b, err := io.ReadAll(stream)
			assert.Equal(t, context.DeadlineExceeded, err)
			assert.Equal(t, "abc", string(b))
			assert.NoError(t, c.Err())
			go p.nc.Write(append(s(0x80, "rest"), s(0x81, "next")...))
			_, b, err = c.Read(forever)
			require.NoError(t, err)
			assert.Equal(t, "next", string(b))
		})
	})
	t.Run("waiting for it can be given up", func(t *testing.T) {
		server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
			go p.send(s(0x81, "abc")[:4])
			ctx, cancel := context.WithTimeout(forever, time.Second)
			defer cancel()
			_, stream, err := c.Reader(ctx)
			assert.Equal(t, context.DeadlineExceeded, err)
			assert.Nil(t, stream)
			b, err := io.ReadAll(open(t, c, p, s(0x81, "abc")[4:]))
			require.NoError(t, err)
			assert.Equal(t, "abc", string(b))
		})
	})
	t.Run("6455-8.1-1 bad text after part of it was read", func(t *testing.T) {
		server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
			stream := open(t, c, p, s(0x01, "good"), s(0x80, "bad\xff"))
			b, err := io.ReadAll(stream)
			assert.Equal(t, "good", string(b))
			assert.Equal(t, "6455-8.1-1", asRule(t, err).Rule)
			assert.Equal(t, frames.CloseInvalidPayload, asClose(t, err).Sent)
		})
	})
	t.Run("6455-7.2.1-2 the peer is gone in the middle", func(t *testing.T) {
		server.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
			stream := open(t, c, p, s(0x01, "half"))
			b := make([]byte, 4)
			_, err := io.ReadFull(stream, b)
			require.NoError(t, err)
			p.nc.Close()
			_, err = stream.Read(b)
			assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
			assert.Equal(t, frames.CloseAbnormal, asClose(t, err).Code)
		})
	})
}

// A Read that gave up has gathered bytes already; whoever is next gets them.
func TestAfterAnAbortedRead(t *testing.T) {
	for _, r := range roles {
		all, want := r.fragmented()
		for cut := range all {
			for _, next := range []string{"Reader", "Reader and then Read", "Serve"} {
				r.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
					if cut > 0 {
						go p.send(all[:cut])
					}
					giveUp(t, c)
					go p.nc.Write(bytes.Join([][]byte{all[cut:], r.frame(0x82, "next"), r.close(1000, "")}, nil))
					switch next {
					case "Reader":
						kind, stream, err := c.Reader(forever)
						require.NoError(t, err)
						assert.Equal(t, Text, kind)
						b, err := io.ReadAll(iotest.OneByteReader(stream))
						require.NoError(t, err)
						assert.Equal(t, want, string(b))
					case "Reader and then Read":
						_, _, err := c.Reader(forever)
						require.NoError(t, err)
						_, b, err := c.Read(forever)
						require.NoError(t, err)
						assert.Equal(t, "next", string(b), "all of the first message was skipped")
					case "Serve":
						var got []message
						c.Serve(forever, Handler{Message: func(_ *Conn, t MessageType, p []byte) {
							got = append(got, message{t, string(p)})
						}})
						assert.Equal(t, []message{{Text, want}, {Binary, "next"}}, got)
					}
				})
				if t.Failed() {
					t.Fatalf("%s, Read gave up at byte %d, then %s", r.name, cut, next)
				}
			}
		}
	}
}

// A Read gives up inside a message of which no byte has come yet: its first
// fragment is empty, and a Ping has followed.
func TestAfterAnAbortedReadOfNothing(t *testing.T) {
	for _, r := range roles {
		for _, gap := range []struct {
			name  string
			frame []byte
		}{{"nothing", nil}, {"a ping", r.frame(0x89, "")}, {"a pong", r.frame(0x8a, "x")}} {
			for _, next := range receivers {
				t.Run(fmt.Sprintf("6455-5.4-4 %s, %s after the empty fragment, then %s", r.name, gap.name, next.name), func(t *testing.T) {
					r.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
						go p.send(append(r.frame(0x01, ""), gap.frame...))
						giveUp(t, c)
						go p.nc.Write(append(r.frame(0x80, "abc"), r.close(1000, "")...))
						got, _ := next.all(c, newRandom())
						assert.Equal(t, []message{{Text, "abc"}}, got)
					})
				})
			}
		}
	}
}

// stuck is a socket whose peer stops in the middle: after in, reads time out.
type stuck struct {
	script
	in []byte
}

func (s *stuck) Read(p []byte) (int, error) {
	if len(s.in) == 0 {
		return 0, os.ErrDeadlineExceeded
	}
	n := copy(p, s.in)
	s.in = s.in[n:]
	return n, nil
}

func TestReadMakesRoomAsBytesArrive(t *testing.T) {
	const announced = 1 << 20
	head := frames.AppendHeader(nil, frames.Header{Fin: true, Opcode: frames.Binary, Length: announced})
	s := &stuck{}
	c := role{client: true}.conn(s, quiet)
	s.in = head
	_, _, err := c.Read(forever)
	require.True(t, isTimeout(err))
	assert.LessOrEqual(t, cap(c.gathered), firstAlloc, "6455-10.4-1 a header alone")
	for n := 1; n < announced; n += n {
		s.in = make([]byte, n-len(c.gathered))
		_, _, err := c.Read(forever)
		require.True(t, isTimeout(err))
		require.Len(t, c.gathered, n)
		assert.LessOrEqualf(t, cap(c.gathered), firstAlloc+4*n, "6455-10.4-1 after %d bytes", n)
	}
	s.in = make([]byte, announced-len(c.gathered))
	_, p, err := c.Read(forever)
	require.NoError(t, err)
	assert.Len(t, p, announced)
	assert.LessOrEqual(t, cap(p), announced+announced/4, "room for what was announced, and little more")
}

func TestReadCopiesLittle(t *testing.T) {
	// A message in many small fragments must not be copied for each of them.
	const fragments = 20000
	b := frame(false, 0x02, "abcd")
	for range fragments {
		b = append(b, frame(false, 0x00, "abcd")...)
	}
	b = append(b, frame(false, 0x80, "abcd")...)
	allocs := testing.AllocsPerRun(5, func() {
		c := role{client: true}.conn(&script{in: bytes.NewReader(b)}, quiet)
		_, p, err := c.Read(forever)
		require.NoError(t, err)
		require.Len(t, p, 4*(fragments+2))
	})
	assert.Less(t, allocs, 60.0)
}

// A socket that says "nothing, and no error" is asked again.
func TestReadOfNothing(t *testing.T) {
	c := role{client: true}.conn(&hesitant{script: script{in: bytes.NewReader(frame(false, 0x81, "Hello"))}}, quiet)
	_, p, err := c.Read(forever)
	require.NoError(t, err)
	assert.Equal(t, "Hello", string(p))
}

// hesitant returns 0 bytes every other time.
type hesitant struct {
	script
	n int
}

func (h *hesitant) Read(p []byte) (int, error) {
	h.n++
	if h.n%2 == 1 {
		return 0, nil
	}
	return h.in.Read(p[:1])
}

// Bad text ends the connection with its first impossible byte, though the frame
// around it is not finished and may never be.
func TestBadTextFailsFast(t *testing.T) {
	for _, r := range roles {
		for _, way := range append(ways[:3:3], struct {
			name string
			read func(*Conn) error
		}{"NetConn", func(c *Conn) error {
			_, err := io.Copy(io.Discard, c.NetConn(Text))
			return err
		}}) {
			t.Run("6455-8.1-1 6455-7.1.7-4 "+r.name+" "+way.name, func(t *testing.T) {
				r.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
					done := later(func() error { return way.read(c) })
					frame := r.frame(0x81, "good \xe4\xbd"+"bad"+strings.Repeat(".", 100))
					const first = len("good \xe4\xbd") // bytes that are fine
					head := len(frame) - first - len("bad") - 100
					p.send(frame[:head+first])
					assert.Empty(t, p.heard(), "it can still be finished")
					p.send(frame[head+first : head+first+1])
					sent := parseSent(t, r, unhex(p.heard()))
					require.Len(t, sent, 1)
					assert.Equal(t, frames.Close, sent[0].op)
					assert.Equal(t, "\x03\xef", sent[0].payload[:2])
					p.nc.Close()
					assert.Equal(t, "6455-8.1-1", asRule(t, <-done).Rule)
				})
			})
		}
	}
}
