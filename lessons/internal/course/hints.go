package course

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// HintLevels is how many hints there are for a part, from a nudge to almost the
// answer.
const HintLevels = 3

// Hints are the hints for the parts of a chapter. The file hints.md has a
// heading "## PART" for each part, and under it "### 1", "### 2" and "### 3".
type Hints map[string][]string

// Hints reads hints.md.
func (ch *Chapter) Hints() (Hints, error) {
	p := filepath.Join(ch.Dir, "hints.md")
	text, err := os.ReadFile(p)
	if err != nil {
		return nil, err
	}
	hints := Hints{}
	part := ""
	for i, line := range splitLines(text) {
		if name, ok := strings.CutPrefix(line, "## "); ok {
			part = name
			hints[part] = nil
			continue
		}
		levels := hints[part]
		switch level, ok := strings.CutPrefix(line, "### "); {
		case ok:
			if part == "" || level != fmt.Sprint(len(levels)+1) {
				return nil, fmt.Errorf("%s:%d: the headings under a part are \"### 1\" to \"### %d\"", p, i+1, HintLevels)
			}
			hints[part] = append(levels, "")
		case len(levels) > 0:
			levels[len(levels)-1] += line + "\n"
		}
	}
	for part, levels := range hints {
		if len(levels) != HintLevels {
			return nil, fmt.Errorf("%s: %s has %d hints, and there must be %d", p, part, len(levels), HintLevels)
		}
		for i := range levels {
			levels[i] = strings.TrimSpace(levels[i]) + "\n"
		}
	}
	return hints, nil
}
