package vote

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/feed"
)

func TestEventsTellASnapshotAsTheFeedTellsVotes(t *testing.T) {
	candidates := []Candidate{{10, "</script>👩‍💻", 5}, {2, "厂长", 0}}
	tally, err := New(feed.New(feed.Options{}), candidates)
	require.NoError(t, err)
	from := tally.Now()
	for _, c := range candidates {
		_, err := tally.Vote(c.UID)
		require.NoError(t, err)
	}
	events := Events(tally.State().JSON)
	told := tally.Since(from).Events
	require.Len(t, events, 2)
	assert.Equal(t, string(told[1].JSON), string(events[0]), "uid 2 comes first")
	assert.Equal(t, string(told[0].JSON), string(events[1]))
}

func TestEventsOfWhatIsNoState(t *testing.T) {
	assert.Panics(t, func() { Events([]byte(`{"1": 2}`)) })
}
