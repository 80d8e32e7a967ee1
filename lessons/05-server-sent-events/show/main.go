// Show puts your News on a server. Without flags it plays a browser whose connection breaks, and prints
// what crosses the wire. With -listen it is a server for your browser.
package main

import (
	_ "embed"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	sse "example.com/ws101/lessons/05-server-sent-events"
	"example.com/ws101/lessons/internal/lesson"
	"example.com/ws101/lessons/internal/memnet"
)

//go:embed page.html
var page []byte

func main() {
	addr := flag.String("listen", "", "serve at this address, such as 127.0.0.1:8105")
	flag.Parse()
	lesson.Main(func() error {
		if *addr != "" {
			return serve(*addr)
		}
		return play()
	})
}

// play reads two streams. The first breaks in the middle of an event.
func play() error {
	log := sse.NewLog()
	for _, text := range []string{"x", "明凯: tea!", "two\nlines"} {
		log.Add(text)
	}
	server := memnet.Serve(http.HandlerFunc((&sse.Server{Log: log}).News))
	defer server.Close()
	var p sse.Parser
	fmt.Println("The page is opened.")
	fmt.Println()
	if err := stream(server, &p, "data: two", ""); err != nil {
		return err
	}
	fmt.Printf("\nHere the connection breaks. The browser waits for %v, and connects again.\n\n", p.Retry)
	return stream(server, &p, "data: lines", "\n\n")
}

// stream asks for a stream, and reads it until some text has come, and behind it another.
func stream(server *memnet.Network, p *sse.Parser, until, then string) error {
	r, err := http.NewRequest("GET", "http://chat.example/news", nil)
	if err != nil {
		return err
	}
	fmt.Printf("up    GET /news\n")
	if p.LastID != "" {
		r.Header.Set("Last-Event-ID", p.LastID)
		fmt.Printf("up    Last-Event-ID: %s\n", p.LastID)
	}
	client := server.Client()
	client.Timeout = time.Second // for a News that does not flush
	a, err := client.Do(r)
	if v := server.Panicked(); v != nil {
		panic(v)
	}
	if err != nil {
		return err
	}
	defer a.Body.Close()
	fmt.Printf("down  %s, %s\n", a.Status, a.Header.Get("Content-Type"))
	piece := make([]byte, 4096)
	whole, rest, found := "", "", false
	for !found || !strings.Contains(rest, then) {
		n, err := a.Body.Read(piece)
		if err != nil {
			return err
		}
		whole += string(piece[:n])
		_, rest, found = strings.Cut(whole, until)
	}
	whole = whole[:len(whole)-len(rest)+strings.Index(rest, then)+len(then)]
	var lines sse.Lines
	for line := range strings.Lines(whole) {
		fmt.Printf("down  %q\n", line)
		for _, each := range lines.Split([]byte(line)) {
			if e, ok := p.Take(each); ok {
				fmt.Printf("      the page gets %q, and the browser remembers %s\n", e.Data, p.LastID)
			}
		}
	}
	return nil
}

// longestLine is how much one may say at once, in characters.
const longestLine = 200

// serve serves what people say.
func serve(addr string) error {
	log := sse.NewLog()
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
	news := (&sse.Server{Log: log}).News
	mux.HandleFunc("GET /news", func(w http.ResponseWriter, r *http.Request) {
		fmt.Printf("a stream begins, Last-Event-ID %q\n", r.Header.Get("Last-Event-ID"))
		defer fmt.Println("a stream has ended")
		news(w, r)
	})
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "open http://%v/ in two windows\n", l.Addr())
	return http.Serve(l, http.NewCrossOriginProtection().Handler(mux))
}
