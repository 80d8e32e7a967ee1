package rfc6455

import (
	"net"
	"time"
)

// maxLinger is how long a socket that is drained may bring nothing before it is
// closed.
const maxLinger = time.Second

// drainSize is how much a drain reads at once. It is small: many who were refused
// may be drained at the same time.
const drainSize = 4 << 10

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
// client's FIN comes: while bytes keep coming, since a client in the middle of a
// large message may not have looked yet, but no longer than the timeout, and for
// a second if nothing comes.
func endServer(nc net.Conn, timeout time.Duration) {
	if cw, ok := nc.(closeWriter); ok && cw.CloseWrite() == nil {
		drain(nc, timeout)
	}
	nc.Close()
}

// drain reads and discards until the peer ends its direction, brings nothing
// for maxLinger, or the timeout is over.
func drain(nc net.Conn, timeout time.Duration) {
	end := time.Now().Add(timeout)
	buf := make([]byte, drainSize)
	for {
		by := time.Now().Add(maxLinger)
		if by.After(end) {
			by = end
		}
		if nc.SetReadDeadline(by) != nil {
			return
		}
		if _, err := nc.Read(buf); err != nil {
			return
		}
	}
}
