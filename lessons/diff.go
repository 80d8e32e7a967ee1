package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"example.com/ws101/lessons/internal/course"
)

func diff(t *tutor, f *flag.FlagSet) func(*course.Chapter, []string) error {
	spoil := f.Bool("spoil", false, "")
	return func(ch *course.Chapter, _ []string) error {
		p, err := t.started(ch)
		if err != nil {
			return err
		}
		if !*spoil {
			passed, err := t.test(p, false, io.Discard)
			if err != nil {
				return err
			}
			if !passed {
				return fmt.Errorf("chapter %d does not pass yet, and this would give the answer away: go run ./lessons diff %d -spoil shows it all the same", ch.Number, ch.Number)
			}
		}
		files, err := ch.Files()
		if err != nil {
			return err
		}
		same := true
		for _, f := range files {
			if !f.IsSolution() {
				continue
			}
			f = course.Retarget(f, ch.Import, t.course.WorkImport()+"/"+ch.Name())
			text, err := os.ReadFile(filepath.Join(p.Dir, filepath.FromSlash(f.Name)))
			if err != nil {
				t.printf("%s is not in your folder.\n", f.Name)
				continue
			}
			lines := diffLines(lines(text), lines(f.Text))
			if len(lines) == 0 {
				continue
			}
			same = false
			t.printf("%s   - yours   + the course's\n", t.bold(f.Name))
			for _, line := range lines {
				t.printf("%s\n", t.paintDiff(line))
			}
		}
		if same {
			t.printf("Your files are the course's, to the letter.\n")
		}
		return nil
	}
}

func (t *tutor) paintDiff(line string) string {
	if t.color && line != "" {
		switch line[0] {
		case '-':
			return "\x1b[31m" + line + "\x1b[0m"
		case '+':
			return "\x1b[32m" + line + "\x1b[0m"
		}
	}
	return line
}

func lines(text []byte) []string {
	s := strings.ReplaceAll(string(text), "\r\n", "\n")
	return strings.Split(strings.TrimSuffix(s, "\n"), "\n")
}

// diffContext is how many equal lines stand around a difference.
const diffContext = 3

// diffLines returns the lines of a and b that differ, marked "- " and "+ ", with
// some of the equal lines around them, or nothing. Lines left out are "...".
func diffLines(a, b []string) []string {
	// common[i][j] is how many lines a[i:] and b[j:] have in common, in order.
	common := make([][]int, len(a)+1)
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var all []string
	changed := false
	for i, j := 0, 0; i < len(a) || j < len(b); {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			all = append(all, strings.TrimRight("  "+a[i], " "))
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			all = append(all, "- "+a[i])
			i, changed = i+1, true
		default:
			all = append(all, "+ "+b[j])
			j, changed = j+1, true
		}
	}
	if !changed {
		return nil
	}
	near := make([]bool, len(all))
	for i, line := range all {
		if strings.HasPrefix(line, "- ") || strings.HasPrefix(line, "+ ") {
			for k := max(0, i-diffContext); k <= min(len(all)-1, i+diffContext); k++ {
				near[k] = true
			}
		}
	}
	var out []string
	for i, line := range all {
		if near[i] {
			out = append(out, line)
		} else if len(out) > 0 && out[len(out)-1] != "..." {
			out = append(out, "...")
		}
	}
	return out
}
