package rfc6455

import (
	"bytes"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/frames"
)

// judge feeds b to a fresh machine one byte at a time.
func judge(fromClient bool, o Options, b ...[]byte) verdict {
	m := newMachine(fromClient, &o)
	return run(&m, bytes.Join(b, nil), func() int { return 1 })
}

// fine asserts that no rule is broken and returns what came.
func fine(t *testing.T, v verdict) []event {
	t.Helper()
	require.Empty(t, v.rule)
	return v.events
}

// broken asserts which rule is broken, and when that is known.
func broken(t *testing.T, v verdict, rule string, code CloseCode, at int) {
	t.Helper()
	assert.Equal(t, rule, v.rule)
	assert.Equal(t, code, v.code)
	assert.Equal(t, at, v.at, "bytes until the error")
}

// Every first byte, FIN and RSV and opcode, in both roles, inside a message and
// outside.
func TestMachineFirstByte(t *testing.T) {
	for _, fromClient := range []bool{false, true} {
		for _, open := range []bool{false, true} {
			for b0 := range 256 {
				b := frame(fromClient, byte(b0), "")
				m := newMachine(fromClient, &Options{})
				if open {
					b = append(frame(fromClient, 0x01, "a"), b...)
				}
				v := run(&m, b, func() int { return 1 })
				op := frames.Opcode(b0 & 15)
				rule := ""
				switch {
				case b0&0x70 != 0:
					rule = "6455-5.2-2"
				case op.IsReserved():
					rule = "6455-5.2-3"
				case op.IsControl() && b0 < 0x80:
					rule = "6455-5.5-2"
				case op == frames.Continuation && !open, (op == frames.Text || op == frames.Binary) && open:
					rule = "6455-5.4-6"
				}
				what := fmt.Sprintf("from client %v, message open %v, first byte %02x", fromClient, open, b0)
				if rule == "" {
					assert.Empty(t, v.rule, what)
					continue
				}
				assert.Equal(t, rule, v.rule, what)
				assert.Equal(t, frames.CloseProtocolError, v.code, what)
				assert.Equal(t, len(b), v.at, what)
				assert.Empty(t, v.events, what)
			}
		}
	}
}

func TestMachineMask(t *testing.T) {
	for _, op := range []byte{0x81, 0x82, 0x88, 0x89, 0x8a} {
		t.Run(fmt.Sprintf("6455-5.1-2 a server takes no unmasked frame %02x", op), func(t *testing.T) {
			broken(t, judge(true, Options{}, []byte{op, 0}), "6455-5.1-2", 1002, 2)
		})
		t.Run(fmt.Sprintf("6455-5.1-4 a client takes no masked frame %02x", op), func(t *testing.T) {
			broken(t, judge(false, Options{}, frame(true, op, "")), "6455-5.1-4", 1002, 6)
		})
	}
	t.Run("6455-6.2-5 payload is unmasked with each frame's own key", func(t *testing.T) {
		v := judge(true, Options{}, unhex("01 83 37 fa 21 3d 7f 9f 4d"), unhex("80 82 01 02 03 04 6d 6d"))
		assert.Equal(t, []event{{frames.Text, "Hello"}}, fine(t, v))
	})
}

