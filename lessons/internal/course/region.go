package course

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Region is a part of a file between two marks, which the learner writes:
//
//	// lesson:begin NAME
//	// lesson:end
//
// In files that are not Go, the marks begin with "#".
type Region struct {
	Name string
	// Begin and End are the lines of the marks, counted from 0.
	Begin, End int
	// Text is what stands between them.
	Text string
}

var mark = regexp.MustCompile(`^\s*(?://|#) lesson:(begin|end)(?: (\S+))?\s*$`)

func markLines(text []byte) (lines []int) {
	for i, line := range splitLines(text) {
		if mark.MatchString(line) {
			lines = append(lines, i)
		}
	}
	return lines
}

// splitLines returns the lines of a text without their ends, whatever these are.
func splitLines(text []byte) []string {
	s := strings.ReplaceAll(string(text), "\r\n", "\n")
	return strings.Split(strings.TrimSuffix(s, "\n"), "\n")
}

// Regions returns the marked parts of a file.
func Regions(f File) ([]Region, error) {
	lines := splitLines(f.Text)
	var list []Region
	begin := -1
	for i, line := range lines {
		m := mark.FindStringSubmatch(line)
		switch {
		case m == nil:
		case m[1] == "begin" && (begin >= 0 || m[2] == ""):
			return nil, fmt.Errorf("%s:%d: a lesson:begin without a name, or inside another", f.Name, i+1)
		case m[1] == "begin":
			begin = i
		case begin < 0:
			return nil, fmt.Errorf("%s:%d: a lesson:end without a lesson:begin", f.Name, i+1)
		default:
			name := mark.FindStringSubmatch(lines[begin])[2]
			if slices.ContainsFunc(list, func(r Region) bool { return r.Name == name }) {
				return nil, fmt.Errorf("%s:%d: a second part named %s", f.Name, begin+1, name)
			}
			list = append(list, Region{name, begin, i, strings.Join(lines[begin+1:i], "\n")})
			begin = -1
		}
	}
	if begin >= 0 {
		return nil, fmt.Errorf("%s:%d: a lesson:begin without a lesson:end", f.Name, begin+1)
	}
	return list, nil
}

// Replace puts a text in place of the part with a name, and keeps the marks.
func Replace(f File, name, text string) (File, error) {
	regions, err := Regions(f)
	if err != nil {
		return f, err
	}
	lines := splitLines(f.Text)
	for _, r := range regions {
		if r.Name == name {
			lines = slices.Concat(lines[:r.Begin+1], strings.Split(text, "\n"), lines[r.End:])
			return File{f.Name, []byte(strings.Join(lines, "\n") + "\n")}, nil
		}
	}
	return f, fmt.Errorf("%s has no part named %s", f.Name, name)
}

// Stub returns the file with every part taken out. In Go, inside a function a
// part becomes a call of todo, which panics with the part's name; outside of
// one, and in other files, a comment. Imports that only the parts use are
// removed. The parts that are named in written are left as they are.
func Stub(f File, written ...string) (File, error) {
	regions, err := Regions(f)
	if err != nil || len(regions) == 0 {
		return f, err
	}
	regions = slices.DeleteFunc(regions, func(r Region) bool { return slices.Contains(written, r.Name) })
	isGo := path.Ext(f.Name) == ".go"
	var places map[string]place
	if isGo {
		if places, err = findPlaces(f, regions); err != nil {
			return f, err
		}
	}
	for _, r := range regions {
		text := "# Write this part here."
		if isGo {
			switch places[r.Name] {
			case outside:
				text = "// Write this part here."
			case inside:
				text = fmt.Sprintf("todo(%q)", r.Name)
			case tail:
				text = fmt.Sprintf("panic(todo(%q))", r.Name)
			}
		}
		if f, err = Replace(f, r.Name, text); err != nil {
			return f, err
		}
	}
	if isGo {
		return Tidy(f)
	}
	return f, nil
}

// place is where a part stands.
type place int

const (
	outside place = iota // of functions
	inside               // a function, with more behind it
	tail                 // at the end of a function that has results
)

