package rfc6455_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"example.com/ws101/frames"
	"example.com/ws101/handshake"
	"example.com/ws101/rfc6455"
)

// echo answers every message with itself.
var echo = rfc6455.Handler{
	Message: func(c *rfc6455.Conn, t rfc6455.MessageType, p []byte) {
		c.Write(context.Background(), t, p)
	},
}

// echoServer runs a server that echoes and returns its URL.
func echoServer() (url string, stop func()) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if conn, err := rfc6455.Upgrade(w, r, nil); err == nil {
			go conn.Serve(context.Background(), echo)
		}
	}))
	return "ws" + strings.TrimPrefix(srv.URL, "http"), srv.Close
}

// A client in a straight line: connect, send, receive, close.
func Example() {
	url, stop := echoServer()
	defer stop()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	conn, _, err := rfc6455.Dial(ctx, url, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer conn.CloseNow() // whatever happens below

	if err := conn.Write(ctx, rfc6455.Text, []byte("Hello")); err != nil {
		log.Fatal(err)
	}
	t, message, err := conn.Read(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("received %v: %s\n", t, message)

	fmt.Println("closed:", conn.Close(frames.CloseNormal, "done"))
	// Output:
	// received text: Hello
	// closed: <nil>
}

// A server without net/http: a listener, and a goroutine for each connection.
func ExampleAccept() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer listener.Close()
	ctx := context.Background()

	go func() {
		for {
			nc, err := listener.Accept()
			if err != nil {
				return // the listener was closed
			}
			go func() {
				conn, req, err := rfc6455.Accept(ctx, nc, nil)
				if err != nil {
					return // the client has been told why
				}
				defer conn.CloseNow()
				conn.Write(ctx, rfc6455.Text, []byte("you asked for "+req.Path()))
				for {
					t, message, err := conn.Read(ctx)
					if err != nil {
						return
					}
					if err := conn.Write(ctx, t, message); err != nil {
						return
					}
				}
			}()
		}
	}()

	conn, _, err := rfc6455.Dial(ctx, "ws://"+listener.Addr().String()+"/vote", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer conn.CloseNow()
	_, message, _ := conn.Read(ctx)
	fmt.Printf("%s\n", message)
	conn.Write(ctx, rfc6455.Text, []byte("Hello"))
	_, message, _ = conn.Read(ctx)
	fmt.Printf("%s\n", message)
	conn.Close(frames.CloseNormal, "")
	// Output:
	// you asked for /vote
	// Hello
}

// A server that decides who may come in: by origin, by path, by a token, and by
// the subprotocol they speak.
func ExampleAcceptOptions() {
	opts := &rfc6455.AcceptOptions{
		Origin:       handshake.AllowOrigins("https://app.example.com"),
		Subprotocols: []string{"chat.v2", "chat.v1"},
		Check: func(req *handshake.Request) error {
			if req.Header.Get("Authorization") != "Bearer 101" {
				return &handshake.Error{Status: http.StatusUnauthorized, Text: "bring a token"}
			}
			return nil
		},
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if conn, err := rfc6455.Upgrade(w, r, opts); err == nil {
			go conn.Serve(context.Background(), echo)
		}
	}))
	defer srv.Close()
	url := "ws" + strings.TrimPrefix(srv.URL, "http")
	ctx := context.Background()

	_, _, err := rfc6455.Dial(ctx, url, nil)
	var answered *rfc6455.HandshakeError
	if errors.As(err, &answered) {
		fmt.Printf("%d: %s", answered.Response.Status, answered.Response.Body)
	}

	conn, _, err := rfc6455.Dial(ctx, url, &rfc6455.DialOptions{
		Subprotocols: []string{"chat.v1"},
		Header:       handshake.Header{{Name: "Authorization", Value: "Bearer 101"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("agreed on", conn.Subprotocol())
	conn.Close(frames.CloseNormal, "")
	// Output:
	// 401: bring a token
	// agreed on chat.v1
}

// A server under net/http. The handler returns when the connection is running,
// so that the request and its buffers can go. The context of the request ends
// with the handler, and is not for Serve.
func ExampleUpgrade() {
	mux := http.NewServeMux()
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		conn, err := rfc6455.Upgrade(w, r, nil)
		if err != nil {
			return // the client has been told why
		}
		go conn.Serve(context.Background(), echo)
	})
	srv := httptest.NewServer(mux)
	defer srv.Close()

	ctx := context.Background()
	conn, _, err := rfc6455.Dial(ctx, "ws"+strings.TrimPrefix(srv.URL, "http")+"/echo", nil)
	if err != nil {
		log.Fatal(err)
	}
	conn.Write(ctx, rfc6455.Text, []byte("Hello"))
	_, message, _ := conn.Read(ctx)
	fmt.Printf("%s\n", message)
	conn.Close(frames.CloseNormal, "")
	// Output: Hello
}

// A client with callbacks: for open, for each message, and for close, which
// brings the error along if there was one. Serve is the run loop: it calls them,
// one after the other, and returns when the connection has ended. It works the
// same on a server.
func ExampleConn_Serve() {
	url, stop := echoServer()
	defer stop()

	ctx := context.Background()
	conn, _, err := rfc6455.Dial(ctx, url, nil)
	if err != nil {
		fmt.Println("error:", err)
		return
	}
	count := 0
	conn.Serve(ctx, rfc6455.Handler{
		Open: func(c *rfc6455.Conn) {
			fmt.Println("open")
			c.Write(ctx, rfc6455.Text, []byte("1"))
		},
		Message: func(c *rfc6455.Conn, t rfc6455.MessageType, p []byte) {
			fmt.Printf("message: %s\n", p)
			if count++; count == 3 {
				c.Close(frames.CloseNormal, "that is enough")
				return
			}
			c.Write(ctx, t, append(p, '+', '1'))
		},
		Close: func(c *rfc6455.Conn, end *rfc6455.CloseError) {
			if end.Err != nil { // the connection broke, or the peer broke a rule
				fmt.Println("error:", end.Err)
			}
			fmt.Println("close:", end.Code, "clean:", end.Clean)
		},
	})
	// Output:
	// open
	// message: 1
	// message: 1+1
	// message: 1+1+1
	// close: 1000 normal closure clean: true
}

// A server that sends each message to everybody. The frame is built once.
func ExamplePrepare() {
	var (
		lock sync.Mutex
		room = make(map[*rfc6455.Conn]bool)
	)
	handler := rfc6455.Handler{
		Open: func(c *rfc6455.Conn) {
			lock.Lock()
			room[c] = true
			lock.Unlock()
			c.Write(context.Background(), rfc6455.Text, []byte("welcome"))
		},
		Message: func(_ *rfc6455.Conn, t rfc6455.MessageType, p []byte) {
			message, err := rfc6455.Prepare(t, p)
			if err != nil {
				return
			}
			lock.Lock()
			defer lock.Unlock()
			for c := range room {
				// One who does not take it within a second is cut off, so
				// that the others do not wait for long.
				ctx, cancel := context.WithTimeout(context.Background(), time.Second)
				c.WritePrepared(ctx, message)
				cancel()
			}
		},
		Close: func(c *rfc6455.Conn, _ *rfc6455.CloseError) {
			lock.Lock()
			delete(room, c)
			lock.Unlock()
		},
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if conn, err := rfc6455.Upgrade(w, r, nil); err == nil {
			go conn.Serve(context.Background(), handler)
		}
	}))
	defer srv.Close()

	ctx := context.Background()
	var people []*rfc6455.Conn
	for range 3 {
		conn, _, err := rfc6455.Dial(ctx, "ws"+strings.TrimPrefix(srv.URL, "http"), nil)
		if err != nil {
			log.Fatal(err)
		}
		defer conn.CloseNow()
		conn.Read(ctx) // the welcome: from here on this one is in the room
		people = append(people, conn)
	}
	people[0].Write(ctx, rfc6455.Text, []byte("大家好 👋"))
	for i, conn := range people {
		_, message, err := conn.Read(ctx)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%d hears %s\n", i, message)
	}
	// Output:
	// 0 hears 大家好 👋
	// 1 hears 大家好 👋
	// 2 hears 大家好 👋
}

