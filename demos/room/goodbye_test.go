package room

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/feed"
	"example.com/ws101/demos/vote"
)

// A page says goodbye, and its connection ends only later.
func TestWhoHasSaidGoodbyeHasLeftWhenTheLastConnectionEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const me = "0123456789abcdef"
		news := feed.New(feed.Options{Epoch: "test"})
		tally, err := vote.New(news, vote.Defaults())
		require.NoError(t, err)
		r := New(news, tally)
		left := r.Enter(me, "sse")
		require.NoError(t, r.Join(me, "Ada"))
		here := func() bool { return r.people.byID[me].here }

		r.Leave(me)
		time.Sleep(time.Minute)
		assert.True(t, here(), "it still reads")
		left()
		synctest.Wait()
		assert.False(t, here())
	})
}
