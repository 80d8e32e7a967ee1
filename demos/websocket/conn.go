package websocket

// A Conn is one WebSocket connection, as much of it as a demo needs: to read a message, to write
// one, and to close. Whatever has these three methods can carry the vote; see Adapt
// for how the connection of package rfc6455 gets them.
//
// One goroutine reads while another writes, but never do two read or two write at a time. Close
// may be called by any goroutine at any time, and more than once.
type Conn interface {
	// ReadMessage waits for the next message and returns all of it, and whether it is text.
	// An error means that the connection has ended. Pings are answered, and a
	// Close frame is, while ReadMessage waits.
	ReadMessage() (text bool, message []byte, err error)

	// WriteMessage sends one message, as text or as binary. It does not wait for ever for a peer
	// that takes nothing: after some time the connection ends, and that is an error.
	WriteMessage(text bool, message []byte) error

	// Close ends the connection with a close code, such as 1001 for a server that shuts down.
	// A ReadMessage that waits then returns an error. After the end Close does nothing.
	Close(code int, reason string) error
}
