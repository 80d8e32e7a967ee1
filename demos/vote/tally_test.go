package vote

import (
	"encoding/json"
	"fmt"
	"math"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/feed"
	"example.com/ws101/demos/site"
)

func newTally(t *testing.T, o feed.Options) *Tally {
	t.Helper()
	if o.Epoch == "" {
		o.Epoch = "test"
	}
	tally, err := New(feed.New(o), Defaults())
	require.NoError(t, err)
	return tally
}

func TestStateIsTheClassicObject(t *testing.T) {
	tally := newTally(t, feed.Options{})
	s := tally.State()
	assert.Equal(t, `{"1": {"name": "明凯", "count": 300}, "2": {"name": "厂长", "count": 200}, "3": {"name": "7酱", "count": 600}}`, string(s.JSON))
	assert.Equal(t, "test-0", s.Cursor.String())
	assert.Equal(t, "test-0", s.Version.String())
}

func TestVoteChangesCountEventAndState(t *testing.T) {
	tally := newTally(t, feed.Options{})
	before := tally.State()
	got, err := tally.Vote(1)
	require.NoError(t, err)
	assert.Equal(t, Candidate{1, "明凯", 301}, got)

	news := tally.Since(before.Cursor)
	require.Len(t, news.Events, 1)
	assert.Equal(t, Kind, news.Events[0].Kind)
	assert.Equal(t, `{"uid": 1, "name": "明凯", "count": 301}`, string(news.Events[0].JSON))
	assert.Contains(t, string(tally.State().JSON), `"1": {"name": "明凯", "count": 301}`)
	assert.Equal(t, "test-1", tally.State().Version.String())
	assert.Contains(t, string(before.JSON), `"count": 300`, "a state that was given out stays as it was")
}

func TestVersionChangesOnlyWithTheState(t *testing.T) {
	f := feed.New(feed.Options{Epoch: "test"})
	tally, err := New(f, Defaults())
	require.NoError(t, err)
	f.Update(func(add feed.Add) { add("chat", []byte(`"hello"`)) })
	assert.Equal(t, "test-0", tally.State().Version.String())
	assert.Equal(t, "test-1", tally.State().Cursor.String())
	_, _ = tally.Vote(3)
	assert.Equal(t, "test-2", tally.State().Version.String())
}

func TestStateIsEncodedOnceForAllReaders(t *testing.T) {
	tally := newTally(t, feed.Options{})
	_, _ = tally.Vote(1)
	tally.State()
	assert.Zero(t, testing.AllocsPerRun(100, func() { tally.State() }))
	assert.Same(t, &tally.State().JSON[0], &tally.Since(feed.Cursor{}).Snapshot[0])
}

func TestVoteForNobody(t *testing.T) {
	tally := newTally(t, feed.Options{})
	before := string(tally.State().JSON)
	for _, uid := range []int64{0, -1, 4, math.MaxInt64} {
		_, err := tally.Vote(uid)
		var refusal *site.Refusal
		require.ErrorAs(t, err, &refusal)
		assert.Equal(t, 404, refusal.Status)
		assert.Equal(t, fmt.Sprintf("There is no candidate with the uid %d.", uid), err.Error())
	}
	assert.Equal(t, before, string(tally.State().JSON))
	assert.Equal(t, "test-0", tally.Now().String())
}

func TestNamesAreEncodedSoThatTheyDoNoHarmInAPage(t *testing.T) {
	name := "</script><b>\u2028\"\\👩‍💻\n"
	tally, err := New(feed.New(feed.Options{}), []Candidate{{1, name, 0}})
	require.NoError(t, err)
	_, _ = tally.Vote(1)
	for _, text := range [][]byte{tally.State().JSON, tally.Since(tally.State().Cursor).Snapshot} {
		assert.NotContains(t, string(text), "<")
		assert.NotContains(t, string(text), "\u2028")
	}
	var state map[string]struct{ Name string }
	require.NoError(t, json.Unmarshal(tally.State().JSON, &state))
	assert.Equal(t, name, state["1"].Name)
}

func TestNewChecksTheCandidates(t *testing.T) {
	f := feed.New(feed.Options{})
	for want, list := range map[string][]Candidate{
		"there is no candidate":                      nil,
		"the name of candidate 1 is not valid UTF-8": {{1, "\xff", 0}},
		"the uid 1 is there twice":                   {{1, "a", 0}, {1, "b", 0}},
	} {
		_, err := New(f, list)
		assert.EqualError(t, err, want)
	}
	mine := []Candidate{{2, "b", 0}, {1, "a", 0}}
	tally, err := New(f, mine)
	require.NoError(t, err)
	_, _ = tally.Vote(2)
	assert.Equal(t, []Candidate{{2, "b", 0}, {1, "a", 0}}, mine, "the caller's list stays as it was")
	assert.Equal(t, `{"1": {"name": "a", "count": 0}, "2": {"name": "b", "count": 1}}`, string(tally.State().JSON))
}

func TestNoVoteIsLostOrCountedTwice(t *testing.T) {
	tally := newTally(t, feed.Options{MaxEvents: 64})
	const voters, votes = 100, 60
	var wg sync.WaitGroup
	for i := range voters {
		wg.Go(func() {
			for j := range votes {
				_, err := tally.Vote(int64(1 + (i+j)%3))
				assert.NoError(t, err)
			}
		})
	}
	// Meanwhile a reader checks that every snapshot agrees with its cursor.
	wg.Go(func() {
		for range 1000 {
			s := tally.State()
			var state map[string]struct{ Count uint64 }
			assert.NoError(t, json.Unmarshal(s.JSON, &state))
			assert.Equal(t, 1100+s.Cursor.N, state["1"].Count+state["2"].Count+state["3"].Count)
		}
	})
	wg.Wait()
	assert.Equal(t, `{"1": {"name": "明凯", "count": 2300}, "2": {"name": "厂长", "count": 2200}, "3": {"name": "7酱", "count": 2600}}`, string(tally.State().JSON))
}
