package ledger

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strings"
)

// decl is one declaration on the top level of a test file.
type decl struct {
	name    string
	file    file
	test    bool // a function that go test runs
	fuzz    bool // ... as a fuzz target
	table   bool // a variable
	asserts bool // it can fail a test, not counting what it calls
	refs    []string
	marks   []mark
	reached bool // some test uses it
}

// mark is a place that names rows.
type mark struct {
	ids     []string
	expects bool
	at      string
	subtest *decl // the body of the subtest that has the mark in its name, or nil
}

// prefix is a string that begins with IDs, perhaps behind the slash of a subtest.
var prefix = regexp.MustCompile(`^/?(` + id + `(?: ` + id + `)*)(?:[: ]|$)`)

// read collects what a node refers to, its marks, and whether it asserts.
func (d *decl) read(n ast.Node) {
	v := visitor{d, map[ast.Node]bool{}, map[ast.Node]*decl{}, map[string]bool{}}
	ast.Inspect(n, v.visit)
	d.refs = slices.DeleteFunc(d.refs, func(ref string) bool { return v.local[ref] })
}

// visitor walks through a declaration from the outside in.
type visitor struct {
	decl  *decl
	skip  map[ast.Node]bool  // identifiers and literals that mean nothing here
	names map[ast.Node]*decl // the parts of the name of a subtest, with its body
	local map[string]bool    // names declared inside, which hide those outside
}

func (v visitor) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.Ident:
		if !v.skip[n] {
			v.decl.refs = append(v.decl.refs, n.Name)
		}
	case *ast.SelectorExpr:
		v.decl.refs = append(v.decl.refs, "."+n.Sel.Name)
		v.skip[n.Sel] = true
	case *ast.AssignStmt:
		if n.Tok == token.DEFINE {
			v.declared(n.Lhs...)
		}
	case *ast.RangeStmt:
		if n.Tok == token.DEFINE {
			v.declared(n.Key, n.Value)
		}
	case *ast.Field:
		v.hide(n.Names)
	case *ast.DeclStmt:
		v.localDecl(n)
	case *ast.CallExpr:
		v.decl.asserts = v.decl.asserts || isAssertion(n)
		v.subtest(n)
	case *ast.KeyValueExpr:
		v.pair(n)
	case *ast.BasicLit:
		if !v.skip[n] {
			v.decl.mark(n, v.names[n])
		}
	}
	return true
}

func (v visitor) declared(list ...ast.Expr) {
	for _, x := range list {
		if id, ok := x.(*ast.Ident); ok {
			v.local[id.Name] = true
		}
	}
}

func (v visitor) hide(names []*ast.Ident) {
	for _, name := range names {
		v.local[name.Name] = true
	}
}

// localDecl takes in a declaration inside a function.
func (v visitor) localDecl(n *ast.DeclStmt) {
	for _, spec := range n.Decl.(*ast.GenDecl).Specs {
		if s, ok := spec.(*ast.ValueSpec); ok {
			v.hide(s.Names)
		}
	}
}

// subtest reads the body of t.Run("the name", body), so that what the name says
// can be held against it.
func (v visitor) subtest(call *ast.CallExpr) {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != "Run" || len(call.Args) != 2 {
		return
	}
	body := &decl{file: v.decl.file}
	body.read(call.Args[1])
	ast.Inspect(call.Args[0], func(part ast.Node) bool {
		v.names[part] = body
		return true
	})
}

// pair passes over what names no row: the field of a struct, an ID as the key
// of a map, and the rule of an error that the test makes itself.
func (v visitor) pair(n *ast.KeyValueExpr) {
	field, isField := n.Key.(*ast.Ident)
	key, isLiteral := literal(n.Key)
	v.skip[n.Key] = isField || isLiteral && isID.MatchString(key)
	v.skip[n.Value] = isField && field.Name == "Rule"
}

// mark takes a string literal as a mark if it is one.
func (d *decl) mark(n *ast.BasicLit, subtest *decl) {
	s, ok := literal(n)
	if !ok {
		return
	}
	m := mark{at: d.file.line(n), subtest: subtest}
	if isID.MatchString(s) {
		m.ids, m.expects = []string{s}, true
	} else if p := prefix.FindStringSubmatch(s); p != nil {
		m.ids = strings.Fields(p[1])
	} else {
		return
	}
	d.marks = append(d.marks, m)
}

// failing are the methods of a *testing.T that fail the test.
var failing = []string{"Error", "Errorf", "Fatal", "Fatalf", "Fail", "FailNow"}

// isAssertion reports whether a call can fail a test: one of testify, or a method
// like Fatalf of a variable with the name t, tb or f.
func isAssertion(call *ast.CallExpr) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, ok := sel.X.(*ast.Ident)
	if !ok {
		return false
	}
	switch x.Name {
	case "assert", "require":
		return true
	case "t", "tb", "f":
		return slices.Contains(failing, sel.Sel.Name)
	}
	return false
}
