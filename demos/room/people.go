package room

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"example.com/ws101/demos/feed"
	"example.com/ws101/demos/site"
)

const (
	// maxNamed bounds how many names are remembered.
	maxNamed = 1000

	// How long somebody is still here after the last sign of life. A connection that breaks comes
	// back within seconds. Who polls may be in a hidden tab, where timers run once a minute. And
	// who says goodbye may only be loading the page again.
	graceBroken  = 15 * time.Second
	gracePoll    = 90 * time.Second
	graceGoodbye = 2 * time.Second
	// memory is how long the name of somebody who has left is kept for a return.
	memory = 10 * time.Minute
)

// people are those who read, under the lock of the feed: whoever holds a connection open, and
// whoever has given a name.
//
// A page makes up a random id for itself and shows it with each request. It is the key to the
// name: nobody else is ever told it.
type people struct {
	byID  map[string]*person
	named int // how many of them have a name

	next  time.Time // when the timer fires
	timer *time.Timer
}

type person struct {
	name  string // "" for one who only reads
	looks string // see looks
	by    string // the technique last used
	here  bool   // the others have been told
	links int    // connections that are held open
	quota quota

	until   time.Time // without a connection: here until then, or if gone, remembered until then
	leaving bool      // has said goodbye
}

// Join gives the page with the id me a name, and the people here are told. To join again under
// the same name changes nothing. The error is a *site.Refusal.
func (r *Room) Join(me, name string) error {
	name, err := cleanName(name)
	if err == nil && me == "" {
		err = errID
	}
	if err != nil {
		return err
	}
	r.feed.Update(func(add feed.Add) {
		p := r.people.byID[me]
		if strings.EqualFold(looks(name), stranger) || r.people.taken(name, p) {
			err = errTaken
			return
		}
		if p == nil || p.name == "" {
			if err = r.people.makeRoom(); err != nil {
				return
			}
		}
		if p == nil {
			p = r.people.add(me)
		}
		if p.name != name {
			// Everybody is told, as of a line, so it has the same limit.
			if !p.quota.take(time.Now()) {
				err = errTooFast
				return
			}
			r.people.leave(add, p)
			r.people.rename(p, name)
		}
		r.show(add, p, p.by, graceBroken)
	})
	return err
}

var errTaken = &site.Refusal{Status: http.StatusConflict,
	Sentence: "Somebody here has this name already. Take another one."}

// Enter says that the page me holds a connection open, by a technique. The function it returns says
// that the connection has ended; it is called once.
func (r *Room) Enter(me, by string) (left func()) {
	if me == "" {
		return func() {}
	}
	var p *person
	r.feed.Update(func(add feed.Add) {
		if p = r.people.byID[me]; p == nil {
			p = r.people.add(me)
		}
		p.links++
		p.leaving = false
		r.people.enter(add, p, by)
	})
	return func() {
		r.feed.Update(func(feed.Add) {
			p.links--
			switch {
			case p.links > 0:
			case p.name == "":
				delete(r.people.byID, me)
			case p.leaving:
				r.sweepAt(p.until)
			default:
				r.stay(p, graceBroken)
			}
		})
	}
}

// Seen says that the page me has just asked for news.
func (r *Room) Seen(me, by string) {
	if me == "" {
		return
	}
	r.feed.Update(func(add feed.Add) {
		if p := r.people.byID[me]; p != nil {
			r.show(add, p, by, gracePoll)
		}
	})
}

// Leave says that the page me goes away. If it is back at once, nobody is told.
func (r *Room) Leave(me string) {
	r.feed.Update(func(feed.Add) {
		if p := r.people.byID[me]; p != nil {
			p.until = time.Time{}
			r.stay(p, graceGoodbye)
			p.leaving = true
		}
	})
}

// show says that p is here, by a technique, and stays for some time without a connection.
func (r *Room) show(add feed.Add, p *person, by string, grace time.Duration) {
	r.people.enter(add, p, by)
	r.stay(p, grace)
}

