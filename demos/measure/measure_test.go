package measure

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/feed"
	"example.com/ws101/demos/longpolling"
	"example.com/ws101/demos/polling"
	"example.com/ws101/demos/room"
	"example.com/ws101/demos/sse"
	"example.com/ws101/demos/streaming"
	"example.com/ws101/demos/vote"
	"example.com/ws101/demos/websocket"
)

// openServer opens the server that is measured, with all techniques below their names.
func openServer(t *testing.T) func(net.Addr) *http.Server {
	return func(net.Addr) *http.Server {
		news := feed.New(feed.Options{})
		tally, err := vote.New(news, vote.Defaults())
		assert.NoError(t, err)
		r := room.New(news, tally)
		mux := http.NewServeMux()
		for name, h := range map[string]http.Handler{
			"polling":     polling.New(polling.Options{Room: r}),
			"longpolling": longpolling.New(longpolling.Options{Room: r}),
			"streaming":   streaming.New(streaming.Options{Room: r}),
			"sse":         sse.New(sse.Options{Room: r}),
			"websocket":   websocket.New(websocket.Options{Room: r}),
		} {
			mux.Handle("/"+name+"/", http.StripPrefix("/"+name, h))
		}
		return &http.Server{Handler: mux}
	}
}

// startHere starts the server in this process, where it talks over pipes as it does in its own.
func startHere(t *testing.T) func() (*server, error) {
	return func() (*server, error) {
		questions, in := io.Pipe()
		out, answers := io.Pipe()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			assert.NoError(t, serve(questions, answers, openServer(t)))
		}()
		return connect(in, out, func() { <-ended })
	}
}

func TestEveryTechniqueDeliversEverythingOnce(t *testing.T) {
	f, err := parse([]string{"-clients", "5", "-events", "3", "-every", "10ms", "-poll", "20ms"})
	require.NoError(t, err)
	report, err := f.measure(t.Context(), startHere(t), newProgress(io.Discard))
	require.NoError(t, err)
	require.Len(t, report.Results, 5)
	if report.Write != nil { // processor time is measured on this system
		require.NotNil(t, report.Request)
		assert.Greater(t, *report.Request, 0.0)
	}
	assert.NoError(t, report.complaint())
	for i, r := range report.Results {
		assert.Equal(t, techniques[i].name, r.Technique)
		assert.Zero(t, r.Lost, r.Technique)
		assert.Zero(t, r.Twice, r.Technique)
		assert.EqualValues(t, len(`{"uid": 1, "name": "明凯", "count": 301}`), r.Payload, r.Technique)
		assert.Greater(t, r.DownPerEvent, 0.0, r.Technique)
		assert.Greater(t, r.Opening, r.Payload, r.Technique)
		assert.Greater(t, r.DelayMax, 0.0, r.Technique)
		assert.LessOrEqual(t, r.DelayP50, r.DelayP99, r.Technique)
		assert.LessOrEqual(t, r.DelayP99, r.DelayMax, r.Technique)
	}
	long, stream, socket := report.Results[1], report.Results[2], report.Results[4]
	assert.LessOrEqual(t, long.Requests, 3.0, "a request for each event, or for some that came together")
	assert.Greater(t, long.UpPerEvent, 100.0)
	assert.Zero(t, stream.Requests)
	assert.Zero(t, stream.Up)
	assert.Zero(t, socket.Up)
	assert.Equal(t, 2.0, socket.Header, "a frame to a client has a header of two bytes")
}

// The client is the judge, so it must see what is wrong.
func TestClientSeesWhatIsLostAndWhatComesTwice(t *testing.T) {
	l := &load{events: 10, every: time.Hour, start: time.Now(), ready: make(chan struct{}), done: make(chan struct{})}
	l.cast = make([]atomic.Int64, 10)
	l.unready.Store(1)
	l.undone.Store(1)
	c := &client{load: l}
	require.NoError(t, c.message([]byte(`{"cursor": "a-1", "snapshot": true, "state": {"vote": {"1": {"count": 300}}}}`)))
	<-l.ready
	require.NoError(t, c.message([]byte(`{"cursor": "a-3", "events": [{"vote": {"uid": 1, "count": 301}}, {"vote": {"uid": 1, "count": 302}}]}`)))
	assert.Equal(t, []int{2, 0, 0}, []int{c.seen, c.lost, c.twice})
	require.NoError(t, c.message([]byte(`{"cursor": "a-3", "events": [{"vote": {"uid": 1, "count": 302}}]}`)))
	assert.Equal(t, []int{2, 0, 1}, []int{c.seen, c.lost, c.twice})
	require.NoError(t, c.message([]byte(`{"cursor": "a-6", "events": [{"vote": {"uid": 1, "count": 305}}]}`)))
	assert.Equal(t, []int{5, 2, 1}, []int{c.seen, c.lost, c.twice})
	require.NoError(t, c.message([]byte(`{"cursor": "a-11", "snapshot": true, "state": {"vote": {"1": {"count": 310}}}}`)))
	assert.Equal(t, []int{10, 7, 1}, []int{c.seen, c.lost, c.twice})
	<-l.done
	assert.Equal(t, "a-11", c.cursor)
	assert.EqualValues(t, 5, c.messages.Load())
	require.NoError(t, c.message([]byte(`{"cursor": "a-11", "events": []}`)))
	assert.EqualValues(t, 1, c.empty.Load())

	assert.ErrorContains(t, c.message([]byte(`nonsense`)), "what came is no batch")
	assert.ErrorContains(t, c.message([]byte(`{"events": [{"chat": {}}]}`)), "an event that is none of ours")
}

