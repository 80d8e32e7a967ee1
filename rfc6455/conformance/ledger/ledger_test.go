package ledger

import (
	"flag"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write LEDGER.md anew")

// enforced are the RFCs whose every MUST and MUST NOT has to be proved.
var enforced = []string{"6455", "7692", "9110", "9112"}

// tree holds the code and the tests that count. The course is not among it: its
// tests judge what a learner writes.
var tree = []string{"frames", "handshake", "rfc6455", "demos"}

const root = "../../.."

func read(t *testing.T) *Ledger {
	t.Helper()
	tsv, err := os.ReadFile("requirements.tsv")
	require.NoError(t, err)
	rows, err := Rows(string(tsv))
	require.NoError(t, err)
	l, err := Read(rows, os.DirFS(root), tree...)
	require.NoError(t, err)
	return l
}

func TestEveryDutyIsProved(t *testing.T) {
	assert.NoError(t, read(t).Check(enforced...))
}

func TestPage(t *testing.T) {
	page := read(t).Page(root)
	if *update {
		require.NoError(t, os.WriteFile("LEDGER.md", []byte(page), 0o644))
	}
	was, err := os.ReadFile("LEDGER.md")
	require.NoError(t, err)
	assert.True(t, page == string(was), "LEDGER.md is stale; go test ./rfc6455/conformance/ledger -update writes it anew")
}

// What texts and comments say of a row is about a row that exists.
func TestEveryIDIsARow(t *testing.T) {
	l := read(t)
	mention := regexp.MustCompile(`\b(?:6455|7692|9110|9112)-\d[\d.]*\d?(?:-\d+[a-z]?)?`)
	known := map[string]bool{}
	for _, r := range l.Rows {
		known[r.ID] = true
	}
	files := 0
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && name != "." && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, ".md") {
			return err
		}
		if strings.HasPrefix(name, "rfc6455/conformance/ledger/") || strings.HasPrefix(name, "lessons/work/") {
			return nil
		}
		text, err := os.ReadFile(root + "/" + name)
		files++
		for _, id := range mention.FindAllString(string(text), -1) {
			id = strings.TrimRight(id, ".")
			assert.True(t, known[id], "%s speaks of %s, which is not a row", name, id)
		}
		return err
	})
	require.NoError(t, err)
	assert.Greater(t, files, 100, "the whole repository was read")
}
