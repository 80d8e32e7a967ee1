package rfc6455

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/frames"
	"example.com/ws101/handshake"
)

// The bytes in which RFC 6455 section 5.7 shows what a frame looks like.
var rfcExamples = []struct {
	name    string
	bytes   string
	masked  bool
	message message // of the whole, unless it is a control frame
}{
	{"a single-frame unmasked text message", "81 05 48 65 6c 6c 6f", false, message{Text, "Hello"}},
	{"a single-frame masked text message", "81 85 37 fa 21 3d 7f 9f 4d 51 58", true, message{Text, "Hello"}},
	{"a fragmented unmasked text message", "01 03 48 65 6c 80 02 6c 6f", false, message{Text, "Hello"}},
	{"an unmasked ping", "89 05 48 65 6c 6c 6f", false, message{}},
	{"a masked pong", "8a 85 37 fa 21 3d 7f 9f 4d 51 58", true, message{}},
	{"256 bytes of binary", "82 7e 01 00" + strings.Repeat(" 2a", 256), false, message{Binary, strings.Repeat("*", 256)}},
	{"64 KiB of binary", "82 7f 00 00 00 00 00 01 00 00" + strings.Repeat(" 2a", 65536), false, message{Binary, strings.Repeat("*", 65536)}},
}

func TestRFCExamplesAreRead(t *testing.T) {
	for _, x := range rfcExamples {
		t.Run("6455-5.2-8 "+x.name, func(t *testing.T) {
			r := role{client: !x.masked}
			r.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
				read := startReading(c)
				p.send(unhex(x.bytes))
				if x.message.t == 0 {
					assert.Empty(t, read.messages())
				} else {
					assert.Equal(t, []message{x.message}, read.messages())
				}
				switch answer := p.heard(); {
				case strings.Contains(x.name, "ping"):
					// The client's answer is the RFC's masked pong.
					assert.Equal(t, "8a 85 37 fa 21 3d 7f 9f 4d 51 58", answer)
				default:
					assert.Empty(t, answer)
				}
			})
		})
	}
}

func TestRFCExamplesAreWritten(t *testing.T) {
	for _, x := range rfcExamples {
		if x.message.t == 0 || strings.Contains(x.name, "fragmented") {
			continue // the one is an answer, and we choose where to fragment
		}
		t.Run("6455-5.2-8 "+x.name, func(t *testing.T) {
			r := role{client: x.masked}
			r.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
				require.NoError(t, c.Write(forever, x.message.t, []byte(x.message.data)))
				assert.Equal(t, x.bytes, p.heard())
			})
		})
	}
	t.Run("6455-5.5.3-1 a server's pong", func(t *testing.T) {
		role{}.bubble(t, quiet, func(t *testing.T, c *Conn, p *peer) {
			startReading(c)
			p.send(unhex("89 85 37 fa 21 3d 7f 9f 4d 51 58"))
			assert.Equal(t, "8a 05 48 65 6c 6c 6f", p.heard())
		})
	})
}

// A line of a transcript: who sends, and what.
type line struct {
	from  string // "client" or "server"
	bytes string // in hex, or a head of the handshake
}

func (l line) wire() []byte {
	if strings.Contains(l.bytes, "HTTP/1.1") {
		return []byte(l.bytes)
	}
	return unhex(l.bytes)
}

const (
	chatRequest = "GET /chat HTTP/1.1\r\n" +
		"Host: server.example.com\r\n" +
		"Upgrade: websocket\r\n" +
		"Connection: Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
		"Origin: http://example.com\r\n" +
		"Sec-WebSocket-Protocol: chat, superchat\r\n" +
		"Sec-WebSocket-Version: 13\r\n\r\n"
	chatAnswer = "HTTP/1.1 101 Switching Protocols\r\n" +
		"Upgrade: websocket\r\n" +
		"Connection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" +
		"Sec-WebSocket-Protocol: chat\r\n\r\n"
)

// play lets the peer say its lines, and checks that the side under test says
// all of the others, byte for byte.
func (p *peer) play(own string, lines []line) {
	p.t.Helper()
	for i, l := range lines {
		if l.from == own {
			assert.Equalf(p.t, tohex(l.wire()), p.heard(), "line %d", i+1)
		} else {
			p.send(l.wire())
		}
	}
	assert.Empty(p.t, p.heard(), "after the last line")
}

