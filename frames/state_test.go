package frames

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The rules for a header, each as plain as the RFC has it: breaks says when a
// header breaks it, whatever else is wrong. They are in the order in which
// Check prefers them.
var headerRules = []struct {
	id     string
	breaks func(s State, h Header) bool
}{
	{"6455-5.2-2", func(s State, h Header) bool {
		if s.Deflate {
			return h.Rsv2 || h.Rsv3
		}
		return h.Rsv1 || h.Rsv2 || h.Rsv3
	}},
	{"6455-5.2-3", func(s State, h Header) bool {
		return !slices.Contains([]Opcode{0x0, 0x1, 0x2, 0x8, 0x9, 0xa}, h.Opcode)
	}},
	{"7692-6.1-3", func(s State, h Header) bool {
		return s.Deflate && h.Rsv1 && (h.Opcode >= 8 || h.Opcode == 0)
	}},
	{"6455-5.1-2", func(s State, h Header) bool { return s.FromClient && !h.Masked }},
	{"6455-5.1-4", func(s State, h Header) bool { return !s.FromClient && h.Masked }},
	{"6455-5.5-2", func(s State, h Header) bool { return h.Opcode >= 8 && !h.Fin }},
	{"6455-5.5-1", func(s State, h Header) bool { return h.Opcode >= 8 && h.Length > 125 }},
	{"6455-5.4-6", func(s State, h Header) bool {
		open := s.Open != 0
		return open && (h.Opcode == 1 || h.Opcode == 2) || !open && h.Opcode == 0
	}},
	{"6455-5.5.1-4", func(s State, h Header) bool { return s.Closed && h.Opcode < 8 }},
}

// everyHeader calls f with every header there can be, lengths and masking keys
// apart, in every state.
func everyHeader(f func(State, Header)) {
	yes := []bool{false, true}
	for _, client := range yes {
		for _, deflate := range yes {
			for _, closed := range yes {
				for _, open := range []Opcode{Continuation, Text, Binary} {
					s := State{FromClient: client, Deflate: deflate, Closed: closed, Open: open}
					for b0 := range 256 {
						for _, masked := range yes {
							for _, length := range []uint64{0, 125, 126, 1<<63 - 1} {
								f(s, Header{
									Fin: b0&0x80 != 0, Rsv1: b0&0x40 != 0, Rsv2: b0&0x20 != 0, Rsv3: b0&0x10 != 0,
									Opcode: Opcode(b0 & 0xf), Masked: masked, Length: length,
								})
							}
						}
					}
				}
			}
		}
	}
}

func TestStateCheck(t *testing.T) {
	for _, rule := range headerRules {
		t.Run(rule.id+" in every state", func(t *testing.T) {
			broke, kept := 0, 0
			everyHeader(func(s State, h Header) {
				list := s.problems(h)
				named := slices.ContainsFunc(list, func(p *Error) bool { return p.Rule == rule.id })
				if want := rule.breaks(s, h); named != want {
					require.Equal(t, want, named, "%+v after %+v: %v", h, s, list)
				} else if want {
					broke++
				} else {
					kept++
				}
			})
			require.NotZero(t, broke)
			require.NotZero(t, kept)
		})
	}
	t.Run("Check names the first rule, with 1002, and passes the rest", func(t *testing.T) {
		everyHeader(func(s State, h Header) {
			err := s.Check(h)
			for _, rule := range headerRules {
				if rule.breaks(s, h) {
					requireRule(t, err, rule.id, CloseProtocolError)
					return
				}
			}
			if err != nil {
				require.NoError(t, err, "%+v after %+v", h, s)
			}
		})
	})
}

func TestStateAfter(t *testing.T) {
	for _, rsv1 := range []bool{false, true} {
		for _, s := range []State{{}, {FromClient: true}, {Deflate: true, Open: Text}, {Open: Binary, Compressed: true}} {
			for op := range Opcode(16) {
				for _, fin := range []bool{false, true} {
					h := Header{Opcode: op, Fin: fin, Rsv1: rsv1}
					got, want := s.After(h), s
					switch {
					case op == Close:
						want.Closed = true
					case op == Continuation && fin, (op == Text || op == Binary) && fin:
						want.Open, want.Compressed = Continuation, false
					case op == Text || op == Binary:
						want.Open, want.Compressed = op, rsv1
					}
					require.Equal(t, want, got, "%+v after %+v", h, s)
				}
			}
		}
	}
	t.Run("the text is over with its message", func(t *testing.T) {
		s := State{Open: Text}
		require.NoError(t, s.Text.Add([]byte("h\xc3")))
		assert.Equal(t, s, s.After(Header{Opcode: Continuation}))
		assert.Equal(t, s, s.After(Header{Fin: true, Opcode: Ping}))
		assert.Equal(t, State{}, s.After(Header{Fin: true, Opcode: Continuation}))
	})
}

