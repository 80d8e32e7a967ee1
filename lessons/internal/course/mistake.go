package course

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Mistake is a wrong answer that learners give, as a change of the solution. A
// file mistakes/NAME.txt holds it:
//
//	What it is, in a sentence or two, for those who read the course's sources.
//
//	expect: the sentence that the tests must print
//
//	replace:
//	h.Fin = b[0]&0x80 != 0
//	with:
//	h.Fin = b[0]&0x80 == 0
//
// "replace:" and "with:" may come several times. The text to be replaced must
// occur exactly once in the chapter's solution files, whatever its indentation;
// so a mistake that no longer fits its solution is noticed.
type Mistake struct {
	Name   string
	Expect string
	Edits  []Edit
}

// Edit puts some lines in place of others.
type Edit struct{ Old, New []string }

// Mistakes reads the chapter's wrong answers.
func (ch *Chapter) Mistakes() ([]Mistake, error) {
	paths, err := filepath.Glob(filepath.Join(ch.Dir, "mistakes", "*.txt"))
	if err != nil {
		return nil, err
	}
	var list []Mistake
	for _, p := range paths {
		text, err := os.ReadFile(p)
		if err != nil {
			return nil, err
		}
		m, err := parseMistake(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p, err)
		}
		m.Name = strings.TrimSuffix(filepath.Base(p), ".txt")
		list = append(list, m)
	}
	return list, nil
}

func parseMistake(text []byte) (m Mistake, err error) {
	var to *[]string
	about := ""
	for _, line := range splitLines(text) {
		switch {
		case strings.HasPrefix(line, "expect: "):
			m.Expect = strings.TrimPrefix(line, "expect: ")
			to = nil
		case line == "replace:":
			m.Edits = append(m.Edits, Edit{})
			to = &m.Edits[len(m.Edits)-1].Old
		case line == "with:":
			if len(m.Edits) == 0 {
				return m, errors.New("\"with:\" without \"replace:\"")
			}
			to = &m.Edits[len(m.Edits)-1].New
		case to != nil:
			*to = append(*to, line)
		case m.Expect == "":
			about += line
		case line != "":
			return m, fmt.Errorf("what is this line: %q", line)
		}
	}
	for i := range m.Edits {
		e := &m.Edits[i]
		e.Old, e.New = trimBlank(e.Old), trimBlank(e.New)
		if len(e.Old) == 0 {
			return m, errors.New("\"replace:\" with nothing behind it")
		}
	}
	if about == "" || m.Expect == "" || len(m.Edits) == 0 {
		return m, errors.New("it needs a sentence about it, an \"expect: \" line, and \"replace:\" with \"with:\"")
	}
	return m, nil
}

// trimBlank cuts blank lines off both ends.
func trimBlank(lines []string) []string {
	for len(lines) > 0 && strings.TrimSpace(lines[0]) == "" {
		lines = lines[1:]
	}
	for len(lines) > 0 && strings.TrimSpace(lines[len(lines)-1]) == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// Apply returns the files with the mistake in them.
func (m Mistake) Apply(files []File) ([]File, error) {
	files = cloneFiles(files)
	for _, e := range m.Edits {
		found := 0
		for i, f := range files {
			if !f.IsSolution() {
				continue
			}
			lines := splitLines(f.Text)
			at := matches(lines, e.Old)
			found += len(at)
			if len(at) == 1 {
				lines = append(append(append([]string{}, lines[:at[0]]...), e.New...), lines[at[0]+len(e.Old):]...)
				files[i].Text = []byte(strings.Join(lines, "\n") + "\n")
			}
		}
		if found != 1 {
			return nil, fmt.Errorf("mistakes/%s.txt: the text to be replaced occurs %d times in the solution: %q", m.Name, found, e.Old[0])
		}
	}
	for i, f := range files {
		if f.IsSolution() && strings.HasSuffix(f.Name, ".go") {
			var err error
			if files[i], err = Tidy(f); err != nil {
				return nil, fmt.Errorf("mistakes/%s.txt: %w", m.Name, err)
			}
		}
	}
	return files, nil
}

// matches returns where some lines occur among others; indentation does not
// count.
func matches(lines, want []string) (at []int) {
next:
	for i := range len(lines) - len(want) + 1 {
		for j, w := range want {
			if strings.TrimSpace(lines[i+j]) != strings.TrimSpace(w) {
				continue next
			}
		}
		at = append(at, i)
	}
	return at
}

func cloneFiles(files []File) []File {
	list := make([]File, len(files))
	for i, f := range files {
		list[i] = File{f.Name, bytes.Clone(f.Text)}
	}
	return list
}
