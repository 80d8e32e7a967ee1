package feed

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCursorTextGoesBothWays(t *testing.T) {
	for text, want := range map[string]Cursor{
		"":                            {},
		"k3f9a2-17":                   {"k3f9a2", 17},
		"a-0":                         {"a", 0},
		"0-1":                         {"0", 1},
		"abcdefgh12345678-1":          {"abcdefgh12345678", 1},
		"k3f9a2-18446744073709551615": {"k3f9a2", 1<<64 - 1},
	} {
		got, err := ParseCursor(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got)
		assert.Equal(t, text, got.String())
	}
}

func TestCursorWithAnyOtherTextIsAnError(t *testing.T) {
	for _, text := range []string{
		"-", "17", "k3f9a2", "k3f9a2-", "-17", "k3f9a2-x", "k3f9a2--1", "k3f9a2-+1", "k3f9a2-01", "k3f9a2-00",
		"K3F9A2-17", "k3f9a2-17 ", " k3f9a2-17", "k3f9a2-1-7", "k3f9a2-17\n", "é-1", "k3f9a2-1e3", "k3f9a2-1_0",
		"abcdefgh123456789-1", "k3f9a2-18446744073709551616", "k3f9a2-１",
	} {
		got, err := ParseCursor(text)
		assert.Error(t, err, "%q", text)
		assert.True(t, got.IsZero(), "%q", text)
	}
}

func FuzzParseCursor(f *testing.F) {
	f.Add("k3f9a2-17")
	f.Add("-")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCursor(text)
		if err == nil {
			assert.Equal(t, text, c.String(), "a cursor has one text only")
		}
	})
}
