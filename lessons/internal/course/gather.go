package course

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Gathered says where a chapter that puts others together has one of them from.
type Gathered struct {
	Chapter *Chapter
	// Mine is whether it is the learner's own code.
	Mine bool
	// Why tells why it is the course's. It is empty if the chapter is the learner's, or
	// was never started.
	Why string
}

// Gathers returns the chapters that a chapter imports, in the order of their numbers. All
// chapters but the last import none.
func (c *Course) Gathers(ch *Chapter) ([]*Chapter, error) {
	files, err := ch.Files()
	if err != nil {
		return nil, err
	}
	var list []*Chapter
	for _, other := range c.Chapters {
		if other != ch && slices.ContainsFunc(files, func(f File) bool { return f.imports(other.Import) }) {
			list = append(list, other)
		}
	}
	return list, nil
}

func (f File) imports(p string) bool {
	return path.Ext(f.Name) == ".go" && bytes.Contains(f.Text, []byte(strconv.Quote(p)))
}

// Gather turns the imports of other chapters in the learner's folder of ch: to the
// learner's own code of those that passed, and to the course's of the rest. It changes
// nothing else in the files, and nothing at all if all is as it should be.
func (w *Work) Gather(ch *Chapter) ([]Gathered, error) {
	p := w.Started(ch)
	others, err := w.course.Gathers(ch)
	if err != nil || p == nil {
		return nil, err
	}
	files, err := ch.Files()
	if err != nil {
		return nil, err
	}
	var list []Gathered
	for _, other := range others {
		g := Gathered{Chapter: other}
		if g.Mine, g.Why, err = w.isMine(other, filepath.Dir(p.Dir)); err != nil {
			return nil, err
		}
		list = append(list, g)
	}
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(p.Dir, filepath.FromSlash(f.Name)))
		if err != nil {
			continue // the learner has taken it away, and the compiler will say so
		}
		mine := File{f.Name, text}
		for _, g := range list {
			from, to := w.course.WorkImport()+"/"+g.Chapter.Name(), g.Chapter.Import
			if g.Mine {
				from, to = to, from
			}
			mine = Retarget(mine, from, to)
		}
		if !bytes.Equal(mine.Text, text) {
			if err := WriteFile(p.Dir, mine); err != nil {
				return nil, err
			}
		}
	}
	return list, nil
}

// isMine reports whether the learner's code of a chapter can be imported by a package in
// the module at module, or why not.
func (w *Work) isMine(ch *Chapter, module string) (mine bool, why string, err error) {
	p := w.Started(ch)
	switch {
	case p == nil:
		return false, "", nil
	case !p.Passed:
		return false, fmt.Sprintf("chapter %d of yours has not passed yet: go run ./lessons check %d", ch.Number, ch.Number), nil
	case filepath.Dir(p.Dir) != module:
		return false, fmt.Sprintf("chapter %d of yours is in another folder, %s", ch.Number, p.Dir), nil
	}
	missing, err := hasTodo(p.Dir)
	if missing {
		why = fmt.Sprintf("chapter %d of yours has a part that is not written", ch.Number)
	}
	return !missing && err == nil, why, err
}

// hasTodo reports whether a part is missing in the learner's folder of a chapter.
func hasTodo(dir string) (bool, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return false, err
	}
	for _, p := range paths {
		if filepath.Base(p) == "todo.go" || strings.HasSuffix(p, "_test.go") {
			continue
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return false, err
		}
		if bytes.Contains(text, []byte("todo(\"")) {
			return true, nil
		}
	}
	return false, nil
}
