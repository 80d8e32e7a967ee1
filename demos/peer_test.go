package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/devtools"
	"example.com/ws101/rfc6455/conformance/peers"
)

var update = flag.Bool("update", false, "write the rows of Chromium in the README of rfc6455 anew")

const (
	peersREADME = "../rfc6455/README.md"
	// peerScript does in a page what the built-in client of Node does.
	peerScript = "../rfc6455/conformance/peers/testdata/node/standard.mjs"
	peerLimits = "no Ping, no fragments, no close code but 1000 and 3000 to 4999"
)

// TestChromiumIsAPeer puts Chromium through the exchanges of rfc6455/conformance/peers, as the
// client of our server under net/http.
func TestChromiumIsAPeer(t *testing.T) {
	b := devtools.ForTest(t)
	t.Run("exchanges", func(t *testing.T) {
		var xs []peers.Exchange
		for _, x := range peers.Exchanges() {
			if !peers.NotInTheAPI(&x) {
				xs = append(xs, x)
			}
		}
		passed := peers.Passed{}
		for i, err := range chromiumPlays(t, openTab(t, b, "about:blank"), xs) {
			if assert.NoError(t, err, xs[i].Name) {
				passed[xs[i].Kind]++
			}
		}
		if !t.Failed() {
			assert.NoError(t, peers.Matrix.Hold(peersREADME, peers.Row("Chromium", "client", passed, peerLimits), *update))
		}
	})
	t.Run("permessage-deflate", func(t *testing.T) {
		xs := peers.Deflating{}.Exchanges()
		agreed := make([]bool, len(xs))
		tab := openTab(t, b, "about:blank")
		for i := range xs {
			err := chromiumPlays(t, tab, xs[i:i+1])[0] // a server for each choice of ours
			if agreed[i] = !errors.Is(err, peers.ErrNotAgreed); agreed[i] {
				assert.NoError(t, err, xs[i].Name)
			}
		}
		if !t.Failed() {
			assert.NoError(t, peers.DeflateTable.Hold(peersREADME, peers.DeflateRow("Chromium", "client", "ws101", agreed), *update))
		}
	})
}

// chromiumPlays returns how each exchange went, for either side. The tab goes to a page of the
// server, since no other page may connect.
func chromiumPlays(t *testing.T, tab *tab, xs []peers.Exchange) []error {
	t.Helper()
	server := peers.NewServer(xs)
	mux := http.NewServeMux()
	mux.Handle("/", server)
	mux.HandleFunc("/standard.mjs", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		http.ServeFile(w, r, peerScript)
	})
	mux.HandleFunc("/page", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte("<!doctype html><title>A peer</title>"))
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	srv := &http.Server{Handler: mux, ConnContext: peers.KeepTap}
	go srv.Serve(peers.Tapped(l))
	defer srv.Close()

	tab.visit("http://" + l.Addr().String() + "/page")
	errs := make([]error, len(xs))
	for i := range xs {
		x := &xs[i]
		var report peers.Report
		perform := fmt.Sprintf(`import('/standard.mjs').then(({ perform }) => perform('ws://' + location.host + %q))`, x.Task)
		require.NoError(t, json.Unmarshal([]byte(tab.eval(perform)), &report))
		select {
		case result := <-server.Results():
			errs[i] = errors.Join(result.Err, x.CheckReport(&report))
		case <-time.After(deadline):
			errs[i] = errors.New("no connection was opened: " + report.Error)
		}
	}
	return errs
}
