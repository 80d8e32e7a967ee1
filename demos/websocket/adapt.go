package websocket

import (
	"context"

	"example.com/ws101/rfc6455"
)

// Adapt gives a connection of package rfc6455 the three methods of a Conn.
func Adapt(c *rfc6455.Conn) Conn { return adapted{c} }

type adapted struct{ conn *rfc6455.Conn }

func (a adapted) ReadMessage() (text bool, message []byte, err error) {
	kind, message, err := a.conn.Read(context.Background())
	return kind == rfc6455.Text, message, err
}

func (a adapted) WriteMessage(text bool, message []byte) error {
	kind := rfc6455.Binary
	if text {
		kind = rfc6455.Text
	}
	return a.conn.Write(context.Background(), kind, message)
}

func (a adapted) Close(code int, reason string) error {
	return a.conn.Close(rfc6455.CloseCode(code), reason)
}
