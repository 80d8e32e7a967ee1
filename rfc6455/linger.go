package rfc6455

import (
	"io"
	"net"
	"time"
)

// maxLinger bounds the time in which a socket is drained before it is closed.
const maxLinger = time.Second

// closeWriter is a socket whose two directions can be ended one by one:
// *net.TCPConn, *net.UnixConn and *tls.Conn.
type closeWriter interface{ CloseWrite() error }

// endServer ends a socket from the server's side, in the way that lets the
// client read our last bytes.
//
// The server ends first (RFC 6455 section 7.1.1), since the side that does so
// keeps the TCP port busy for a while. It may not simply close: if bytes of
// the client are still unread, or arrive later, TCP answers them with RST, and
// at the client an RST throws away what was received and not read yet, our
// Close frame included. So it sends FIN, and reads and discards until the
// client's FIN comes, for a second at most.
func endServer(nc net.Conn, timeout time.Duration) {
	if cw, ok := nc.(closeWriter); ok && cw.CloseWrite() == nil {
		drain(nc, timeout)
	}
	nc.Close()
}

// drain reads and discards until the peer ends its direction, or the time is
// over.
func drain(nc net.Conn, timeout time.Duration) {
	nc.SetReadDeadline(time.Now().Add(min(maxLinger, timeout)))
	buf := getBuffer()
	defer putBuffer(buf)
	io.CopyBuffer(io.Discard, onlyReader{nc}, buf)
}

// onlyReader hides the other methods of a socket, and discard those of
// io.Discard, so that io.CopyBuffer uses the buffer it was given.
type onlyReader struct{ io.Reader }
