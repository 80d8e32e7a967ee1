package course

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Work is the learner's side: what was started where, and how far it got.
type Work struct {
	course *Course
	// Dir is where the next chapter goes.
	Dir string
	// Chapters holds what was started, by number.
	Chapters map[int]*Progress
}

// Progress is how far one chapter got.
type Progress struct {
	// Dir is the learner's folder for the chapter.
	Dir string
	// Tests are the hashes of the tests as they were copied.
	Tests map[string]string
	// Hints is how many hints of a part were shown.
	Hints map[string]int `json:",omitempty"`
	// Passed is set once `check` saw all tests pass.
	Passed bool `json:",omitempty"`
}

// WorkImport is the path of the learner's module. It lies under lessons, so
// that the internal packages can be imported, wherever the folder is.
func (c *Course) WorkImport() string { return c.Module + "/lessons/work" }

// HomeDir is lessons/work: the learner's module unless they chose another
// folder, and always the place of the notes about it.
func (c *Course) HomeDir() string { return filepath.Join(c.Root, "lessons", "work") }

func (c *Course) notes() string { return filepath.Join(c.HomeDir(), ".progress.json") }

// LoadWork reads the notes. Without any, nothing was started yet.
func (c *Course) LoadWork() (*Work, error) {
	w := &Work{course: c, Dir: c.HomeDir(), Chapters: map[int]*Progress{}}
	text, err := os.ReadFile(c.notes())
	if errors.Is(err, fs.ErrNotExist) {
		return w, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, w); err != nil {
		return nil, fmt.Errorf("%s cannot be read (%v): remove it, and start the chapters again; your files stay", c.notes(), err)
	}
	return w, nil
}

// Save writes the notes.
func (w *Work) Save() error {
	if err := os.MkdirAll(w.course.HomeDir(), 0o755); err != nil {
		return err
	}
	text, err := json.MarshalIndent(w, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(w.course.notes(), append(text, '\n'), 0o644)
}

// Started returns the progress of a chapter whose folder is there, or nil.
func (w *Work) Started(ch *Chapter) *Progress {
	p := w.Chapters[ch.Number]
	if p == nil {
		return nil
	}
	if _, err := os.Stat(p.Dir); err != nil {
		return nil
	}
	return p
}

// ErrStarted means that the learner's folder is there already.
var ErrStarted = errors.New("started already")

// Start gives a chapter to the learner. If it was given before, the error is
// ErrStarted and nothing is changed.
func (w *Work) Start(ch *Chapter) (*Progress, error) {
	if p := w.Started(ch); p != nil {
		return p, errors.Join(ErrStarted, w.course.WriteModule(filepath.Dir(p.Dir)))
	}
	dir := filepath.Join(w.Dir, ch.Name())
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return nil, fmt.Errorf("%s holds files already: move it away, or choose another folder with -dir", dir)
	}
	files, err := w.course.StubFiles(ch, w.course.WorkImport()+"/"+ch.Name())
	if err != nil {
		return nil, err
	}
	if err := w.course.WriteModule(w.Dir); err != nil {
		return nil, err
	}
	p := &Progress{Dir: dir, Tests: map[string]string{}}
	for _, f := range files {
		if err := WriteFile(dir, f); err != nil {
			return nil, err
		}
		if f.IsTest() {
			p.Tests[f.Name] = f.Sum()
		}
	}
	if old := w.Chapters[ch.Number]; old != nil {
		p.Hints, p.Passed = old.Hints, old.Passed
	}
	w.Chapters[ch.Number] = p
	return p, w.Save()
}

// Reset puts the learner's folder of a chapter aside and gives it anew. It
// returns where the old one is.
func (w *Work) Reset(ch *Chapter) (kept string, err error) {
	p := w.Started(ch)
	if p == nil {
		return "", errors.New("not started")
	}
	// The go command does not look into folders that begin with "_".
	parent := filepath.Join(filepath.Dir(p.Dir), "_old")
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return "", err
	}
	for i := 1; ; i++ {
		kept = filepath.Join(parent, fmt.Sprintf("%s-%d", ch.Name(), i))
		if _, err := os.Stat(kept); errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err := os.Rename(p.Dir, kept); err != nil {
		return "", err
	}
	dir := w.Dir
	w.Dir = filepath.Dir(p.Dir)
	_, err = w.Start(ch)
	w.Dir = dir
	return kept, errors.Join(err, w.Save())
}

// RenewTests brings the tests of the course to the learner where these are
// newer. A test that the learner has changed is left alone, and named.
func (w *Work) RenewTests(ch *Chapter) (renewed, changed []string, err error) {
	p := w.Started(ch)
	files, err := ch.Files()
	if err != nil {
		return nil, nil, err
	}
	for _, f := range files {
		if !f.IsTest() {
			continue
		}
		text, err := os.ReadFile(filepath.Join(p.Dir, filepath.FromSlash(f.Name)))
		mine := File{f.Name, normalLines(text)}.Sum()
		switch {
		case err == nil && mine == f.Sum():
			p.Tests[f.Name] = f.Sum()
		case err == nil && mine != p.Tests[f.Name]:
			changed = append(changed, f.Name)
		default:
			if err := WriteFile(p.Dir, f); err != nil {
				return nil, nil, err
			}
			p.Tests[f.Name] = f.Sum()
			renewed = append(renewed, f.Name)
		}
	}
	return renewed, changed, w.Save()
}

func normalLines(text []byte) []byte { return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) }

// WriteFile writes a file of a chapter below dir, and the folders it needs.
func WriteFile(dir string, f File) error {
	p := filepath.Join(dir, filepath.FromSlash(f.Name))
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		return err
	}
	return os.WriteFile(p, f.Text, 0o644)
}

// WriteModule makes dir the learner's module, unless it has a go.mod already.
func (c *Course) WriteModule(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
		return nil
	}
	mod, err := c.ModuleFile(dir)
	if err != nil {
		return err
	}
	if err := WriteFile(dir, File{"go.mod", mod}); err != nil {
		return err
	}
	sum, err := os.ReadFile(filepath.Join(c.Root, "go.sum"))
	if err != nil {
		return err
	}
	return WriteFile(dir, File{"go.sum", sum})
}

// ModuleFile returns the go.mod of a learner's module in dir: what the course
// requires, and the course itself in place of a download.
func (c *Course) ModuleFile(dir string) ([]byte, error) {
	root, err := os.ReadFile(filepath.Join(c.Root, "go.mod"))
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	for _, line := range splitLines(root) {
		if strings.HasPrefix(line, "module ") {
			line = "module " + c.WorkImport()
		}
		b.WriteString(line + "\n")
	}
	target := filepath.ToSlash(c.Root)
	if dir == c.HomeDir() {
		target = "../.." // so that the checkout can be moved
	}
	if strings.ContainsAny(target, " \t\"'`()[]{},") {
		target = fmt.Sprintf("%q", target)
	}
	fmt.Fprintf(&b, "\nrequire %s v0.0.0\n\nreplace %s => %s\n", c.Module, c.Module, target)
	return []byte(b.String()), nil
}
