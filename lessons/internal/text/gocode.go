package text

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"example.com/ws101/lessons/internal/course"
)

// elision stands in a Go block for lines that are left out.
const elision = "// ..."

// Go checks a Go block: ```go FILE#NAME, where FILE is relative to dir. NAME is a
// marked part or a declaration: a function, Type.Method, a type, or one of the
// names of a const, var or type group. A doc comment may be left out. A line
// "// ..." stands for lines that are left out.
//
// It returns what the block should hold, which is the block itself if it is true.
func Go(dir string, b Block) (string, error) {
	if len(b.Args) != 1 || !strings.Contains(b.Args[0], "#") {
		return "", fmt.Errorf("a Go block names its code: ```go FILE#NAME")
	}
	file, name, _ := strings.Cut(b.Args[0], "#")
	src, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(file)))
	if err != nil {
		return "", fmt.Errorf("there is no file %s", file)
	}
	withDoc, bare, err := find(file, src, name)
	if err != nil {
		return "", err
	}
	if strings.Contains(b.Text, elision) {
		if elided(b.Text, withDoc) || elided(b.Text, bare) {
			return b.Text, nil
		}
		return "", fmt.Errorf("the lines around %q are not those of %s#%s", elision, file, name)
	}
	if b.Text == withDoc || b.Text == bare {
		return b.Text, nil
	}
	if strings.HasPrefix(strings.TrimSpace(b.Text), "//") {
		return withDoc, nil
	}
	return bare, nil
}

// find returns the text of a marked part or a declaration, with and without its
// doc comment.
func find(file string, src []byte, name string) (withDoc, bare string, err error) {
	regions, err := course.Regions(course.File{Name: file, Text: src})
	if err != nil {
		return "", "", err
	}
	for _, r := range regions {
		if r.Name == name {
			s := dedent(r.Text) + "\n"
			return s, s, nil
		}
	}
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, file, src, parser.ParseComments)
	if err != nil {
		return "", "", err
	}
	cut := func(from, to token.Pos) string {
		return string(src[set.Position(from).Offset:set.Position(to).Offset]) + "\n"
	}
	for _, d := range parsed.Decls {
		if !slices.Contains(Declared(d), name) {
			continue
		}
		var doc *ast.CommentGroup
		switch d := d.(type) {
		case *ast.FuncDecl:
			doc = d.Doc
		case *ast.GenDecl:
			doc = d.Doc
		}
		bare = cut(d.Pos(), d.End())
		if doc == nil {
			return bare, bare, nil
		}
		return cut(doc.Pos(), d.End()), bare, nil
	}
	return "", "", fmt.Errorf("%s declares no %s", file, name)
}

// Declared returns the names that a declaration declares: "F", "Type.Method", or all those of
// a group.
func Declared(d ast.Decl) (names []string) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		names = append(names, declName(d))
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				names = append(names, s.Name.Name)
			case *ast.ValueSpec:
				for _, id := range s.Names {
					names = append(names, id.Name)
				}
			}
		}
	}
	return names
}

func declName(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return d.Name.Name
	}
	t := d.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if id, ok := t.(*ast.Ident); ok {
		return id.Name + "." + d.Name.Name
	}
	return d.Name.Name
}

// dedent takes one tab off every line, as marked parts stand in functions.
func dedent(s string) string {
	lines := strings.Split(s, "\n")
	for _, line := range lines {
		if line != "" && !strings.HasPrefix(line, "\t") {
			return s
		}
	}
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, "\t")
	}
	return strings.Join(lines, "\n")
}

// elided reports whether the block is the code with some lines left out.
func elided(block, code string) bool {
	return elidedLines(trimmedLines(block), trimmedLines(code))
}

func elidedLines(want, have []string) bool {
	switch {
	case len(want) == 0:
		return len(have) == 0
	case want[0] == elision:
		for skip := range len(have) + 1 {
			if elidedLines(want[1:], have[skip:]) {
				return true
			}
		}
		return false
	}
	return len(have) > 0 && have[0] == want[0] && elidedLines(want[1:], have[1:])
}

func trimmedLines(s string) []string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimSpace(l)
	}
	return lines
}
