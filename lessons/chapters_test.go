package main

import (
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/lessons/internal/course"
)

// full reports whether the slow checks are wanted too.
func full() bool { return os.Getenv("WS101_FULL") != "" }

// catchTime is how long the tests may take to find a mistake.
const catchTime = 5 * time.Second

func TestVariants(t *testing.T) {
	set, err := variants()
	require.NoError(t, err)
	expected := map[string]string{} // by the version's folder
	for _, v := range set.list {
		if v.mistake.Name != "" {
			expected[v.dir()] = v.mistake.Expect
		}
	}
	for _, v := range set.list {
		t.Run(v.dir(), func(t *testing.T) {
			t.Parallel()
			out, passed, took := set.run(t, v)
			switch {
			case v.mistake.Name != "":
				require.False(t, passed, "the tests do not notice this mistake")
				assert.Contains(t, out, v.mistake.Expect)
				assert.Less(t, took, catchTime)
				for dir, sentence := range expected {
					if dir != v.dir() && path.Dir(dir) == path.Dir(v.dir()) {
						assert.NotContains(t, out, sentence, "this is the sentence of %s", dir)
					}
				}
			case v.name == "stub" || v.written > 0:
				require.False(t, passed, "it passes with parts missing")
				checkStub(t, v, out)
			default:
				require.True(t, passed, out)
			}
			assert.NotContains(t, out, "goroutine ", "a stack trace")
		})
	}
}

var (
	failLine    = regexp.MustCompile(`^--- FAIL: (\S+) \(.*\)$`)
	missingLine = regexp.MustCompile(`^    (\S+): not written yet \(\S+\)$`)
)

// checkStub checks that every failing test says that one part is not written
// yet, in one line and nothing else, and that the part is one that is missing.
func checkStub(t *testing.T, v *variant, out string) {
	parts, err := v.ch.Parts()
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	require.Equal(t, "FAIL", lines[len(lines)-1], out)
	lines = lines[:len(lines)-1]
	require.Zero(t, len(lines)%2, out)
	for i := 0; i < len(lines); i += 2 {
		assert.Regexp(t, failLine, lines[i], out)
		m := missingLine.FindStringSubmatch(lines[i+1])
		require.NotNil(t, m, "%q is not \"not written yet\"\n%s", lines[i+1], out)
		assert.Contains(t, parts[v.written:], m[1], out)
	}
}

func TestStubsVet(t *testing.T) {
	if !full() {
		t.Skip("takes long; WS101_FULL=1 runs it")
	}
	set, err := variants()
	require.NoError(t, err)
	args := []string{"vet"}
	for _, v := range set.list {
		if v.name == "stub" || v.written > 0 {
			args = append(args, "./"+v.dir()+"/...")
		}
	}
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env = set.dir, append(os.Environ(), "GOWORK=off")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

func TestChapters(t *testing.T) {
	c := loadCourse(t)
	for _, ch := range c.Chapters {
		t.Run(ch.Folder, func(t *testing.T) {
			parts, err := ch.Parts()
			require.NoError(t, err)
			require.NotEmpty(t, parts)
			hints, err := ch.Hints()
			require.NoError(t, err)
			for _, part := range parts {
				assert.Contains(t, hints, part, "hints.md has no hints for it")
			}
			assert.Len(t, hints, len(parts), "hints.md has hints for parts that are not there")

			mistakes, err := ch.Mistakes()
			require.NoError(t, err)
			least := 3
			if 7 <= ch.Number && ch.Number <= 17 {
				least = 5
			}
			assert.GreaterOrEqual(t, len(mistakes), least, "mistakes")
			if 10 <= ch.Number && ch.Number <= 17 {
				assert.Contains(t, parts, "attack", "be the attacker")
			}
			checkImports(t, c, ch)
		})
	}
}

// gathering is the chapter that puts the others together.
const gathering = 24

// checkImports checks that a chapter imports no other chapter, unless it is the one that
// puts them together, and that tests import no chapter at all: such a test would run the
// course's solution instead of the learner's.
func checkImports(t *testing.T, c *course.Course, ch *course.Chapter) {
	files, err := ch.Files()
	require.NoError(t, err)
	for _, f := range files {
		if path.Ext(f.Name) != ".go" {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f.Name, f.Text, 0)
		require.NoError(t, err)
		for _, spec := range parsed.Imports {
			p, _ := strconv.Unquote(spec.Path.Value)
			rest, ours := strings.CutPrefix(p, c.Module+"/lessons/")
			if !ours || strings.HasPrefix(rest, "internal/") {
				continue
			}
			own := p == ch.Import || strings.HasPrefix(p, ch.Import+"/")
			assert.False(t, f.IsTest() || !own && ch.Number != gathering, "%s imports %s", f.Name, p)
		}
		if f.IsTest() {
			assert.False(t, strings.HasSuffix(parsed.Name.Name, "_test"), "%s is not in the package", f.Name)
			assert.NotContains(t, string(f.Text), "t.Parallel()", f.Name)
			assert.NotContains(t, testNames(parsed), "TestMain", f.Name)
			for _, name := range testNames(parsed) {
				body := string(f.Text[strings.Index(string(f.Text), "func "+name+"("):])
				lines := strings.SplitN(body, "\n", 3)
				assert.Regexp(t, `^\tdefer \w+\.Catch\(t\)$`, lines[1], "%s: the first line of %s defers Catch", f.Name, name)
			}
		}
	}
}

// TestSolutionsShuffled runs the chapters' own tests many times under the race
// detector.
func TestSolutionsShuffled(t *testing.T) {
	if !full() {
		t.Skip("takes long; WS101_FULL=1 runs it")
	}
	c := loadCourse(t)
	args := []string{"test", "-race", "-shuffle=on", "-count=20"}
	for _, ch := range c.Chapters {
		args = append(args, "./lessons/"+ch.Folder+"/...")
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = c.Root
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// TestContents checks the table of contents against the chapters.
func TestContents(t *testing.T) {
	c := loadCourse(t)
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	rows := strings.Split(string(text), "\n")
	for _, ch := range c.Chapters {
		row := fmt.Sprintf("| %d | [%s](%s/) |", ch.Number, ch.Title, ch.Folder)
		assert.True(t, slices.ContainsFunc(rows, func(s string) bool { return strings.HasPrefix(s, row) }), "README.md has no row %q", row)
	}
}