// A server that stops without leaving anybody in the dark: first no new
// requests, then every connection is told, and who does not answer is cut.
func ExampleGroup() {
	var group rfc6455.Group
	opts := &rfc6455.AcceptOptions{Options: rfc6455.Options{Group: &group}}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if conn, err := rfc6455.Upgrade(w, r, opts); err == nil {
			go conn.Serve(context.Background(), echo)
		}
	})}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go srv.Serve(listener)

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, _, err := rfc6455.Dial(ctx, "ws://"+listener.Addr().String(), nil)
	if err != nil {
		log.Fatal(err)
	}
	conn.Write(ctx, rfc6455.Text, []byte("Hello"))
	conn.Read(ctx) // the echo: the server has the connection
	goodbye := make(chan error)
	go func() {
		_, _, err := conn.Read(ctx)
		goodbye <- err
	}()

	fmt.Println("open:", group.Len())
	if err := srv.Shutdown(ctx); err != nil { // does not know of WebSockets
		log.Fatal(err)
	}
	if err := group.Shutdown(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println("open:", group.Len())
	fmt.Println(<-goodbye)
	// Output:
	// open: 1
	// open: 0
	// websocket: closed by the peer with 1001 going away; we sent 1001 going away
}

// A protocol of lines, over a WebSocket.
func ExampleConn_NetConn() {
	url, stop := echoServer()
	defer stop()

	conn, _, err := rfc6455.Dial(context.Background(), url, nil)
	if err != nil {
		log.Fatal(err)
	}
	stream := conn.NetConn(rfc6455.Binary)
	defer stream.Close()
	stream.SetDeadline(time.Now().Add(10 * time.Second))

	fmt.Fprintln(stream, "first line")
	fmt.Fprintln(stream, "second line")
	lines := bufio.NewScanner(stream)
	for range 2 {
		lines.Scan()
		fmt.Println(lines.Text())
	}
	// Output:
	// first line
	// second line
}

