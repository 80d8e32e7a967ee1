package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"example.com/ws101/lessons/internal/course"
)

func hint(t *tutor, _ *flag.FlagSet) func(*course.Chapter, []string) error {
	return func(ch *course.Chapter, rest []string) error {
		p, err := t.started(ch)
		if err != nil {
			return err
		}
		hints, err := ch.Hints()
		if err != nil {
			return err
		}
		parts, err := ch.Parts()
		if err != nil {
			return err
		}
		var part string
		if len(rest) == 1 {
			part = rest[0]
			if !slices.Contains(parts, part) {
				return usage("chapter %d has no part %q; it has: %s", ch.Number, part, strings.Join(parts, ", "))
			}
		} else if part, err = t.partAtHand(ch, p, parts); err != nil {
			return err
		}
		if p.Hints == nil {
			p.Hints = map[string]int{}
		}
		last := p.Hints[part] == course.HintLevels
		p.Hints[part] = min(p.Hints[part]+1, course.HintLevels)
		level := p.Hints[part]
		t.printf("%s\n\n%s", t.bold(fmt.Sprintf("%s: hint %d of %d", part, level, course.HintLevels)), hints[part][level-1])
		if last {
			t.printf("\nThis was the last hint. The whole answer: go run ./lessons diff %d -spoil\n", ch.Number)
		}
		return t.work.Save()
	}
}

var hintLine = regexp.MustCompile(`(?m)^\s*hint: go run ./lessons hint \d+ (\S+)$`)

// partAtHand returns the part that a hint is wanted for: the first one that
// does not pass.
func (t *tutor) partAtHand(ch *course.Chapter, p *course.Progress, parts []string) (string, error) {
	if len(parts) == 1 {
		return parts[0], nil
	}
	var out bytes.Buffer
	passed, err := t.test(p, false, &out)
	if err != nil {
		return "", err
	}
	if !passed {
		if m := hintLine.FindSubmatch(out.Bytes()); m != nil && slices.Contains(parts, string(m[1])) {
			return string(m[1]), nil
		}
		for _, part := range parts {
			if t.unwritten(ch, p, part) {
				return part, nil
			}
		}
	}
	return "", usage("for which part? go run ./lessons hint %d PART, where PART is one of: %s", ch.Number, strings.Join(parts, ", "))
}

// unwritten reports whether a part of the learner's is still as it was given.
func (t *tutor) unwritten(ch *course.Chapter, p *course.Progress, part string) bool {
	files, err := ch.Files()
	if err != nil {
		return false
	}
	for _, f := range files {
		if !f.IsSolution() {
			continue
		}
		stub, err := course.Stub(f)
		if err != nil {
			return false
		}
		text, err := os.ReadFile(filepath.Join(p.Dir, filepath.FromSlash(f.Name)))
		if err != nil {
			continue
		}
		given, ok := region(stub, part)
		mine, found := region(course.File{Name: f.Name, Text: text}, part)
		if ok && found && given == mine {
			return true
		}
	}
	return false
}

func region(f course.File, part string) (string, bool) {
	list, err := course.Regions(f)
	if err != nil {
		return "", false
	}
	for _, r := range list {
		if r.Name == part {
			return r.Text, true
		}
	}
	return "", false
}
