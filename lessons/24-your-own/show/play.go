package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"

	"example.com/ws101/demos/room"
	"example.com/ws101/demos/websocket"
	"example.com/ws101/demos/wire"
	"example.com/ws101/frames"
	own "example.com/ws101/lessons/24-your-own"
	"example.com/ws101/lessons/internal/lesson"
)

const (
	request = "GET /vote HTTP/1.1\r\n" +
		"Host: 127.0.0.1:8101\r\n" +
		"Upgrade: websocket\r\n" +
		"Connection: Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
		"Sec-WebSocket-Version: 13\r\n" +
		"\r\n"
	voteForOne = "\x81\x81\x37\xfa\x21\x3d\x06"     // 1, masked
	goodbye    = "\x88\x82\x37\xfa\x21\x3d\x34\x12" // 1000, masked
)

// play has both ends in this program, on a clock that stands still.
func play(printer *wire.Printer) error {
	r, err := newRoom()
	if err != nil {
		return err
	}
	began := time.Unix(0, 0)
	tap := wire.New(wire.Options{
		Now:  func() time.Time { return began },
		Sink: func(row wire.Row) { printer.Print(row) },
	})
	client, server := net.Pipe()
	ended := make(chan error, 1)
	go lesson.Main(func() error {
		conn, _, err := own.Accept(pipe{wire.ServerConn(server, tap)})
		if err == nil {
			err = r.carrier.Carry(context.Background(), conn, room.Visitor{Cursor: r.room.Now()}, websocket.Classic)
		}
		ended <- err
		return nil
	})
	client.SetDeadline(time.Now().Add(2 * time.Second))
	if err := converse(client); err != nil {
		return err
	}
	fmt.Fprintln(printer.W, "ReadMessage returned:", <-ended)
	return nil
}

// converse sends the request, a vote and a Close, and reads the answer to each.
func converse(client net.Conn) error {
	defer client.Close()
	buf := make([]byte, 4096)
	for _, send := range []string{request, voteForOne, goodbye} {
		if _, err := io.WriteString(client, send); err != nil {
			return fmt.Errorf("the client cannot send: %w", err)
		}
		n, err := client.Read(buf)
		if err != nil {
			return fmt.Errorf("the client waits for an answer: %w", err)
		}
		if send == goodbye {
			if h, _, _ := frames.ParseHeader(buf[:n]); h.Opcode != frames.Close {
				return fmt.Errorf("the client waits for a Close frame, and gets % x", buf[:n])
			}
		}
	}
	return nil
}

// pipe is one end of a net.Pipe, which cannot end one direction alone.
type pipe struct{ net.Conn }

func (p pipe) CloseWrite() error { return p.Close() }
