package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/rfc6455/bench/libraries"
)

// TestMain makes this test program a server where a test has started it as one,
// as main does.
func TestMain(m *testing.M) {
	libraries.All = append(libraries.All, liar)
	serveIfOrdered()
	os.Exit(m.Run())
}

// liar is a server that echoes, but for one byte.
var liar = libraries.Library{Name: "liar", Deflates: true, TakesOver: true, Start: func(job libraries.Job) libraries.Server {
	honest, _ := libraries.Named(ours)
	server := honest.Start(job)
	return libraries.Server{Accept: func(nc net.Conn) { server.Accept(&lyingConn{Conn: nc}) }}
}}

// lyingConn flips a bit of whatever is written behind the handshake, in the
// last byte.
type lyingConn struct {
	net.Conn
	opened bool
}

func (c *lyingConn) Write(p []byte) (int, error) {
	if c.opened {
		p = bytes.Clone(p)
		p[len(p)-1] ^= 1
	}
	c.opened = true
	return c.Conn.Write(p)
}

// quick is a plan of cells whose names match, for tests: what it measures means
// nothing.
func quick(t *testing.T, cellPattern, libraryPattern string) plan {
	p := plan{lab: lab{time: 20 * time.Millisecond, idle: 20, most: 10}, rounds: 2}
	require.NoError(t, p.choose(cellPattern, libraryPattern))
	return p
}

// honest are all libraries but the liar.
const honest = "^(ws101|raw|gorilla|coder|gobwas|gws|xnet)"

// Every library goes through a cell of each kind, and each value is there, once
// for each round. That the replies are right has been checked by the load.
func TestSmoke(t *testing.T) {
	for _, tt := range []struct {
		cell    string
		metrics []string
	}{
		{"alone/text/125B/32in/deadline", []string{cpu}},
		{"alone/binary/125B/1in", []string{cpu}},
		{"echo/text/125B/1conns/32out", []string{cpu}},
		{"echo/binary/1MiB/1conns/1out", []string{cpu}},
		{"sliding/binary/125B/64conns/32out", []string{cpu}},
		{"broadcast/text/125B/1000conns", []string{cpu}},
		{"deflate/text/1KiB/1conns/1out", []string{cpu, percent}},
		{"takeover/server/16KiB", []string{cpu, percent, used}},
		{"idle/http", []string{fresh, used, freshGarbage, usedGarbage}},
		{"idle/tls", []string{fresh, used, freshGarbage, usedGarbage}},
	} {
		t.Run(tt.cell, func(t *testing.T) {
			p := quick(t, "^"+tt.cell+"$", honest)
			if testing.Short() {
				p.libraries = p.libraries[:1]
			}
			if _, err := residentBytes(); err != nil && slices.Contains(tt.metrics, used) {
				t.Skip(err)
			}
			want := 0
			p.phases(func(cell, libraries.Library) { want += p.rounds })
			samples, err := p.run(t.Context(), io.Discard)
			require.NoError(t, err)
			assert.Len(t, samples, want)
			for _, s := range samples {
				for _, m := range tt.metrics {
					assert.Contains(t, s.Values, m, s.Library)
				}
				if tt.metrics[0] == cpu {
					assert.Positive(t, s.Values[cpu], s.Library)
				}
			}
		})
	}
}

// A server that sends one wrong byte is found out in each kind of cell.
func TestALiarIsFoundOut(t *testing.T) {
	for _, tt := range []struct{ cell, wrong string }{
		{"alone/text/125B/1in", "reply 1 is"},
		{"echo/text/125B/1conns/1out", "of the reply is"},
		{"echo/binary/1MiB/1conns/1out", "of the reply is"},
		{"sliding/binary/125B/1conns/32out", "of the reply is"},
		{"broadcast/text/125B/1000conns", "of the reply is"},
		{"deflate/text/1KiB/1conns/1out", "decompress"},
		{"takeover/server/16KiB", "decompress"},
		{"idle/raw", "of the reply is"},
	} {
		t.Run(tt.cell, func(t *testing.T) {
			samples, err := quick(t, "^"+tt.cell+"$", "^liar$").run(t.Context(), io.Discard)
			require.Error(t, err)
			assert.ErrorContains(t, err, tt.wrong)
			assert.ErrorContains(t, err, tt.cell+", liar, round 1")
			assert.Empty(t, samples)
		})
	}
}

func TestCommandLine(t *testing.T) {
	for _, tt := range []struct {
		args  []string
		wrong string
	}{
		{[]string{"-run", "no such cell"}, "nothing has such a name"},
		{[]string{"-run", "("}, "-run: error parsing regexp"},
		{[]string{"-libraries", "("}, "-libraries: error parsing regexp"},
		{[]string{"-rounds", "0"}, "-rounds, -time and -idle are above 0"},
		{[]string{"echo"}, "nothing but flags"},
		{[]string{"-h"}, flag.ErrHelp.Error()},
	} {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			var out, log strings.Builder
			err := run(t.Context(), tt.args, &out, &log)
			assert.ErrorContains(t, err, tt.wrong)
			assert.Empty(t, out.String())
		})
	}
}

func TestList(t *testing.T) {
	var out, log strings.Builder
	require.NoError(t, run(t.Context(), []string{"-list", "-run", "^idle/raw$", "-libraries", "^(ws101|gorilla|gws)$"}, &out, &log))
	assert.Equal(t, "idle/raw ws101\nidle/raw gws\n", out.String())
	assert.Equal(t, "9 rounds take about 36s\n", log.String())
}

func TestRunWritesTablesAndJSON(t *testing.T) {
	file := filepath.Join(t.TempDir(), "samples.json")
	p := quick(t, "^alone/text/125B/1in$", "^(ws101|gobwas-low)$")
	var out, log strings.Builder
	require.NoError(t, p.report(t.Context(), &out, &log, markdown, file))
	assert.Contains(t, out.String(), "| Cell | ws101 | gobwas-low |\n|---|---|---|\n| alone/text/125B/1in | ")
	assert.Contains(t, out.String(), "| the library alone, 125 B echo, text | ")

	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var read struct {
		Figures []finding
		Samples []sample
	}
	require.NoError(t, json.Unmarshal(text, &read))
	assert.Len(t, read.Samples, 4)
	require.Len(t, read.Figures, 1)
	assert.Equal(t, "gobwas-low", read.Figures[0].Baseline)
}

// What was measured before Ctrl-C is not lost.
func TestStoppedRunReports(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := quick(t, "^alone/text/125B/1in$", "^raw$")
	measure := p.cells[0].measure
	p.cells[0].measure = func(l lab, of libraries.Library) (values, error) {
		cancel()
		return measure(l, of)
	}
	var out, log strings.Builder
	assert.ErrorIs(t, p.report(ctx, &out, &log, text, ""), context.Canceled)
	assert.Regexp(t, regexp.MustCompile(`alone/text/125B/1in +\d`), out.String())
}
