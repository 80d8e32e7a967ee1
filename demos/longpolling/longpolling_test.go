package longpolling

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/feed"
)

func TestFirstRequestAfterThePageHoldsUntilNewsSinceThePage(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, w *world) {
		w.vote(1) // before the page
		b := w.open()
		c := b.get("/get_vote")
		c.held()
		time.Sleep(7 * time.Second)
		c.held()
		w.vote(1)
		c.gets(7*time.Second, after(2))

		b = w.open()
		w.vote(1) // between the page and the request
		b.get("/get_vote").gets(0, after(3))
	})
}

func TestEmptyStringAfterThirtySeconds(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, w *world) {
		b := w.open()
		for range 3 {
			b.get("/get_vote").gets(30*time.Second, `""`)
		}
		w.vote(1)
		b.get("/get_vote").gets(0, after(1))
	})
}

func TestStatusAndHeadersGoOutAtOnce(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, w *world) {
		b := w.open()
		for _, path := range []string{"/get_vote", "/news?cursor=test-0"} {
			c := b.get(path)
			c.held()
			assert.Equal(t, 200, c.rec.Status())
			h := c.rec.Seen()
			assert.Equal(t, "no-store", h.Get("Cache-Control"))
			assert.Equal(t, "application/json", h.Get("Content-Type"))
			c.abandon()
		}
	})
}

func TestNothingIsLostBetweenTwoRequests(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, w *world) {
		b := w.open()
		for n := range 9 {
			w.vote(1)
			b.get("/get_vote").gets(0, after(n+1))
		}
		b.get("/get_vote").gets(30*time.Second, `""`)
	})
}

func TestNextRequestAcknowledgesTheAnswer(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, w *world) {
		b := w.open()
		w.vote(1)
		b.get("/get_vote").gets(0, after(1))
		c := b.get("/get_vote") // acknowledges, so the same state does not come twice
		c.held()
		w.vote(1)
		c.gets(0, after(2))
	})
}

func TestRequestCutOffWhileItWaitsLosesNothing(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, w *world) {
		b := w.open()
		b.get("/get_vote").abandon()
		w.vote(1)
		b.get("/get_vote").gets(0, after(1))
		b.get("/get_vote").abandon()
		b.get("/get_vote").abandon()
		c := b.get("/get_vote")
		c.held()
		w.vote(1)
		c.gets(0, after(2))
	})
}

// failing is a connection that breaks when the body is written.
type failing struct{ *httptest.ResponseRecorder }

func (failing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestAnswerCutOffIsOfferedAgain(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, w *world) {
		b := w.open()
		w.vote(1)
		for range 2 {
			r := httptest.NewRequest("GET", "/get_vote", nil)
			r.AddCookie(&http.Cookie{Name: cookie, Value: b.cookie})
			w.h.ServeHTTP(failing{httptest.NewRecorder()}, r)
		}
		b.get("/get_vote").gets(0, after(1))
		b.get("/get_vote").gets(30*time.Second, `""`)
	})
}

func TestAnswerToAClientThatLeftInTheSameMomentIsOfferedAgain(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, w *world) {
		b := w.open()
		c := b.get("/get_vote")
		c.held()
		c.cancel()
		w.vote(1) // both before the handler runs again
		<-c.ended
		b.get("/get_vote").gets(0, after(1))
	})
}

func TestStrangerGetsTheStateAndANewID(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, w *world) {
		for i, id := range []string{"", "unknown"} {
			b := &tab{w: w, cookie: id, from: "192.0.2.1:" + string(rune('1'+i))}
			time.Sleep(time.Second)
			b.get("/get_vote").gets(0, start)
			require.NotContains(t, []string{"", "unknown"}, b.cookie)
			b.get("/get_vote").gets(30*time.Second, `""`)
		}
	})
}

func TestStrangerIsAnsweredOnceASecond(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, w *world) {
		b := &tab{w: w, from: "192.0.2.1:1"}
		b.get("/get_vote").gets(0, start)
		for n := range 5 {
			b.cookie = "" // it does not keep cookies
			c := b.get("/get_vote")
			assert.Equal(t, 200, c.rec.Status(), "the status does not wait")
			w.vote(1)
			c.gets(time.Second, after(n+1))
		}
		// Many at once share the next moment, and another machine does not wait for them.
		var calls []*call
		for range 50 {
			b.cookie = ""
			calls = append(calls, b.get("/get_vote"))
		}
		other := &tab{w: w, from: "192.0.2.2:1"}
		other.get("/get_vote").gets(0, after(5))
		for _, c := range calls {
			c.gets(time.Second, after(5))
		}
		b.cookie = ""
		c := b.get("/get_vote")
		c.abandon() // also this wait ends with its client
		assert.Less(t, c.took, time.Second)
	})
}

