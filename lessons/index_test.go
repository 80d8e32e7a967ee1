package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/lessons/internal/course"
	"example.com/ws101/lessons/internal/text"
	"example.com/ws101/rfc6455/conformance/ledger"
)

// TestIndex checks INDEX.md: for each section of an RFC the chapters that name it or show the code for
// it, the files of the library that name it or do what it asks for, and the tests that prove it. Which
// code does what, and which test proves it, is what the ledger says.
func TestIndex(t *testing.T) {
	c := loadCourse(t)
	x := index{}
	l := readLedger(t, c)
	x.chapters(t, c, l)
	x.code(t, c)
	x.ledger(l)
	checkPage(t, "INDEX.md", x.page())
}

// index holds a row for each section.
type index map[text.Citation]*indexRow

type indexRow struct {
	chapters    []string // links
	code, tests map[string]bool
	duties      int // rows of the ledger
}

// row returns the row of a section.
func (x index) row(c text.Citation) *indexRow {
	r := x[c]
	if r == nil {
		r = &indexRow{code: map[string]bool{}, tests: map[string]bool{}}
		x[c] = r
	}
	return r
}

// chapters takes in the sections that a chapter names, in its text or in its code, and those of which
// it shows what the library does for them.
func (x index) chapters(t *testing.T, c *course.Course, l *ledger.Ledger) {
	for _, ch := range c.Chapters {
		src, err := os.ReadFile(filepath.Join(ch.Dir, "README.md"))
		require.NoError(t, err)
		all := string(src)
		files, err := ch.Files()
		require.NoError(t, err)
		for _, f := range files {
			all += "\n" + string(f.Text)
		}
		shown := newShown()
		shown.blocks(t, ch, string(src))
		cites := text.Cited(all)
		for _, duty := range l.Rows {
			shows := slices.ContainsFunc(duty.Code, shown.quotes) || strings.Contains(all, `"`+duty.ID+`"`)
			if cited, ok := dutyOf(duty); ok && shows {
				cites = append(cites, cited)
			}
		}
		link := fmt.Sprintf("[%d](%s/)", ch.Number, ch.Folder)
		for _, cited := range cites {
			r := x.row(cited)
			if cited.Section != "" && !slices.Contains(r.chapters, link) {
				r.chapters = append(r.chapters, link)
			}
		}
	}
}

// code takes in what the comments of the library name.
func (x index) code(t *testing.T, c *course.Course) {
	for _, pkg := range library {
		paths, err := filepath.Glob(filepath.Join(c.Root, pkg, "*.go"))
		require.NoError(t, err)
		for _, p := range paths {
			if strings.HasSuffix(p, "_test.go") {
				continue
			}
			src, err := os.ReadFile(p)
			require.NoError(t, err)
			for _, cited := range text.Cited(string(src)) {
				x.row(cited).code[pkg+"/"+filepath.Base(p)] = true
			}
		}
	}
}

// dutyID takes the ID of a row of the ledger apart: RFC and section. What is not from an RFC has
// none.
var dutyID = regexp.MustCompile(`^(\d{4})-(\d+(?:\.\d+)*)(?:-\d+[a-z]?)?$`)

// dutyOf is the section that a row of the ledger is from.
func dutyOf(duty ledger.Row) (text.Citation, bool) {
	m := dutyID.FindStringSubmatch(duty.ID)
	if m == nil {
		return text.Citation{}, false
	}
	return text.Citation{RFC: m[1], Section: m[2]}, true
}

func readLedger(t *testing.T, c *course.Course) *ledger.Ledger {
	tsv, err := os.ReadFile(filepath.Join(c.Root, "rfc6455", "conformance", "ledger", "requirements.tsv"))
	require.NoError(t, err)
	rows, err := ledger.Rows(string(tsv))
	require.NoError(t, err)
	l, err := ledger.Read(rows, os.DirFS(c.Root), library...)
	require.NoError(t, err)
	return l
}

