package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/lessons/internal/course"
)

// copyCheckout copies the checkout, without what a learner made in it, so that
// nothing that is tried here touches the real one.
func copyCheckout(t *testing.T, c *course.Course, dir string) string {
	t.Helper()
	to := filepath.Join(dir, "ws101")
	err := filepath.WalkDir(c.Root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(c.Root, p)
		if err != nil {
			return err
		}
		if d.IsDir() {
			switch filepath.ToSlash(rel) {
			case ".git", ".ci", "lessons/work":
				return filepath.SkipDir
			}
			return os.MkdirAll(filepath.Join(to, rel), 0o755)
		}
		if !d.Type().IsRegular() || filepath.Ext(p) == ".test" {
			return nil
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), text, 0o644)
	})
	require.NoError(t, err)
	return to
}

// freshCheckout returns a copy of the checkout in which nothing was started. The
// tests share it, since the go command builds everything anew in every folder.
func freshCheckout(t *testing.T, c *course.Course) string {
	t.Helper()
	if sharedCheckout == "" {
		sharedCheckout = copyCheckout(t, c, tempDir(t))
	}
	require.NoError(t, os.RemoveAll(filepath.Join(sharedCheckout, "lessons", "work")))
	return sharedCheckout
}

var sharedCheckout string

// ask runs the tutor in a folder.
func ask(dir string, args ...string) (out string, code int) {
	var b bytes.Buffer
	t := &tutor{dir: dir, out: &b, err: &b}
	code = t.run(args)
	return b.String(), code
}

// walkChapters are the chapters to walk through: all of them, or one where time
// is short.
func walkChapters(c *course.Course) []*course.Chapter {
	if full() {
		return c.Chapters
	}
	return c.Chapters[:1]
}

// write puts the course's solution of some parts into the learner's folder, the
// other parts staying as `start` gave them.
func write(t *testing.T, c *course.Course, ch *course.Chapter, dir string, parts []string) {
	files, err := ch.Files()
	require.NoError(t, err)
	for _, f := range files {
		if f.IsSolution() {
			f, err = course.Stub(f, parts...)
			require.NoError(t, err)
			f = course.Retarget(f, ch.Import, c.WorkImport()+"/"+ch.Name())
			require.NoError(t, course.WriteFile(dir, f))
		}
	}
}

func TestWalk(t *testing.T) {
	c := loadCourse(t)
	root := freshCheckout(t, c)
	c, err := course.Load(root)
	require.NoError(t, err)
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	for _, ch := range walkChapters(c) {
		t.Run(ch.Folder, func(t *testing.T) {
			n := ch.Name()
			_, code := ask(root, "check", n)
			assert.Equal(t, exitFailure, code, "before start")

			out, code := ask(root, "start", n)
			require.Equal(t, exitOK, code, out)
			assert.Contains(t, out, filepath.Join("lessons", "work", n))
			dir := filepath.Join(root, "lessons", "work", n)

			parts, err := ch.Parts()
			require.NoError(t, err)
			for i := range parts {
				if i > 0 && !full() {
					break // TestVariants has seen the stub with some parts written
				}
				out, code = ask(root, "check", n)
				require.Equal(t, exitFailure, code, out)
				assert.Contains(t, out, "not written yet")
				for _, part := range parts[:i] {
					assert.NotContains(t, out, "    "+part+": not written yet", "after %d parts", i)
				}
				write(t, c, ch, dir, parts[:i+1])
			}
			write(t, c, ch, dir, parts)
			out, code = ask(root, "check", n, "-trace")
			require.Equal(t, exitOK, code, out)
			assert.Contains(t, out, "passes")

			out, code = ask(root, "diff", n)
			assert.Equal(t, exitOK, code)
			assert.Equal(t, "Your files are the course's, to the letter.\n", out)

			out, code = ask(root, "start", n)
			assert.Equal(t, exitFailure, code, "a second time")
			assert.Contains(t, out, "reset")
			out, code = ask(root, "diff", n, "-spoil")
			assert.Equal(t, exitOK, code, out)

			out, code = ask(root, "reset", n)
			require.Equal(t, exitOK, code, out)
			kept, err := filepath.Glob(filepath.Join(root, "lessons", "work", "_old", n+"-1", "*.go"))
			require.NoError(t, err)
			assert.NotEmpty(t, kept)
			assert.True(t, hasTodo(t, dir))
		})
	}
	after, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	assert.Equal(t, string(mod), string(after), "the root's go.mod")
}

// TestWalkElsewhere goes through a chapter in a folder outside of the checkout,
// whose name has a blank in it.
func TestWalkElsewhere(t *testing.T) {
	c := loadCourse(t)
	root := freshCheckout(t, c)
	c, err := course.Load(root)
	require.NoError(t, err)
	elsewhere := filepath.Join(t.TempDir(), "my lessons")
	for _, ch := range walkChapters(c) {
		t.Run(ch.Folder, func(t *testing.T) {
			n := ch.Name()
			out, code := ask(root, "start", "-dir", elsewhere, n)
			require.Equal(t, exitOK, code, out)
			parts, err := ch.Parts()
			require.NoError(t, err)
			write(t, c, ch, filepath.Join(elsewhere, n), parts)
			out, code = ask(root, "check", n)
			require.Equal(t, exitOK, code, out)
		})
	}
}

