package rfc6455

import (
	"bytes"
	"net"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// messageSizes are those of the buffers that newMessage takes from a pool.
var messageSizes = [...]int{bufferSize, 2 * bufferSize, 8 * bufferSize, 17 * bufferSize}

func TestMessageBuffers(t *testing.T) {
	for _, test := range []struct{ need, room int }{
		{0, bufferSize}, {1, bufferSize}, {bufferSize, bufferSize},
		{bufferSize + 1, 2 * bufferSize}, {2 * bufferSize, 2 * bufferSize},
		{2*bufferSize + 1, 8 * bufferSize}, {8 * bufferSize, 8 * bufferSize},
		{8*bufferSize + 1, 17 * bufferSize}, {17 * bufferSize, 17 * bufferSize},
		{17*bufferSize + 1, 34*bufferSize + 2},
	} {
		p := newMessage(test.need)
		assert.Empty(t, p)
		assert.Equal(t, test.room, cap(p), test.need)
		putMessage(p)
		putMessage(newMessage(test.need)[:min(1, test.room)]) // in any length
	}
}

func TestMessageBuffersGrow(t *testing.T) {
	p, want := newMessage(0), []byte(nil)
	for i := range 36 {
		part := bytes.Repeat([]byte{byte(i)}, bufferSize)
		want = append(want, part...)
		for len(part) > 0 {
			if len(p) == cap(p) {
				p = growMessage(p)
			}
			n := copy(p[len(p):cap(p)], part)
			p, part = p[:len(p)+n], part[n:]
		}
		require.True(t, bytes.Equal(want, p), "%d bytes", len(want))
	}
	assert.Greater(t, cap(p), 17*bufferSize)
	putMessage(p)
}

func TestInput(t *testing.T) {
	// feed writes b to the other end and lets the input take it.
	feed := func(t *testing.T, in *input, other net.Conn, b []byte) {
		t.Helper()
		done := later(func() error { _, err := other.Write(b); return err })
		have := len(in.bytes())
		for len(in.bytes()) < have+len(b) {
			require.NoError(t, in.fill())
		}
		require.NoError(t, <-done)
	}
	for _, s := range sockets {
		t.Run(s.name+", a header that comes in two pieces", func(t *testing.T) {
			a, b := s.make(t)
			var in input
			in.init(a, nil)
			assert.True(t, s.name == "tcp" || in.raw == nil, "only a plain socket waits without a buffer")
			feed(t, &in, b, []byte("0123456789"))
			in.discard(8)
			assert.Equal(t, "89", string(in.bytes()))
			feed(t, &in, b, []byte("ab"))
			assert.Equal(t, "89ab", string(in.bytes()))
			assert.Nil(t, in.large, "half a header does not hold a large buffer")
			in.discard(4)
			assert.Nil(t, in.large)
			heard, waiting := in.progress()
			assert.EqualValues(t, 2, heard)
			assert.False(t, waiting)
			a.Close()
			assert.Error(t, in.fill())
		})
		t.Run(s.name+", large reads go past the buffer", func(t *testing.T) {
			a, b := s.make(t)
			var in input
			in.init(a, []byte("early"))
			sent := pattern(3 * bufferSize)
			go b.Write(sent)
			got := make([]byte, len("early")+len(sent))
			n, err := in.read(got)
			require.NoError(t, err)
			assert.Equal(t, "early", string(got[:n]), "what is there comes first")
			assert.Nil(t, in.large)
			for n < len(got) {
				k, err := in.read(got[n:])
				require.NoError(t, err)
				n += k
			}
			assert.True(t, bytes.Equal(sent, got[len("early"):]))
			a.Close()
		})
		t.Run(s.name+", a deadline", func(t *testing.T) {
			a, b := s.make(t)
			var in input
			in.init(a, nil)
			a.SetReadDeadline(past)
			assert.ErrorIs(t, in.fill(), os.ErrDeadlineExceeded)
			_, err := in.read(make([]byte, bufferSize))
			assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
			a.SetReadDeadline(noDeadline)
			feed(t, &in, b, []byte("x"))
			assert.Equal(t, "x", string(in.bytes()))
		})
	}
	t.Run("a full read is followed by a large one", func(t *testing.T) {
		a, b := net.Pipe()
		var in input
		in.init(a, nil)
		go b.Write(pattern(200_000))
		require.NoError(t, in.fill())
		assert.Len(t, in.bytes(), smallBuffer)
		in.discard(smallBuffer)
		require.NoError(t, in.fill())
		assert.Len(t, in.bytes(), bufferSize)
		in.discard(bufferSize - 3)
		require.NoError(t, in.fill())
		assert.Len(t, in.bytes(), bufferSize, "and the rest is moved to the front")
		assert.Equal(t, pattern(200_000)[smallBuffer+bufferSize-3:][:bufferSize], in.bytes())
		b.Close()
	})
}

// Only a plain socket is read past its Read method.
func TestRawWait(t *testing.T) {
	a, _ := tcpPair(t)
	for _, nc := range []net.Conn{&wrapped{a}, &embedded{a.(*net.TCPConn)}, &chunked{a, 1}} {
		var in input
		in.init(nc, nil)
		assert.Nil(t, in.raw, "%T", nc)
	}
}

// embedded has the SyscallConn of its socket, as careless wrappers do.
type embedded struct{ *net.TCPConn }

// Where there is a small buffer, frames that gather begin in it, and move over when
// it has become too small. What they are does not change.
func TestFramesGrowOutOfTheSmallBuffer(t *testing.T) {
	for _, r := range roles {
		t.Run(r.name, func(t *testing.T) {
			s := &script{}
			c := r.conn(s, quiet)
			c.out.hold = true
			var want []byte
			for _, size := range []int{0, 100, 125, 126, 300, smallBuffer, 2000} {
				p := pattern(size)
				require.NoError(t, c.Write(forever, Binary, p))
				want = append(want, frame(r.client, 0x82, string(p))...)
				assert.Equal(t, len(want) > smallBuffer, cap(c.out.buf) == bufferSize, "after %d bytes", len(want))
			}
			assert.Empty(t, s.sent())
			c.out.hold = false
			require.NoError(t, c.Write(forever, Text, []byte("Hello")))
			want = append(want, frame(r.client, 0x81, "Hello")...)
			assert.True(t, bytes.Equal(want, s.out.Bytes()))
			assertNoBuffer(t, &c.out)

			// A message that is too large for any buffer, with one in front of it.
			s.out.Reset()
			c.out.hold = true
			require.NoError(t, c.Write(forever, Text, []byte("Hello")))
			c.out.hold = false
			large := pattern(bufferSize + 1)
			require.NoError(t, c.Write(forever, Binary, large))
			want = append(frame(r.client, 0x81, "Hello"), frame(r.client, 0x82, string(large))...)
			assert.True(t, bytes.Equal(want, s.out.Bytes()))
			assertNoBuffer(t, &c.out)
		})
	}
}
