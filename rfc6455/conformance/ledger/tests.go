package ledger

import (
	"go/ast"
	"go/doc"
	"slices"
	"strings"
)

// isTest reports whether go test runs the function as a test or a fuzz target.
func isTest(d *ast.FuncDecl) bool {
	want := ""
	switch {
	case d.Recv != nil || len(d.Type.Params.List) != 1:
	case hasPrefix(d.Name.Name, "Test"):
		want = "T"
	case hasPrefix(d.Name.Name, "Fuzz"):
		want = "F"
	}
	if want == "" {
		return false
	}
	star, ok := d.Type.Params.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	sel, ok := star.X.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == want
}

// skips reports whether a test always skips itself.
func skips(d *ast.FuncDecl) bool {
	return slices.ContainsFunc(d.Body.List, func(s ast.Stmt) bool {
		x, ok := s.(*ast.ExprStmt)
		if !ok {
			return false
		}
		call, ok := x.X.(*ast.CallExpr)
		if !ok {
			return false
		}
		sel, ok := call.Fun.(*ast.SelectorExpr)
		return ok && strings.HasPrefix(sel.Sel.Name, "Skip")
	})
}

// hasPrefix reports whether the name is that of a test: what follows the prefix
// does not begin with a small letter.
func hasPrefix(name, prefix string) bool {
	rest, ok := strings.CutPrefix(name, prefix)
	return ok && (rest == "" || rest[:1] != strings.ToLower(rest[:1]) || rest[0] == '_' || rest[0] >= '0' && rest[0] <= '9')
}

// examplesThatRun are the examples with an output to compare; the others are
// only compiled.
func examplesThatRun(f file) map[string]bool {
	runs := map[string]bool{}
	for _, x := range doc.Examples(f.tree) {
		if x.Output != "" || x.EmptyOutput {
			runs["Example"+x.Name] = true
		}
	}
	return runs
}
