package ledger

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// file is one parsed Go file.
type file struct {
	path string
	pkg  string // the name in its package clause
	tree *ast.File
	set  *token.FileSet
}

func (f file) isTest() bool { return strings.HasSuffix(f.path, "_test.go") }

// line is where a node stands, for an error: "frames/mask_test.go:29".
func (f file) line(n ast.Node) string {
	return f.path + ":" + strconv.Itoa(f.set.Position(n.Pos()).Line)
}

// parseTree parses the Go files under the directories that a build for linux on
// amd64 compiles, except those of skipped. The platform is always
// the same, so that the page is.
func parseTree(fsys fs.FS, dirs []string) ([]file, error) {
	platform := build.Default
	platform.GOOS, platform.GOARCH = "linux", "amd64"
	platform.JoinPath = path.Join
	platform.OpenFile = func(name string) (io.ReadCloser, error) { return fsys.Open(name) }

	var list []file
	visit := func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skipped(fsys, name)
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		if ok, err := platform.MatchFile(path.Dir(name), path.Base(name)); err != nil || !ok {
			return err
		}
		f, err := parseFile(fsys, name)
		list = append(list, f)
		return err
	}
	for _, dir := range dirs {
		if err := fs.WalkDir(fsys, dir, visit); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// skipped tells to skip test data, nested modules, and the ledger itself, whose
// tests speak of rows that do not exist.
func skipped(fsys fs.FS, dir string) error {
	if path.Base(dir) == "testdata" {
		return fs.SkipDir
	}
	for _, file := range []string{"go.mod", "requirements.tsv"} {
		if _, err := fs.Stat(fsys, path.Join(dir, file)); err == nil {
			return fs.SkipDir
		}
	}
	return nil
}

func parseFile(fsys fs.FS, name string) (file, error) {
	src, err := fs.ReadFile(fsys, name)
	if err != nil {
		return file{}, err
	}
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, name, src, parser.ParseComments)
	if err != nil {
		return file{}, err
	}
	return file{name, tree.Name.Name, tree, set}, nil
}

// literal is the value of a string literal.
func literal(n ast.Node) (string, bool) {
	lit, ok := n.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

// receiver is the name of the type that a method belongs to, or "".
func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil || len(f.Recv.List) == 0 {
		return ""
	}
	typ := f.Recv.List[0].Type
	for {
		switch t := typ.(type) {
		case *ast.StarExpr:
			typ = t.X
		case *ast.IndexExpr:
			typ = t.X
		case *ast.Ident:
			return t.Name
		default:
			return ""
		}
	}
}
