package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/lessons/internal/course"
	"example.com/ws101/lessons/internal/text"
)

// library are the packages that the course is about.
var library = []string{"frames", "handshake", "rfc6455"}

// TestLibraryIsShown checks that every file and every exported declaration of the library is
// shown in some chapter: in a Go block, or by its name in the text around the blocks, as
// `frames.Mask` or `rfc6455/read.go`, in a passage that says something about it.
func TestLibraryIsShown(t *testing.T) {
	c := loadCourse(t)
	shown := newShown()
	for _, ch := range c.Chapters {
		src, err := os.ReadFile(filepath.Join(ch.Dir, "README.md"))
		require.NoError(t, err)
		shown.blocks(t, ch, string(src))
		shown.prose(string(src))
	}
	var missing []string
	there := map[string]bool{}
	for _, pkg := range library {
		for _, item := range declared(t, c, pkg) {
			there[item.String()] = true
			if !shown.has(item) {
				missing = append(missing, item.String())
			}
		}
	}
	assert.Empty(t, missing, "no chapter shows these")
	for file := range shown.files {
		assert.True(t, there[file], "a chapter speaks of %s, which is not there", file)
	}
	for _, pkg := range library {
		for name := range shown.names[pkg] {
			assert.True(t, there[pkg+"."+name] || !exported(name), "a chapter speaks of %s.%s, which is not there", pkg, name)
		}
	}
}

// item is a file or an exported declaration of the library.
type item struct {
	pkg, file string
	name      string // "Mask" or "Conn.Read"; empty for the file itself
}

func (i item) String() string {
	if i.name == "" {
		return i.pkg + "/" + i.file
	}
	return i.pkg + "." + i.name
}

// declared returns the files of a package and what they export. The methods of types that
// are not exported belong to the interface that they are there for.
func declared(t *testing.T, c *course.Course, pkg string) (list []item) {
	paths, err := filepath.Glob(filepath.Join(c.Root, pkg, "*.go"))
	require.NoError(t, err)
	for _, p := range paths {
		if strings.HasSuffix(p, "_test.go") {
			continue
		}
		file := filepath.Base(p)
		list = append(list, item{pkg: pkg, file: file})
		parsed, err := parser.ParseFile(token.NewFileSet(), p, nil, 0)
		require.NoError(t, err)
		for _, d := range parsed.Decls {
			for _, name := range text.Declared(d) {
				if exported(name) {
					list = append(list, item{pkg, file, name})
				}
			}
		}
	}
	return list
}

// exported reports whether a name, and the type that it is a method of, can be seen from outside.
func exported(name string) bool {
	return !slices.ContainsFunc(strings.Split(name, "."), func(w string) bool { return !ast.IsExported(w) })
}

// shown is what the chapters show.
type shown struct {
	files map[string]bool            // "frames/mask.go"
	names map[string]map[string]bool // by package: "Mask", "Conn.Read"
}

var code = regexp.MustCompile("`([^`\n]+)`")

// names finds what a piece of code in the text names. A name without its package may be that of what
// a chapter builds, and does not count.
var names = regexp.MustCompile(`\b(frames|handshake|rfc6455)\.([A-Z]\w*(?:\.[A-Z]\w*)?)`)

func newShown() *shown {
	s := &shown{files: map[string]bool{}, names: map[string]map[string]bool{}}
	for _, pkg := range library {
		s.names[pkg] = map[string]bool{}
	}
	return s
}

// blocks takes in the blocks of a chapter's text.
func (s *shown) blocks(t *testing.T, ch *course.Chapter, md string) {
	list, err := text.Blocks(md)
	require.NoError(t, err)
	for _, b := range list {
		s.block(t, ch, b)
	}
}

// block takes in a Go block that is taken from the library.
func (s *shown) block(t *testing.T, ch *course.Chapter, b text.Block) {
	if b.Kind != "go" {
		return
	}
	file, name, _ := strings.Cut(b.Args[0], "#")
	rel, inRepo := strings.CutPrefix(file, "../../")
	pkg := path.Dir(rel)
	if !inRepo || !slices.Contains(library, pkg) || strings.HasSuffix(rel, "_test.go") {
		return
	}
	s.files[rel] = true
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(ch.Dir, filepath.FromSlash(file)), nil, 0)
	require.NoError(t, err)
	for _, d := range parsed.Decls {
		all := text.Declared(d)
		if !slices.Contains(all, name) {
			continue
		}
		for _, each := range all { // a group, of which some lines may be left out
			if each == name || strings.Contains(b.Text, each) {
				s.names[pkg][each] = true
			}
		}
	}
}

// wordsForName is how many words a passage has to spend on each name for the name to count: a bare
// list of names explains nothing.
const wordsForName = 4

// prose takes in what the text between the blocks names.
func (s *shown) prose(md string) {
	for _, passage := range passages(text.Prose(md)) {
		spans := code.FindAllStringSubmatch(passage, -1)
		if len(strings.Fields(code.ReplaceAllString(passage, ""))) < wordsForName*len(spans) {
			continue
		}
		for _, m := range spans {
			s.span(m[1])
		}
	}
}

// passages are the paragraphs, the items of lists and the rows of tables.
func passages(md string) []string {
	return regexp.MustCompile(`\n\s*\n|\n(?:- |\d+\. |\|)`).Split(md, -1)
}

// span takes in what a piece of code in the text names.
func (s *shown) span(span string) {
	for _, pkg := range library {
		if file, ok := strings.CutPrefix(span, pkg+"/"); ok && path.Ext(file) == ".go" {
			s.files[span] = true
		}
	}
	for _, n := range names.FindAllStringSubmatch(span, -1) {
		s.names[n[1]][n[2]] = true
	}
}

// has reports whether a thing is shown.
func (s *shown) has(i item) bool {
	if i.name == "" {
		return s.files[path.Join(i.pkg, i.file)]
	}
	return s.names[i.pkg][i.name]
}

// quotes reports whether a declaration, such as "rfc6455.Conn.Close", stands in a block.
func (s *shown) quotes(full string) bool {
	pkg, name, _ := strings.Cut(full, ".")
	return s.names[pkg][name]
}
