// Show puts your News on a server. Without flags it plays a page that asks for news, and prints every
// byte that crosses the wire. With -listen it is a server for your browser.
package main

import (
	_ "embed"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	longpolling "example.com/ws101/lessons/03-long-polling"
	"example.com/ws101/lessons/internal/lesson"
	"example.com/ws101/lessons/internal/memnet"
)

//go:embed page.html
var page []byte

func main() {
	addr := flag.String("listen", "", "serve at this address, such as 127.0.0.1:8103")
	flag.Parse()
	lesson.Main(func() error {
		if *addr != "" {
			return serve(*addr)
		}
		return play()
	})
}

// play is a page that asks four times. The server holds a request for a tenth of a second only, so
// that nobody has to wait for the third one.
func play() error {
	log := longpolling.NewLog()
	s := &longpolling.Server{Log: log, Hold: longpolling.Hold}
	server := memnet.Serve(http.HandlerFunc(s.News))
	defer server.Close()
	c, err := server.Dial()
	if err != nil {
		return err
	}
	defer c.Close()
	vote := longpolling.NewVote(log, "tea", "coffee")
	for _, step := range []struct {
		cursor    int
		about     string
		meanwhile func()
	}{
		{0, "The page is opened, and has nothing.", nil},
		{2, "It asks for more. Silence, until somebody votes.", func() {
			time.Sleep(50 * time.Millisecond)
			vote.Add(1)
		}},
		{2, "The answer was lost on the way, so it asks again, with the same cursor.", nil},
		{3, "It asks for more, and nothing happens. The time is over.", nil},
	} {
		if step.cursor == 3 {
			s.Hold = 100 * time.Millisecond
		}
		request := fmt.Sprintf("GET /news?cursor=%d HTTP/1.1\r\nHost: vote.example\r\n\r\n", step.cursor)
		if _, err := io.WriteString(c, request); err != nil {
			return err
		}
		if step.meanwhile != nil {
			step.meanwhile()
		}
		buf := make([]byte, 4096)
		n, err := c.Read(buf)
		if v := server.Panicked(); v != nil {
			panic(v)
		}
		if err != nil {
			return err
		}
		if step.cursor > 0 {
			fmt.Println()
		}
		fmt.Printf("%s\n\n", step.about)
		print("up  ", request)
		print("down", string(buf[:n]))
	}
	return nil
}

func print(direction, text string) {
	for line := range strings.Lines(text) {
		fmt.Printf("%s  %q\n", direction, line)
	}
}

// serve serves the vote, and prints a line for each answer.
func serve(addr string) error {
	log := longpolling.NewLog()
	vote := longpolling.NewVote(log, "tea", "coffee", "water")
	s := &longpolling.Server{Log: log, Hold: longpolling.Hold}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write(page)
	})
	mux.HandleFunc("POST /vote", func(w http.ResponseWriter, r *http.Request) {
		uid, err := strconv.Atoi(r.URL.Query().Get("uid"))
		if err != nil || !vote.Add(uid) {
			http.Error(w, "There is no such candidate.", http.StatusNotFound)
		}
	})
	mux.HandleFunc("GET /news", func(w http.ResponseWriter, r *http.Request) {
		begun := time.Now()
		s.News(w, r)
		end := "answered"
		if r.Context().Err() != nil {
			end = "abandoned"
		}
		fmt.Printf("cursor %-4s held for %4.1f s, %s\n", r.FormValue("cursor"), time.Since(begun).Seconds(), end)
	})
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "open http://%v/ in two windows\n", l.Addr())
	return http.Serve(l, http.NewCrossOriginProtection().Handler(mux))
}
