package frames

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Texts in the manner of Markus Kuhn's UTF-8 decoder stress test. bad is the
// offset of the first byte that cannot stand where it does, -1 for a text that
// is valid, and its length for one that ends inside a character.
var utf8Vectors = []struct {
	name, text string
	bad        int
}{
	{"nothing", "", -1},
	{"ASCII", "Hello", -1},
	{"Greek", "κόσμε", -1},
	{"Chinese", "你好，世界", -1},
	{"emoji", "👋🏽🌍", -1},
	{"NUL is a character", "a\x00b", -1},

	{"first of 1 byte", "\x00", -1},
	{"first of 2 bytes", "\xc2\x80", -1},
	{"first of 3 bytes", "\xe0\xa0\x80", -1},
	{"first of 4 bytes", "\xf0\x90\x80\x80", -1},
	{"last of 1 byte", "\x7f", -1},
	{"last of 2 bytes", "\xdf\xbf", -1},
	{"last of 3 bytes", "\xef\xbf\xbf", -1},
	{"last of 4 bytes, U+10FFFF", "\xf4\x8f\xbf\xbf", -1},
	{"U+D7FF, below the surrogates", "\xed\x9f\xbf", -1},
	{"U+E000, above the surrogates", "\xee\x80\x80", -1},
	{"U+FFFD, the replacement character", "\xef\xbf\xbd", -1},
	{"U+FFFE, not a character and yet valid", "\xef\xbf\xbe", -1},

	{"U+110000", "\xf4\x90\x80\x80", 1},
	{"5 bytes, as once was allowed", "\xf8\x88\x80\x80\x80", 0},
	{"6 bytes, as once was allowed", "\xfc\x84\x80\x80\x80\x80", 0},
	{"fe", "\xfe", 0},
	{"ff", "\xff", 0},
	{"a lone continuation byte", "\x80", 0},
	{"two lone continuation bytes", "ab\xbf\x80", 2},
	{"one continuation byte too many", "é\x80", 2},
	{"three continuation bytes too many", "\x80\x80\x80\x80", 0},
	{"a lead before a space", "\xc3 ", 1},
	{"a lead of 3 before a space", "\xe4\xbd ", 2},
	{"a lead of 4 before a space", "\xf0\x9f\x91 ", 3},
	{"a lead before a lead", "\xc3\xc3\xa9", 1},
	{"overlong / in 2 bytes", "\xc0\xaf", 0},
	{"overlong / in 3 bytes", "\xe0\x80\xaf", 1},
	{"overlong / in 4 bytes", "\xf0\x80\x80\xaf", 1},
	{"overlong U+007F", "\xc1\xbf", 0},
	{"overlong U+07FF", "\xe0\x9f\xbf", 1},
	{"overlong U+FFFF", "\xf0\x8f\xbf\xbf", 1},
	{"surrogate U+D800", "\xed\xa0\x80", 1},
	{"surrogate U+DFFF", "\xed\xbf\xbf", 1},
	{"a pair of surrogates", "\xed\xa0\x80\xed\xb0\x80", 1},
	{"a case of the Autobahn test suite", "κόσμε\xed\xa0\x80edited", 11},

	{"cut in a character of 2", "é\xc3", 3},
	{"cut in a character of 3", "\xe4\xbd", 2},
	{"cut in a character of 4", "\xf0\x9f\x91", 3},
}

func TestUTF8Vectors(t *testing.T) {
	// Each text alone, and behind and before what takes the fast path.
	for _, c := range utf8Vectors {
		t.Run("6455-8.1-1 "+c.name, func(t *testing.T) {
			for _, before := range []string{"", "a", "éa", strings.Repeat("你好 ", 20)} {
				for _, after := range []string{"", strings.Repeat("x", 40)} {
					text := before + c.text + after
					bad := c.bad
					if bad >= 0 {
						bad += len(before)
					}
					require.Equal(t, utf8.ValidString(text), bad < 0, "the vector itself")
					require.Equal(t, bad < 0, ValidUTF8([]byte(text)))
					for i := range len(text) + 1 {
						checkUTF8(t, text, bad, i, i)
					}
					for i := range len(c.text) + 1 {
						for j := i; j <= len(c.text); j++ {
							checkUTF8(t, text, bad, len(before)+i, len(before)+j)
						}
					}
				}
			}
		})
	}
}

