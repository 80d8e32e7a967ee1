package room

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/feed"
	"example.com/ws101/demos/site"
	"example.com/ws101/demos/vote"
)

func newRoom(t *testing.T, o feed.Options) *Room {
	t.Helper()
	o.Epoch = "test"
	f := feed.New(o)
	tally, err := vote.New(f, vote.Defaults())
	require.NoError(t, err)
	return New(f, tally)
}

// A reader is told what happens in a room.
type reader struct {
	t      *testing.T
	room   *Room
	cursor feed.Cursor
}

// hears requires that exactly these events have happened since it was asked last, each written as
// its kind and its JSON.
func (r *reader) hears(want ...string) {
	r.t.Helper()
	batch := r.room.Since(r.cursor)
	require.Nil(r.t, batch.Snapshot)
	r.cursor = batch.Cursor
	var got []string
	for _, e := range batch.Events {
		got = append(got, e.Kind+" "+string(e.JSON))
	}
	assert.Equal(r.t, want, got)
}

func came(name, by string) string {
	return fmt.Sprintf(`here {"name":%q,"by":%q,"here":true}`, name, by)
}

func went(name, by string) string {
	return fmt.Sprintf(`here {"name":%q,"by":%q,"here":false}`, name, by)
}

// bubble runs f with a room in which time passes only while f sleeps, and with a reader of all its news.
func bubble(t *testing.T, f func(t *testing.T, r *Room, all *reader)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t, feed.Options{})
		f(t, r, &reader{t, r, r.Now()})
	})
}

// pass lets time pass, and what is due in it happen.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// refused requires that err is a refusal with this status and this sentence.
func refused(t *testing.T, err error, status int, sentence string) {
	t.Helper()
	var r *site.Refusal
	require.ErrorAs(t, err, &r)
	assert.Equal(t, status, r.Status)
	assert.Equal(t, sentence, r.Sentence)
}

const (
	ada   = "ada-0123456789abcdef"
	bob   = "bob-0123456789abcdef"
	carol = "carol-0123456789abcdef"
)

func TestSnapshotIsTheWholeRoom(t *testing.T) {
	bubble(t, func(t *testing.T, r *Room, _ *reader) {
		require.NoError(t, r.Join(bob, "Bob"))
		r.Enter(bob, "sse")
		require.NoError(t, r.Join(ada, "Ada"))
		require.NoError(t, r.Say(ada, "hello"))
		_, err := r.Tally.Vote(1)
		require.NoError(t, err)
		b := r.Since(feed.Cursor{})
		assert.Equal(t, fmt.Sprintf(`{"vote": {"1": {"name": "明凯", "count": 301}, "2": {"name": "厂长", "count": 200}, "3": {"name": "7酱", "count": 600}}, `+
			`"chat": [{"id":1,"name":"Ada","text":"hello","at":%d}], `+
			`"here": [{"name":"Ada","by":"","here":true}, {"name":"Bob","by":"sse","here":true}]}`, time.Now().UnixMilli()), string(b.Snapshot))
		assert.Equal(t, "test-5", b.Cursor.String())
		assert.Equal(t, b.Cursor, r.Version())
		assert.Equal(t, b.Cursor, r.Now())
	})
}

// A state is what a page knows of a room.
type state struct {
	Vote map[string]vote.Candidate
	Chat []line
	Here []presence
}

type line struct {
	ID   int
	Name string
	Text string
	At   int64
}

type presence struct {
	Name string
	By   string
	Here bool
}

// take brings a page up to date with a batch, as the pages of the demos do.
func (s *state) take(t *testing.T, b feed.Batch) {
	if b.Snapshot != nil {
		*s = state{}
		require.NoError(t, json.Unmarshal(b.Snapshot, s))
		return
	}
	for _, e := range b.Events {
		switch e.Kind {
		case vote.Kind:
			var c vote.Candidate
			require.NoError(t, json.Unmarshal(e.JSON, &c))
			s.Vote[fmt.Sprint(c.UID)] = vote.Candidate{Name: c.Name, Count: c.Count}
		case Chat:
			var l line
			require.NoError(t, json.Unmarshal(e.JSON, &l))
			s.Chat = append(s.Chat, l)
			s.Chat = s.Chat[max(0, len(s.Chat)-history):]
		case Here:
			var p presence
			require.NoError(t, json.Unmarshal(e.JSON, &p))
			known := slices.ContainsFunc(s.Here, func(q presence) bool { return q.Name == p.Name })
			assert.True(t, known || p.Here, "%s left without having been here", p.Name)
			s.Here = slices.DeleteFunc(s.Here, func(q presence) bool { return q.Name == p.Name })
			if p.Here {
				s.Here = append(s.Here, p)
				slices.SortFunc(s.Here, func(a, b presence) int { return strings.Compare(a.Name, b.Name) })
			}
		default:
			assert.Fail(t, "unknown kind", e.Kind)
		}
	}
}

