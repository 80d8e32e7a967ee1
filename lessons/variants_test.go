package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/ws101/lessons/internal/course"
)

// The checks of the course run the tests of every chapter against many versions
// of its code: the solution, the stub, each mistake. One go command builds them
// all into one program: a version is a package in which the chapter's tests are
// ordinary files, and the program runs the tests of the version it is told.

// variant is one version of a chapter's code.
type variant struct {
	ch      *course.Chapter
	name    string // "solution", "stub", "after-1", "library", or a mistake's name
	files   []course.File
	written int // how many parts of a stub are written
	mistake course.Mistake
	without map[string]bool // tests that do not hold for it
}

// sample is how many mistakes of a chapter are tried where not everything is wanted, and then no
// stub either of which some parts are written: to build them all takes minutes.
const sample = 1

func (v *variant) dir() string { return fmt.Sprintf("c%s/%s", v.ch.Name(), v.name) }

// variants is what is built once for all tests.
var variants = sync.OnceValues(buildVariants)

type variantSet struct {
	dir     string // the module with all of them
	program string
	list    []*variant
}

func loadCourse(t testing.TB) *course.Course {
	t.Helper()
	dir, err := os.Getwd()
	require.NoError(t, err)
	root, err := course.FindRoot(dir)
	require.NoError(t, err)
	c, err := course.Load(root)
	require.NoError(t, err)
	require.NotEmpty(t, c.Chapters)
	return c
}

func TestMain(m *testing.M) {
	code := m.Run()
	for _, dir := range tempDirs {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// tempDirs are removed when all tests have run.
var tempDirs []string

func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "ws101-lessons-")
	require.NoError(t, err)
	tempDirs = append(tempDirs, dir)
	return dir
}

func buildVariants() (*variantSet, error) {
	wd, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	root, err := course.FindRoot(wd)
	if err != nil {
		return nil, err
	}
	c, err := course.Load(root)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "ws101-lessons-")
	if err != nil {
		return nil, err
	}
	tempDirs = append(tempDirs, dir)
	set := &variantSet{dir: dir, program: filepath.Join(dir, "variants.exe")}
	for _, ch := range c.Chapters {
		list, err := chapterVariants(c, ch)
		if err != nil {
			return nil, err
		}
		set.list = append(set.list, list...)
	}
	if err := c.WriteModule(dir); err != nil {
		return nil, err
	}
	var imports, cases strings.Builder
	for i, v := range set.list {
		target := c.WorkImport() + "/" + v.dir()
		if err := writeVariant(dir, v, target); err != nil {
			return nil, fmt.Errorf("%s: %w", v.dir(), err)
		}
		fmt.Fprintf(&imports, "\tv%d %q\n", i, target)
		fmt.Fprintf(&cases, "\t%q: v%d.LessonTests,\n", v.dir(), i)
	}
	program := fmt.Sprintf(`package main

import (
	"os"
	"regexp"
	"testing"

%s)

var tests = map[string][]testing.InternalTest{
%s}

func main() {
	list := tests[os.Args[1]]
	os.Args = append(os.Args[:1], os.Args[2:]...)
	testing.Main(regexp.MatchString, list, nil, nil)
}
`, &imports, &cases)
	if err := course.WriteFile(dir, course.File{Name: "main.go", Text: []byte(program)}); err != nil {
		return nil, err
	}
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", set.program, ".")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building the stubs, solutions and mistakes: %w\n%s", err, out)
	}
	return set, nil
}

