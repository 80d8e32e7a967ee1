package room

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"example.com/ws101/demos/feed"
	"example.com/ws101/demos/site"
)

const (
	// history is how many lines a newcomer gets.
	history = 50
	// keep is how many lines are kept for those who ask for lines by their number.
	keep = 200
)

// lines are the latest lines of the chat, under the lock of the feed.
type lines struct {
	last    int64
	encoded [][]byte // the oldest first, ending with number last
}

// add numbers a line and returns it as JSON.
//
// Marshal writes <, > and & as \u003c and so on. The JSON is the same, and stays harmless where it
// stands between <script> tags, as it does in a hidden iframe.
func (l *lines) add(name, text string, at time.Time) []byte {
	l.last++
	line, err := json.Marshal(struct {
		ID   int64  `json:"id"`
		Name string `json:"name"`
		Text string `json:"text"`
		At   int64  `json:"at"`
	}{l.last, name, text, at.UnixMilli()})
	if err != nil {
		panic(err) // numbers and strings can always be encoded
	}
	l.encoded = append(l.encoded, line)
	if len(l.encoded) > keep {
		l.encoded[0] = nil // the array outlives this slice of it
		l.encoded = l.encoded[1:]
	}
	return line
}

// appendHistory appends the last lines as a JSON array.
func (l *lines) appendHistory(b []byte) []byte {
	return appendArray(b, l.encoded[max(0, len(l.encoded)-history):])
}

// after returns the lines with larger numbers than id, as many as are kept. An id from a future
// that never was is one of an earlier server, and gets them all.
func (l *lines) after(id int64) [][]byte {
	if id < 0 || id > l.last {
		id = 0
	}
	missing := min(l.last-id, int64(len(l.encoded)))
	return l.encoded[int64(len(l.encoded))-missing:]
}

func appendArray(b []byte, items [][]byte) []byte {
	b = append(b, '[')
	for i, item := range items {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(b, item...)
	}
	return append(b, ']')
}

// Say adds a line to the chat, under the name that the page me has joined with. The error is a
// *site.Refusal: the line is too long, or comes too fast, or nobody has joined with this id.
func (r *Room) Say(me, text string) error {
	if err := checkText(text); err != nil {
		return err
	}
	var err error
	r.feed.Update(func(add feed.Add) {
		p := r.people.byID[me]
		if p != nil {
			r.show(add, p, p.by, graceBroken) // and the name may be gone then
		}
		switch {
		case p == nil || p.name == "":
			err = &site.Refusal{Status: http.StatusForbidden, Sentence: "Give yourself a name before you say something."}
		case !p.quota.take(time.Now()):
			err = errTooFast
		default:
			add(Chat, r.lines.add(p.name, text, time.Now()))
		}
	})
	return err
}

// stranger is the name of those who give none. Nobody else can have it.
const stranger = "anonymous"

// SayAs adds a line of somebody who has not joined, as pages for the classic servers do, with or
// without a name. It returns the line as JSON. The error is a *site.Refusal. All who come this way
// share one quota.
func (r *Room) SayAs(name, text string) ([]byte, error) {
	if name == "" {
		name = stranger
	}
	name, err := cleanName(name)
	if err == nil {
		err = checkText(text)
	}
	if err != nil {
		return nil, err
	}
	var line []byte
	r.feed.Update(func(add feed.Add) {
		switch {
		case r.people.taken(name, nil):
			err = errTaken
		case !r.strangers.take(time.Now()):
			err = errTooFast
		default:
			line = r.lines.add(name, text, time.Now())
			add(Chat, line)
		}
	})
	return line, err
}

// LinesAfter returns the lines with larger numbers than id as a JSON array. If there are none it
// waits for one until ctx ends, and the array may be empty then.
func (r *Room) LinesAfter(ctx context.Context, id int64) []byte {
	for {
		var now feed.Cursor
		var found [][]byte
		r.feed.View(func(c feed.Cursor) { now, found = c, r.lines.after(id) })
		if len(found) > 0 || ctx.Err() != nil {
			return appendArray(nil, found)
		}
		// Other news wakes this too, and then it waits again.
		_, _ = r.Wait(ctx, now)
	}
}
