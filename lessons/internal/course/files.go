package course

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// File is a file of a chapter that the learner gets.
type File struct {
	// Name is the path inside the chapter, with slashes.
	Name string
	// Text is what the file holds in the chapter.
	Text []byte
}

// IsTest reports whether it is a test, which is copied as it is.
func (f File) IsTest() bool { return strings.HasSuffix(f.Name, "_test.go") }

// IsSolution reports whether the learner writes some of it.
func (f File) IsSolution() bool { return !f.IsTest() && len(markLines(f.Text)) > 0 }

// Sum is the hash that tells one version of a file from another.
func (f File) Sum() string {
	sum := sha256.Sum256(f.Text)
	return hex.EncodeToString(sum[:8])
}

// isText reports whether the learner reads a file in the chapter and gets no
// copy: texts, pictures, and what only the checks of the course use.
func isText(name string) bool {
	switch first, _, _ := strings.Cut(name, "/"); first {
	case "mistakes", "library":
		return true
	}
	return path.Ext(name) == ".md" || path.Ext(name) == ".svg"
}

// Files returns all files that the learner gets, in the order of their names.
func (ch *Chapter) Files() ([]File, error) {
	var files []File
	err := filepath.WalkDir(ch.Dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(ch.Dir, p)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		if isText(name) {
			return nil
		}
		text, err := os.ReadFile(p)
		files = append(files, File{name, text})
		return err
	})
	return files, err
}

// Parts returns the names of the parts that the learner writes, in the order
// in which they stand in the files, Go files first.
func (ch *Chapter) Parts() ([]string, error) {
	files, err := ch.Files()
	if err != nil {
		return nil, err
	}
	var code, other []string
	for _, f := range files {
		if !f.IsSolution() {
			continue
		}
		regions, err := Regions(f)
		if err != nil {
			return nil, err
		}
		for _, r := range regions {
			if path.Ext(f.Name) == ".go" {
				code = append(code, r.Name)
			} else {
				other = append(other, r.Name)
			}
		}
	}
	return append(code, other...), nil
}