// checkUTF8 gives UTF8 the text in three pieces and asserts that it stops in
// the piece with the bad byte, and names it.
func checkUTF8(t *testing.T, text string, bad, i, j int) {
	t.Helper()
	var u UTF8
	from := 0
	for _, to := range []int{i, j, len(text)} {
		err := u.Add([]byte(text[from:to]))
		if bad >= 0 && bad < to {
			requireRule(t, err, "6455-8.1-1", CloseInvalidPayload)
			want := fmt.Sprintf("byte %#02x at offset %d cannot stand there", text[bad], bad)
			if !strings.Contains(err.Error(), want) {
				require.Contains(t, err.Error(), want, "%q split at %d and %d", text, i, j)
			}
			return
		}
		if err != nil {
			require.NoError(t, err, "%q split at %d and %d", text, i, j)
		}
		from = to
	}
	err := u.End()
	if bad < 0 {
		if err != nil {
			require.NoError(t, err, "%q split at %d and %d", text, i, j)
		}
		return
	}
	requireRule(t, err, "6455-8.1-1", CloseInvalidPayload)
	require.Contains(t, err.Error(), "short")
}

// canBegin reports whether some valid text begins with p. After whole
// characters, one of a few ends must finish what is left; the second byte is
// the only one whose range depends on the first.
func canBegin(p []byte) bool {
	if utf8.Valid(p) {
		return true
	}
	buf := make([]byte, 0, 8)
	for _, end := range canFinish {
		if utf8.Valid(append(append(buf, p...), end...)) {
			return true
		}
	}
	return false
}

var canFinish = []string{
	"\x80", "\x80\x80", "\x80\x80\x80",
	"\x90\x80\x80", // behind f0
	"\xa0\x80",     // behind e0
}

func TestUTF8Exhaustive(t *testing.T) {
	t.Run("6455-8.1-1 every sequence of 1, 2 and 3 bytes", func(t *testing.T) {
		// One that cannot begin a text is not made longer: it has failed.
		var p [3]byte
		var grow func(u UTF8, n int)
		grow = func(u UTF8, n int) {
			for b := range 256 {
				p[n] = byte(b)
				next := u
				ok := next.step(byte(b))
				if want := canBegin(p[:n+1]); ok != want {
					require.Equal(t, want, ok, "% x may begin a text", p[:n+1])
				}
				if !ok {
					continue
				}
				if want := utf8.Valid(p[:n+1]); want != (next.need == 0) {
					require.Equal(t, want, next.need == 0, "% x is complete", p[:n+1])
				}
				if n+1 < len(p) {
					grow(next, n+1)
				}
			}
		}
		grow(UTF8{}, 0)
	})
	t.Run("6455-8.1-1 every sequence of 1 and 2 bytes, at once and one by one", func(t *testing.T) {
		for i := range 256 {
			require.Equal(t, utf8.Valid([]byte{byte(i)}), validAtOnce([]byte{byte(i)}), "%x", i)
			for j := range 256 {
				p := []byte{byte(i), byte(j)}
				want := utf8.Valid(p)
				if validAtOnce(p) != want || validOneByOne(p) != want {
					require.Fail(t, "wrong", "% x: valid is %v", p, want)
				}
			}
		}
	})
	t.Run("6455-8.1-1 sequences of 4 bytes at the boundaries", func(t *testing.T) {
		edges := []byte{0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xe0, 0xf0, 0xff}
		for first := 0xe0; first < 0x100; first++ {
			for second := range 256 {
				for _, third := range edges {
					for _, fourth := range edges {
						p := []byte{byte(first), byte(second), third, fourth}
						want := utf8.Valid(p)
						var u UTF8
						got := u.step(p[0]) && u.step(p[1]) && u.step(p[2]) && u.step(p[3]) && u.need == 0
						if got != want {
							require.Equal(t, want, got, "% x", p)
						}
						if want && (!validAtOnce(p) || !validOneByOne(p)) {
							require.Fail(t, "refused", "% x", p)
						}
					}
				}
			}
		}
	})
}

// The part that looks at whole words must stop in front of whatever is not valid,
// and at nothing else.
func TestUTF8Words(t *testing.T) {
	t.Run("6455-8.1-1 every sequence of 3 bytes, and what follows", func(t *testing.T) {
		for _, after := range []string{"xxxxxxxx", "你好你好", "éééééé"} {
			p := append(make([]byte, 3), after...)
			for first := 0x7f; first < 0x100; first++ {
				for second := range 256 {
					for third := range 256 {
						p[0], p[1], p[2] = byte(first), byte(second), byte(third)
						if !stopsRight(p) {
							require.Fail(t, "wrong", "% x: the first %d bytes are said to be valid", p, validPrefix(p))
						}
					}
				}
			}
		}
	})
	t.Run("6455-8.1-1 every character, alone and behind each kind of other", func(t *testing.T) {
		for _, before := range []string{"", "x", "é", "你", "👋"} {
			for r := range rune(utf8.MaxRune + 1) {
				p := append(utf8.AppendRune([]byte(before), r), "xxxxxxxx"...)
				if !stopsRight(p) {
					require.Fail(t, "wrong", "% x: the first %d bytes are said to be valid", p, validPrefix(p))
				}
			}
		}
	})
	t.Run("6455-8.1-1 sequences of 4 bytes at the boundaries", func(t *testing.T) {
		edges := []byte{0x00, 0x7f, 0x80, 0x8f, 0x90, 0xbf, 0xc0, 0xff}
		p := []byte("????xxxxxxxx")
		for first := 0xf0; first < 0x100; first++ {
			for second := range 256 {
				for _, third := range edges {
					for _, fourth := range edges {
						p[0], p[1], p[2], p[3] = byte(first), byte(second), third, fourth
						if !stopsRight(p) {
							require.Fail(t, "wrong", "% x: the first %d bytes are said to be valid", p, validPrefix(p))
						}
					}
				}
			}
		}
	})
}