// stay keeps somebody here for some time without a connection.
func (r *Room) stay(p *person, grace time.Duration) {
	p.leaving = false
	until := time.Now().Add(grace)
	if until.After(p.until) {
		p.until = until
	}
	r.sweepAt(p.until)
}

// sweepAt has sweep called then, or earlier.
func (r *Room) sweepAt(t time.Time) {
	q := &r.people
	if !q.next.IsZero() && !t.Before(q.next) {
		return
	}
	q.next = t
	if q.timer == nil {
		q.timer = time.AfterFunc(time.Until(t), r.sweep)
	} else {
		q.timer.Reset(time.Until(t))
	}
}

// sweep tells of those who have gone, and forgets those who have been away for long.
func (r *Room) sweep() {
	r.feed.Update(func(add feed.Add) {
		q, now := &r.people, time.Now()
		q.next = time.Time{}
		for me, p := range q.byID {
			if p.links > 0 {
				continue
			}
			if !p.until.After(now) {
				if !p.here {
					q.forget(me)
					continue
				}
				q.leave(add, p)
				p.until = now.Add(memory)
			}
			r.sweepAt(p.until)
		}
	})
}

func (q *people) add(me string) *person {
	p := &person{}
	q.byID[me] = p
	return p
}

func (q *people) rename(p *person, name string) {
	if p.name == "" {
		q.named++
	}
	if name == "" {
		q.named--
	}
	p.name, p.looks = name, looks(name)
}

func (q *people) forget(me string) {
	if q.byID[me].name != "" {
		q.named--
	}
	delete(q.byID, me)
}

// makeRoom makes room for one more name: somebody who is away is forgotten.
func (q *people) makeRoom() error {
	if q.named < maxNamed {
		return nil
	}
	for me, p := range q.byID {
		if p.name != "" && !p.here {
			q.forget(me)
			return nil
		}
	}
	return &site.Refusal{Status: http.StatusServiceUnavailable, After: time.Minute,
		Sentence: "The room is full. Read along, and try to join again later."}
}

// taken reports whether anybody but p is here under this name, or one that looks the same.
func (q *people) taken(name string, p *person) bool {
	seen := looks(name)
	for _, other := range q.byID {
		if other != p && other.here && strings.EqualFold(other.looks, seen) {
			return true
		}
	}
	return false
}

// enter tells that p is here, if that is news. Somebody who comes back after a while may find the
// name taken, and has none then.
func (q *people) enter(add feed.Add, p *person, by string) {
	changed := !p.here || p.by != by
	p.by = by
	if p.name == "" || !changed {
		return
	}
	if !p.here && q.taken(p.name, p) {
		q.rename(p, "")
		return
	}
	if !p.here {
		p.here = true
		p.until = time.Time{} // it was the end of the memory
	}
	add(Here, p.appendJSON(nil, true))
}

func (q *people) leave(add feed.Add, p *person) {
	if p.here {
		p.here = false
		add(Here, p.appendJSON(nil, false))
	}
}

// appendJSON appends who is here, by name.
func (q *people) appendJSON(b []byte) []byte {
	var here []*person
	for _, p := range q.byID {
		if p.here {
			here = append(here, p)
		}
	}
	slices.SortFunc(here, func(a, b *person) int { return strings.Compare(a.name, b.name) })
	var items [][]byte
	for _, p := range here {
		items = append(items, p.appendJSON(nil, true))
	}
	return appendArray(b, items)
}

func (p *person) appendJSON(b []byte, here bool) []byte {
	person, err := json.Marshal(struct {
		Name string `json:"name"`
		By   string `json:"by"`
		Here bool   `json:"here"`
	}{p.name, p.by, here})
	if err != nil {
		panic(err) // strings can always be encoded
	}
	return append(b, person...)
}