func findPlaces(f File, regions []Region) (map[string]place, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, f.Name, f.Text, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	line := func(p token.Pos) int { return set.Position(p).Line - 1 }
	places := map[string]place{}
	for _, r := range regions {
		for _, d := range file.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil || r.Begin <= line(fn.Pos()) || r.End >= line(fn.Body.Rbrace) {
				continue
			}
			places[r.Name] = inside
			list := fn.Body.List
			if fn.Type.Results != nil && len(list) > 0 && line(list[len(list)-1].Pos()) > r.Begin && line(list[len(list)-1].End()) < r.End {
				places[r.Name] = tail
			}
		}
	}
	return places, nil
}

// Tidy removes the imports that a Go file does not use, and formats it.
func Tidy(f File) (File, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, f.Name, f.Text, parser.ParseComments)
	if err != nil {
		return f, err
	}
	used := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := s.X.(*ast.Ident); ok {
				used[id.Name] = true
			}
		}
		return true
	})
	lines := splitLines(f.Text)
	drop := map[int]bool{}
	for _, d := range file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.IMPORT {
			continue
		}
		kept := 0
		for _, s := range g.Specs {
			spec := s.(*ast.ImportSpec)
			if name := importName(spec); name == "_" || name == "." || used[name] {
				kept++
				continue
			}
			drop[set.Position(spec.Pos()).Line-1] = true
		}
		if kept == 0 {
			for i := set.Position(g.Pos()).Line - 1; i < set.Position(g.End()).Line; i++ {
				drop[i] = true
			}
		}
	}
	var kept []string
	for i, line := range lines {
		if !drop[i] {
			kept = append(kept, line)
		}
	}
	text, err := format.Source([]byte(strings.Join(kept, "\n") + "\n"))
	if err != nil {
		return f, fmt.Errorf("%s: %w", f.Name, err)
	}
	return File{f.Name, text}, nil
}

var majorVersion = regexp.MustCompile(`^v[0-9]+$`)

// importName is the name under which a file knows a package.
func importName(spec *ast.ImportSpec) string {
	if spec.Name != nil {
		return spec.Name.Name
	}
	p, _ := strconv.Unquote(spec.Path.Value)
	name := path.Base(p)
	if majorVersion.MatchString(name) {
		name = path.Base(path.Dir(p))
	}
	return name
}

// todoFile is the learner's file that holds todo.
func (c *Course) todoFile(pkg string) File {
	var b bytes.Buffer
	fmt.Fprintf(&b, `package %s

import "%s/lessons/internal/lesson"

// todo stands where a part of the chapter is missing. Replace each call of it
// with code of your own. When none is left, this file may go.
func todo(part string) any {
	lesson.TODO(part)
	return nil
}
`, pkg, c.Module)
	return File{"todo.go", b.Bytes()}
}

// packageName returns the name of the package in the chapter's folder.
func packageName(files []File) (string, error) {
	for _, f := range files {
		if path.Ext(f.Name) != ".go" || strings.Contains(f.Name, "/") || f.IsTest() {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), f.Name, f.Text, parser.PackageClauseOnly)
		if err != nil {
			return "", err
		}
		return file.Name.Name, nil
	}
	return "", fmt.Errorf("the chapter has no Go file")
}

// StubFiles returns what `start` gives to the learner: the given files, the
// tests as they are, the stubs, and todo.go. Imports of the chapter's own
// package become imports of target. The parts that are named in written are
// left as they are.
func (c *Course) StubFiles(ch *Chapter, target string, written ...string) ([]File, error) {
	files, err := ch.Files()
	if err != nil {
		return nil, err
	}
	pkg, err := packageName(files)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ch.Folder, err)
	}
	for i, f := range files {
		if f.IsTest() {
			continue
		}
		if f, err = Stub(f, written...); err != nil {
			return nil, err
		}
		files[i] = Retarget(f, ch.Import, target)
	}
	return append(files, c.todoFile(pkg)), nil
}

// Retarget turns imports of one package into imports of another.
func Retarget(f File, from, to string) File {
	old := []byte(strconv.Quote(from))
	if path.Ext(f.Name) != ".go" || from == to || !bytes.Contains(f.Text, old) {
		return f
	}
	f.Text = bytes.ReplaceAll(f.Text, old, []byte(strconv.Quote(to)))
	if text, err := format.Source(f.Text); err == nil { // imports are sorted
		f.Text = text
	}
	return f
}
