package feed

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// counter is a state that a feed tells about: how many events there were.
type counter struct {
	feed  *Feed
	topic *Topic
	n     int
}

func newCounter(o Options) *counter {
	if o.Epoch == "" {
		o.Epoch = "test"
	}
	c := &counter{feed: New(o)}
	c.topic = c.feed.Topic(func() []byte { return strconv.AppendInt(nil, int64(c.n), 10) }, "count")
	return c
}

func (c *counter) add(n int) {
	for range n {
		c.feed.Update(func(add Add) {
			c.n++
			add("count", strconv.AppendInt(nil, int64(c.n), 10))
		})
	}
}

func (c *counter) other() { c.feed.Update(func(add Add) { add("other", []byte(`"x"`)) }) }

func numbers(b Batch) []string {
	var s []string
	for _, e := range b.Events {
		s = append(s, string(e.JSON))
	}
	return s
}

func TestSinceGivesEventsToThoseWhoCanContinue(t *testing.T) {
	c := newCounter(Options{MaxEvents: 5})
	c.add(7) // 3 to 7 are still there
	for from, want := range map[uint64][]string{
		2: {"3", "4", "5", "6", "7"},
		3: {"4", "5", "6", "7"},
		6: {"7"},
		7: nil,
	} {
		b := c.topic.Since(Cursor{"test", from})
		assert.Nil(t, b.Snapshot)
		assert.Equal(t, want, numbers(b))
		assert.Equal(t, Cursor{"test", 7}, b.Cursor)
		assert.Equal(t, want == nil, b.Empty())
	}
}

func TestSinceGivesASnapshotToAllOthers(t *testing.T) {
	c := newCounter(Options{MaxEvents: 5})
	c.add(7)
	for name, from := range map[string]Cursor{
		"has nothing yet":   {},
		"another epoch":     {"tset", 6},
		"too far behind":    {"test", 1},
		"from the start":    {"test", 0},
		"never was":         {"test", 8},
		"never will be":     {"test", 1<<64 - 1},
		"other and too new": {"tset", 9},
	} {
		b := c.topic.Since(from)
		assert.Equal(t, "7", string(b.Snapshot), name)
		assert.Empty(t, b.Events, name)
		assert.Equal(t, Cursor{"test", 7}, b.Cursor, name)
		assert.False(t, b.Empty(), name)
	}
}

func TestSinceOnAnEmptyFeed(t *testing.T) {
	c := newCounter(Options{})
	assert.Equal(t, "0", string(c.topic.Since(Cursor{}).Snapshot))
	assert.True(t, c.topic.Since(Cursor{"test", 0}).Empty())
}

func TestEachEventCarriesTheCursorRightAfterIt(t *testing.T) {
	c := newCounter(Options{})
	c.add(3)
	b := c.topic.Since(Cursor{"test", 1})
	require.Len(t, b.Events, 2)
	assert.Equal(t, "test-2", b.Events[0].Cursor.String())
	assert.Equal(t, []string{"3"}, numbers(c.topic.Since(b.Events[0].Cursor)))
}

func TestTopicSeesItsKindsOnly(t *testing.T) {
	c := newCounter(Options{})
	c.other()
	c.add(1)
	c.other()
	b := c.topic.Since(Cursor{"test", 0})
	assert.Equal(t, []string{"1"}, numbers(b))
	assert.Equal(t, Cursor{"test", 3}, b.Cursor, "what it does not want is behind it all the same")
	assert.True(t, c.topic.Since(Cursor{"test", 2}).Empty())

	both := c.feed.Topic(func() []byte { return nil }, "other", "count")
	assert.Equal(t, []string{`"x"`, "1", `"x"`}, numbers(both.Since(Cursor{"test", 0})))
}

func TestBusyNeighbourCostsNobodyASnapshot(t *testing.T) {
	c := newCounter(Options{MaxEvents: 4})
	c.add(1)
	for range 10 {
		c.other()
	}
	assert.Nil(t, c.topic.Since(Cursor{"test", 1}).Snapshot, "nothing of its kind was dropped behind its back")
	assert.NotNil(t, c.topic.Since(Cursor{"test", 0}).Snapshot, "here something was")
	c.add(1)
	assert.Equal(t, []string{"2"}, numbers(c.topic.Since(Cursor{"test", 1})))
	assert.Equal(t, Cursor{"test", 12}, c.topic.Version())
	c.other()
	assert.Equal(t, Cursor{"test", 12}, c.topic.Version())
}

