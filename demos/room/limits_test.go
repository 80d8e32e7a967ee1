package room

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/feed"
)

func TestNames(t *testing.T) {
	const unseen = "A name has only characters that can be seen."
	for _, test := range []struct{ name, sentence string }{
		{"Ada", ""},
		{"明凯", ""},
		{"7酱", ""},
		{"Ada Lovelace", ""},
		{"<script>alert(1)</script>"[:24], ""}, // it is text, and stays text
		{`"&'`, ""},
		{"👩‍💻", ""},        // two characters and a joiner
		{"❤️", ""},         // with a variation selector
		{"e\u0301ric", ""}, // a combining accent
		{"محمد", ""},       // written from right to left
		{"क्षि", ""},       // vowel signs
		{strings.Repeat("名", MaxName), ""},
		{strings.Repeat("名", MaxName+1), "A name has at most 24 characters, and this one has 25."},
		{strings.Repeat("x", 3000), "A name has at most 24 characters, and this one has 3000."},
		{"", "A name has at least one character."},
		{" \t\n\u00a0\u3000", "A name has at least one character."},
		{"\u200d", unseen},
		{"\ufe0f\u200d", unseen},
		{"\u3164", unseen},    // Hangul filler, a letter that looks like a space
		{"Ada\u034f", unseen}, // combining grapheme joiner
		{"A\x00da", unseen},
		{"A\nda", unseen},
		{"A\x7fda", unseen},
		{"A\u0085da", unseen},
		{"A\u202eda", unseen},   // right-to-left override
		{"A\u2066da", unseen},   // left-to-right isolate
		{"A\u200fda", unseen},   // right-to-left mark
		{"A\u200bda", unseen},   // zero width space
		{"A\u2060da", unseen},   // word joiner
		{"A\ufeffda", unseen},   // byte order mark
		{"A\u2028da", unseen},   // line separator
		{"A\u00adda", unseen},   // soft hyphen
		{"A\U000e0041", unseen}, // tag
		{"A\ue000", unseen},     // private use
		{"A\xff", unseen},
		{"A\ufffd", unseen},
	} {
		bubble(t, func(t *testing.T, r *Room, all *reader) {
			err := r.Join(ada, test.name)
			_, as := r.SayAs(test.name, "hello")
			if test.sentence != "" {
				refused(t, err, 400, test.sentence)
				if test.name != "" { // who gives no name has one
					refused(t, as, 400, test.sentence)
				}
				return
			}
			require.NoError(t, err, "%q", test.name)
			refused(t, as, 409, taken)
			var s state
			s.take(t, r.Since(feed.Cursor{}))
			require.Len(t, s.Here, 1)
			assert.Equal(t, test.name, s.Here[0].Name)
		})
	}
}

func TestTexts(t *testing.T) {
	const blank = "There is nothing in this line."
	const control = "A line has no control characters."
	for _, test := range []struct{ text, sentence string }{
		{"hello", ""},
		{"<img src=x onerror=alert(1)></script>\u2028", ""},
		{"two\nlines\tand a tab", ""},
		{"👩‍💻👨‍👩‍👧‍👦", ""},
		{"שלום \u202eabc", ""}, // stays within its own element of the page
		{strings.Repeat("名", MaxText), ""},
		{strings.Repeat("名", MaxText+1), "A line has at most 500 characters, and this one has 501."},
		{strings.Repeat("x", 3000), "A line has at most 500 characters, and this one has 3000."},
		{"", blank},
		{" \n\t\u00a0\u3000\u2028", blank},
		{"a\x00", control},
		{"a\r\n", control},
		{"a\x1b[31m", control},
		{"a\x7f", control},
		{"a\u0085", control},
		{"a\xff", "A line is UTF-8 text."},
	} {
		bubble(t, func(t *testing.T, r *Room, all *reader) {
			require.NoError(t, r.Join(ada, "Ada"))
			before := r.Now()
			err := r.Say(ada, test.text)
			_, as := r.SayAs("Bob", test.text)
			if test.sentence != "" {
				refused(t, err, 400, test.sentence)
				refused(t, as, 400, test.sentence)
				assert.Equal(t, before, r.Now(), "nobody is told")
				return
			}
			require.NoError(t, err)
			require.NoError(t, as)
			batch := r.Since(before)
			require.Len(t, batch.Events, 2)
			for _, e := range batch.Events {
				assert.NotContains(t, string(e.JSON), "<")
				assert.NotContains(t, string(e.JSON), "\u2028")
			}
			var s state
			s.take(t, r.Since(feed.Cursor{}))
			assert.Equal(t, []string{test.text, test.text}, []string{s.Chat[0].Text, s.Chat[1].Text})
		})
	}
}

func TestQuota(t *testing.T) {
	var q quota
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 20 {
		require.True(t, q.take(now), i)
	}
	assert.False(t, q.take(now), "the burst is used up")
	assert.False(t, q.take(now.Add(step-1)))
	for range 10 {
		now = now.Add(step)
		assert.True(t, q.take(now), "one in each step")
		assert.False(t, q.take(now))
	}
	now = now.Add(time.Second)
	for range 5 {
		assert.True(t, q.take(now))
	}
	assert.False(t, q.take(now))
	now = now.Add(time.Hour)
	for range 20 {
		assert.True(t, q.take(now))
	}
	assert.False(t, q.take(now), "a pause fills it, and no more")
}

func TestWhoTalksTooFastIsToldSo(t *testing.T) {
	const fast = "That is faster than anybody can read. Wait a second, then send it again."
	bubble(t, func(t *testing.T, r *Room, all *reader) {
		require.NoError(t, r.Join(ada, "Ada"))
		require.NoError(t, r.Join(bob, "Bob"))
		all.cursor = r.Now()
		said := 0
		for r.Say(ada, "hello") == nil {
			said++
		}
		assert.Equal(t, burst-1, said, "to take the name was the first")
		refused(t, r.Say(ada, "hello"), 429, fast)
		require.NoError(t, r.Say(bob, "hello"), "the others have their own")
		for range burst {
			_, err := r.SayAs("", "hello")
			require.NoError(t, err)
		}
		_, err := r.SayAs("Eve", "hello")
		refused(t, err, 429, fast)
		assert.Len(t, r.Since(all.cursor).Events, said+1+burst, "what was refused is told to nobody")
		pass(step)
		require.NoError(t, r.Say(ada, "hello"))
		_, err = r.SayAs("Eve", "hello")
		require.NoError(t, err)
	})
}

func TestIDs(t *testing.T) {
	const sentence = "The id of a page (me) is 16 to 64 letters and digits that it made up."
	for _, me := range []string{"", "0123456789abcdef", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "01234567-89ab-cdef-0123-456789abcdef", strings.Repeat("x", 64)} {
		assert.NoError(t, CheckID(me), me)
	}
	for _, me := range []string{"0123456789abcde", strings.Repeat("x", 65), "0123456789abcde_", "0123456789abcde ", "0123456789abcdé", "0123456789abcde\x00"} {
		refused(t, CheckID(me), 400, sentence)
	}
	assert.Equal(t, sentence, fmt.Sprint(errID))
}
