// Package rfc6455 is WebSocket: messages in both directions over one
// connection, for servers and clients (RFC 6455).
//
// # Opening
//
// A server calls [Accept] on a raw connection, or [Upgrade] in a handler of
// net/http. A client calls [Dial], or [Client] on a connection it has opened
// itself. All four do the opening handshake and return a [Conn]. No options are
// needed; [AcceptOptions] and [DialOptions] have the choices there are.
//
// # Two ways to use a connection
//
// In a straight line: [Conn.Read] waits for a message and [Conn.Write] sends
// one. [Conn.Reader] and [Conn.Writer] do the same for messages that are too
// large to hold, or are made bit by bit.
//
//	conn, _, err := rfc6455.Dial(ctx, "ws://example.com/chat", nil)
//	if err != nil {
//		return err
//	}
//	defer conn.CloseNow()
//	if err := conn.Write(ctx, rfc6455.Text, []byte("Hello")); err != nil {
//		return err
//	}
//	_, message, err := conn.Read(ctx)
//	if err != nil {
//		return err
//	}
//	...
//	return conn.Close(frames.CloseNormal, "")
//
// With callbacks: [Conn.Serve] reads until the end and calls a [Handler] for
// each message. It is the fastest way, and needs the least memory for
// connections that are quiet.
//
// [Conn.NetConn] turns a connection into a stream of bytes, for what wants a
// net.Conn. [Prepare] builds a message once for many connections. A [Group]
// closes all connections of a server when it stops.
//
// # Compression
//
// Off until asked for: [Options].Deflate offers permessage-deflate (RFC 7692),
// or accepts it. Messages that are long enough then leave compressed;
// [Conn.WriteUncompressed] is for those that should not. Limits hold for what a
// message decompresses to, while it does. [Deflate] has the choices and what
// they cost; the README in this folder has the figures.
//
// # Somebody must read
//
// A WebSocket lives through its reader: Pings of the peer are answered, Pongs
// are heard, and the peer's Close is seen while some goroutine is in a Read or
// in Serve, and only then. A program that only writes starts one:
//
//	go conn.Serve(ctx, rfc6455.Handler{})
//
// One goroutine at a time reads; any number write, ping and close. Every end,
// whatever caused it, is a [*CloseError], which says who closed, with what, and
// whether both sides agreed.
//
// # Safe without options
//
//   - Only pages of the same origin may connect; clients that are no browsers
//     may.
//   - A message has at most 1 MiB and 131,072 fragments. Room is made for it as
//     it arrives, not as it is announced.
//   - Nothing is compressed.
//   - Text is checked to be UTF-8, in both directions.
//   - The handshake has 10 s, the peer has 30 s to take what is written and 5 s
//     to answer a Close.
//   - A peer that is silent for 30 s gets a Ping, and is cut off if it stays
//     silent for another 30 s.
//   - A peer that breaks a rule is told which, and the connection ends.
//
// # Reading the code
//
// Each file holds one idea. In this order they build on each other:
//
//	machine.go              what a peer may send next, without any I/O
//	conn.go                 a connection: what it holds, and how it ends
//	input.go input_unix.go  bytes in, and waiting without a buffer (input_other.go: with one)
//	read.go                 messages out of bytes
//	control.go              Ping, Pong and Close frames
//	output.go lock.go       frames out, one at a time
//	output_unix.go          the way of a frame that takes the least stack (output_other.go: without)
//	write.go writer.go      messages into frames, whole and bit by bit
//	fragments.go            the fragments of one message
//	prepared.go             one message for many connections
//	deflate.go              compression: the choices, and what was agreed on
//	compress.go             messages out, compressed, for a window of any size
//	inflate.go              compressed bytes in, messages out, without any I/O
//	read_deflated.go        compressed messages out of bytes, within the limits
//	window.go               what was decompressed last
//	ping.go keepalive.go    is the peer still there?
//	stall.go pulse.go       does it take what is sent? and the timer that looks
//	close.go linger.go      the closing handshake, down to TCP
//	closeerror.go           how it ended
//	accept.go dial.go       the opening handshake, from either side
//	options.go              the choices, and what holds without any
//	serve.go buffer.go      the handler loop, and the buffers it shares
//	group.go                many connections, closed together
//	netconn.go              a connection as a stream of bytes
//
// What a frame looks like is in package frames, what the opening handshake looks
// like in package handshake.
package rfc6455