func TestWholeConversationOfAServer(t *testing.T) {
	// An echo server, and a client whose every byte is here. RFC 6455 sections
	// 1.3 and 5.7.
	lines := []line{
		{"client", chatRequest},
		{"server", chatAnswer},
		{"client", "81 85 37 fa 21 3d 7f 9f 4d 51 58"}, // "Hello"
		{"server", "81 05 48 65 6c 6c 6f"},
		{"client", "01 83 37 fa 21 3d 7f 9f 4d"},       // "Hel"
		{"client", "89 85 37 fa 21 3d 7f 9f 4d 51 58"}, // a ping between fragments
		{"server", "8a 05 48 65 6c 6c 6f"},
		{"client", "80 82 37 fa 21 3d 5b 95"}, // "lo"
		{"server", "81 05 48 65 6c 6c 6f"},
		{"client", "82 80 37 fa 21 3d"}, // nothing, in binary
		{"server", "82 00"},
		{"client", "88 85 37 fa 21 3d 34 12 43 44 52"}, // 1000 "bye"
		{"server", "88 02 03 e8"},
	}
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		p := newPeer(t, b)
		ended := make(chan error, 1)
		go func() {
			c, _, err := Accept(forever, a, &AcceptOptions{
				Origin:       func(*handshake.Request) error { return nil },
				Subprotocols: []string{"chat"},
			})
			if err != nil {
				ended <- err
				return
			}
			for {
				kind, data, err := c.Read(forever)
				if err != nil {
					ended <- err
					return
				}
				if err := c.Write(forever, kind, data); err != nil {
					ended <- err
					return
				}
			}
		}()
		p.play("server", lines)
		assert.True(t, p.hungUp(), "6455-5.5.1-8 the server ends the socket")
		assert.Equal(t, &CloseError{Code: 1000, Reason: "bye", Sent: 1000, Remote: true, Clean: true}, <-ended)
	})
}

func TestWholeConversationOfAClient(t *testing.T) {
	lines := []line{
		{"client", chatRequest},
		{"server", chatAnswer},
		{"client", "81 85 37 fa 21 3d 7f 9f 4d 51 58"}, // "Hello"
		{"server", "01 03 48 65 6c"},
		{"server", "89 05 48 65 6c 6c 6f"}, // a ping between fragments
		{"client", "8a 85 37 fa 21 3d 7f 9f 4d 51 58"},
		{"server", "80 02 6c 6f"},
		{"client", "88 85 37 fa 21 3d 34 12 43 44 52"}, // 1000 "bye"
		{"server", "88 02 03 e8"},
	}
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		p := newPeer(t, b)
		type result struct{ read, closed, end error }
		done := make(chan result, 1)
		go func() {
			c, _, err := Client(forever, a, "ws://server.example.com/chat", &DialOptions{
				Options:      Options{Rand: io.MultiReader(strings.NewReader("the sample nonce"), fixedKeys(rfcKey))},
				Origin:       "http://example.com",
				Subprotocols: []string{"chat", "superchat"},
			})
			if err != nil {
				done <- result{read: err}
				return
			}
			c.Write(forever, Text, []byte("Hello"))
			_, data, err := c.Read(forever)
			if err == nil && string(data) != "Hello" {
				err = errors.New("the echo is " + string(data))
			}
			done <- result{err, c.Close(frames.CloseNormal, "bye"), c.Err()}
		}()
		p.play("client", lines)
		assert.False(t, p.hungUp(), "6455-5.5.1-9 the client waits for the server's end")
		p.nc.Close()
		r := <-done
		assert.NoError(t, r.read)
		assert.NoError(t, r.closed)
		assert.Equal(t, &CloseError{Code: 1000, Sent: 1000, Clean: true}, r.end)
	})
}

