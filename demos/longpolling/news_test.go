package longpolling

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/feed"
	"example.com/ws101/demos/room"
	"example.com/ws101/demos/vote"
)

const me = "0123456789abcdef"

func snapshot(cursor, votes string) string {
	return `{"cursor": "` + cursor + `", "snapshot": true, "state": {"vote": ` + votes + `, "chat": [], "here": []}}`
}

func TestNewsCarriesItsCursor(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, w *world) {
		b := &tab{w: w, from: "192.0.2.1:1"}
		b.get("/news?cursor=").gets(0, snapshot("test-0", start))
		b.get("/news").gets(0, snapshot("test-0", start))
		c := b.get("/news?cursor=test-0")
		c.held()
		time.Sleep(time.Second)
		w.vote(1)
		c.gets(time.Second, `{"cursor": "test-1", "snapshot": false, "events": [{"vote": {"uid": 1, "name": "明凯", "count": 301}}]}`)
		w.vote(1)
		w.vote(3)
		b.get("/news?cursor=test-1").gets(0, `{"cursor": "test-3", "snapshot": false, "events": `+
			`[{"vote": {"uid": 1, "name": "明凯", "count": 302}}, {"vote": {"uid": 3, "name": "7酱", "count": 601}}]}`)
		b.get("/news?cursor=test-3").gets(30*time.Second, `{"cursor": "test-3", "snapshot": false, "events": []}`)
		assert.Empty(t, b.cookie, "it needs no cookie")
	})
}

func TestNewsAskedAgainAfterALostAnswerIsTheSame(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, w *world) {
		b := &tab{w: w}
		b.get("/news?cursor=test-0").abandon()
		w.vote(1)
		const want = `{"cursor": "test-1", "snapshot": false, "events": [{"vote": {"uid": 1, "name": "明凯", "count": 301}}]}`
		b.get("/news?cursor=test-0").gets(0, want)
		b.get("/news?cursor=test-0").gets(0, want)
	})
}

func TestNewsForACursorThatCannotGoOnIsASnapshot(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, w *world) {
		for range 9 { // the log holds 8
			w.vote(1)
		}
		b := &tab{w: w}
		for _, cursor := range []string{"", "other-9", "test-0", "test-10"} {
			b.get("/news?cursor="+cursor).gets(0, snapshot("test-9", after(9)))
		}
	})
}

// A page that may not hold one more request of the browser's six asks here.
func TestPollIsTheNewsWithoutHolding(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, w *world) {
		b := &tab{w: w}
		b.get("/poll?cursor=test-0").gets(0, `{"cursor": "test-0", "snapshot": false, "events": []}`)
		w.vote(2)
		b.get("/poll?cursor=test-0").gets(0, `{"cursor": "test-1", "snapshot": false, "events": [{"vote": {"uid": 2, "name": "厂长", "count": 201}}]}`)
	})
}

func TestWhoHoldsARequestIsHereAndStaysBetweenTwo(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, w *world) {
		here := func() string {
			var state struct{ Here json.RawMessage }
			require.NoError(t, json.Unmarshal(w.room.Since(feed.Cursor{}).Snapshot, &state))
			return string(state.Here)
		}
		require.NoError(t, w.room.Join(me, "Ada"))
		b := &tab{w: w}
		const news = `{"cursor": "test-2", "snapshot": false, "events": [{"here": {"name":"Ada","by":"longpolling","here":true}}]}`
		b.get("/news?cursor=test-1&me="+me).gets(0, news)
		for range 3 {
			b.get("/news?cursor=test-2&me="+me).gets(30*time.Second, `{"cursor": "test-2", "snapshot": false, "events": []}`)
			time.Sleep(10 * time.Second)
			assert.Equal(t, `[{"name":"Ada","by":"longpolling","here":true}]`, here())
		}
		b.get("/news?cursor=test-2&me=" + me).abandon()
		time.Sleep(16 * time.Second)
		assert.Equal(t, `[]`, here())
	})
}

// A hundred voters and twenty readers over real connections: every reader sees every vote once.
func TestVotersAndReadersOverHTTP(t *testing.T) {
	f := feed.New(feed.Options{})
	tally, err := vote.New(f, vote.Defaults())
	require.NoError(t, err)
	server := httptest.NewServer(New(Options{Room: room.New(f, tally)}))
	defer server.Close()
	from := tally.Now().String()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			cursor, last := from, 600
			for last < 800 {
				answer, err := http.Get(server.URL + "/news?cursor=" + cursor)
				if !assert.NoError(t, err) {
					return
				}
				var news struct {
					Cursor   string
					Snapshot bool
					Events   []struct {
						Vote struct{ Count int }
					}
				}
				err = json.NewDecoder(answer.Body).Decode(&news)
				answer.Body.Close()
				if !assert.NoError(t, err) || !assert.False(t, news.Snapshot) {
					return
				}
				for _, e := range news.Events {
					assert.Equal(t, last+1, e.Vote.Count, "lost or twice")
					last = e.Vote.Count
				}
				cursor = news.Cursor
			}
		})
	}
	for range 100 {
		wg.Go(func() {
			for range 2 {
				answer, err := http.Post(server.URL+"/vote", "application/json", strings.NewReader(`{"uid": "3"}`))
				if assert.NoError(t, err) {
					answer.Body.Close()
				}
			}
		})
	}
	wg.Wait()
}
