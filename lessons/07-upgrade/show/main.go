// Show puts your TakeOver to work. Without flags it plays a conversation with a
// client that sends its request and its first frame in one packet. With -listen
// it is a server for a browser, or for another client.
package main

import (
	"flag"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	upgrade "example.com/ws101/lessons/07-upgrade"
	"example.com/ws101/lessons/internal/lesson"
)

const (
	request = "GET /chat HTTP/1.1\r\n" +
		"Host: server.example.com\r\n" +
		"Upgrade: websocket\r\n" +
		"Connection: Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
		"Sec-WebSocket-Version: 13\r\n" +
		"\r\n"
	clientHello = "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58" // Hello from a client
	serverHello = "\x81\x05Hello"                                // Hello from a server
)

func main() {
	addr := flag.String("listen", "", "serve at this address, such as 127.0.0.1:8107")
	flag.Parse()
	lesson.Main(func() error {
		if *addr != "" {
			return serve(*addr)
		}
		return play()
	})
}

// play has both ends in this program.
func play() error {
	client, server := net.Pipe()
	// A server that does not answer is not waited for.
	client.SetDeadline(time.Now().Add(2 * time.Second))
	answered := make(chan bool)
	go func() {
		defer client.Close()
		defer close(answered)
		fmt.Print("The client sends, in one packet:\n\n")
		print(request + clientHello)
		client.Write([]byte(request + clientHello))

		fmt.Print("\nThe server sends:\n\n")
		buf := make([]byte, 1024)
		for range 2 {
			n, err := client.Read(buf)
			if err != nil {
				fmt.Println("nothing more:", err)
				return
			}
			print(string(buf[:n]))
		}
	}()
	return talk(server, func() {
		<-answered
		fmt.Print("\nBehind the request, the server reads:\n\n")
	})
}

// print writes the lines of a head, if there is one, and the bytes behind it.
func print(s string) {
	end := 0
	if strings.HasPrefix(s, "GET ") || strings.HasPrefix(s, "HTTP/") {
		end = strings.LastIndex(s, "\n") + 1
	}
	for line := range strings.Lines(s[:end]) {
		fmt.Printf("%q\n", line)
	}
	if rest := s[end:]; rest != "" {
		fmt.Printf("% x\n", rest)
	}
}

// talk takes a connection over, sends Hello, and shows what the client sends.
func talk(nc net.Conn, begin func()) error {
	defer nc.Close()
	// A client that opens a connection and says nothing gets ten seconds.
	nc.SetDeadline(time.Now().Add(10 * time.Second))
	c, err := upgrade.TakeOver(nc)
	if err != nil {
		return err
	}
	nc.SetDeadline(time.Time{})
	if _, err := c.Write([]byte(serverHello)); err != nil {
		return err
	}
	begin()
	return upgrade.Watch(c, func(b []byte) { fmt.Printf("% x\n", b) })
}

// serve serves one client after the other.
func serve(addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Printf("listening at ws://%v\n", l.Addr())
	for {
		nc, err := l.Accept()
		if err != nil {
			return err
		}
		err = talk(nc, func() { fmt.Println("a client is here; its bytes:") })
		if err != nil {
			fmt.Fprintln(os.Stderr, "the client is gone:", err)
			continue
		}
		fmt.Println("the client is gone")
	}
}
