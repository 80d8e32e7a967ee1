package compare

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"example.com/ws101/demos/feed"
	"example.com/ws101/demos/room"
	"example.com/ws101/demos/site"
	"example.com/ws101/demos/vote"
	"example.com/ws101/demos/wire"
	"example.com/ws101/handshake"
	"example.com/ws101/rfc6455"
)

const (
	// pace is how long rows gather before they are sent together.
	pace = 50 * time.Millisecond
	// missed is how many votes are cast while the lanes are broken.
	missed = 3
	// rest is how long after a break the next one may come: the sockets of a
	// silence stay for some time.
	rest = 2 * time.Second

	maxWish      = 1 << 10
	writeTimeout = 10 * time.Second
)

// A wish is a message of the page: a ping, a vote, or a break.
type wish struct {
	Ping  int      `json:"ping"`  // the answer has the same number
	Vote  int64    `json:"vote"`  // the uid of a candidate
	Break breakage `json:"break"` // breaks all lanes of the page; votes come behind it
}

// told is a message to the page. All times are milliseconds since it came.
type told struct {
	// Pong answers a ping, at the time Now.
	Pong int     `json:"pong,omitempty"`
	Now  float64 `json:"now,omitempty"`
	// News is a feed.Batch: what the lanes are about to bring, which was there at At.
	News json.RawMessage `json:"news,omitempty"`
	At   float64         `json:"at,omitempty"`
	// Rows crossed the wire. Missed is how many did unseen.
	Rows   []row  `json:"rows,omitempty"`
	Missed uint64 `json:"missed,omitempty"`
	// Broken tells how all lanes were broken at At.
	Broken breakage `json:"broken,omitempty"`
	Error  string   `json:"error,omitempty"`
}

// control is the control channel of one page, which is open as long as the page
// compares.
type control struct {
	*page
	room   *room.Room
	conn   *rfc6455.Conn
	start  time.Time
	broken time.Time
}

// control answers the handshake of a control channel.
func (s *server) control(w http.ResponseWriter, r *http.Request) {
	id := r.URL.Query().Get("page")
	var p *page
	conn, err := rfc6455.Upgrade(w, r, &rfc6455.AcceptOptions{
		Options: rfc6455.Options{MaxMessage: maxWish, WriteTimeout: writeTimeout, Group: s.Group},
		Origin:  handshake.SameOrigin, // and no other, whatever the demos allow: it shows cookies
		Check: func(*handshake.Request) (err error) {
			if err = room.CheckID(id); err == nil && id == "" {
				err = errNoID
			}
			if err == nil {
				p, err = s.enter(id)
			}
			return refused(err)
		},
	})
	if err != nil {
		if p != nil {
			s.leave(p)
		}
		return // it has been answered
	}
	c := &control{page: p, room: s.Room, conn: conn, start: time.Now()}
	watcher := s.Tap.Watch()
	go func() {
		defer s.leave(p)
		defer watcher.Close()
		c.serve(watcher)
	}()
}

var errNoID = &site.Refusal{Status: http.StatusBadRequest, Sentence: "A page that compares makes up an id (page)."}

// refused makes the answer to a handshake out of a *site.Refusal.
func refused(err error) error {
	var r *site.Refusal
	if !errors.As(err, &r) {
		return err
	}
	return &handshake.Error{Status: r.Status, Text: r.Sentence}
}

func (c *control) serve(watcher *wire.Watcher) {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	from := c.room.Now()
	go func() { _ = c.room.Follow(ctx, from, time.Minute, c.news) }()
	go c.rows(ctx, watcher)
	_ = c.conn.Serve(ctx, rfc6455.Handler{Message: func(_ *rfc6455.Conn, _ rfc6455.MessageType, p []byte) { c.hear(p) }})
}

func (c *control) now() float64 { return milliseconds(time.Since(c.start)) }

// tell sends a message. An error ends the connection, so that nobody has to look
// at it.
func (c *control) tell(t told) error {
	message, err := json.Marshal(t)
	if err != nil {
		return err
	}
	return c.conn.Write(context.Background(), rfc6455.Text, message)
}

// rows sends what crosses the wire for the lanes.
func (c *control) rows(ctx context.Context, watcher *wire.Watcher) {
	s := &sorter{page: c.id, start: c.start, conns: map[uint64]*exchange{}}
	for {
		rows, unseen, err := watcher.Next(ctx)
		if err != nil {
			return
		}
		t := told{Missed: unseen}
		for i := range rows {
			if out, ok := s.sort(&rows[i]); ok {
				t.Rows = append(t.Rows, out)
			}
		}
		if len(t.Rows) > 0 || unseen > 0 {
			if c.tell(t) != nil {
				return
			}
		}
		select {
		case <-time.After(pace):
		case <-ctx.Done():
			return
		}
	}
}

// hear does what the page wants.
func (c *control) hear(message []byte) {
	var w wish
	if json.Unmarshal(message, &w) != nil {
		_ = c.tell(told{Error: "This is not a wish, such as {\"vote\": 1}."})
		return
	}
	switch {
	case w.Ping > 0:
		_ = c.tell(told{Pong: w.Ping, Now: c.now()})
	case w.Break == reset || w.Break == silence:
		c.shatterAll(w.Break, w.Vote)
	case w.Vote > 0:
		c.vote(w.Vote)
	}
}

// vote casts a vote, and says when: before anybody could be told of it.
func (c *control) vote(uid int64) {
	at := c.now()
	voted, err := c.room.Tally.Vote(uid)
	if err != nil {
		_ = c.tell(told{Error: err.Error()})
		return
	}
	_ = c.tell(told{News: voteNews(voted), At: at})
}

// shatterAll breaks all lanes, and casts votes that they cannot bring.
func (c *control) shatterAll(b breakage, uid int64) {
	if time.Since(c.broken) < rest {
		_ = c.tell(told{Error: "The lanes were broken a moment ago."})
		return
	}
	c.broken = time.Now()
	// The page is told before, so that it knows what it sees.
	_ = c.tell(told{Broken: b, At: c.now()})
	c.shatter(b)
	for range missed {
		c.vote(uid)
	}
}

// voteNews is a vote as a batch tells it.
func voteNews(c vote.Candidate) json.RawMessage {
	news, err := json.Marshal(map[string]any{"events": []any{map[string]any{
		"vote": map[string]any{"uid": c.UID, "name": c.Name, "count": c.Count},
	}}})
	if err != nil {
		panic(err) // numbers and strings can always be encoded
	}
	return news
}

// news tells what others do.
func (c *control) news(b feed.Batch) error {
	if b.Empty() || b.Snapshot != nil {
		return nil
	}
	return c.tell(told{News: b.AppendJSON(nil), At: c.now()})
}
