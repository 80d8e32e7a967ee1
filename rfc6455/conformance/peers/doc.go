// Package peers holds conversations with WebSocket implementations that we did
// not write: what we say to them, what they have to answer, and the table of
// how it went.
//
// An [Exchange] is one connection. The URL says what the peer does on it, so a
// peer is one small program, the same whether it is the client or the server:
//
//	/echo                     sends every message back, in its type
//	/fragments?size=N         so too, each message in fragments of N bytes or characters
//	/ping?payload=P           sends a Ping, and P as text once the Pong is there; echoes
//	/close?code=N&reason=R    closes at once; without a code if there is none
//
// Every URL has a number, n=N, besides. A binary message may come as a Blob or
// as an ArrayBuffer: where a peer has both, binaryType says which one it takes.
//
// When a connection has ended, the peer prints a [Report]: one line of JSON with
// the URL's path and query, and the close code and reason that it has seen.
//
// Our side plays all exchanges in either role: with [Exchange.Dial] as the
// client, with a [Server] as the server. Every byte passes a [Tap], and each
// frame of both sides has to be legal in the eyes of frames.Explain.
//
// The peers themselves are in the tests, and in testdata: Node, Python and
// golang.org/x/net, nginx in front, TLS around. Wireshark reads our bytes too.
// What they have shown stands in the README of rfc6455, written by
//
//	go test ./rfc6455/conformance/peers -update
package peers
