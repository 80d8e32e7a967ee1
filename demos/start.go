package main

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"

	"example.com/ws101/demos/compare"
	"example.com/ws101/demos/site"
)

//go:embed start.html
var startHTML string

// all returns every demo under its name, the start page with the comparison at the root, and the
// course if it is there.
func all(s shared) http.Handler {
	mux := http.NewServeMux()
	type row struct {
		Name, Title, About string
		Chapter            *chapter
	}
	var rows []row
	for _, d := range demos {
		rows = append(rows, row{d.name, d.title, d.about, findChapter(s.lessons, d.chapter)})
		// The mux sends /polling on to /polling/ by itself.
		mux.Handle("/"+d.name+"/", http.StripPrefix("/"+d.name, d.open(s)))
	}
	start := template.Must(template.New("start").Parse(startHTML))
	page := func(compares bool) http.Handler {
		var b bytes.Buffer
		if err := start.Execute(&b, struct {
			Demos    []row
			Compares bool
		}{rows, compares}); err != nil {
			panic(err) // a mistake in start.html, which the tests would show
		}
		return site.HTML(b.Bytes())
	}
	comparison := compare.Options{Room: s.room, Tap: s.tap, Everywhere: s.inspect, Closing: s.closing, Group: s.sockets}
	with, without := page(true), page(false)
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) {
		if comparison.IsFor(r) {
			with.ServeHTTP(w, r)
			return
		}
		without.ServeHTTP(w, r)
	})
	mux.Handle("/compare/", http.StripPrefix("/compare", compare.New(comparison)))
	mux.Handle("/", site.FilesOf(compare.Modules...))
	if s.lessons != nil {
		mux.Handle("/lessons/", http.StripPrefix("/lessons", texts(s.lessons)))
	}
	return mux
}