func TestServerThatFailsIsAnError(t *testing.T) {
	f, err := parse([]string{"-clients", "1", "-events", "1", "-technique", "websocket"})
	require.NoError(t, err)
	gone := errors.New("gone")
	_, err = f.measure(t.Context(), func() (*server, error) { return nil, gone }, newProgress(io.Discard))
	assert.ErrorIs(t, err, gone)

	start := startHere(t)
	s, err := start()
	require.NoError(t, err)
	_, err = s.ask("nonsense")
	assert.EqualError(t, err, `there is no command "nonsense"`)
	s.end()
	_, err = s.ask(askCPU)
	assert.ErrorContains(t, err, "the server has ended")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = f.measure(ctx, start, newProgress(io.Discard))
	assert.ErrorIs(t, err, context.Canceled)
}

func TestProfileIsWritten(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	f, err := parse([]string{"-clients", "1", "-events", "1", "-every", "1ms", "-technique", "sse", "-profile", dir})
	require.NoError(t, err)
	require.NoError(t, f.makeFolders())
	_, err = f.measure(t.Context(), startHere(t), newProgress(io.Discard))
	require.NoError(t, err)
	assert.FileExists(t, filepath.Join(dir, "sse.cpu"))
	assert.FileExists(t, filepath.Join(dir, "sse.heap"))
}

func TestFlags(t *testing.T) {
	f, err := parse(nil)
	require.NoError(t, err)
	assert.Equal(t, []any{200, 50, 200 * time.Millisecond, 2 * time.Second, 5},
		[]any{f.clients, f.events, f.every, f.poll, len(f.techniques)})
	f, err = parse([]string{"-technique", "websocket", "-technique", "polling"})
	require.NoError(t, err)
	assert.Equal(t, "websocket", f.techniques[0].name)
	assert.Equal(t, "polling", f.techniques[1].name)
	_, err = parse([]string{"-h"})
	assert.ErrorIs(t, err, flag.ErrHelp)
	for want, args := range map[string][]string{
		`there is an argument too many: "x"`:                         {"x"},
		"-clients must be from 1 to 20000":                           {"-clients", "0"},
		"-events must be from 1 to 10000":                            {"-events", "0"},
		"-every must be from 1ms to 1m":                              {"-every", "0s"},
		"-poll must be from 10ms to 1m":                              {"-poll", "1h"},
		"there are: polling, longpolling, streaming, sse, websocket": {"-technique", "flash"},
		"flag provided but not defined: -nope":                       {"-nope"},
		`invalid value "many" for flag -clients: parse error`:        {"-clients", "many"},
	} {
		_, err := parse(args)
		assert.ErrorContains(t, err, want)
	}
}

func TestRunTellsWhatIsWrong(t *testing.T) {
	var out, errs strings.Builder
	run := func(args ...string) int {
		out.Reset()
		errs.Reset()
		return Run(t.Context(), args, strings.NewReader(""), &out, &errs, openServer(t))
	}
	assert.Equal(t, exitUsage, run("-clients", "0"))
	assert.Equal(t, "measure: -clients must be from 1 to 20000 (-h shows all flags)\n", errs.String())
	assert.Equal(t, exitOK, run("-h"))
	assert.Contains(t, out.String(), "-clients N")
	assert.Empty(t, errs.String())
	assert.Equal(t, exitFailure, run("-json", filepath.Join(t.TempDir(), "no", "file")))
	assert.True(t, strings.HasPrefix(errs.String(), "measure: -json: "), errs.String())

	assert.Equal(t, exitOK, run(serverCommand), "the server ends when its input does")
	var a answer
	require.NoError(t, json.Unmarshal([]byte(out.String()), &a))
	assert.True(t, strings.HasPrefix(a.Addr, "127.0.0.1:"), a.Addr)
}

func TestPercentile(t *testing.T) {
	var d []time.Duration
	for i := range 200 {
		d = append(d, time.Duration(i+1)*time.Millisecond)
	}
	assert.Equal(t, []float64{100, 198, 200}, []float64{percentile(d, 50), percentile(d, 99), percentile(d, 100)})
	assert.Equal(t, 1.0, percentile(d[:1], 50))
	assert.Zero(t, percentile(nil, 99))
}