func hasTodo(t *testing.T, dir string) bool {
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	return slices.ContainsFunc(paths, func(p string) bool {
		text, err := os.ReadFile(p)
		return err == nil && filepath.Base(p) != "todo.go" && bytes.Contains(text, []byte("todo("))
	})
}

// TestTutorAnswers checks the one line that a wrong question gets.
func TestTutorAnswers(t *testing.T) {
	c := loadCourse(t)
	root := freshCheckout(t, c)
	first := c.Chapters[0].Name()
	for _, q := range []struct {
		args string
		code int
		want string
	}{
		{"", exitOK, "Next is chapter"},
		{"-h", exitOK, "Usage: go run ./lessons"},
		{"list", exitOK, c.Chapters[0].Title},
		{"begin", exitUsage, `there is no command "begin": go run ./lessons -h lists them`},
		{"start", exitUsage, "which chapter? It goes go run ./lessons start N [-dir D], and go run ./lessons list shows the numbers"},
		{"start 99", exitUsage, "there is no chapter 99: go run ./lessons list shows what there is"},
		{"start ten", exitUsage, `"ten" is not a chapter's number: it goes go run ./lessons start N [-dir D]`},
		{"start " + first + " now", exitUsage, `"now" is too much: it goes go run ./lessons start N [-dir D]`},
		{"start -nice " + first, exitUsage, "flag provided but not defined: -nice: it goes go run ./lessons start N [-dir D]"},
		{"list all", exitUsage, `"all" is too much: it goes go run ./lessons list`},
		{"check " + first, exitFailure, "is not started: go run ./lessons start"},
		{"hint " + first, exitFailure, "is not started: go run ./lessons start"},
		{"diff " + first, exitFailure, "is not started: go run ./lessons start"},
		{"reset " + first, exitFailure, "is not started: go run ./lessons start"},
	} {
		out, code := ask(root, strings.Fields(q.args)...)
		assert.Equal(t, q.code, code, q.args)
		assert.Contains(t, out, q.want, q.args)
		if code != exitOK {
			assert.Equal(t, 1, strings.Count(out, "\n"), "one line: %q", out)
		}
	}
}

func TestHints(t *testing.T) {
	c := loadCourse(t)
	root := freshCheckout(t, c)
	ch := c.Chapters[0]
	parts, err := ch.Parts()
	require.NoError(t, err)
	_, code := ask(root, "start", ch.Name())
	require.Equal(t, exitOK, code)
	for i := range 4 {
		out, code := ask(root, "hint", ch.Name(), parts[0])
		assert.Equal(t, exitOK, code)
		assert.Contains(t, out, "hint "+string(rune('1'+min(i, 2)))+" of 3")
		assert.Equal(t, i == 3, strings.Contains(out, "This was the last hint"))
	}
	_, code = ask(root, "hint", ch.Name(), "nothing")
	assert.Equal(t, exitUsage, code)
}

// TestNewerTests checks that a test of the course that changed after `start`
// reaches the learner, unless the learner has changed it too.
func TestNewerTests(t *testing.T) {
	c := loadCourse(t)
	root := copyCheckout(t, c, t.TempDir()) // it is changed
	c, err := course.Load(root)
	require.NoError(t, err)
	ch := c.Chapters[0]
	_, code := ask(root, "start", ch.Name())
	require.Equal(t, exitOK, code)
	tests, err := filepath.Glob(filepath.Join(ch.Dir, "*_test.go"))
	require.NoError(t, err)
	name := filepath.Base(tests[0])
	mine := filepath.Join(c.HomeDir(), ch.Name(), name)
	add := func(p, s string) {
		text, err := os.ReadFile(p)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(p, append(text, s...), 0o644))
	}

	add(tests[0], "// newer\n")
	out, _ := ask(root, "start", ch.Name())
	assert.Contains(t, out, name+" is new")
	text, err := os.ReadFile(mine)
	require.NoError(t, err)
	assert.Contains(t, string(text), "// newer\n")

	add(mine, "// mine\n")
	out, _ = ask(root, "start", ch.Name())
	assert.Contains(t, out, name+" is not the chapter's test any more")
	text, err = os.ReadFile(mine)
	require.NoError(t, err)
	assert.Contains(t, string(text), "// mine\n")
}

func TestDiffLines(t *testing.T) {
	for _, c := range []struct{ a, b, want string }{
		{"x", "x", ""},
		{"a b c", "a x c", "  a|- b|+ x|  c"},
		{"", "a", "+ a"},
		{"1 2 3 4 5 6 7 8 9 x", "1 2 3 4 5 6 7 8 9 y", "  7|  8|  9|- x|+ y"},
		{"x 1 2 3 4 5 6 7 8 9 x", "y 1 2 3 4 5 6 7 8 9 y", "- x|+ y|  1|  2|  3|...|  7|  8|  9|- x|+ y"},
	} {
		got := diffLines(strings.Fields(c.a), strings.Fields(c.b))
		assert.Equal(t, c.want, strings.Join(got, "|"))
	}
}
