package main

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"

	"example.com/ws101/demos/site"
)

//go:embed start.html
var startHTML string

// all returns every demo under its name, the start page at the root, and the course if it is there.
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
	var page bytes.Buffer
	if err := template.Must(template.New("start").Parse(startHTML)).Execute(&page, rows); err != nil {
		panic(err) // a mistake in start.html, which the tests would show
	}
	mux.Handle("/{$}", site.HTML(page.Bytes()))
	mux.Handle("/", site.Files())
	if s.lessons != nil {
		mux.Handle("/lessons/", http.StripPrefix("/lessons", texts(s.lessons)))
	}
	return mux
}
