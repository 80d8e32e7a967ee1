package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/lessons/internal/course"
	"example.com/ws101/lessons/internal/text"
)

var update = flag.Bool("update", false, "write the blocks of the texts, the index and the glossary anew")

// TestTexts checks that what the texts show is true.
func TestTexts(t *testing.T) {
	c := loadCourse(t)
	paths, err := filepath.Glob(filepath.Join(c.Root, "lessons", "*", "*.md"))
	require.NoError(t, err)
	stage := &stage{course: c, root: func() string { return freshCheckout(t, c) }}
	paths = append(paths, filepath.Join(c.Root, "lessons", "README.md"), filepath.Join(c.Root, "README.md"))
	for _, p := range paths {
		rel, err := filepath.Rel(c.Root, p)
		require.NoError(t, err)
		if strings.HasPrefix(filepath.ToSlash(rel), "lessons/work/") {
			continue
		}
		t.Run(filepath.ToSlash(rel), func(t *testing.T) {
			src, err := os.ReadFile(p)
			require.NoError(t, err)
			md := string(src)
			assert.NotContains(t, md, "\r", "git would change it")
			assert.NoError(t, text.Links(p, md))
			assert.NoError(t, text.Sections(md))
			blocks, err := text.Blocks(md)
			require.NoError(t, err)
			// From the last block to the first, so that lines stay where they are.
			for i := len(blocks) - 1; i >= 0; i-- {
				b := blocks[i]
				want, err := stage.block(p, b)
				if !assert.NoError(t, err, "%s:%d", rel, b.Line) || want == b.Text {
					continue
				}
				if *update {
					md = text.ReplaceBlock(md, b, want)
					continue
				}
				assert.Equal(t, want, b.Text, "%s:%d is not true; go test ./lessons -run TestTexts -update writes it anew", rel, b.Line)
			}
			if md != string(src) {
				require.NoError(t, os.WriteFile(p, []byte(md), 0o644))
			}
		})
	}
}

func TestPictures(t *testing.T) {
	c := loadCourse(t)
	paths, err := filepath.Glob(filepath.Join(c.Root, "lessons", "*", "*.svg"))
	require.NoError(t, err)
	for _, p := range paths {
		assert.NoError(t, text.SVG(p), p)
	}
}

// stage is where console blocks are run: a copy of the checkout.
type stage struct {
	course *course.Course
	root   func() string // makes the copy, the first time
	made   string
}

// block returns what a block should hold.
func (s *stage) block(file string, b text.Block) (string, error) {
	switch b.Kind {
	case "go":
		return text.Go(filepath.Dir(file), b)
	case "hex":
		return b.Text, text.Hex(b)
	case "console":
		return s.console(file, b)
	case "text":
		return b.Text, nil
	}
	return "", fmt.Errorf("```%s: a block is go, hex, console or text", b.Kind)
}

// quick are the commands of the tutor that run no other program.
var quick = regexp.MustCompile(`^go run \./lessons( (list|-h|start \d+|hint \d+ \w+))?$`)

// console runs the commands of a block, the lines that begin with "$ ", and
// returns them with what they print. It runs in the checkout or, with
// "```console work STATE", in the learner's folder of the chapter, where STATE
// is stub, solution, or the name of a mistake.
//
// A block that runs other programs takes about a second for each of them, so it
// is left out where time is short.
func (s *stage) console(file string, b text.Block) (string, error) {
	var commands []string
	for line := range strings.Lines(b.Text) {
		if c, ok := strings.CutPrefix(strings.TrimSpace(line), "$ "); ok {
			commands = append(commands, c)
		}
	}
	if len(commands) == 0 {
		return "", errors.New("a console block without a line that begins with \"$ \"")
	}
	slow := false
	for _, c := range commands {
		slow = slow || !quick.MatchString(c)
	}
	if slow && !full() && !*update {
		return b.Text, nil
	}
	if s.made == "" {
		s.made = s.root()
	}
	c, err := course.Load(s.made)
	if err != nil {
		return "", err
	}
	if err := os.RemoveAll(c.HomeDir()); err != nil {
		return "", err
	}
	dir := s.made
	if len(b.Args) > 0 {
		if dir, err = s.workDir(c, file, b.Args); err != nil {
			return "", err
		}
	}
	var out strings.Builder
	for _, line := range commands {
		fmt.Fprintf(&out, "$ %s\n", line)
		words := strings.Fields(line)
		if rest, ok := strings.CutPrefix(line, "go run ./lessons"); ok && (rest == "" || rest[0] == ' ') {
			printed, code := ask(dir, strings.Fields(rest)...)
			out.WriteString(printed)
			if code != 0 {
				// As the command go itself says it.
				fmt.Fprintf(&out, "exit status %d\n", code)
			}
			continue
		}
		if words[0] != "go" {
			return "", fmt.Errorf("console blocks run the command go, and not %s", words[0])
		}
		cmd := exec.Command("go", words[1:]...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOWORK=off", "NO_COLOR=1")
		printed, err := cmd.CombinedOutput()
		if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
			return "", err
		}
		out.Write(printed)
	}
	// Where the copy lies and how long things take is different each time.
	printed := strings.ReplaceAll(out.String(), s.made, "/home/you/ws101")
	printed = seconds.ReplaceAllString(printed, "${1}0.01s")
	return testSeconds.ReplaceAllString(printed, "${1}(0.00s)"), nil
}

var (
	seconds     = regexp.MustCompile(`(?m)(\t)(?:\d+\.\d+s|\(cached\))$`)
	testSeconds = regexp.MustCompile(`(?m)^(--- (?:PASS|FAIL): \S+ )\(\d+\.\d+s\)$`)
)

// workDir starts the chapter that a text belongs to and puts its files into a
// state.
func (s *stage) workDir(c *course.Course, file string, args []string) (string, error) {
	if len(args) != 2 || args[0] != "work" {
		return "", errors.New("```console, or ```console work STATE")
	}
	var ch *course.Chapter
	for _, each := range c.Chapters {
		if each.Folder == filepath.Base(filepath.Dir(file)) {
			ch = each
		}
	}
	if ch == nil {
		return "", errors.New("only the text of a chapter has a learner's folder")
	}
	var printed bytes.Buffer
	if code := (&tutor{dir: s.made, out: &printed, err: &printed}).run([]string{"start", ch.Name()}); code != exitOK {
		return "", errors.New(printed.String())
	}
	dir := filepath.Join(c.HomeDir(), ch.Name())
	files, err := ch.Files()
	if err != nil {
		return "", err
	}
	switch args[1] {
	case "stub":
		return dir, nil
	case "solution":
	default:
		mistakes, err := ch.Mistakes()
		if err != nil {
			return "", err
		}
		found := false
		for _, m := range mistakes {
			if m.Name == args[1] {
				found = true
				if files, err = m.Apply(files); err != nil {
					return "", err
				}
			}
		}
		if !found {
			return "", fmt.Errorf("the chapter has no mistake named %s", args[1])
		}
	}
	for _, f := range files {
		if err := course.WriteFile(dir, course.Retarget(f, ch.Import, c.WorkImport()+"/"+ch.Name())); err != nil {
			return "", err
		}
	}
	return dir, nil
}
