package ledger

import (
	"go/ast"
	"io/fs"
	"path"
)

// Code is what the code says about the rows.
type Code struct {
	// Rules are the files that name a rule in an error, by the rule's ID.
	Rules map[string][]string
	// Names are the files of functions, types and variables: "frames.Mask", "rfc6455.Conn.Close".
	Names map[string]string
}

// ReadCode reads the Go files under the directories, without their tests. A
// string that is an ID and nothing else counts as the rule of an error.
func ReadCode(fsys fs.FS, dirs ...string) (Code, error) {
	files, err := parseTree(fsys, dirs)
	if err != nil {
		return Code{}, err
	}
	c := Code{map[string][]string{}, map[string]string{}}
	for _, f := range files {
		if f.isTest() {
			continue
		}
		c.addRules(f)
		c.addNames(f)
	}
	return c, nil
}

func (c Code) addRules(f file) {
	ast.Inspect(f.tree, func(n ast.Node) bool {
		rule, ok := literal(n)
		if !ok || !isID.MatchString(rule) {
			return true
		}
		if list := c.Rules[rule]; len(list) == 0 || list[len(list)-1] != f.path {
			c.Rules[rule] = append(list, f.path)
		}
		return true
	})
}

func (c Code) addNames(f file) {
	pkg := path.Base(path.Dir(f.path)) + "."
	for _, d := range f.tree.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			name := d.Name.Name
			if r := receiver(d); r != "" {
				name = r + "." + name
			}
			c.Names[pkg+name] = f.path
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					c.Names[pkg+s.Name.Name] = f.path
				case *ast.ValueSpec:
					for _, n := range s.Names {
						c.Names[pkg+n.Name] = f.path
					}
				}
			}
		}
	}
}