func TestMachineLength(t *testing.T) {
	tests := []struct {
		name string
		head string // from a server
		rule string
		left uint64
	}{
		{"0", "82 00", "", 0},
		{"125", "82 7d", "", 125},
		{"126", "82 7e 00 7e", "", 126},
		{"65535", "82 7e ff ff", "", 65535},
		{"65536", "82 7f 00 00 00 00 00 01 00 00", "", 65536},
		{"2^62", "82 7f 40 00 00 00 00 00 00 00", "6455-10.4-1", 0},
		{"2^63-1", "82 7f 7f ff ff ff ff ff ff ff", "6455-10.4-1", 0},
		{"6455-5.2-4 the top bit alone", "82 7f 80 00 00 00 00 00 00 00", "6455-5.2-4", 0},
		{"6455-5.2-4 all bits", "82 7f ff ff ff ff ff ff ff ff", "6455-5.2-4", 0},
		{"6455-5.2-5 125 in 16 bits", "82 7e 00 7d", "6455-5.2-5", 0},
		{"6455-5.2-5 0 in 16 bits", "82 7e 00 00", "6455-5.2-5", 0},
		{"6455-5.2-5 65535 in 64 bits", "82 7f 00 00 00 00 00 00 ff ff", "6455-5.2-5", 0},
		{"6455-5.5-1 a ping of 126", "89 7e 00 7e", "6455-5.5-1", 0},
		{"6455-5.5-1 a close of 2^62", "88 7f 40 00 00 00 00 00 00 00", "6455-5.5-1", 0},
		{"6455-5.5-1 a ping of 125", "89 7d", "", 125},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			head := unhex(test.head)
			m := newMachine(false, &Options{})
			for n := range head {
				took, err := m.header(head[:n])
				require.NoError(t, err)
				require.Zerof(t, took, "of %d bytes", n)
			}
			took, err := m.header(head)
			if test.rule == "" {
				require.NoError(t, err)
				assert.Equal(t, len(head), took)
				assert.True(t, m.inFrame)
				assert.Equal(t, test.left, m.left)
				return
			}
			assert.Equal(t, test.rule, asRule(t, err).Rule)
			assert.Zero(t, took)
		})
	}
}

func TestMachineLongLengths(t *testing.T) {
	o := Options{AllowLongLengths: true}
	t.Run("6455-5.2-5 the option takes longer forms", func(t *testing.T) {
		v := judge(false, o, unhex("81 7e 00 01 61"), unhex("81 7f 00 00 00 00 00 00 00 01 62"), unhex("89 7e 00 01 63"))
		assert.Equal(t, []event{{frames.Text, "a"}, {frames.Text, "b"}, {frames.Ping, "c"}}, fine(t, v))
	})
	t.Run("6455-5.2-4 but not the top bit", func(t *testing.T) {
		broken(t, judge(false, o, unhex("81 7f 80 00 00 00 00 00 00 01")), "6455-5.2-4", 1002, 10)
	})
	t.Run("6455-5.1-2 and no other broken rule", func(t *testing.T) {
		broken(t, judge(true, o, unhex("81 7e 00 01 61")), "6455-5.1-2", 1002, 4)
	})
}

func TestMachineOrder(t *testing.T) {
	s := func(b0 byte, p string) []byte { return frame(false, b0, p) }
	t.Run("6455-5.4-5 a message in one frame and in many", func(t *testing.T) {
		v := judge(false, Options{}, s(0x81, "abc"), s(0x01, "a"), s(0x00, "b"), s(0x80, "c"))
		assert.Equal(t, []event{{frames.Text, "abc"}, {frames.Text, "abc"}}, fine(t, v))
	})
	t.Run("6455-5.4-4 control frames between fragments", func(t *testing.T) {
		v := judge(false, Options{}, s(0x02, "a"), s(0x89, "x"), s(0x00, "b"), s(0x8a, "y"), s(0x89, ""), s(0x80, "c"))
		assert.Equal(t, []event{{frames.Ping, "x"}, {frames.Pong, "y"}, {frames.Ping, ""}, {frames.Binary, "abc"}}, fine(t, v))
	})
	t.Run("6455-5.4-12 6455-6.2-3 the first frame gives the type", func(t *testing.T) {
		v := judge(false, Options{}, s(0x02, "\xff"), s(0x80, "\xff"), s(0x01, "a"), s(0x80, "b"))
		assert.Equal(t, []event{{frames.Binary, "\xff\xff"}, {frames.Text, "ab"}}, fine(t, v))
	})
	t.Run("6455-6.2-4 after FIN the next frame is a new message", func(t *testing.T) {
		v := judge(false, Options{}, s(0x01, "a"), s(0x80, ""), s(0x82, "b"), s(0x80, ""))
		assert.Equal(t, []event{{frames.Text, "a"}, {frames.Binary, "b"}}, v.events)
		assert.Equal(t, "6455-5.4-6", v.rule)
	})
	t.Run("6455-5.4-6 a continuation of nothing", func(t *testing.T) {
		broken(t, judge(false, Options{}, s(0x80, "x")), "6455-5.4-6", 1002, 2)
	})
	t.Run("6455-5.4-6 a new message inside another", func(t *testing.T) {
		broken(t, judge(false, Options{}, s(0x01, "a"), s(0x82, "b")), "6455-5.4-6", 1002, 5)
	})
	t.Run("6455-5.4-6 empty fragments count as begun", func(t *testing.T) {
		broken(t, judge(false, Options{}, s(0x01, ""), s(0x01, "")), "6455-5.4-6", 1002, 4)
	})
	t.Run("6455-5.5.1-4 no data after a Close frame", func(t *testing.T) {
		broken(t, judge(false, Options{}, closeFrame(false, 1000, ""), s(0x81, "b")), "6455-5.5.1-4", 1002, 6)
	})
	t.Run("an empty message is a message", func(t *testing.T) {
		v := judge(true, Options{}, frame(true, 0x81, ""), frame(true, 0x02, ""), frame(true, 0x80, ""))
		assert.Equal(t, []event{{frames.Text, ""}, {frames.Binary, ""}}, fine(t, v))
	})
}