func TestStateSequences(t *testing.T) {
	// A frame is its opcode and "+" if more follow; "z" is RSV1. Everything is
	// from a server. broken is the rule that the last frame breaks, if any.
	for _, c := range []struct {
		name, frames, broken string
	}{
		{"6455-5.4-5 a message whole and in pieces", "1 1+ 0 2+ 0+ 0+ 0 2", ""},
		{"6455-5.4-4 control frames between fragments", "1+ 9 0+ 10 9 0", ""},
		{"6455-6.2-4 after FIN a new message", "1+ 0 2+ 0", ""},
		{"6455-5.4-6 text inside a text message", "1+ 1", "6455-5.4-6"},
		{"6455-5.4-6 binary inside a text message", "1+ 0+ 2+", "6455-5.4-6"},
		{"6455-5.4-6 a continuation at the start", "0", "6455-5.4-6"},
		{"6455-5.4-6 a continuation after the last one", "1+ 0 0+", "6455-5.4-6"},
		{"6455-5.4-6 a continuation after a ping", "9 0", "6455-5.4-6"},
		{"6455-5.5-2 a ping in pieces", "9+", "6455-5.5-2"},
		{"6455-5.5.1-4 text after Close", "8 1", "6455-5.5.1-4"},
		{"6455-5.5.1-4 the rest of a message after Close", "1+ 8 0", "6455-5.5.1-4"},
		{"a pong after Close may be on its way", "8 10", ""},
		{"7692-6.1-5 compressed and not", "1z 1 2+z 0 2", ""},
		{"7692-6.1-3 RSV1 on a later fragment", "1+z 0z", "7692-6.1-3"},
		{"7692-6.1-3 RSV1 on a ping", "9z", "7692-6.1-3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := State{Deflate: true}
			headers := parseSequence(t, c.frames)
			for i, h := range headers {
				err := s.Check(h)
				if i == len(headers)-1 && c.broken != "" {
					requireRule(t, err, c.broken, CloseProtocolError)
					return
				}
				require.NoError(t, err, "frame %d", i)
				s = s.After(h)
			}
		})
	}
}

// parseSequence reads the shorthand of TestStateSequences.
func parseSequence(t *testing.T, s string) (headers []Header) {
	for word := range strings.FieldsSeq(s) {
		h := Header{Fin: true}
		_, err := fmt.Sscanf(word, "%d", &h.Opcode)
		require.NoError(t, err, word)
		for _, c := range word {
			switch c {
			case '+':
				h.Fin = false
			case 'z':
				h.Rsv1 = true
			}
		}
		headers = append(headers, h)
	}
	return headers
}

func TestStateMessageType(t *testing.T) {
	for _, c := range []struct {
		name string
		s    State
		h    Header
		want Opcode
		text bool
	}{
		{"6455-6.2-3 text", State{}, Header{Opcode: Text}, Text, true},
		{"6455-6.2-3 binary", State{}, Header{Opcode: Binary}, Binary, false},
		{"6455-5.4-12 a fragment of text", State{Open: Text}, Header{Opcode: Continuation}, Text, true},
		{"6455-5.4-12 a fragment of binary", State{Open: Binary}, Header{Opcode: Continuation}, Binary, false},
		{"7692-6.1-4 compressed text", State{Deflate: true}, Header{Opcode: Text, Rsv1: true}, Text, false},
		{"7692-6.1-4 a fragment of compressed text", State{Deflate: true, Open: Text, Compressed: true}, Header{Opcode: Continuation}, Text, false},
		{"a ping between fragments of text", State{Open: Text}, Header{Opcode: Ping}, Ping, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.want, c.s.MessageType(c.h))
			assert.Equal(t, c.text, c.s.IsText(c.h))
		})
	}
}

func TestStateCheckDoesNotAllocate(t *testing.T) {
	for _, c := range []struct {
		s State
		h Header
	}{
		{State{}, Header{Fin: true, Opcode: Text, Length: 5}},
		{State{FromClient: true, Open: Text}, Header{Opcode: Continuation, Masked: true}},
		{State{Deflate: true}, Header{Fin: true, Opcode: Text, Rsv1: true}},
		{State{Closed: true}, Header{Fin: true, Opcode: Pong}},
	} {
		require.NoError(t, c.s.Check(c.h))
		noAllocs(t, "Check", func() { _ = c.s.Check(c.h) })
	}
}

func BenchmarkStateCheck(b *testing.B) {
	for _, c := range []struct {
		name string
		s    State
		h    Header
	}{
		{"text", State{FromClient: true}, Header{Fin: true, Opcode: Text, Masked: true, Length: 5}},
		{"compressed", State{FromClient: true, Deflate: true}, Header{Fin: true, Opcode: Text, Rsv1: true, Masked: true, Length: 5}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = c.s.Check(c.h)
			}
		})
	}
}
