package websocket

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/feed"
	"example.com/ws101/demos/room"
)

// A peer is a Conn whose other side takes its time over each message, and checks what it gets: the
// counts of candidate 1 must come without a gap and without a repetition.
type peer struct {
	t    *testing.T
	form Form
	name string
	gaps bool // a snapshot may leave some out

	mu      sync.Mutex
	slow    time.Duration // it takes for each message
	count   int64         // the last that it has had, or 0
	cursor  feed.Cursor
	heard   time.Time
	writing bool

	once sync.Once
	gone chan struct{}
	code int
}

var errGone = errors.New("the peer is gone")

func (p *peer) ReadMessage() (bool, []byte, error) {
	<-p.gone
	return false, nil, errGone
}

func (p *peer) WriteMessage(text bool, message []byte) error {
	p.mu.Lock()
	assert.False(p.t, p.writing, "%s: two write at the same time", p.name)
	p.writing = true
	slow := p.slow
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		p.writing = false
		p.mu.Unlock()
	}()
	if slow > 0 {
		select {
		case <-time.After(slow):
		case <-p.gone:
			return errGone
		}
	}
	select {
	case <-p.gone:
		return errGone
	default:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard = time.Now()
	p.hear(message)
	return nil
}

func (p *peer) Close(code int, _ string) error {
	p.once.Do(func() {
		p.code = code
		close(p.gone)
	})
	return nil
}

func (p *peer) hear(message []byte) {
	type candidate struct{ UID, Count int64 }
	if p.form == Classic {
		var c candidate
		require.NoError(p.t, json.Unmarshal(message, &c))
		p.told(c.UID, c.Count)
		return
	}
	var batch struct {
		Cursor   string
		Snapshot bool
		State    struct{ Vote map[string]candidate }
		Events   []struct{ Vote candidate }
	}
	require.NoError(p.t, json.Unmarshal(message, &batch))
	cursor, err := feed.ParseCursor(batch.Cursor)
	require.NoError(p.t, err)
	assert.GreaterOrEqual(p.t, cursor.N, p.cursor.N, "%s: the cursor goes back", p.name)
	p.cursor = cursor
	if batch.Snapshot {
		assert.True(p.t, p.gaps || p.count == 0, "%s: a snapshot for one who is not behind", p.name)
		p.count = batch.State.Vote["1"].Count
	}
	for _, e := range batch.Events {
		p.told(e.Vote.UID, e.Vote.Count)
	}
}

func (p *peer) told(uid, count int64) {
	if uid != 1 {
		return // of a snapshot in the classic form
	}
	if p.gaps && p.form == Classic {
		assert.GreaterOrEqual(p.t, count, p.count, p.name)
	} else if p.count != 0 {
		assert.Equal(p.t, p.count+1, count, "%s: lost, or twice", p.name)
	}
	p.count = count
}

func (p *peer) has() (count int64, heard time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count, p.heard
}

// add has a peer carried, from now on.
func (w *world) add(form Form, name string, slow time.Duration) *peer {
	p := &peer{t: w.t, form: form, name: name, slow: slow, gone: make(chan struct{})}
	visitor := room.Visitor{Cursor: w.room.Now()}
	p.count = w.count()
	go func() { assert.Equal(w.t, errGone, w.carrier.Carry(w.ctx, p, visitor, form)) }()
	return p
}

// count is how many votes candidate 1 has.
func (w *world) count() int64 {
	var state map[string]struct{ Count int64 }
	require.NoError(w.t, json.Unmarshal(w.room.Tally.State().JSON, &state))
	return state["1"].Count
}

func large(t *testing.T, f func(*testing.T, *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		r := newRoom(t, feed.Options{})
		f(t, &world{t, ctx, stop, r, NewCarrier(r)})
	})
}

func TestSlowMembersDelayTheOthersByMilliseconds(t *testing.T) {
	large(t, func(t *testing.T, w *world) {
		var quick, slow []*peer
		for i := range 100 {
			for _, form := range []Form{Classic, Batches} {
				slow = append(slow, w.add(form, fmt.Sprint("slow ", i), 9*time.Second))
				if i < 20 {
					quick = append(quick, w.add(form, fmt.Sprint("quick ", i), 0))
				}
			}
		}
		synctest.Wait()
		for range 10 {
			w.vote(1)
			told := time.Now()
			time.Sleep(2 * time.Second) // so that the slow are stuck, and then come back in the middle
			for _, p := range quick {
				count, heard := p.has()
				assert.Equal(t, w.count(), count)
				assert.LessOrEqual(t, heard.Sub(told), 8*time.Millisecond, "with 100 who are stuck in each form")
			}
		}
		time.Sleep(time.Hour)
		for _, p := range slow {
			count, _ := p.has()
			assert.Equal(t, w.count(), count, "in the end they have it all")
		}
		w.stop()
		for _, p := range append(quick, slow...) {
			<-p.gone
			assert.Equal(t, goingAway, p.code)
		}
	})
}