// ledger takes in the code and the tests of each duty.
func (x index) ledger(l *ledger.Ledger) {
	for _, duty := range l.Rows {
		cited, ok := dutyOf(duty)
		if !ok {
			continue
		}
		r := x.row(cited)
		r.duties++
		for _, name := range duty.Code {
			if file := l.Code.Names[name]; file != "" {
				r.code[file] = true
			}
		}
		for _, file := range l.Code.Rules[duty.ID] {
			r.code[file] = true
		}
		for _, proof := range l.Proofs[duty.ID] {
			r.tests[proof.File] = true
		}
	}
}

const indexIntro = `# Index

From a section of an RFC to the chapters that speak of it or show its code, to the code that does
what it asks for, and to the tests that prove it. The number behind the tests is how many duties
[the ledger](../rfc6455/conformance/ledger/LEDGER.md) has for the section.
`

func (x index) page() string {
	var cites []text.Citation
	for c, r := range x {
		if c.Section != "" && (len(r.chapters) > 0 || r.duties > 0) {
			cites = append(cites, c)
		}
	}
	slices.SortFunc(cites, func(a, b text.Citation) int {
		return cmp.Or(rank(a.RFC)-rank(b.RFC), cmp.Compare(a.RFC, b.RFC), compareSections(a.Section, b.Section))
	})
	var b strings.Builder
	b.WriteString(indexIntro)
	rfc := ""
	for _, c := range cites {
		if c.RFC != rfc {
			rfc = c.RFC
			fmt.Fprintf(&b, "\n## RFC %s\n\n| Section | Chapters | Code | Tests |\n|---|---|---|---|\n", rfc)
		}
		r := x[c]
		tests := files(r.tests)
		if r.duties > 0 {
			tests = strings.TrimSpace(fmt.Sprintf("%s (%d)", tests, r.duties))
		}
		fmt.Fprintf(&b, "| [%s](https://www.rfc-editor.org/rfc/rfc%s#section-%s) | %s | %s | %s |\n",
			c.Section, c.RFC, c.Section, strings.Join(r.chapters, ", "), files(r.code), tests)
	}
	return b.String()
}

// rank puts the RFCs of WebSocket first.
func rank(rfc string) int {
	if at := slices.Index([]string{"6455", "7692"}, rfc); at >= 0 {
		return at
	}
	return 2
}

// compareSections puts 5.10 behind 5.9.
func compareSections(a, b string) int {
	return slices.Compare(numbers(a), numbers(b))
}

func numbers(section string) (list []int) {
	for s := range strings.SplitSeq(section, ".") {
		n, _ := strconv.Atoi(s) // it is digits
		list = append(list, n)
	}
	return list
}

// files are links to files, package by package: "frames header, mask". What the names of all files
// have in common is left out.
func files(set map[string]bool) string {
	var b strings.Builder
	dir := ""
	byDir := func(a, b string) int {
		return cmp.Or(cmp.Compare(path.Dir(a), path.Dir(b)), cmp.Compare(a, b))
	}
	for _, file := range slices.SortedFunc(maps.Keys(set), byDir) {
		switch {
		case path.Dir(file) != dir && dir != "":
			b.WriteString("; ")
		case dir != "":
			b.WriteString(", ")
		}
		if path.Dir(file) != dir {
			dir = path.Dir(file)
			b.WriteString("*" + path.Base(dir) + "* ")
		}
		name := strings.TrimSuffix(strings.TrimSuffix(path.Base(file), ".go"), "_test")
		fmt.Fprintf(&b, "[%s](../%s)", name, file)
	}
	return b.String()
}

// checkPage checks a page that is made by a test, or makes it anew.
func checkPage(t *testing.T, name, want string) {
	if *update {
		require.NoError(t, os.WriteFile(name, []byte(want), 0o644))
	}
	is, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.True(t, want == string(is), "%s is stale; go test ./lessons -run %s -update writes it anew", name, t.Name())
	assert.NoError(t, text.Links(name, want))
	assert.NoError(t, text.Sections(want))
}