func TestMachineInMessage(t *testing.T) {
	// What inMessage says after each byte of a conversation.
	b := bytes.Join([][]byte{frame(false, 0x01, "ab"), frame(false, 0x89, "p"), frame(false, 0x80, "c"), frame(false, 0x89, "p")}, nil)
	//             01 02 a b 89 01 p 80 01 c 89 01 p
	const want = ". M M M M M M M M . . . ."
	m := newMachine(false, &Options{})
	var got string
	var pending []byte
	for _, x := range b {
		pending = append(pending, x)
		if !m.inFrame {
			n, err := m.header(pending)
			require.NoError(t, err)
			pending = pending[n:]
		} else {
			require.NoError(t, m.payload(pending))
			pending = nil
		}
		if m.inMessage() {
			got += " M"
		} else {
			got += " ."
		}
	}
	assert.Equal(t, want, got[1:])
}

func TestMachineLimits(t *testing.T) {
	s := func(b0 byte, p string) []byte { return frame(false, b0, p) }
	size := Options{MaxMessage: 4}
	t.Run("6455-10.4-2 exactly at the limit", func(t *testing.T) {
		v := judge(false, size, s(0x82, "abcd"), s(0x02, "ab"), s(0x00, "cd"), s(0x80, ""))
		assert.Equal(t, []event{{frames.Binary, "abcd"}, {frames.Binary, "abcd"}}, fine(t, v))
	})
	t.Run("6455-10.4-2 one byte over, in one frame", func(t *testing.T) {
		broken(t, judge(false, size, s(0x82, "abcde")), "6455-10.4-1", 1009, 2)
	})
	t.Run("6455-10.4-2 one byte over, over all frames", func(t *testing.T) {
		broken(t, judge(false, size, s(0x02, "ab"), s(0x00, "cd"), s(0x80, "e")), "6455-10.4-1", 1009, 4+4+2)
	})
	t.Run("6455-10.4-1 sizes that overflow a sum", func(t *testing.T) {
		broken(t, judge(false, Options{MaxMessage: -1}, s(0x02, "a"), unhex("80 7f 7f ff ff ff ff ff ff ff")), "6455-10.4-1", 1009, 3+10)
	})
	t.Run("control frames are not part of the size", func(t *testing.T) {
		fine(t, judge(false, size, s(0x02, "ab"), s(0x89, "abcdefgh"), s(0x80, "cd")))
	})
	t.Run("a message does not count for the next", func(t *testing.T) {
		fine(t, judge(false, size, s(0x82, "abcd"), s(0x82, "abcd")))
	})
	count := Options{MaxFragments: 3}
	t.Run("6455-10.4-2 as many fragments as allowed", func(t *testing.T) {
		fine(t, judge(false, count, s(0x02, ""), s(0x00, ""), s(0x89, ""), s(0x80, ""), s(0x02, ""), s(0x00, ""), s(0x80, "")))
	})
	t.Run("6455-10.4-2 one fragment more", func(t *testing.T) {
		broken(t, judge(false, count, s(0x02, ""), s(0x00, ""), s(0x00, ""), s(0x80, "")), "6455-10.4-2", 1008, 8)
	})
	t.Run("the defaults", func(t *testing.T) {
		m := newMachine(false, &Options{})
		assert.EqualValues(t, 1<<20, m.opts.maxMessage())
		assert.EqualValues(t, 131072, m.opts.maxFragments())
	})
	t.Run("no limit still fits in a slice", func(t *testing.T) {
		for _, o := range []Options{{MaxMessage: -1}, {MaxMessage: math.MaxInt64}} {
			m := newMachine(false, &o)
			assert.LessOrEqual(t, m.opts.maxMessage(), uint64(math.MaxInt))
		}
	})
}