func TestSessionIsForgottenAfterTenMinutes(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, w *world) {
		b := w.open()
		id := b.cookie
		time.Sleep(10*time.Minute - 1)
		b.get("/get_vote").gets(30*time.Second, `""`) // keeps it alive
		time.Sleep(10*time.Minute - 1)
		b.get("/get_vote").gets(30*time.Second, `""`)
		assert.Equal(t, id, b.cookie)
		time.Sleep(10 * time.Minute)
		b.get("/get_vote").gets(0, start)
		assert.NotEqual(t, id, b.cookie)
	})
}

func TestSessionsAreBoundedAndTheQuietestGoesFirst(t *testing.T) {
	bubble(t, Options{MaxSessions: 3}, func(t *testing.T, w *world) {
		a, b, c := w.open(), w.open(), w.open()
		a.get("/get_vote").gets(30*time.Second, `""`) // now b is the quietest
		idA, idB := a.cookie, b.cookie
		w.open()
		call := a.get("/get_vote")
		call.held()
		assert.Equal(t, idA, a.cookie)
		call.abandon()
		b.get("/get_vote").gets(0, start)
		assert.NotEqual(t, idB, b.cookie)
		_ = c
	})
}

func TestSessionForgottenWhileItsRequestIsHeldIsStillAnswered(t *testing.T) {
	bubble(t, Options{MaxSessions: 1}, func(t *testing.T, w *world) {
		a := w.open()
		c := a.get("/get_vote")
		c.held()
		w.open()
		w.vote(1)
		c.gets(0, after(1))
	})
}

func TestManyPageLoadsStayWithinTheBound(t *testing.T) {
	s := newSessions(100)
	for range 10_000 {
		s.open(feed.Cursor{})
		assert.LessOrEqual(t, len(s.byID), 100)
	}
	assert.Equal(t, 100, s.order.Len())

	var p pace
	now := time.Now()
	for i := range 3 * paceMax {
		p.next(string(rune(i)), now)
	}
	assert.LessOrEqual(t, len(p.last), paceMax)
}

func TestTwoTabsWithTheirOwnSessions(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, w *world) {
		a, b := w.open(), w.open()
		ca, cb := a.get("/get_vote"), b.get("/get_vote")
		ca.held()
		cb.held()
		w.vote(1)
		ca.gets(0, after(1))
		cb.gets(0, after(1))
	})
}

// A second tab may never have a request in flight together with the first one. That it is there shows
// in its load, with the cookie of the first.
func TestSecondClassicTabIsKnownByItsLoad(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, w *world) {
		browser := w.open()
		browser.get("/")
		other := browser.get("/get_vote")
		w.vote(1)
		other.gets(0, after(1))
		one := browser.get("/get_vote")
		w.vote(1)
		one.gets(0, after(2))
		browser.get("/get_vote").gets(time.Second, after(2)) // the other one again
	})
}

// Two classic tabs in one browser share the cookie. Whichever asks first acknowledges for both, so the
// slower one must get what it missed all the same.
func TestTwoTabsWithOneCookieBothSeeEveryNewState(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, w *world) {
		a := w.open()
		b := &tab{w: w, cookie: a.cookie, from: a.from}
		ca, cb := a.get("/get_vote"), b.get("/get_vote")
		ca.held()
		cb.held()
		w.vote(1)
		ca.gets(0, after(1))
		cb.gets(0, after(1))

		w.vote(1)
		a.get("/get_vote").gets(0, after(2)) // a is quick
		ca = a.get("/get_vote")              // and acknowledges what b has not seen
		ca.held()
		cb = b.get("/get_vote")
		cb.gets(time.Second, after(2))
		ca.gets(time.Second, after(2)) // a pays for it with one answer more

		ca, cb = a.get("/get_vote"), b.get("/get_vote")
		time.Sleep(20 * time.Second)
		ca.held() // and then it is quiet
		cb.held()
		ca.gets(30*time.Second, `""`)
		cb.gets(30*time.Second, `""`)
	})
}

func TestVotesFromManyReachEveryClassicTab(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, w *world) {
		var wg sync.WaitGroup
		final := strings.NewReplacer("300", "1300").Replace(start)
		for range 50 {
			b := w.open()
			wg.Go(func() {
				for last := ""; last != final; {
					r := httptest.NewRequest("GET", "/get_vote", nil)
					r.AddCookie(&http.Cookie{Name: cookie, Value: b.cookie})
					rec := httptest.NewRecorder()
					w.h.ServeHTTP(rec, r)
					if !assert.NotEqual(t, `""`, rec.Body.String(), "a tab was left behind") {
						return
					}
					last = rec.Body.String()
				}
			})
		}
		for range 100 {
			wg.Go(func() {
				for range 10 {
					_, err := w.tally.Vote(1)
					assert.NoError(t, err)
					time.Sleep(3 * time.Millisecond)
				}
			})
		}
		wg.Wait()
	})
}

