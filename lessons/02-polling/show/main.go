// Show puts your GetVote on a server. Without flags it asks three times, and prints every byte that
// crosses the wire. With -listen it is a server for your browser.
package main

import (
	"crypto/rand"
	_ "embed"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"

	polling "example.com/ws101/lessons/02-polling"
	"example.com/ws101/lessons/internal/lesson"
	"example.com/ws101/lessons/internal/memnet"
)

//go:embed page.html
var page []byte

func main() {
	addr := flag.String("listen", "", "serve at this address, such as 127.0.0.1:8102")
	flag.Parse()
	lesson.Main(func() error {
		if *addr != "" {
			return serve(*addr)
		}
		return play()
	})
}

var tag = regexp.MustCompile(`(?mi)^etag: (.*)\r$`)

// play asks for the vote, asks again, and asks once more after a vote.
func play() error {
	vote := polling.NewVote("k3f9", "tea", "coffee", "water")
	server := memnet.Serve(http.HandlerFunc(vote.GetVote))
	defer server.Close()
	c, err := server.Dial()
	if err != nil {
		return err
	}
	defer c.Close()
	known := ""
	for i, what := range []string{"The page is opened.", "2 seconds later.", "Somebody votes. 2 seconds later."} {
		if i == 2 {
			vote.Add("1")
		}
		if i > 0 {
			fmt.Println()
		}
		request := "GET /vote HTTP/1.1\r\nHost: vote.example\r\n"
		if known != "" {
			request += "If-None-Match: " + known + "\r\n"
		}
		request += "\r\n"
		if _, err := io.WriteString(c, request); err != nil {
			return err
		}
		buf := make([]byte, 4096)
		n, err := c.Read(buf)
		if v := server.Panicked(); v != nil {
			panic(v)
		}
		if err != nil {
			return err
		}
		answer := string(buf[:n])
		if m := tag.FindStringSubmatch(answer); m != nil {
			known = m[1]
		}
		fmt.Printf("%s\n\n", what)
		print("up  ", request)
		print("down", answer)
		fmt.Printf("      %d bytes up, %d bytes down\n", len(request), len(answer))
	}
	return nil
}

func print(direction, text string) {
	for line := range strings.Lines(text) {
		fmt.Printf("%s  %q\n", direction, line)
	}
}

// serve serves the vote, and prints a line for each question.
func serve(addr string) error {
	vote := polling.NewVote(strings.ToLower(rand.Text()[:6]), "tea", "coffee", "water")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write(page)
	})
	mux.HandleFunc("POST /vote", func(w http.ResponseWriter, r *http.Request) {
		if !vote.Add(r.URL.Query().Get("uid")) {
			http.Error(w, "There is no such candidate.", http.StatusNotFound)
		}
	})
	mux.HandleFunc("GET /vote", func(w http.ResponseWriter, r *http.Request) {
		seen := &status{ResponseWriter: w, code: http.StatusOK}
		vote.GetVote(seen, r)
		fmt.Printf("If-None-Match: %-14s  %d, a body of %d bytes\n", r.Header.Get("If-None-Match"), seen.code, seen.body)
	})
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "open http://%v/ in two windows\n", l.Addr())
	return http.Serve(l, http.NewCrossOriginProtection().Handler(mux))
}

// status remembers what was answered.
type status struct {
	http.ResponseWriter
	code, body int
}

func (s *status) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

func (s *status) Write(p []byte) (int, error) {
	s.body += len(p)
	return s.ResponseWriter.Write(p)
}
