package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/lessons/internal/text"
)

// TestGlossary checks GLOSSARY.md, which is made of testdata/glossary.tsv: a term, the number of the
// chapter that introduces it, and a sentence. The chapter has to use the term. Terms whose chapter is
// not there are left out.
func TestGlossary(t *testing.T) {
	c := loadCourse(t)
	list, err := os.ReadFile(filepath.Join("testdata", "glossary.tsv"))
	require.NoError(t, err)
	var b strings.Builder
	b.WriteString("# Glossary\n\nThe words of the course, and the chapter that introduces each of them.\n\n| Word | What it means | Chapter |\n|---|---|---|\n")
	before := ""
	for line := range strings.Lines(string(list)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		words := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		require.Len(t, words, 3, line)
		term, meaning := words[0], words[2]
		assert.Less(t, before, strings.ToLower(term), "the terms are in their order, each once")
		before = strings.ToLower(term)
		number, err := strconv.Atoi(words[1])
		require.NoError(t, err, line)
		ch := c.Find(number)
		if ch == nil {
			continue
		}
		src, err := os.ReadFile(filepath.Join(ch.Dir, "README.md"))
		require.NoError(t, err)
		said := strings.ToLower(strings.Join(strings.Fields(text.Prose(string(src))), " "))
		word, _, _ := strings.Cut(strings.ToLower(term), " (")
		assert.True(t, strings.Contains(said, word), "chapter %d does not use %q", number, term)
		fmt.Fprintf(&b, "| %s | %s | [%d](%s/) |\n", term, meaning, number, ch.Folder)
	}
	checkPage(t, "GLOSSARY.md", b.String())
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
