package longpolling

import (
	"context"
	"net"
	"net/http"
	"time"

	"example.com/ws101/demos/feed"
	"example.com/ws101/demos/site"
)

// cookie names the session of a classic page. It ends with the browser, scripts cannot read
// it, and other sites cannot send it with a POST. It is not Secure, because the demo
// speaks plain HTTP. It has no Path, so it belongs to the folder of the page.
const cookie = "ws101_longpolling"

// echo is how long after some news a session with two tabs may still have a tab that has
// not seen it, although the cursor that they share says so.
const echo = time.Second

// withSession gives each load of the page an id, whose reading starts at this moment.
func (d *demo) withSession(page http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			id, s := d.sessions.open(d.tally.Now())
			// The page may be in a second tab, and from here on the first one has this cookie too.
			if c, err := r.Cookie(cookie); err == nil && d.sessions.find(c.Value) != nil {
				d.sessions.share(s)
			}
			setCookie(w, id)
		}
		// A page out of a cache would come without the cookie.
		w.Header().Set("Cache-Control", "no-store")
		page.ServeHTTP(w, r)
	})
}

func setCookie(w http.ResponseWriter, id string) {
	http.SetCookie(w, &http.Cookie{Name: cookie, Value: id, HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

// classic answers a page that was written for the classic server, which sends no cursor.
// It gets the whole state when there is a vote that its session has not had, and the JSON
// "" when there is none for 30 seconds.
func (d *demo) classic(w http.ResponseWriter, r *http.Request) {
	var s *session
	if c, err := r.Cookie(cookie); err == nil {
		s = d.sessions.find(c.Value)
	}
	if s == nil {
		d.stranger(w, r)
		return
	}
	turn := d.sessions.arrive(s)
	out := begin(w)
	ctx, done := patience(r, d.closing, hold)
	defer done()
	batch, again := d.wait(ctx, turn)
	body, offered := []byte(`""`), batch.Cursor
	if again || !batch.Empty() {
		state := d.tally.State() // may be newer than the batch, with a cursor to match
		body, offered = state.JSON, state.Cursor
	}
	d.answer(out, r, s, body, offered)
}

// wait waits for news in a turn. It also returns, with again == true, when this may be a tab
// that has missed the newest state because another tab of its session has had it.
func (d *demo) wait(ctx context.Context, t turn) (batch feed.Batch, again bool) {
	if t.repeat > 0 {
		short, cancel := context.WithTimeout(ctx, t.repeat)
		defer cancel()
		batch, _ = d.tally.Wait(short, t.from)
		return batch, batch.Empty() && ctx.Err() == nil
	}
	batch, _ = d.tally.Wait(ctx, t.from)
	return batch, false
}

// stranger answers a client without a session: at once with the whole state, and with a new id, so
// that the next request can wait. But a client that ignores cookies would ask again at once and
// for ever, so the same address is answered at most once a second.
func (d *demo) stranger(w http.ResponseWriter, r *http.Request) {
	id, s := d.sessions.open(feed.Cursor{})
	setCookie(w, id)
	d.sessions.arrive(s)
	out := begin(w)
	if delay := d.pace.next(host(r), time.Now()); delay > 0 {
		ctx, done := patience(r, d.closing, delay)
		<-ctx.Done()
		done()
	}
	state := d.tally.State()
	d.answer(out, r, s, state.JSON, state.Cursor)
}

// answer writes the body and notes how it went. What is offered to a client that is gone was
// cut off: the next request of the session gets it again.
func (d *demo) answer(out *site.Stream, r *http.Request, s *session, body []byte, offered feed.Cursor) {
	gone := r.Context().Err() != nil
	if !gone {
		err := out.Last(body)
		gone = err != nil || r.Context().Err() != nil
	}
	if gone {
		d.sessions.cutOff(s)
	} else {
		d.sessions.answered(s, offered)
	}
}

func host(r *http.Request) string {
	h, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return h
}