// conversation is what a peer of this role sends, message by message, with what
// has arrived whole after each frame.
func (r role) conversation() (all []byte, arrived map[int]int) {
	arrived = map[int]int{0: 0}
	n := 0
	for _, f := range []struct {
		b        []byte
		messages int
	}{
		{r.frame(0x81, "Hello"), 1},
		{r.frame(0x89, "are you there"), 0},
		{r.frame(0x01, "你"), 0},
		{r.frame(0x8a, ""), 0},
		{r.frame(0x00, ""), 0},
		{r.frame(0x80, "好"), 1},
		{r.frame(0x82, strings.Repeat("*", 126)), 1},
		{r.frame(0x82, ""), 1},
		{r.close(1001, "bye"), 0},
	} {
		all = append(all, f.b...)
		n += f.messages
		arrived[len(all)] = n
	}
	for i := range all { // between the ends of frames, nothing is new
		if _, ok := arrived[i]; !ok {
			arrived[i] = arrived[i-1]
		}
	}
	return all, arrived
}

// checkCut checks how a conversation ended of which the peer sent only some.
func checkCut(t *testing.T, cut, whole int, e *CloseError, sent CloseCode) {
	t.Helper()
	if cut == whole {
		assert.True(t, e.Clean, "%v", e)
		assert.EqualValues(t, 1001, e.Code)
		assert.Equal(t, "bye", e.Reason)
		assert.NoError(t, e.Err)
		return
	}
	assert.False(t, e.Clean)
	assert.Equal(t, frames.CloseAbnormal, e.Code)
	assert.Empty(t, e.Reason)
	assert.Equal(t, sent, e.Sent)
	assert.ErrorIs(t, e, io.ErrUnexpectedEOF)
}

func TestCutAfterEveryByte(t *testing.T) {
	for _, r := range roles {
		all, arrived := r.conversation()
		for cut := 0; cut <= len(all); cut++ {
			synctest.Test(t, func(t *testing.T) { // a goroutine left behind fails here
				a, b := net.Pipe()
				c, p := r.conn(a, Options{}), newPeer(t, b)
				read := startReading(c)
				p.send(all[:cut])
				assert.Lenf(t, read.messages(), arrived[cut], "messages in %d bytes", cut)
				b.Close()
				checkCut(t, cut, len(all), read.ended(t), 0)
				<-c.Done()
			})
			if t.Failed() {
				t.Fatalf("6455-7.2.1-2 %s, cut after byte %d", r.name, cut)
			}
		}
	}
}

func TestCutAfterEveryByteWhileWeClose(t *testing.T) {
	for _, r := range roles {
		all, _ := r.conversation()
		for cut := 0; cut <= len(all); cut++ {
			for _, reading := range []bool{false, true} {
				synctest.Test(t, func(t *testing.T) {
					a, b := net.Pipe()
					c, p := r.conn(a, Options{}), newPeer(t, b)
					if reading {
						startReading(c)
					}
					closed := make(chan error, 1)
					go func() { closed <- c.Close(4000, "enough") }()
					assert.Equal(t, r.ownClose(4000, "enough"), p.heard())
					p.send(all[:cut])
					for _, sent := range parseSent(t, r, unhex(p.heard())) {
						assert.Equal(t, frames.Pong, sent.op, "6455-5.5.1-4 no data follows a Close frame")
					}
					b.Close()
					if err := <-closed; cut == len(all) {
						assert.NoError(t, err)
					} else {
						assert.Equal(t, c.Err(), err)
					}
					checkCut(t, cut, len(all), asClose(t, c.Err()), 4000)
					<-c.Done()
				})
				if t.Failed() {
					t.Fatalf("6455-7.2.1-2 %s, cut after byte %d, reading %v", r.name, cut, reading)
				}
			}
		}
	}
}

// The peer stops taking our bytes after each of them.
func TestWriteCutAfterEveryByte(t *testing.T) {
	errCut := errors.New("the cable is cut")
	for _, r := range roles {
		all, _ := r.conversation()
		for left := 0; ; left++ {
			enough := false
			synctest.Test(t, func(t *testing.T) {
				a, b := net.Pipe()
				cable := &failing{a, left, errCut}
				c, p := r.conn(cable, Options{}), newPeer(t, b)
				ended := make(chan error, 1)
				go func() {
					for {
						kind, data, err := c.Read(forever)
						if err == nil {
							err = c.Write(forever, kind, data)
						}
						if err != nil {
							ended <- err
							return
						}
					}
				}()
				b.Write(all) // fails when the connection has ended
				synctest.Wait()
				b.Close()
				e := asClose(t, <-ended)
				assert.Equal(t, c.Err(), e)
				if enough = e.Clean; !enough {
					if cable.left == 0 && e.Code == frames.CloseAbnormal {
						assert.ErrorIs(t, e, errCut)
					}
					assert.Less(t, len(unhex(p.heard())), 300)
				}
				<-c.Done()
			})
			if t.Failed() {
				t.Fatalf("6455-7.2.1-2 %s, %d bytes could be written", r.name, left)
			}
			if enough {
				break
			}
		}
	}
}