func chapterVariants(c *course.Course, ch *course.Chapter) ([]*variant, error) {
	files, err := ch.Files()
	if err != nil {
		return nil, err
	}
	list := []*variant{{ch: ch, name: "solution", files: files}}
	parts, err := ch.Parts()
	if err != nil {
		return nil, err
	}
	for i := range parts {
		if i > 0 && !full() {
			break
		}
		stub, err := c.StubFiles(ch, ch.Import, parts[:i]...)
		if err != nil {
			return nil, err
		}
		name := "stub"
		if i > 0 {
			name = fmt.Sprintf("after-%d", i)
		}
		list = append(list, &variant{ch: ch, name: name, files: stub, written: i})
	}
	mistakes, err := ch.Mistakes()
	if err != nil {
		return nil, err
	}
	if !full() {
		mistakes = mistakes[:min(len(mistakes), sample)]
	}
	for _, m := range mistakes {
		wrong, err := m.Apply(files)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", ch.Folder, err)
		}
		list = append(list, &variant{ch: ch, name: m.Name, files: wrong, mistake: m})
	}
	v, err := libraryVariant(ch, files)
	if v != nil {
		list = append(list, v)
	}
	return list, err
}

// libraryVariant is the chapter with the files in library in place of its
// solution, so that its tests run on the library.
func libraryVariant(ch *course.Chapter, files []course.File) (*variant, error) {
	paths, err := filepath.Glob(filepath.Join(ch.Dir, "library", "*.go"))
	if err != nil || len(paths) == 0 {
		return nil, err
	}
	v := &variant{ch: ch, name: "library", without: map[string]bool{}}
	for _, p := range paths {
		text, err := os.ReadFile(p)
		if err != nil {
			return nil, err
		}
		body, found := bytes.CutPrefix(text, []byte("//go:build ignore\n"))
		if !found {
			return nil, fmt.Errorf("%s does not begin with //go:build ignore", p)
		}
		for line := range strings.Lines(string(body)) {
			if rest, ok := strings.CutPrefix(line, "// without: "); ok {
				v.without[strings.Fields(rest)[0]] = true
			}
		}
		v.files = append(v.files, course.File{Name: filepath.Base(p), Text: body})
	}
	for _, f := range files {
		if f.IsTest() || path.Ext(f.Name) != ".go" {
			v.files = append(v.files, f)
		}
	}
	return v, nil
}

// writeVariant writes the package of one version. Its tests become ordinary
// files, and LessonTests lists them.
func writeVariant(dir string, v *variant, target string) error {
	dir = filepath.Join(dir, filepath.FromSlash(v.dir()))
	var pkg string
	var tests []string
	for _, f := range v.files {
		f = course.Retarget(f, v.ch.Import, target)
		if f.IsTest() && !strings.Contains(f.Name, "/") {
			parsed, err := parser.ParseFile(token.NewFileSet(), f.Name, f.Text, 0)
			if err != nil {
				return err
			}
			pkg = parsed.Name.Name
			for _, name := range testNames(parsed) {
				if !v.without[name] {
					tests = append(tests, name)
				}
			}
			f.Text = append([]byte("//line "+f.Name+":1\n"), f.Text...)
			f.Name = strings.TrimSuffix(f.Name, ".go") + "_.go"
		}
		if err := course.WriteFile(dir, f); err != nil {
			return err
		}
	}
	if pkg == "" {
		return fmt.Errorf("the chapter has no tests")
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "package %s\n\nimport \"testing\"\n\nvar LessonTests = []testing.InternalTest{\n", pkg)
	for _, name := range tests {
		fmt.Fprintf(&b, "\t{Name: %s, F: %s},\n", strconv.Quote(name), name)
	}
	b.WriteString("}\n")
	return course.WriteFile(dir, course.File{Name: "lesson_tests.go", Text: b.Bytes()})
}

func testNames(file *ast.File) (names []string) {
	for _, d := range file.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Test") {
			names = append(names, fn.Name.Name)
		}
	}
	return names
}

// run runs the tests of a version and returns what they print.
func (s *variantSet) run(t *testing.T, v *variant) (output string, passed bool, took time.Duration) {
	t.Helper()
	cmd := exec.Command(s.program, v.dir(), "-test.timeout=20s")
	cmd.Dir = filepath.Join(s.dir, filepath.FromSlash(v.dir()))
	begin := time.Now()
	out, err := cmd.CombinedOutput()
	if _, ok := err.(*exec.ExitError); err != nil && !ok {
		require.NoError(t, err)
	}
	return string(out), err == nil, time.Since(begin)
}
