// Package room is what every transport of the demos carries: a vote, a chat, and who is here. All
// of it is told on one feed, so people on different techniques meet in one room.
//
// A transport does three things with a room: it hands on what is new after a cursor (Since, Wait),
// it says who reads (Enter, Seen), and it passes in what people do (Do).
package room

import (
	"context"
	"time"

	"example.com/ws101/demos/feed"
	"example.com/ws101/demos/vote"
)

// The kinds of events, besides vote.Kind.
const (
	// Chat is a line: {"id": 7, "name": "Ada", "text": "hello", "at": 1767225600000}. The id counts
	// the lines of this server, and at is in milliseconds since 1970.
	Chat = "chat"
	// Here is somebody who came or went, and the technique in use:
	// {"name": "Ada", "by": "sse", "here": true}.
	Here = "here"
)

// A Room is one vote, one chat and the people in it. Its methods may be called from any goroutine.
type Room struct {
	// Tally is the vote.
	Tally *vote.Tally

	feed *feed.Feed
	news *feed.Topic
	acts acts

	// What follows is read and written only under the lock of the feed.
	lines     lines
	people    people
	strangers quota // of those who talk without having joined
}

// New opens a room. The tally must tell its votes on the same feed.
func New(f *feed.Feed, tally *vote.Tally) *Room {
	r := &Room{Tally: tally, feed: f}
	r.people.byID = map[string]*person{}
	r.news = f.Topic(r.snapshot, vote.Kind, Chat, Here)
	return r
}

// Now returns the cursor of this moment.
func (r *Room) Now() feed.Cursor { return r.feed.Now() }

// Version returns a cursor that changes whenever there is news.
func (r *Room) Version() feed.Cursor { return r.news.Version() }

// Since returns what is new after c. See feed.Topic.Since. A snapshot is
//
//	{"vote": {"1": {"name": "明凯", "count": 301}, ...}, "chat": [...], "here": [...]}
//
// with the last 50 lines of the chat, and an event of the kind Here for each person.
func (r *Room) Since(c feed.Cursor) feed.Batch { return r.news.Since(c) }

// Wait returns as soon as there is news after c, or when ctx ends. See feed.Topic.Wait.
func (r *Room) Wait(ctx context.Context, c feed.Cursor) (feed.Batch, error) {
	return r.news.Wait(ctx, c)
}

// snapshot is called under the lock of the feed.
func (r *Room) snapshot() []byte {
	b := append([]byte(`{"vote": `), r.Tally.Snapshot()...)
	b = append(b, `, "chat": `...)
	b = r.lines.appendHistory(b)
	b = append(b, `, "here": `...)
	b = r.people.appendJSON(b)
	return append(b, '}')
}

// Follow hands all news after c to send, batch by batch, until ctx ends or send fails. Where there
// is no news for as long as beat, it sends an empty batch, as a sign of life.
func (r *Room) Follow(ctx context.Context, c feed.Cursor, beat time.Duration, send func(feed.Batch) error) error {
	for {
		short, cancel := context.WithTimeout(ctx, beat)
		batch, _ := r.Wait(short, c)
		cancel()
		if batch.Empty() && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := send(batch); err != nil {
			return err
		}
		// News may come so fast that there is always some, and Wait does not look at ctx.
		if ctx.Err() != nil {
			return ctx.Err()
		}
		c = batch.Cursor
	}
}
