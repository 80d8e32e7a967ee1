// Show puts your Stream to work. Without flags it writes a stream with three lines in it, and prints
// every byte of it. With -listen it is a server for your browser.
package main

import (
	"bufio"
	"context"
	_ "embed"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"unicode/utf8"

	streaming "example.com/ws101/lessons/04-streaming"
	"example.com/ws101/lessons/internal/lesson"
)

//go:embed page.html
var page []byte

func main() {
	addr := flag.String("listen", "", "serve at this address, such as 127.0.0.1:8104")
	flag.Parse()
	lesson.Main(func() error {
		if *addr != "" {
			return serve(*addr)
		}
		return play()
	})
}

// play writes a stream to the end: the server shuts down as soon as all lines are out.
func play() error {
	log := streaming.NewLog()
	for _, line := range []string{"x", "明凯: tea!", "</script><script>alert(1)</script>"} {
		log.Add(line)
	}
	ctx, shutDown := context.WithCancel(context.Background())
	w := &printer{shutDown: shutDown}
	err := streaming.Stream(ctx, bufio.NewWriter(w), log, 0)
	if w.rest != "" {
		fmt.Printf("%+q\n", w.rest)
	}
	return err
}

// printer prints each line that it is given, and shuts the server down after the last event.
type printer struct {
	rest     string
	shutDown func()
}

func (p *printer) Write(b []byte) (int, error) {
	p.rest += string(b)
	for {
		line, rest, found := strings.Cut(p.rest, "\r\n")
		if !found {
			return len(b), nil
		}
		fmt.Printf("%q\n", line+"\r\n")
		p.rest = rest
		if strings.Contains(line, "alert") {
			p.shutDown()
		}
	}
}

// longestLine is how much one may say at once, in characters.
const longestLine = 200

// serve serves what people say.
func serve(addr string) error {
	log := streaming.NewLog()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write(page)
	})
	mux.HandleFunc("POST /say", func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 4*longestLine))
		if n := utf8.RuneCount(text); err != nil || n == 0 || n > longestLine {
			http.Error(w, fmt.Sprintf("A line has 1 to %d characters.", longestLine), http.StatusBadRequest)
			return
		}
		log.Add(string(text))
	})
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	news := streaming.News(ctx, log)
	var streams sync.WaitGroup
	mux.HandleFunc("GET /news", func(w http.ResponseWriter, r *http.Request) {
		streams.Add(1)
		defer streams.Done()
		fmt.Println("a stream begins, cursor", r.FormValue("cursor"))
		defer fmt.Println("a stream has ended")
		news.ServeHTTP(w, r)
	})
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "open http://%v/ in two windows\n", l.Addr())
	server := &http.Server{Handler: http.NewCrossOriginProtection().Handler(mux)}
	context.AfterFunc(ctx, func() { server.Close() })
	if err = server.Serve(l); ctx.Err() == nil {
		return err
	}
	streams.Wait() // each sends its last chunk
	return nil
}