// Connections come and go, some slow and some quick, while votes and other news come in storms. All
// who stay have every vote, once.
func TestNobodyLosesAnythingOrGetsItTwice(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			random := rand.New(rand.NewPCG(seed, 2))
			// In half of the runs the log is so short that some are told a snapshot.
			gaps := seed%2 == 1
			o := feed.Options{MaxEvents: 100_000}
			if gaps {
				o.MaxEvents = 5
			}
			r := newRoom(t, o)
			w := &world{t, ctx, stop, r, NewCarrier(r)}
			var peers []*peer
			for step := range 300 {
				switch random.IntN(6) {
				case 0, 1:
					slow := []time.Duration{0, 0, time.Microsecond, time.Millisecond, 3 * time.Millisecond, time.Second}[random.IntN(6)]
					p := w.add(Form(random.IntN(2)), fmt.Sprintf("seed %d peer %d", seed, step), slow)
					p.gaps = gaps
					peers = append(peers, p)
				case 2:
					if n := len(peers); n > 0 {
						i := random.IntN(n)
						_ = peers[i].Close(1005, "")
						peers = append(peers[:i], peers[i+1:]...)
					}
				case 3:
					for range random.IntN(20) {
						w.vote(1)
					}
				case 4:
					_, _ = r.SayAs("", "hello") // news for one form and not for the other
				case 5:
					time.Sleep([]time.Duration{time.Nanosecond, time.Microsecond, time.Millisecond, time.Second, 30 * time.Second}[random.IntN(5)])
				}
			}
			// A vote more wakes those who wait, but nobody may have needed it.
			time.Sleep(10 * time.Minute)
			for _, p := range peers {
				count, _ := p.has()
				assert.Equal(t, w.count(), count, p.name)
			}
			for _, p := range peers {
				_ = p.Close(1005, "")
			}
			synctest.Wait()
			for _, h := range []*hub{&w.carrier.classic, &w.carrier.batches} {
				assert.Zero(t, h.members)
				assert.Empty(t, h.waiting)
			}
		})
	}
}

func TestMembersInParallelWithNews(t *testing.T) {
	r := newRoom(t, feed.Options{MaxEvents: 100_000})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	w := &world{t, ctx, stop, r, NewCarrier(r)}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 25 {
				// The cursor and the count must be of one moment: these come without either.
				p := &peer{t: t, form: Form(j % 2), name: fmt.Sprint(i, " ", j), gone: make(chan struct{})}
				carried := make(chan struct{})
				go func() {
					defer close(carried)
					_ = w.carrier.Carry(ctx, p, room.Visitor{Cursor: r.Now()}, p.form)
				}()
				for range 20 {
					w.vote(1)
				}
				_ = p.Close(1005, "")
				<-carried
			}
		})
	}
	wg.Wait()
	assert.EqualValues(t, 300+4*25*20, w.count())
	assert.Zero(t, w.carrier.classic.members)
	assert.Zero(t, w.carrier.batches.members)
}

// When the last member leaves while its run has just taken up some news, and another member comes,
// the old run must not touch what belongs to the new one.
func TestRunThatHasBeenStoppedTakesNothing(t *testing.T) {
	large(t, func(t *testing.T, w *world) {
		first := w.add(Batches, "first", 0)
		synctest.Wait()
		h := &w.carrier.batches
		old, stopOld := context.WithCancel(t.Context())
		h.mu.Lock()
		stopRun := h.stop
		h.stop = func() { stopRun(); stopOld() }
		h.mu.Unlock()
		from := w.room.Now()
		w.vote(1)
		to := w.room.Now()
		_ = first.Close(1005, "")
		synctest.Wait()
		w.vote(1)
		second := w.add(Batches, "second", 0)
		synctest.Wait()
		ready, behind := h.take(old, from, to)
		assert.Empty(t, ready)
		assert.Empty(t, behind)
		assert.Equal(t, w.room.Now(), h.cursor)
		w.vote(1)
		synctest.Wait()
		count, _ := second.has()
		assert.Equal(t, w.count(), count)
		_ = second.Close(1005, "")
	})
}

// A number counts within its epoch only. Who comes from an earlier run of the server may have a larger
// one than there is now, and gets a snapshot, and then what comes after that.
func TestCursorOfAnotherRunGetsASnapshotAndThenTheNews(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.vote(1)
		for _, cursor := range []feed.Cursor{{Epoch: "older", N: 1}, {Epoch: "older", N: 1 << 60}, {Epoch: "test", N: 1 << 60}} {
			c := w.connect(cursor, Batches)
			c.gets(w.snapshot())
			w.vote(2)
			now, counts := w.room.Now(), w.room.Since(feed.Cursor{Epoch: "test", N: w.room.Now().N - 1})
			c.gets(fmt.Sprintf(`{"cursor": %q, "snapshot": false, "events": [{"vote": %s}]}`, now, counts.Events[0].JSON))
			c.getsBeat()
			c.leaves()
		}
	})
}

func TestChatIsNoNewsForAClassicConnection(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		c := w.connect(w.room.Now(), Classic)
		for range 20 {
			_, err := w.room.SayAs("", "hello")
			require.NoError(t, err)
		}
		c.getsNothing()
		w.vote(1)
		c.gets(`{"uid": 1, "name": "明凯", "count": 301}`)
		c.getsNothing()
		c.leaves()
	})
}

// A member may leave while the last message to it is on its way.
func TestMemberThatHasLeftDoesNotWait(t *testing.T) {
	large(t, func(t *testing.T, w *world) {
		h := &w.carrier.batches
		stays := w.add(Batches, "stays", 0)
		leaves := w.add(Batches, "leaves", time.Second)
		synctest.Wait()
		h.mu.Lock()
		require.Len(t, h.waiting, 2)
		var m *member
		for one := range h.waiting {
			if one.conn == Conn(leaves) {
				m = one
			}
		}
		h.mu.Unlock()
		_ = leaves.Close(1005, "")
		synctest.Wait()
		assert.True(t, h.wait(m))
		h.mu.Lock()
		assert.Len(t, h.waiting, 1)
		h.mu.Unlock()
		_ = stays.Close(1005, "")
	})
}
