package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"example.com/ws101/demos/feed"
	"example.com/ws101/demos/room"
	"example.com/ws101/demos/vote"
	"example.com/ws101/demos/websocket"
	own "example.com/ws101/lessons/24-your-own"
	"example.com/ws101/lessons/internal/lesson"
)

// A place is a room of the demos, with a vote and a chat, and who carries it.
type place struct {
	room    *room.Room
	carrier *websocket.Carrier
	open    sync.WaitGroup // the connections
}

func newRoom() (*place, error) {
	news := feed.New(feed.Options{})
	tally, err := vote.New(news, vote.Defaults())
	if err != nil {
		return nil, err
	}
	r := room.New(news, tally)
	return &place{room: r, carrier: websocket.NewCarrier(r)}, nil
}

// pages returns the demo's own page. The addresses of its WebSockets, /vote and /news, are
// never asked for here: see carry.
func (p *place) pages() http.Handler { return websocket.New(websocket.Options{Room: p.room}) }

// carry gives a connection to your Accept, and the room to what comes out of it. Other
// addresses get an echo.
func (p *place) carry(ctx context.Context, nc net.Conn) {
	p.open.Add(1)
	defer p.open.Done()
	lesson.Main(func() error { // a part that is missing is told in one line
		conn, req, err := own.Accept(nc.(own.Socket))
		if err != nil {
			return nil // the client has been told
		}
		target, err := url.Parse(req.Target)
		if err != nil {
			target = &url.URL{}
		}
		switch target.Path {
		case "/vote":
			p.carrier.Carry(ctx, conn, room.Visitor{Cursor: p.room.Now()}, websocket.Classic)
		case "/news":
			visitor, err := room.Visit(&http.Request{URL: target})
			if err != nil {
				conn.Close(1008, err.Error())
			}
			p.carrier.Carry(ctx, conn, visitor, websocket.Batches)
		default:
			defer context.AfterFunc(ctx, func() { conn.Close(1001, "") })()
			echo(conn)
		}
		return nil
	})
}

// echo sends every message back.
func echo(conn websocket.Conn) {
	for {
		text, message, err := conn.ReadMessage()
		if err != nil || conn.WriteMessage(text, message) != nil {
			return
		}
	}
}

// wait waits until the connections have ended, for a second at most.
func (p *place) wait() {
	done := make(chan bool)
	go func() { p.open.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(time.Second):
		fmt.Println("some clients did not answer the Close frame within a second")
	}
}