func TestWaitEndsWithWhatCameInTheSameMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(Options{})
		ctx, cancel := context.WithCancel(t.Context())
		got := make(chan Batch)
		go func() {
			b, err := c.topic.Wait(ctx, Cursor{"test", 0})
			assert.NoError(t, err)
			got <- b
		}()
		synctest.Wait()
		cancel()
		c.add(1) // both before the reader runs again
		assert.Equal(t, []string{"1"}, numbers(<-got))
	})
}

func TestLogIsBoundedInEventsAndBytes(t *testing.T) {
	for name, o := range map[string]Options{
		"events": {MaxEvents: 10},
		"bytes":  {MaxBytes: 10},
		"both":   {MaxEvents: 3, MaxBytes: 4},
	} {
		c := newCounter(o)
		f := c.feed
		for range 1000 {
			c.add(1)
			total := 0
			for _, e := range f.log {
				total += len(e.JSON)
			}
			require.Equal(t, total, f.bytes, name)
			require.LessOrEqual(t, f.bytes, f.maxBytes, name)
			require.LessOrEqual(t, len(f.log), f.maxEvents, name)
			require.LessOrEqual(t, cap(f.log), 4*f.maxEvents, "the array behind the log must not grow for ever")
		}
	}
}

func TestEventLargerThanTheLogLeavesASnapshot(t *testing.T) {
	c := newCounter(Options{MaxBytes: 10})
	c.add(2)
	c.feed.Update(func(add Add) { add("count", make([]byte, 11)) })
	b := c.topic.Since(Cursor{"test", 2})
	assert.NotNil(t, b.Snapshot)
	assert.Equal(t, Cursor{"test", 3}, b.Cursor)
	assert.True(t, c.topic.Since(b.Cursor).Empty())
}

func TestUpdateThatPanicsAddsNothing(t *testing.T) {
	c := newCounter(Options{})
	assert.Panics(t, func() {
		c.feed.Update(func(add Add) { add("count", []byte("1")); panic("no") })
	})
	assert.Equal(t, Cursor{"test", 0}, c.feed.Now())
	c.add(1) // and the lock is free
	assert.Equal(t, []string{"1"}, numbers(c.topic.Since(Cursor{"test", 0})))
}

func TestUpdateMayAddSeveralEventsOrNone(t *testing.T) {
	f := New(Options{Epoch: "e"})
	f.Update(func(Add) {})
	assert.Equal(t, "e-0", f.Now().String())
	f.Update(func(add Add) {
		assert.Equal(t, "e-1", add("a", nil).String())
		assert.Equal(t, "e-2", add("a", nil).String())
	})
	f.View(func(now Cursor) { assert.Equal(t, "e-2", now.String()) })
}

func TestEpochIsRandomUnlessGiven(t *testing.T) {
	a, b := New(Options{}).Now(), New(Options{}).Now()
	assert.NotEqual(t, a.Epoch, b.Epoch)
	parsed, err := ParseCursor(a.String())
	require.NoError(t, err)
	assert.Equal(t, a, parsed)
	assert.Panics(t, func() { New(Options{Epoch: "Not-valid"}) })
}

func TestBatchAsJSON(t *testing.T) {
	c := newCounter(Options{})
	c.add(2)
	assert.Equal(t, `{"cursor": "test-2", "snapshot": true, "state": 2}`, string(c.topic.Since(Cursor{}).AppendJSON(nil)))
	assert.Equal(t, `{"cursor": "test-2", "snapshot": false, "events": [{"count": 1}, {"count": 2}]}`, string(c.topic.Since(Cursor{"test", 0}).AppendJSON(nil)))
	assert.Equal(t, `data: {"cursor": "test-2", "snapshot": false, "events": []}`, string(c.topic.Since(Cursor{"test", 2}).AppendJSON([]byte("data: "))))
}

func TestWaitReturnsAtOnceIfThereIsSomething(t *testing.T) {
	c := newCounter(Options{})
	c.add(1)
	over, cancel := context.WithCancel(t.Context())
	cancel() // also when there is no time at all
	for _, from := range []Cursor{{}, {"tset", 1}, {"test", 0}} {
		b, err := c.topic.Wait(over, from)
		require.NoError(t, err)
		assert.False(t, b.Empty())
	}
}

func TestWaitWakesAllWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(Options{})
		var wg sync.WaitGroup
		for range 2000 {
			wg.Go(func() {
				b, err := c.topic.Wait(t.Context(), Cursor{"test", 0})
				assert.NoError(t, err)
				assert.Equal(t, []string{"1"}, numbers(b))
			})
		}
		synctest.Wait() // all of them wait now
		c.add(1)
		wg.Wait()
	})
}

func TestWaitSleepsThroughOtherKinds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(Options{MaxEvents: 2})
		got := make(chan Batch, 1)
		go func() {
			b, _ := c.topic.Wait(t.Context(), Cursor{"test", 0})
			got <- b
		}()
		for range 10 { // more than the log holds
			synctest.Wait()
			c.other()
		}
		synctest.Wait()
		require.Empty(t, got)
		c.add(1)
		b := <-got
		assert.Equal(t, []string{"1"}, numbers(b), "it kept up, so it needs no snapshot")
		assert.Equal(t, Cursor{"test", 11}, b.Cursor)
	})
}

func TestWaitThatEndsLeavesNothingBehind(t *testing.T) {
	// The bubble itself fails if a goroutine is left.
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(Options{})
		var wg sync.WaitGroup
		start := time.Now()
		for range 100 {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				b, err := c.topic.Wait(ctx, Cursor{"test", 0})
				assert.ErrorIs(t, err, context.DeadlineExceeded)
				assert.True(t, b.Empty())
				assert.Equal(t, Cursor{"test", 1}, b.Cursor, "the cursor has passed what it does not want")
			})
		}
		synctest.Wait()
		c.other()
		wg.Wait()
		assert.Equal(t, 30*time.Second, time.Since(start))
	})
}

func TestWaitersCostTheFeedNothing(t *testing.T) {
	c := newCounter(Options{})
	over, cancel := context.WithCancel(t.Context())
	cancel()
	before := heap()
	for range 100_000 {
		_, err := c.topic.Wait(over, Cursor{"test", 0})
		require.Error(t, err)
	}
	assert.Less(t, heap()-before, int64(1<<20), "100,000 clients that came and went must leave nothing")
	runtime.KeepAlive(c)
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// Many readers with random pauses, one small log, many writers: each reader sees every number
// exactly once and in order, or a snapshot that stands for all before it.
func TestReadersSeeEveryEventOnceOrASnapshot(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { readers(t, seed) })
		})
	}
}

func readers(t *testing.T, seed uint64) {
	const total = 400
	c := newCounter(Options{MaxEvents: 16})
	var wg sync.WaitGroup
	for i := range uint64(40) {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(seed, i))
			var cursor Cursor
			seen, snapshots := 0, 0
			for seen < total {
				b, err := c.topic.Wait(t.Context(), cursor)
				if !assert.NoError(t, err) {
					return
				}
				if b.Snapshot != nil {
					n, err := strconv.Atoi(string(b.Snapshot))
					assert.NoError(t, err)
					assert.GreaterOrEqual(t, n, seen, "a snapshot never goes back")
					seen, snapshots = n, snapshots+1
				}
				for _, e := range b.Events {
					n, err := strconv.Atoi(string(e.JSON))
					assert.NoError(t, err)
					if !assert.Equal(t, seen+1, n, "lost or twice") {
						return
					}
					seen = n
				}
				if i == 0 || random.IntN(10) > 0 { // some answers are lost, and asked for again
					cursor = b.Cursor
				} else {
					seen -= len(b.Events)
					if b.Snapshot != nil {
						cursor = Cursor{}
					}
				}
				time.Sleep(time.Duration(random.IntN(1+int(i))) * time.Millisecond) // in the bubble's time
			}
			if i == 0 {
				assert.Equal(t, 1, snapshots, "the reader without pauses never falls behind")
			}
		})
	}
	for i := range uint64(4) {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(seed, 1000+i))
			for range total / 4 {
				if random.IntN(3) == 0 {
					c.other()
				}
				c.add(1)
				time.Sleep(time.Duration(1+random.IntN(3)) * time.Millisecond)
			}
		})
	}
	wg.Wait()
}
