//go:build ignore

// The chapter's tests run on the feed of the demos too, with this file in place of the chapter's solution.
//
// without: TestUpdate (it looks at the log, which has other names there)
// without: TestUpdateIsOneStep (the same)
// without: TestFollowSends (in the demos, each technique has its own)
// without: TestFollowSlow (the same)
// without: TestFollowStuck (the same)
// without: TestFollowEnds (the same)
// without: TestFollowCost (the same)
package feed

import (
	"context"
	"net"
	"strings"
	"sync"
	"time"

	"example.com/ws101/demos/feed"
)

const Stuck = 10 * time.Second

type Cursor = feed.Cursor

func ParseCursor(s string) (Cursor, error) { return feed.ParseCursor(s) }

type Batch struct {
	Next     Cursor
	Events   []string
	Snapshot string
}

func (b Batch) Empty() bool { return len(b.Events) == 0 && b.Snapshot == "" }

func batch(b feed.Batch) Batch {
	all := Batch{Next: b.Cursor, Snapshot: string(b.Snapshot)}
	for _, e := range b.Events {
		all.Events = append(all.Events, strings.Clone(string(e.JSON)))
	}
	return all
}

type Feed struct {
	feed  *feed.Feed
	topic *feed.Topic

	// What the tests look at in the chapter's feed, kept here as it is there.
	most    int
	mu      sync.Mutex
	last    uint64
	log     []string
	changed chan struct{}
}

func New(epoch string, most int, snapshot func() string) *Feed {
	f := &Feed{feed: feed.New(feed.Options{Epoch: epoch, MaxEvents: most}), most: most}
	f.topic = f.feed.Topic(func() []byte { return []byte(snapshot()) }, "event")
	return f
}

func (f *Feed) Update(change func() (event string)) {
	f.feed.Update(func(add feed.Add) {
		event := change()
		add("event", []byte(event))
		f.last++
		f.log = append(f.log, event)
		f.log = f.log[max(0, len(f.log)-f.most):]
		f.changed = make(chan struct{})
	})
}

func (f *Feed) Since(c Cursor) Batch { return batch(f.topic.Since(c)) }

func (f *Feed) Wait(ctx context.Context, c Cursor) Batch {
	b, _ := f.topic.Wait(ctx, c)
	return batch(b)
}

func Follow(context.Context, net.Conn, *Feed, Cursor) error { panic("not in the library") }
