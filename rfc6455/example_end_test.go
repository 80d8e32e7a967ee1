package rfc6455_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"example.com/ws101/frames"
	"example.com/ws101/rfc6455"
)

// The error comes with the close: there is one way to learn of an end, and it
// is called once.
func ExampleHandler() {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if conn, err := rfc6455.Upgrade(w, r, nil); err == nil {
			conn.Write(context.Background(), rfc6455.Text, []byte("I must"))
			conn.CloseNow() // without a Close frame
		}
	}))
	defer srv.Close()

	ctx := context.Background()
	conn, _, err := rfc6455.Dial(ctx, "ws"+strings.TrimPrefix(srv.URL, "http"), nil)
	if err != nil {
		log.Fatal(err)
	}
	conn.Serve(ctx, rfc6455.Handler{
		Open:    func(*rfc6455.Conn) { fmt.Println("open") },
		Message: func(_ *rfc6455.Conn, _ rfc6455.MessageType, p []byte) { fmt.Printf("message: %s\n", p) },
		Close: func(_ *rfc6455.Conn, end *rfc6455.CloseError) {
			if end.Err != nil {
				fmt.Println("error:", end.Err)
			}
			fmt.Println("close:", end.Code, "clean:", end.Clean)
		},
	})
	// Output:
	// open
	// message: I must
	// error: unexpected EOF
	// close: 1006 abnormal closure clean: false
}

// How a connection ended, and what to do about it.
func ExampleCloseError() {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if conn, err := rfc6455.Upgrade(w, r, nil); err == nil {
			conn.Close(4001, "the vote is over")
		}
	}))
	defer srv.Close()

	ctx := context.Background()
	conn, _, err := rfc6455.Dial(ctx, "ws"+strings.TrimPrefix(srv.URL, "http"), nil)
	if err != nil {
		log.Fatal(err)
	}
	_, _, err = conn.Read(ctx)
	var closed *rfc6455.CloseError
	if errors.As(err, &closed) {
		fmt.Println("code:", closed.Code)
		fmt.Println("reason:", closed.Reason)
		fmt.Println("by the peer:", closed.Remote)
		fmt.Println("come back:", closed.Code == frames.CloseGoingAway || !closed.Clean)
	}
	// Output:
	// code: 4001
	// reason: the vote is over
	// by the peer: true
	// come back: false
}
