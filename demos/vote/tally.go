// Package vote holds the candidates and their counts. A vote changes a count and tells it
// on a feed, in one step, so that every transport carries the same news.
package vote

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"example.com/ws101/demos/feed"
	"example.com/ws101/demos/site"
)

// Kind is the kind of the events of a vote. Each is one candidate with the new count,
// {"uid": 1, "name": "明凯", "count": 301}.
const Kind = "vote"

// A Tally is a running vote. Its methods may be called from any goroutine.
type Tally struct {
	feed  *feed.Feed
	topic *feed.Topic

	// What follows is read and written only under the lock of the feed, so that
	// the counts and the cursor always belong together.
	candidates []Candidate // by uid
	names      [][]byte    // the same, as JSON
	index      map[int64]int
	version    feed.Cursor // right after the last vote
	state      []byte      // the counts as JSON; nil after a vote, until someone asks
}

// New starts a vote that tells its news on f. The error is that of Check.
func New(f *feed.Feed, candidates []Candidate) (*Tally, error) {
	if err := Check(candidates); err != nil {
		return nil, err
	}
	t := &Tally{feed: f, candidates: sorted(candidates), index: map[int64]int{}}
	for i, c := range t.candidates {
		// Marshal writes <, > and & as \u003c and so on: the JSON is the same,
		// and it stays harmless wherever somebody puts it into a page.
		name, err := json.Marshal(c.Name)
		if err != nil {
			return nil, fmt.Errorf("the name of candidate %d: %w", c.UID, err)
		}
		t.names = append(t.names, name)
		t.index[c.UID] = i
	}
	t.topic = f.Topic(t.Snapshot, Kind)
	t.version = f.Now()
	return t, nil
}

// Vote counts one vote and returns the candidate with the new count. An unknown
// uid changes nothing; the error is a *site.Refusal.
func (t *Tally) Vote(uid int64) (Candidate, error) {
	var voted Candidate
	var err error
	t.feed.Update(func(add feed.Add) {
		i, known := t.index[uid]
		if !known {
			err = &site.Refusal{Status: http.StatusNotFound, Sentence: fmt.Sprintf("There is no candidate with the uid %d.", uid)}
			return
		}
		t.candidates[i].Count++
		voted = t.candidates[i]
		t.state = nil
		t.version = add(Kind, t.appendEvent(nil, i))
	})
	return voted, err
}

// A State is the whole vote at one moment.
type State struct {
	// JSON is an object by uid, {"1": {"name": "明凯", "count": 301}, ...}.
	// Nobody may change it.
	JSON []byte
	// Cursor is the place in the feed that belongs to it.
	Cursor feed.Cursor
	// Version changes whenever the JSON does, and with nothing else: Cursor
	// moves on with every event of the feed, also with those that are no votes.
	Version feed.Cursor
}

// State returns the counts as they are now.
func (t *Tally) State() State {
	var s State
	t.feed.View(func(now feed.Cursor) {
		s = State{JSON: t.Snapshot(), Cursor: now, Version: t.version}
	})
	return s
}

// Now returns the cursor of this moment: a reader that starts here gets what comes from now on.
func (t *Tally) Now() feed.Cursor { return t.feed.Now() }

// Since returns the votes after c, or a snapshot of the counts. See feed.Topic.Since.
func (t *Tally) Since(c feed.Cursor) feed.Batch { return t.topic.Since(c) }

// Wait returns as soon as there are votes after c, or when ctx ends. See feed.Topic.Wait.
func (t *Tally) Wait(ctx context.Context, c feed.Cursor) (feed.Batch, error) {
	return t.topic.Wait(ctx, c)
}

// Snapshot returns the counts as JSON, an object by uid. It is for those who hold the lock of the
// feed; others call State. The JSON is made once after each vote, not once for each of those who ask.
func (t *Tally) Snapshot() []byte {
	if t.state != nil {
		return t.state
	}
	b := []byte{'{'}
	for i, c := range t.candidates {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(b, '"')
		b = strconv.AppendInt(b, c.UID, 10)
		b = append(b, `": {"name": `...)
		b = append(b, t.names[i]...)
		b = append(b, `, "count": `...)
		b = strconv.AppendInt(b, c.Count, 10)
		b = append(b, '}')
	}
	t.state = append(b, '}')
	return t.state
}

func (t *Tally) appendEvent(b []byte, i int) []byte {
	return appendCandidate(b, t.candidates[i], t.names[i])
}

// appendCandidate appends a candidate as an event tells it, with its name as JSON.
func appendCandidate(b []byte, c Candidate, name []byte) []byte {
	b = append(b, `{"uid": `...)
	b = strconv.AppendInt(b, c.UID, 10)
	b = append(b, `, "name": `...)
	b = append(b, name...)
	b = append(b, `, "count": `...)
	b = strconv.AppendInt(b, c.Count, 10)
	return append(b, '}')
}
