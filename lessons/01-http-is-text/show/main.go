// Show puts your Serve to work. Without flags it plays a client that sends two requests on
// one connection. With -listen it is a server for a browser.
package main

import (
	"flag"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"

	httptext "example.com/ws101/lessons/01-http-is-text"
	"example.com/ws101/lessons/internal/lesson"
)

func main() {
	addr := flag.String("listen", "", "serve at this address, such as 127.0.0.1:8101")
	flag.Parse()
	lesson.Main(func() error {
		if *addr != "" {
			return serve(*addr)
		}
		return play()
	})
}

// handle answers / with a sentence, and everything else with 404.
func handle(req httptext.Request) httptext.Response {
	const plain = "text/plain; charset=utf-8"
	if req.Target != "/" {
		return httptext.Response{Status: 404, Type: plain, Body: "there is no " + req.Target + "\n"}
	}
	return httptext.Response{Status: 200, Type: plain, Body: "Hello from a net.Conn. 你好。\n"}
}

// serve is a server for a browser, which shows what it receives and sends.
func serve(addr string) error {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Printf("open http://%v/ in a browser (Ctrl-C ends)\n", ln.Addr())
	var last atomic.Int64
	return httptext.ServeAll(ln, func(nc net.Conn) {
		name := fmt.Sprintf("#%d ", last.Add(1))
		lesson.Main(func() error {
			err := httptext.Serve(&shown{nc, name}, handle)
			fmt.Printf("%sended: %v\n", name, err)
			return nil
		})
	})
}

// play has a client in this program.
func play() error {
	err := httptext.Serve(&shown{&script{requests: []string{
		"GET / HTTP/1.1\r\nHost: 127.0.0.1:8101\r\n\r\n",
		"GET /vote HTTP/1.1\r\nHost: 127.0.0.1:8101\r\nConnection: close\r\n\r\n",
	}}, ""}, handle)
	fmt.Println("ended:", err)
	return nil
}

// shown is a connection that prints what crosses it.
type shown struct {
	net.Conn
	name string
}

func (s *shown) Read(p []byte) (int, error) {
	n, err := s.Conn.Read(p)
	s.print("receive", p[:n])
	return n, err
}

func (s *shown) Write(p []byte) (int, error) {
	s.print("send", p)
	return s.Conn.Write(p)
}

func (s *shown) print(verb string, p []byte) {
	for line := range strings.Lines(string(p)) {
		fmt.Printf("%s%-7s  %q\n", s.name, verb, line)
	}
}

// script is a client that sends its requests one by one.
type script struct {
	net.Conn
	requests []string
}

func (s *script) Read(p []byte) (int, error) {
	if len(s.requests) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.requests[0])
	s.requests = s.requests[1:]
	return n, nil
}

func (s *script) Write(p []byte) (int, error) { return len(p), nil }
func (s *script) Close() error                { return nil }
