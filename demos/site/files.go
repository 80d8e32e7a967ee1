// Package site holds what the pages of all demos share: the look, the small modules that every
// page uses, the rules about who may do what, and the form in which something is refused.
//
// Each demo serves its own copy of the shared files beside its page. So all
// addresses in a page are relative, and the page works at /polling/ as well as at / when it is
// served alone.
package site

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path"
	"strings"
	"time"
)

//go:embed assets
var assets embed.FS

// policy is the Content-Security-Policy of our pages: only files of this server, no inline
// scripts or styles, no frames of other origins around us. A name with a script in it
// would not run even if a page showed it in the wrong way.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
	"img-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

// types are the media types of our files. They are listed here because the mime package
// asks the operating system, and some answer text/plain for a script.
var types = map[string]string{
	".css":  "text/css; charset=utf-8",
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

type file struct {
	body []byte
	kind string
	etag string
}

// Mux returns a mux that serves a demo's page at the root and its files beside it. own has them in
// a folder called page, and so do the others, whose modules the page uses. If pageFile is not
// empty, that file is served as the page.
func Mux(pageFile string, own embed.FS, others ...embed.FS) *http.ServeMux {
	mux := http.NewServeMux()
	folders := pageFolders(append(others, own))
	if pageFile == "" {
		mux.Handle("/{$}", Page(folders[len(folders)-1]))
	} else {
		mux.Handle("/{$}", PageFile(pageFile))
	}
	mux.Handle("/", Files(folders...))
	return mux
}

// FilesOf is [Files] for the folders called page.
func FilesOf(own ...embed.FS) http.Handler { return Files(pageFolders(own)...) }

func pageFolders(from []embed.FS) []fs.FS {
	var folders []fs.FS
	for _, f := range from {
		folder, err := fs.Sub(f, "page")
		if err != nil {
			panic(err) // the folder is embedded
		}
		folders = append(folders, folder)
	}
	return folders
}

// Files serves the files of own and the shared ones (look.css, favicon.svg and the modules), and a
// sentence with 404 for all other addresses. It does not serve index.html, which is
// the page itself. The files are read once, here; it panics if they cannot be, since they
// are embedded.
func Files(own ...fs.FS) http.Handler {
	files := map[string]file{}
	shared, err := fs.Sub(assets, "assets")
	if err != nil {
		panic(err)
	}
	read(files, shared)
	for _, folder := range own {
		read(files, folder)
	}
	// Browsers ask for it on behalf of a page that names no icon.
	files["favicon.ico"] = files["favicon.svg"]
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, found := files[strings.TrimPrefix(r.URL.Path, "/")]
		if !found {
			Refuse(w, http.StatusNotFound, "There is nothing at this address.")
			return
		}
		serve(w, r, f)
	})
}

// Page serves the index.html of own, with our Content-Security-Policy.
func Page(own fs.FS) http.Handler {
	body, err := fs.ReadFile(own, "index.html")
	if err != nil {
		panic(err)
	}
	return HTML(body)
}

// HTML serves body as a page, with our Content-Security-Policy.
func HTML(body []byte) http.Handler {
	f := newFile("index.html", body)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serve(w, r, f) })
}

// PageFile serves the page in a file of the reader's own, which is read anew for each request.
// It has no Content-Security-Policy, because such a page may well have its
// scripts inside, or take them from elsewhere.
func PageFile(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !Allow(w, r, http.MethodGet, http.MethodHead) {
			return
		}
		body, err := os.ReadFile(name)
		if err != nil {
			Refuse(w, http.StatusInternalServerError, fmt.Sprintf("The page cannot be read: %v.", err))
			return
		}
		w.Header().Set("Content-Type", types[".html"])
		w.Header().Set("Cache-Control", "no-store")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	})
}

func read(files map[string]file, from fs.FS) {
	names, err := fs.Glob(from, "*.*")
	if err != nil {
		panic(err)
	}
	for _, name := range names {
		if name == "index.html" {
			continue
		}
		body, err := fs.ReadFile(from, name)
		if err != nil {
			panic(err)
		}
		files[name] = newFile(name, body)
	}
}

func newFile(name string, body []byte) file {
	sum := sha256.Sum256(body)
	return file{body, types[path.Ext(name)], `"` + hex.EncodeToString(sum[:8]) + `"`}
}

func serve(w http.ResponseWriter, r *http.Request, f file) {
	if !Allow(w, r, http.MethodGet, http.MethodHead) {
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	if h.Get("Cache-Control") == "" { // unless a page must come anew each time
		// A new build of the server must show at once: the browser asks each time, and gets 304.
		h.Set("Cache-Control", "no-cache")
		h.Set("ETag", f.etag)
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.body))
}
