package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/lessons/internal/text"
)

// glossaryHead is how GLOSSARY.md begins. All lines below it are terms.
const glossaryHead = `# Glossary

The words of the course, and the chapter that introduces each of them.

| Word | What it means | Chapter |
|---|---|---|
`

// glossaryRow is a term, perhaps with a word in brackets that tells it from another one, its
// meaning, and the chapter's number and folder.
var glossaryRow = regexp.MustCompile(`^\| ([^|(]+?)( \(.+\))? \| ([^|]+\.) \| \[(\d+)\]\(([^)]+)/\) \|\n$`)

// TestGlossary checks that the terms of GLOSSARY.md are in their order, and that the chapter that
// introduces a term uses it.
func TestGlossary(t *testing.T) {
	c := loadCourse(t)
	src, err := os.ReadFile("GLOSSARY.md")
	require.NoError(t, err)
	page := string(src)
	require.NoError(t, text.Links("GLOSSARY.md", page))
	rows, ok := strings.CutPrefix(page, glossaryHead)
	require.True(t, ok, "GLOSSARY.md begins with\n%s", glossaryHead)
	require.NotEmpty(t, rows)
	before := ""
	for row := range strings.Lines(rows) {
		m := glossaryRow.FindStringSubmatch(row)
		require.NotNil(t, m, "%q is not | term | what it means. | [number](folder/) |", row)
		term := strings.ToLower(m[1] + m[2])
		assert.Less(t, before, term, "the terms are in their order, each once")
		before = term
		number, err := strconv.Atoi(m[4])
		require.NoError(t, err, row)
		ch := c.Find(number)
		require.NotNil(t, ch, row)
		assert.Equal(t, ch.Folder, m[5], row)
		said, err := os.ReadFile(filepath.Join(ch.Dir, "README.md"))
		require.NoError(t, err)
		word := regexp.MustCompile(`(?i)\b` + strings.ReplaceAll(regexp.QuoteMeta(m[1]), " ", `\s+`) + `s?\b`)
		assert.True(t, word.MatchString(text.Prose(string(said))), "chapter %d does not use %q", number, m[1])
	}
}
