package main

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path"
	"strings"

	"example.com/ws101/demos/site"
)

// The start page leads to the chapters of the course. They are files of the checkout and not of this
// program, so they are there only when it runs where the course is.

// openLessons returns the folder of the course, if it is in the current folder or the one above it,
// and nil if not.
func openLessons() fs.FS {
	for _, dir := range []string{"lessons", "../lessons"} {
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			return os.DirFS(dir)
		}
	}
	return nil
}

// A chapter is a folder of the course.
type chapter struct {
	Number        int
	Folder, Title string
}

// findChapter returns the chapter with this number, or nil. Its text begins with "# 7. The title".
func findChapter(lessons fs.FS, number int) *chapter {
	if lessons == nil {
		return nil
	}
	found, err := fs.Glob(lessons, fmt.Sprintf("%02d-*/README.md", number))
	if err != nil || len(found) == 0 {
		return nil
	}
	text, err := fs.ReadFile(lessons, found[0])
	if err != nil {
		return nil
	}
	line, _, _ := strings.Cut(string(text), "\n")
	title, ok := strings.CutPrefix(strings.TrimSpace(line), fmt.Sprintf("# %d. ", number))
	if !ok {
		return nil
	}
	return &chapter{number, path.Dir(found[0]), title}
}

// texts serves the texts and pictures of the course, and nothing else of that folder. A text is
// shown as it was written.
func texts(lessons fs.FS) http.Handler {
	types := map[string]string{".md": "text/plain; charset=utf-8", ".svg": "image/svg+xml", ".go": "text/plain; charset=utf-8"}
	files := http.FileServerFS(lessons)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		kind, known := types[path.Ext(r.URL.Path)]
		if !known || strings.HasPrefix(r.URL.Path, "/work/") {
			site.Refuse(w, http.StatusNotFound, "There is nothing at this address.")
			return
		}
		if !site.Allow(w, r, http.MethodGet, http.MethodHead) {
			return
		}
		h := w.Header()
		h.Set("Content-Type", kind)
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-cache")
		files.ServeHTTP(w, r)
	})
}