// A message that is made bit by bit, and read the same way.
func ExampleConn_Writer() {
	url, stop := echoServer()
	defer stop()

	ctx := context.Background()
	conn, _, err := rfc6455.Dial(ctx, url, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer conn.CloseNow()
	w, err := conn.Writer(ctx, rfc6455.Text)
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range []string{"Ann", "Bo", "小红"} {
		fmt.Fprintf(w, "1 vote for %s\n", name)
	}
	if err := w.Close(); err != nil { // without it the message does not end
		log.Fatal(err)
	}

	_, r, err := conn.Reader(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for lines := bufio.NewScanner(r); lines.Scan(); {
		fmt.Println(lines.Text())
	}
	conn.Close(frames.CloseNormal, "")
	// Output:
	// 1 vote for Ann
	// 1 vote for Bo
	// 1 vote for 小红
}

// Both sides ask for compression. The server lets its clients compress each
// message with those before it as a dictionary, and keeps a window of 4 KiB for
// each of them.
func ExampleDeflate() {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := rfc6455.Upgrade(w, r, &rfc6455.AcceptOptions{Options: rfc6455.Options{
			Deflate: &rfc6455.Deflate{ReceiveTakeover: true, ReceiveWindowBits: 12},
		}})
		if err != nil {
			return
		}
		_, p, err := conn.Read(r.Context())
		if err == nil {
			fmt.Println("the server read", len(p), "bytes")
			conn.Close(frames.CloseNormal, "")
		}
	}))
	defer srv.Close()

	ctx := context.Background()
	conn, resp, err := rfc6455.Dial(ctx, "ws"+strings.TrimPrefix(srv.URL, "http"), &rfc6455.DialOptions{
		Options: rfc6455.Options{Deflate: &rfc6455.Deflate{SendTakeover: true}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer conn.CloseNow()
	fmt.Println(resp.Header.Get("Sec-WebSocket-Extensions"))
	conn.Write(ctx, rfc6455.Text, []byte(strings.Repeat("to be or not to be, ", 1000)))
	conn.Read(ctx) // until the server has closed
	// Output:
	// permessage-deflate; server_no_context_takeover; client_max_window_bits=12
	// the server read 20000 bytes
}
