package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/rfc6455"
)

func dialRun(t *testing.T, r *running, name string) *rfc6455.Conn {
	t.Helper()
	conn, _, err := rfc6455.Dial(t.Context(), webSocketAddress(r.url, name), nil)
	require.NoError(t, err)
	t.Cleanup(conn.CloseNow)
	return conn
}

// A watcher follows a vote over a WebSocket, as a page does.
type watcher struct {
	conn   *rfc6455.Conn
	counts map[int]int
	events int
}

type event struct {
	UID   int    `json:"uid"`
	Count int    `json:"count"`
	Error string `json:"error"`
}

// take takes one vote, which must be the one right after the last for this candidate.
func (w *watcher) take(e event) error {
	if e.Error != "" {
		return fmt.Errorf("an error came: %s", e.Error)
	}
	if e.Count != w.counts[e.UID]+1 {
		return fmt.Errorf("after %d for %d came %d", w.counts[e.UID], e.UID, e.Count)
	}
	w.counts[e.UID] = e.Count
	w.events++
	return nil
}

// watch takes messages until there have been n votes. Then it provokes an error, which must be the
// very next message: nothing comes twice.
func (w *watcher) watch(t *testing.T, n int) error {
	for w.events < n {
		_, message, err := w.conn.Read(t.Context())
		if err != nil {
			return err
		}
		var news struct {
			event
			Snapshot bool `json:"snapshot"`
			Events   []struct{ Vote event }
		}
		if err := json.Unmarshal(message, &news); err != nil {
			return err
		}
		if news.Snapshot {
			continue
		}
		if news.Events == nil { // a classic message
			news.Events = []struct{ Vote event }{{news.event}}
		}
		for _, e := range news.Events {
			if err := w.take(e.Vote); err != nil {
				return err
			}
		}
	}
	if err := w.conn.Write(t.Context(), rfc6455.Text, []byte("that is all?")); err != nil {
		return err
	}
	_, message, err := w.conn.Read(t.Context())
	if err == nil && !strings.HasPrefix(string(message), `{"error": `) {
		err = fmt.Errorf("one more came: %s", message)
	}
	return err
}

func TestHundredVotersOnMixedTechniques(t *testing.T) {
	const voters, votes = 100, 12
	r := startRun(t)
	transport := &http.Transport{MaxIdleConnsPerHost: voters}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	post := func(technique string, uid int) error {
		answer, err := client.Post(r.url+technique+"/vote", "application/json", strings.NewReader(fmt.Sprintf(`{"uid": %d}`, uid)))
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err == nil && string(text) != "投票成功" {
			err = fmt.Errorf("%s: %s", answer.Status, text)
		}
		return err
	}

	// Everyone on a WebSocket watches, those who vote there and some more. Some follow on each of the
	// other techniques.
	var watching, voting sync.WaitGroup
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	host := strings.TrimSuffix(strings.TrimPrefix(r.url, "http://"), "/")
	for i := range 20 {
		ready, done := make(chan bool), make(chan bool)
		f := &reader{
			technique: techniqueNames[i%5], host: host, poll: 20 * time.Millisecond,
			dial: func() (net.Conn, error) { return net.Dial("tcp", host) },
		}
		f.took = func() {
			if f.snapshots == 1 && f.events == 0 && f.cursor != "" && ready != nil {
				close(ready)
				ready = nil
			}
			if f.events == voters*votes {
				close(done)
				f.took = nil
			}
		}
		first := ready
		following := make(chan error, 1)
		go func() { following <- f.follow(ctx) }()
		select {
		case <-first:
		case err := <-following:
			require.NoError(t, err)
		}
		watching.Go(func() {
			select {
			case <-done:
			case err := <-following:
				assert.NoError(t, err, f.technique)
			}
		})
	}
	watch := func(address string) *rfc6455.Conn {
		w := &watcher{conn: dialRun(t, r, address), counts: map[int]int{1: 300, 2: 200, 3: 600}}
		watching.Go(func() {
			assert.NoError(t, w.watch(t, voters*votes))
			assert.Equal(t, map[int]int{1: 700, 2: 600, 3: 1000}, w.counts)
		})
		return w.conn
	}
	for range 5 {
		watch("websocket/vote")
		watch("websocket/news?cursor=")
	}
	var ways [voters]func(uid int) error
	for i := range ways {
		switch technique := techniqueNames[i%5]; technique {
		default:
			ways[i] = func(uid int) error { return post(technique, uid) }
		case "websocket":
			conn := watch("websocket/vote")
			ways[i] = func(uid int) error {
				return conn.Write(t.Context(), rfc6455.Text, fmt.Appendf(nil, "%d", uid))
			}
		}
	}
	// Only now, when all who watch are there, does the first one vote.
	for i, vote := range ways {
		voting.Go(func() {
			for j := range votes {
				assert.NoError(t, vote(1+(i+j)%3))
			}
		})
	}
	voting.Wait()
	watching.Wait()
	const want = `{"1": {"name": "明凯", "count": 700}, "2": {"name": "厂长", "count": 600}, "3": {"name": "7酱", "count": 1000}}`
	_, body := fetch(t, r.url+"polling/get_vote")
	assert.Equal(t, want, body)
	_, body = fetch(t, r.url+"longpolling/get_vote")
	assert.Contains(t, body, want)
	r.end(t)
}
