//go:build ignore

// The chapter's tests run on the library too, with this file in place of the
// chapter's solution.
package acceptkey

import (
	"io"

	"example.com/ws101/handshake"
)

func AcceptKey(key string) string             { return handshake.AcceptKey(key) }
func NewKey(random io.Reader) (string, error) { return handshake.NewKey(random) }

// The library writes the field as part of its 101.
func AppendAccept(dst []byte, key string) []byte {
	answer, err := handshake.Accepted(request(key), handshake.Choice{})
	if err != nil {
		panic(err)
	}
	const name = "Sec-WebSocket-Accept"
	return append(dst, name+": "+answer.Header.Get(name)+"\r\n"...)
}

// The library looks at the key as part of the whole request.
func IsKey(key string) bool { return request(key).Check(nil) == nil }

func request(key string) *handshake.Request {
	return &handshake.Request{
		Method: "GET", Target: "/", Proto: "HTTP/1.1",
		Header: handshake.Header{
			{Name: "Host", Value: "server.example.com"},
			{Name: "Upgrade", Value: "websocket"},
			{Name: "Connection", Value: "Upgrade"},
			{Name: "Sec-WebSocket-Key", Value: key},
			{Name: "Sec-WebSocket-Version", Value: "13"},
		},
	}
}