// The same on a real socket, which is waited for without a buffer.
func TestCutOnTCP(t *testing.T) {
	for _, s := range sockets[1:] {
		for _, r := range roles {
			t.Run("6455-7.2.1-2 "+s.name+" "+r.name, func(t *testing.T) {
				all, arrived := r.conversation()
				for cut := 0; cut <= len(all); cut += 1 + cut/20 {
					if cut+1+cut/20 > len(all) {
						cut = len(all)
					}
					a, b := s.make(t)
					c := r.conn(a, Options{})
					read := startReading(c)
					_, err := b.Write(all[:cut])
					require.NoError(t, err)
					end := b
					if w, ok := b.(*wrapped); ok {
						end = w.nc
					}
					require.NoError(t, end.(*net.TCPConn).CloseWrite())
					_, err = io.Copy(io.Discard, b)
					require.NoError(t, err)
					b.Close()
					e := read.ended(t)
					checkCut(t, cut, len(all), e, 0)
					assert.Len(t, read.msgs, arrived[cut])
					<-c.Done()
				}
			})
		}
	}
}

func TestReset(t *testing.T) {
	for _, s := range sockets[1:] {
		for _, r := range roles {
			t.Run("6455-7.2.1-2 "+s.name+" "+r.name, func(t *testing.T) {
				a, b := s.make(t)
				c := r.conn(a, Options{})
				if w, ok := b.(*wrapped); ok {
					b = w.nc
				}
				require.NoError(t, b.(*net.TCPConn).SetLinger(0)) // so that Close sends RST
				require.NoError(t, b.Close())
				_, _, err := c.Read(forever)
				assert.Equal(t, frames.CloseAbnormal, asClose(t, err).Code)
				assert.ErrorContains(t, err, "reset")
				<-c.Done()
			})
		}
	}
}

// A reset may overtake what was sent before it, so what arrives is a part of it.
func TestResetAfterEveryByte(t *testing.T) {
	for _, s := range sockets[1:] {
		for _, r := range roles {
			t.Run("6455-7.2.1-2 "+s.name+" "+r.name, func(t *testing.T) {
				all, arrived := r.conversation()
				for cut := range len(all) + 1 {
					a, b := s.make(t)
					c := r.conn(a, Options{})
					read := startReading(c)
					if w, ok := b.(*wrapped); ok {
						b = w.nc
					}
					require.NoError(t, b.(*net.TCPConn).SetLinger(0)) // so that Close sends RST
					_, err := b.Write(all[:cut])
					require.NoError(t, err)
					require.NoError(t, b.Close())
					e := read.ended(t)
					assert.LessOrEqual(t, len(read.msgs), arrived[cut])
					if e.Code != frames.CloseAbnormal {
						assert.Equal(t, len(all), cut, "the Close has arrived")
						assert.EqualValues(t, 1001, e.Code)
					}
					<-c.Done()
				}
			})
		}
	}
}

// What arrives in one piece behind the handshake is the start of the
// conversation, also when it is cut.
func TestEarlyBytes(t *testing.T) {
	for _, r := range roles {
		all, arrived := r.conversation()
		for early := 0; early <= len(all); early++ {
			synctest.Test(t, func(t *testing.T) {
				a, b := net.Pipe()
				o := Options{Rand: fixedKeys(rfcKey)}
				copied := bytes.Clone(all[:early])
				c := newConn(a, r.client, "", nil, copied, &o)
				clear(copied) // it was copied
				p := newPeer(t, b)
				read := startReading(c)
				assert.Len(t, read.messages(), arrived[early])
				if early < len(all) {
					p.send(all[early:])
				}
				synctest.Wait()
				b.Close()
				checkCut(t, len(all), len(all), read.ended(t), 0)
			})
			if t.Failed() {
				t.Fatalf("6455-4.2.2-13 %s, %d bytes early", r.name, early)
			}
		}
	}
}
