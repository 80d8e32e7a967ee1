package longpolling

import (
	"container/list"
	"crypto/rand"
	"sync"
	"time"

	"example.com/ws101/demos/feed"
)

// sessionLife is how long a session is remembered after its last request or answer.
const sessionLife = 10 * time.Minute

// sessions remembers how far each classic page has read. It is bounded: when it is
// full, the session that was quiet longest is forgotten, and one is forgotten anyway when it
// has been quiet for ten minutes. A page whose session is gone is a stranger and gets the whole
// state, so forgetting costs an answer and never a vote.
type sessions struct {
	max int

	mu    sync.Mutex
	byID  map[string]*session
	order *list.List // of *session, the quietest first
}

// A session is one load of a classic page.
//
// The page does not say what it has received. So an answer is only an offer, and the next
// request acknowledges it: who asks for more has had what came before. An answer that was cut
// off offers nothing, so that the next request gets it again.
type session struct {
	id      string
	place   *list.Element
	touched time.Time

	offered feed.Cursor // the place after the newest answer that was not cut off

	// Two tabs of one browser share a cookie, and so a session. Then the tab that asks again first
	// acknowledges for both. See turn.
	waiting   int       // requests in flight
	shared    bool      // two were seen in flight at once, or there may be two tabs
	offeredAt time.Time // when offered last moved on
}

// A turn is what one request of a session has to wait for.
type turn struct {
	// from is where the client has read to.
	from feed.Cursor
	// repeat is the time after which the state is sent even without news, if not 0.
	repeat time.Duration
}

func newSessions(limit int) *sessions {
	return &sessions{max: limit, byID: map[string]*session{}, order: list.New()}
}

// open starts a session that has received everything up to c, and returns its random id.
func (t *sessions) open(c feed.Cursor) (string, *session) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forget()
	for len(t.byID) >= t.max {
		t.remove(t.order.Front())
	}
	s := &session{id: rand.Text(), offered: c}
	t.byID[s.id] = s
	s.place = t.order.PushBack(s)
	s.touched = time.Now()
	return s.id, s
}

// share notes that there may be two tabs with the cookie of s.
func (t *sessions) share(s *session) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s.shared = true
}

// find returns the session with this id, or nil.
func (t *sessions) find(id string) *session {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forget()
	return t.byID[id]
}

// arrive notes that a request of s has come in, and returns what it has to wait for.
func (t *sessions) arrive(s *session) turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.touch(s)
	s.waiting++
	if s.waiting > 1 {
		s.shared = true
	}
	turn := turn{from: s.offered}
	if s.shared && !s.offeredAt.IsZero() {
		// Which of the tabs is this? It may be the slower one, which has not had the newest state. So
		// shortly after some news every tab gets the state once more: a state that comes
		// twice does no harm, one that never comes does.
		turn.repeat = max(0, echo-time.Since(s.offeredAt))
	}
	return turn
}

// answered notes that a request of s got a complete answer with everything up to c.
func (t *sessions) answered(s *session, c feed.Cursor) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.touch(s)
	s.waiting--
	if c.N > s.offered.N || s.offered.IsZero() {
		s.offered = c
		s.offeredAt = time.Now()
	}
}

// cutOff notes that a request of s ended without a complete answer.
func (t *sessions) cutOff(s *session) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.touch(s)
	s.waiting--
}

func (t *sessions) touch(s *session) {
	s.touched = time.Now()
	t.order.MoveToBack(s.place) // does nothing if s was forgotten meanwhile
}

// forget drops the sessions that were quiet too long. There is no timer for it: whoever opens
// or looks for a session pays for those that have just ended.
func (t *sessions) forget() {
	for {
		front := t.order.Front()
		if front == nil || time.Since(front.Value.(*session).touched) < sessionLife {
			return
		}
		t.remove(front)
	}
}

func (t *sessions) remove(place *list.Element) {
	t.order.Remove(place)
	delete(t.byID, place.Value.(*session).id)
}