// The parts that look for ASCII treat each length in another way, and look at the end
// twice. Whatever the length, they must see one byte that is not ASCII, wherever
// that is, and ascii must stop right in front of it.
func TestASCII(t *testing.T) {
	for n := range 400 {
		p := bytes.Repeat([]byte("a"), n)
		require.Equal(t, n, ascii(p))
		require.True(t, ValidUTF8(p))
		for i := range p {
			p[i] = 0x80
			require.Equal(t, i, ascii(p), "of %d bytes", n)
			require.False(t, ValidUTF8(p), "byte %d of %d", i, n)
			p[i] = 'a'
		}
	}
}

func stopsRight(p []byte) bool {
	n := validPrefix(p)
	return utf8.Valid(p[:n]) && (!utf8.Valid(p) || len(p)-n < 8)
}

func validAtOnce(p []byte) bool {
	var u UTF8
	return u.Add(p) == nil && u.End() == nil
}

func validOneByOne(p []byte) bool {
	var u UTF8
	for i := range p {
		if u.Add(p[i:i+1]) != nil {
			return false
		}
	}
	return u.End() == nil
}

func TestUTF8End(t *testing.T) {
	for text, want := range map[string]string{
		"\xc3":         "1 byte short",
		"\xe4":         "2 bytes short",
		"\xe4\xbd":     "1 byte short",
		"\xf0":         "3 bytes short",
		"\xf0\x9f\x91": "1 byte short",
	} {
		var u UTF8
		require.NoError(t, u.Add([]byte(text)))
		err := u.End()
		requireRule(t, err, "6455-8.1-1", CloseInvalidPayload)
		assert.Contains(t, err.Error(), want)
	}
	t.Run("ready for the next text", func(t *testing.T) {
		var u UTF8
		require.NoError(t, u.Add([]byte("你好")))
		require.NoError(t, u.End())
		assert.Equal(t, UTF8{}, u)
	})
}

func TestUTF8DoesNotAllocate(t *testing.T) {
	text := []byte(strings.Repeat("héllo 你好 ", 50))
	var u UTF8
	noAllocs(t, "ValidUTF8", func() { _ = ValidUTF8(text) })
	noAllocs(t, "UTF8.Add", func() {
		_ = u.Add(text[:11]) // ends inside 你
		_ = u.Add(text[11:])
		_ = u.End()
	})
}

func FuzzUTF8(f *testing.F) {
	for _, c := range utf8Vectors {
		f.Add([]byte(c.text), uint64(0))
		f.Add([]byte(c.text), uint64(0x5555_aaaa_0f0f_3131))
	}
	f.Fuzz(func(t *testing.T, text []byte, splits uint64) {
		text = text[:min(len(text), 256)] // the model takes quadratic time
		var u UTF8
		var err error
		from := 0
		for to := 1; to <= len(text) && err == nil; to++ {
			if to == len(text) || splits>>(to%64)&1 == 1 {
				err = u.Add(text[from:to])
				if err != nil {
					// Exactly the first impossible byte, and not before.
					bad := from
					for canBegin(text[:bad+1]) {
						bad++
					}
					require.Contains(t, err.Error(), fmt.Sprintf("at offset %d ", bad))
				} else {
					require.True(t, canBegin(text[:to]), "%q", text[:to])
				}
				from = to
			}
		}
		if err == nil {
			err = u.End()
		}
		require.Equal(t, utf8.Valid(text), err == nil)
		require.Equal(t, utf8.Valid(text), ValidUTF8(text))
		if err != nil {
			require.True(t, errors.As(err, new(*Error)))
		}
	})
}

func BenchmarkUTF8(b *testing.B) {
	for _, c := range []struct{ name, unit string }{
		{"ASCII", "Hello, W"}, {"Chinese", "你好，世界。"}, {"short lines of Chinese", "你好吗\n"},
		{"Greek", "γειά σου "}, {"emoji", "👋🏽🌍"},
	} {
		text := []byte(strings.Repeat(c.unit, 1024/len(c.unit)))
		b.Run(c.name+"/UTF8", func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				var u UTF8
				_ = u.Add(text)
			}
		})
		b.Run(c.name+"/utf8.Valid", func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				_ = utf8.Valid(text)
			}
		})
	}
}
