package ledger

import (
	"errors"
	"fmt"
	"go/ast"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Proof is one test that says it proves one row.
type Proof struct {
	ID   string
	Test string // the name of the function: "TestMask"
	File string // its path from the root of the module: "frames/mask_test.go"
	// Expects tells that the test names the row as the rule that an error has to carry.
	Expects bool
}

// Proofs finds the rows that the tests under the directories say they prove. A
// test has three ways to say it:
//
//   - it begins the name of a subtest, of a row of a table, or the message of
//     an assertion with one ID or more: "6455-5.2-4 the top bit";
//   - it names the rule that an error has to carry, in a string that is an ID
//     and nothing else: "6455-5.2-4". The key of a map does not count, and the
//     field Rule of an error that the test makes itself does not either;
//   - its doc comment has a line that begins so: "Proves 6455-5.2-4, 6455-5.5-1."
//
// A row of a table or a helper function speaks for the tests that use it; for a
// fuzz target a table is no more than a source of seeds. An error tells where an
// ID stands on something that is not a test, or does not run, or on a test or a
// subtest that asserts nothing.
func Proofs(fsys fs.FS, dirs ...string) ([]Proof, error) {
	files, err := parseTree(fsys, dirs)
	if err != nil {
		return nil, err
	}
	byPackage := map[string]*suite{}
	var order []*suite
	for _, f := range files {
		if !f.isTest() {
			continue
		}
		key := path.Dir(f.path) + " " + f.pkg
		if byPackage[key] == nil {
			byPackage[key] = &suite{decls: map[string][]*decl{}}
			order = append(order, byPackage[key])
		}
		byPackage[key].add(f)
	}
	var list []Proof
	var problems []error
	for _, s := range order {
		proofs, err := s.proofs()
		list, problems = append(list, proofs...), append(problems, err)
	}
	return list, errors.Join(problems...)
}

// suite is the test files of one package.
type suite struct {
	decls map[string][]*decl // by name, methods by ".name"
	all   []*decl
	stray []error
}

// proves is the line of a doc comment.
var proves = regexp.MustCompile(`(?m)^Proves (.*)$`)

// provesIDs is what has to follow.
var provesIDs = regexp.MustCompile(`^` + id + `(?:, ` + id + `)*\.$`)

// add takes in the declarations of a file.
func (s *suite) add(f file) {
	examples := examplesThatRun(f)
	docs := map[*ast.CommentGroup]bool{}
	for _, d := range f.tree.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			e := s.function(f, d, examples)
			if e.test && d.Doc != nil {
				docs[d.Doc] = true
				s.fromDoc(e, f, d.Doc)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if v, ok := spec.(*ast.ValueSpec); ok {
					for _, n := range v.Names {
						s.declare(n.Name, f, v).table = true
					}
				}
			}
		}
	}
	for _, c := range f.tree.Comments {
		if !docs[c] && proves.MatchString(c.Text()) {
			s.stray = append(s.stray, fmt.Errorf("%s: the comment says Proves, and does not stand on a test that runs", f.line(c)))
		}
	}
}

// function takes in a function or a method.
func (s *suite) function(f file, d *ast.FuncDecl, examples map[string]bool) *decl {
	name := d.Name.Name
	if d.Recv != nil {
		name = "." + name
	}
	e := s.declare(name, f, d)
	example := examples[name]
	e.test = example || isTest(d) && !skips(d)
	e.fuzz = strings.HasPrefix(name, "Fuzz")
	e.asserts = e.asserts || example
	return e
}

// fromDoc takes the IDs from a test's doc comment.
func (s *suite) fromDoc(e *decl, f file, c *ast.CommentGroup) {
	for _, m := range proves.FindAllStringSubmatch(c.Text(), -1) {
		if !provesIDs.MatchString(m[1]) {
			s.stray = append(s.stray, fmt.Errorf("%s: write it like \"Proves 6455-5.2-4, 6455-5.5-1.\"", f.line(c)))
			continue
		}
		e.marks = append(e.marks, mark{ids: ids.FindAllString(m[1], -1), at: f.line(c)})
	}
}

// declare takes in one declaration.
func (s *suite) declare(name string, f file, n ast.Node) *decl {
	e := &decl{name: name, file: f}
	e.read(n)
	s.decls[name] = append(s.decls[name], e)
	s.all = append(s.all, e)
	return e
}

// proofs goes through the tests of the package.
func (s *suite) proofs() ([]Proof, error) {
	problems := s.stray
	var list []Proof
	for _, t := range s.all {
		if !t.test {
			continue
		}
		used := s.reach(t)
		for _, e := range used {
			e.reached = true
			if t.fuzz && e.table {
				continue // a fuzz target takes its seeds from tables
			}
			for _, m := range e.marks {
				if err := s.check(t, used, m); err != nil {
					problems = append(problems, err)
				}
				for _, id := range m.ids {
					list = append(list, Proof{id, t.name, t.file.path, m.expects})
				}
			}
		}
	}
	for _, e := range s.all {
		if !e.reached && len(e.marks) > 0 {
			problems = append(problems, fmt.Errorf("%s: %s names %s, and no test uses it", e.marks[0].at, e.name, e.marks[0].ids[0]))
		}
	}
	return list, errors.Join(problems...)
}

// check tells what is wrong with a mark of a test.
func (s *suite) check(t *decl, used []*decl, m mark) error {
	if m.subtest != nil {
		used = s.reach(m.subtest)
	}
	if slices.ContainsFunc(used, func(e *decl) bool { return e.asserts }) {
		return nil
	}
	return fmt.Errorf("%s: %s names %s, and asserts nothing", m.at, t.name, strings.Join(m.ids, ", "))
}

// reach is a declaration and all that it uses, directly or not.
func (s *suite) reach(from *decl) []*decl {
	list := []*decl{from}
	seen := map[*decl]bool{from: true}
	for i := 0; i < len(list); i++ {
		for _, ref := range list[i].refs {
			for _, e := range s.decls[ref] {
				if !seen[e] && !e.test {
					seen[e] = true
					list = append(list, e)
				}
			}
		}
	}
	return list
}
