package room

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/feed"
)

// say adds n lines, which say their number, without regard to the limit.
func (r *Room) say(n int) {
	for range n {
		r.feed.Update(func(add feed.Add) {
			add(Chat, r.lines.add("Ada", fmt.Sprint("line ", r.lines.last+1), time.Now()))
		})
	}
}

// ids returns the numbers of lines in a JSON array.
func ids(t *testing.T, array []byte) []int {
	t.Helper()
	var lines []line
	require.NoError(t, json.Unmarshal(array, &lines), "%s", array)
	numbers := []int{}
	for _, l := range lines {
		assert.Equal(t, fmt.Sprint("line ", l.ID), l.Text)
		numbers = append(numbers, l.ID)
	}
	return numbers
}

func from(first, last int) []int {
	numbers := []int{}
	for i := first; i <= last; i++ {
		numbers = append(numbers, i)
	}
	return numbers
}

func TestLineIsTold(t *testing.T) {
	bubble(t, func(t *testing.T, r *Room, all *reader) {
		require.NoError(t, r.Join(ada, "Ada"))
		require.NoError(t, r.Say(ada, `a "b" <c> 明`))
		at := time.Now().UnixMilli()
		said := fmt.Sprintf(`{"id":1,"name":"Ada","text":"a \"b\" \u003cc\u003e 明","at":%d}`, at)
		pass(time.Millisecond)
		line, err := r.SayAs("Bob", "hello")
		require.NoError(t, err)
		assert.Equal(t, fmt.Sprintf(`{"id":2,"name":"Bob","text":"hello","at":%d}`, at+1), string(line))
		all.hears(came("Ada", ""), "chat "+said, "chat "+string(line))
		assert.Equal(t, "["+said+", "+string(line)+"]", string(r.LinesAfter(t.Context(), 0)))
	})
}

func TestNewcomerGetsTheLastFiftyLines(t *testing.T) {
	r := newRoom(t, feed.Options{})
	for _, test := range []struct{ more, first, last int }{{0, 1, 0}, {1, 1, 1}, {49, 1, 50}, {1, 2, 51}, {300, 302, 351}} {
		r.say(test.more)
		var state struct{ Chat json.RawMessage }
		require.NoError(t, json.Unmarshal(r.Since(feed.Cursor{}).Snapshot, &state))
		assert.Equal(t, from(test.first, test.last), ids(t, state.Chat))
	}
	assert.Len(t, r.lines.encoded, keep)
	assert.LessOrEqual(t, cap(r.lines.encoded), 4*keep)
}

func TestLinesAfterANumber(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // nothing waits
	r := newRoom(t, feed.Options{})
	assert.Equal(t, "[]", string(r.LinesAfter(ctx, 0)))
	assert.Equal(t, "[]", string(r.LinesAfter(ctx, 99)))
	r.say(250)
	for _, test := range []struct {
		after       int64
		first, last int
	}{
		{0, 51, 250},
		{1, 51, 250},
		{50, 51, 250},
		{51, 52, 250},
		{249, 250, 250},
		{250, 251, 250},
		{251, 51, 250}, // of an earlier server, which had more lines
		{1 << 62, 51, 250},
		{-1, 51, 250},
	} {
		assert.Equal(t, from(test.first, test.last), ids(t, r.LinesAfter(ctx, test.after)), test.after)
	}
}

func TestLinesAfterWaitsForALineAndForNothingElse(t *testing.T) {
	bubble(t, func(t *testing.T, r *Room, _ *reader) {
		r.say(3)
		got := make(chan []byte, 1)
		go func() { got <- r.LinesAfter(t.Context(), 3) }()
		for range 5 {
			_, err := r.Tally.Vote(1)
			require.NoError(t, err)
			require.NoError(t, r.Join(ada, fmt.Sprint("Ada", time.Now().Second())))
			pass(time.Second)
			require.Empty(t, got)
		}
		r.say(1)
		assert.Equal(t, []int{4}, ids(t, <-got))

		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		start := time.Now()
		assert.Equal(t, "[]", string(r.LinesAfter(ctx, 4)))
		assert.Equal(t, 30*time.Second, time.Since(start))
	})
}

// Those who ask by number get every line once, in order, whatever comes between two requests.
func TestLinesByNumberAreCompleteAndInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t, feed.Options{MaxEvents: 8})
		const lines = 300
		done := make(chan bool)
		for reader := range 5 {
			go func() {
				defer func() { done <- true }()
				var last int
				for last < lines {
					got := ids(t, r.LinesAfter(t.Context(), int64(last)))
					if !assert.Equal(t, from(last+1, last+len(got)), got) || !assert.NotEmpty(t, got) {
						return
					}
					last += len(got)
					time.Sleep(time.Duration(reader) * time.Millisecond)
				}
			}()
		}
		for range lines {
			r.say(1)
			time.Sleep(700 * time.Microsecond)
		}
		for range 5 {
			<-done
		}
	})
}
