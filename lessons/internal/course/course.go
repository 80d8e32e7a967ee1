// Package course knows how the course lies on disk: its chapters, the parts that
// the learner writes, the stubs made of them, the hints, the wrong answers that
// the tests must name, and the learner's own module.
package course

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
)

// Course is the course in one checkout.
type Course struct {
	// Root is the folder of the checkout: it holds go.mod and lessons.
	Root string
	// Module is the module's path, as go.mod has it.
	Module string
	// Chapters are in the order of their numbers. Numbers may be missing.
	Chapters []*Chapter
}

// Chapter is one folder NN-name.
type Chapter struct {
	Number int
	Folder string // its name: "10-first-frame"
	Dir    string // its path
	Title  string // the first heading of README.md, without the number
	Import string // its import path
}

var folderName = regexp.MustCompile(`^([0-9]{2})-[a-z0-9-]+$`)

// Load reads the course in the checkout at root.
func Load(root string) (*Course, error) {
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return nil, err
	}
	c := &Course{Root: root, Module: modulePath(mod)}
	if c.Module == "" {
		return nil, fmt.Errorf("%s names no module", filepath.Join(root, "go.mod"))
	}
	lessons := filepath.Join(root, "lessons")
	entries, err := os.ReadDir(lessons)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		m := folderName.FindStringSubmatch(e.Name())
		if m == nil || !e.IsDir() {
			continue
		}
		number, _ := strconv.Atoi(m[1])
		ch := &Chapter{
			Number: number, Folder: e.Name(), Dir: filepath.Join(lessons, e.Name()),
			Import: c.Module + "/lessons/" + e.Name(),
		}
		if ch.Title, err = title(ch.Dir); err != nil {
			return nil, err
		}
		c.Chapters = append(c.Chapters, ch)
	}
	return c, nil
}

// Find returns the chapter with a number, or nil.
func (c *Course) Find(number int) *Chapter {
	for _, ch := range c.Chapters {
		if ch.Number == number {
			return ch
		}
	}
	return nil
}

// Name is the chapter's number in two digits, and the name of the learner's
// folder for it.
func (ch *Chapter) Name() string { return fmt.Sprintf("%02d", ch.Number) }

func title(dir string) (string, error) {
	text, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil {
		return "", err
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	_, name, ok := strings.Cut(string(line), ". ")
	if !ok || !strings.HasPrefix(string(line), "# ") {
		return "", fmt.Errorf("%s: the first line is not \"# NUMBER. TITLE\"", filepath.Join(dir, "README.md"))
	}
	return strings.TrimSpace(name), nil
}

func modulePath(mod []byte) string {
	for line := range strings.Lines(string(mod)) {
		if path, ok := strings.CutPrefix(strings.TrimSpace(line), "module "); ok {
			return strings.TrimSpace(path)
		}
	}
	return ""
}

// FindRoot returns the checkout that dir is in. Outside of one, as in a
// learner's folder elsewhere, it is the one that this program was built from.
func FindRoot(dir string) (string, error) {
	for at := dir; ; at = filepath.Dir(at) {
		if isRoot(at) {
			return at, nil
		}
		if at == filepath.Dir(at) {
			break
		}
	}
	if _, file, _, ok := runtime.Caller(0); ok {
		at := filepath.Join(filepath.Dir(filepath.FromSlash(file)), "..", "..", "..")
		if filepath.IsAbs(at) && isRoot(at) {
			return at, nil
		}
	}
	return "", errors.New("this is not the ws101 checkout: change to the folder that holds its go.mod, and try again")
}

func isRoot(dir string) bool {
	for _, name := range []string{"go.mod", filepath.Join("lessons", "internal", "course", "course.go")} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}