// Whoever follows by events knows the same as whoever has just come and got a snapshot, whatever
// happens in the room.
func TestEventsLeadToTheSameStateAsASnapshot(t *testing.T) {
	for seed := range uint64(30) {
		synctest.Test(t, func(t *testing.T) {
			r := newRoom(t, feed.Options{MaxEvents: 40})
			random := rand.New(rand.NewPCG(seed, 1))
			var follower state
			var cursor feed.Cursor
			links := map[string][]func(){}
			names := []string{"Ada", "ada", "Bob", "Cy", "<b>", "👩‍💻", "A\u200dda"}
			techniques := []string{"polling", "sse", "websocket"}
			events := 0
			for range 400 {
				me := fmt.Sprintf("page-%012d", random.IntN(6))
				by := techniques[random.IntN(len(techniques))]
				switch random.IntN(9) {
				case 0:
					_ = r.Join(me, names[random.IntN(len(names))])
				case 1:
					_ = r.Say(me, fmt.Sprint("line ", random.IntN(100)))
				case 2:
					_, _ = r.SayAs(names[random.IntN(len(names))], "hello")
				case 3:
					links[me] = append(links[me], r.Enter(me, by))
				case 4:
					if n := len(links[me]); n > 0 {
						links[me][n-1]()
						links[me] = links[me][:n-1]
					}
				case 5:
					r.Seen(me, by)
				case 6:
					r.Leave(me)
				case 7:
					_, _ = r.Tally.Vote(int64(1 + random.IntN(3)))
				case 8:
					pass([]time.Duration{time.Millisecond, time.Second, 10 * time.Second, time.Minute, 9 * time.Minute}[random.IntN(5)])
				}
				if random.IntN(4) > 0 {
					continue // a batch may be of several actions
				}
				synctest.Wait() // somebody whose time is over is told of by a timer
				batch := r.Since(cursor)
				events += len(batch.Events)
				follower.take(t, batch)
				cursor = batch.Cursor
				var newcomer state
				newcomer.take(t, r.Since(feed.Cursor{}))
				require.Equal(t, newcomer.Vote, follower.Vote, "seed %d", seed)
				require.Equal(t, newcomer.Chat, follower.Chat, "seed %d", seed)
				require.ElementsMatch(t, newcomer.Here, follower.Here, "seed %d", seed)
			}
			require.Greater(t, events, 100)

			// When all have gone and the memory is over, nothing of them is kept.
			for _, left := range links {
				for _, leave := range left {
					leave()
				}
			}
			pass(time.Hour)
			assert.Empty(t, r.people.byID)
			assert.Zero(t, r.people.named)
		})
	}
}

func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t, feed.Options{})
		start := time.Now()
		var got []string
		end := fmt.Errorf("enough")
		time.AfterFunc(7*time.Second, func() { _, _ = r.Tally.Vote(1) })
		err := r.Follow(t.Context(), r.Now(), 5*time.Second, func(b feed.Batch) error {
			got = append(got, fmt.Sprintf("%v %d %v", time.Since(start), len(b.Events), b.Cursor))
			if len(got) == 4 {
				return end
			}
			return nil
		})
		assert.Equal(t, end, err)
		assert.Equal(t, []string{"5s 0 test-0", "7s 1 test-1", "12s 0 test-1", "17s 0 test-1"}, got)
	})
}

// A server that closes must not wait until there is a pause in the news.
func TestFollowEndsInTheMiddleOfAStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t, feed.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		batches := 0
		err := r.Follow(ctx, r.Now(), time.Second, func(b feed.Batch) error {
			if batches++; batches == 3 {
				cancel()
			}
			require.Less(t, batches, 10)
			_, err := r.Tally.Vote(1) // there is always more
			return err
		})
		assert.Equal(t, ctx.Err(), err)
		assert.Equal(t, 3, batches)
	})
}