func TestChatDoesNotWakeAClassicPage(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, w *world) {
		c := w.open().get("/get_vote")
		for range 20 {
			_, err := w.room.SayAs("Ada", "hello")
			require.NoError(t, err)
			synctest.Wait()
		}
		c.held()
		c.gets(30*time.Second, `""`)
	})
}

func TestWrongRequests(t *testing.T) {
	w := newWorld(t, Options{})
	for _, test := range []struct {
		method, path string
		status       int
		allow, text  string
	}{
		{"POST", "/get_vote", 405, "GET", "This address takes only GET.\n"},
		{"HEAD", "/get_vote", 405, "GET", "This address takes only GET.\n"},
		{"GET", "/vote", 405, "POST", "This address takes only POST.\n"},
		{"POST", "/", 405, "GET, HEAD", "This address takes only GET and HEAD.\n"},
		{"GET", "/news?cursor=x", 400, "", "The cursor must be empty, or as an earlier answer gave it, such as k3f9a2-17.\n"},
		{"GET", "/news?me=short", 400, "", "The id of a page (me) is 16 to 64 letters and digits that it made up.\n"},
		{"POST", "/news", 405, "GET", "This address takes only GET.\n"},
		{"HEAD", "/news", 405, "GET", "This address takes only GET.\n"},
		{"GET", "/nothing", 404, "", "There is nothing at this address.\n"},
	} {
		rec := httptest.NewRecorder()
		w.h.ServeHTTP(rec, httptest.NewRequest(test.method, test.path, nil))
		assert.Equal(t, test.status, rec.Code, test.path)
		assert.Equal(t, test.allow, rec.Header().Get("Allow"), test.path)
		assert.Equal(t, test.text, rec.Body.String(), test.path)
	}
	assert.Equal(t, start, string(w.tally.State().JSON))
}

func TestPageCookie(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, w *world) {
		b := &tab{w: w}
		c := b.get("/")
		set := c.rec.Seen().Get("Set-Cookie")
		assert.Regexp(t, `^ws101_longpolling=[A-Z2-7]{26}; HttpOnly; SameSite=Lax$`, set)
		assert.Equal(t, "no-store", c.rec.Seen().Get("Cache-Control"))
		first := b.cookie
		b.get("/")
		assert.NotEqual(t, first, b.cookie, "each load of the page is a new reader")
	})
}

func TestClosingAnswersThoseWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closing, begin := context.WithCancel(t.Context())
		w := newWorld(t, Options{Closing: closing})
		classic, own := w.open(), &tab{w: w}
		a, b := classic.get("/get_vote"), own.get("/news?cursor=test-0")
		stranger := &tab{w: w, from: "192.0.2.9:1"}
		stranger.get("/get_vote").gets(0, start)
		stranger.cookie = ""
		c := stranger.get("/get_vote")
		a.held()
		b.held()
		c.held()
		begin()
		a.gets(0, `""`)
		b.gets(0, `{"cursor": "test-0", "snapshot": false, "events": []}`)
		c.gets(0, start)
		classic.get("/get_vote").gets(0, `""`)
	})
}

// Over a real connection: the client has the header fields while the body is held, and when it goes
// away, the handler ends at once.
func TestAbandonedRequestFreesItsHandler(t *testing.T) {
	w := newWorld(t, Options{})
	freed := make(chan struct{}, 1)
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.h.ServeHTTP(rw, r)
		if r.URL.Path != "/" {
			freed <- struct{}{}
		}
	}))
	defer server.Close()
	page, err := http.Get(server.URL)
	require.NoError(t, err)
	page.Body.Close()

	for _, path := range []string{"/get_vote", "/news?cursor=test-0"} {
		ctx, cancel := context.WithCancel(t.Context())
		r, err := http.NewRequestWithContext(ctx, "GET", server.URL+path, nil)
		require.NoError(t, err)
		r.AddCookie(page.Cookies()[0])
		answer, err := http.DefaultClient.Do(r) // returns with the header fields
		require.NoError(t, err)
		assert.Equal(t, "no-store", answer.Header.Get("Cache-Control"))
		require.Empty(t, freed)
		cancel()
		select {
		case <-freed:
		case <-time.After(5 * time.Second):
			t.Fatal("the handler still waits for news that nobody will read")
		}
		answer.Body.Close()
	}
}