// Text in several scripts, cut in two at every byte and in three at every pair
// of bytes, with a ping in each gap.
func TestMachineTextSplitAnywhere(t *testing.T) {
	const text = "aé你😀\U0010FFFF\uD7FF\uE000"
	ping := frame(false, 0x89, "ping")
	for i := 0; i <= len(text); i++ {
		v := judge(false, Options{}, frame(false, 0x01, text[:i]), ping, frame(false, 0x80, text[i:]))
		require.Equal(t, []event{{frames.Ping, "ping"}, {frames.Text, text}}, fine(t, v), "6455-5.6-1 6455-5.4-4 cut at %d", i)
		for j := i; j <= len(text); j++ {
			v := judge(false, Options{}, frame(false, 0x01, text[:i]), ping, frame(false, 0x00, text[i:j]), ping, frame(false, 0x80, text[j:]))
			require.Len(t, fine(t, v), 3, "cut at %d and %d", i, j)
		}
	}
}

// Each bad text, behind each prefix, cut at each byte: the error comes with the
// first byte that cannot be, not with the end of the frame or message.
func TestMachineTextFailsFast(t *testing.T) {
	bad := []struct {
		name string
		text string
		at   int // the byte that cannot be, from 1; 0 means the end of the message
	}{
		{"stray continuation", "\x80", 1},
		{"overlong 2", "\xc0\xaf", 1},
		{"overlong 3", "\xe0\x9f\xbf", 2},
		{"overlong 4", "\xf0\x8f\xbf\xbf", 2},
		{"surrogate", "\xed\xa0\x80", 2},
		{"above U+10FFFF", "\xf4\x90\x80\x80", 2},
		{"byte fe", "\xfe", 1},
		{"lead without rest", "\xe4\xbda", 3},
		{"ends early", "\xe4\xbd", 0},
		{"ends early after the lead", "\xf0", 0},
	}
	for _, b := range bad {
		for _, prefix := range []string{"", "a", "κόσμε"} {
			const unfinished = 1 << 10 // the frame announces more, which never comes
			text := prefix + b.text
			at := len(prefix) + b.at
			t.Run("6455-8.1-1 "+b.name, func(t *testing.T) {
				if b.at == 0 {
					whole := frame(false, 0x81, text)
					broken(t, judge(false, Options{}, whole), "6455-8.1-1", 1007, len(whole))
					open := judge(false, Options{}, frame(false, 0x01, text), frame(false, 0x89, ""))
					assert.Empty(t, open.rule, "it can still be finished")
					end := judge(false, Options{}, frame(false, 0x01, text), frame(false, 0x80, ""))
					broken(t, end, "6455-8.1-1", 1007, len(whole)+2)
					return
				}
				head := frames.AppendHeader(nil, frames.Header{Fin: true, Opcode: frames.Text, Length: unfinished})
				broken(t, judge(false, Options{}, head, []byte(text)), "6455-8.1-1", 1007, len(head)+at)
				for cut := range at {
					first := frame(false, 0x01, text[:cut])
					head[0] = 0x00
					v := judge(false, Options{}, first, head, []byte(text[cut:]))
					broken(t, v, "6455-8.1-1", 1007, len(first)+len(head)+at-cut)
				}
			})
		}
	}
	t.Run("binary is not text", func(t *testing.T) {
		fine(t, judge(false, Options{}, frame(false, 0x02, "\xff"), frame(false, 0x80, "\xc0\x80")))
	})
	t.Run("a bad ping is no bad text", func(t *testing.T) {
		fine(t, judge(false, Options{}, frame(false, 0x01, "\xe4"), frame(false, 0x89, "\xff"), frame(false, 0x80, "\xbd\xa0")))
	})
}
