package peers_test

import (
	"flag"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/rfc6455/conformance/peers"
)

var update = flag.Bool("update", false, "write the tables of the README anew")

const readme = "../../README.md"

var readmeLock sync.Mutex // the tests of several peers run at a time

// holds wants the README to say what a test has found.
func holds(t *testing.T, table peers.Table, row []string) {
	t.Helper()
	if t.Failed() {
		return
	}
	readmeLock.Lock()
	defer readmeLock.Unlock()
	assert.NoError(t, table.Hold(readme, row, *update))
}

// TestREADMENamesNoStrangers finds rows of peers that are no more.
func TestREADMENamesNoStrangers(t *testing.T) {
	known := map[string]bool{"Chromium": true} // which is tested in demos
	for _, p := range all {
		known[p.name] = true
	}
	text, err := os.ReadFile(readme)
	require.NoError(t, err)
	for _, table := range []peers.Table{peers.Matrix, peers.DeflateTable} {
		lines, err := table.Lines(string(text))
		require.NoError(t, err)
		assert.NotEmpty(t, lines)
		for _, line := range lines {
			assert.True(t, known[strings.Split(line, " | ")[0][2:]], "no test is about this row: %s", line)
		}
	}
}

func TestTablePut(t *testing.T) {
	const empty = "Text.\n<!-- peers: written by the tests -->\n<!-- end of peers -->\nMore.\n"
	text := empty
	for _, row := range [][]string{{"b", "client", "1"}, {"a", "server", "2"}, {"b", "client", "3"}, {"b", "server", "4"}} {
		var err error
		text, err = peers.Matrix.Put(text, row)
		require.NoError(t, err)
	}
	lines, err := peers.Matrix.Lines(text)
	require.NoError(t, err)
	assert.Equal(t, []string{"| a | server | 2 |", "| b | client | 3 |", "| b | server | 4 |"}, lines)
	assert.True(t, strings.HasPrefix(text, "Text.\n<!-- peers: written by the tests -->\n| Peer | It is the | Text |"), text)
	assert.True(t, strings.HasSuffix(text, "| b | server | 4 |\n<!-- end of peers -->\nMore.\n"), text)

	_, err = peers.Matrix.Put("no table", []string{"a", "client"})
	assert.ErrorContains(t, err, "there is no table")
}

func TestRow(t *testing.T) {
	row := peers.Row("a peer", "client", peers.Passed{peers.OurPing: 1, peers.TheirClose: 3}, "much")
	assert.Equal(t, "| a peer | client | – | – | – | – | – | 1 | – | – | 3 of 7 | much |", peers.Line(row))
}
