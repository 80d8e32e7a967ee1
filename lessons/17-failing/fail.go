package failing

import (
	"encoding/binary"
	"io"
	"time"
)

// Socket is what a server needs of a TCP connection. A *net.TCPConn has all of it.
type Socket interface {
	io.ReadWriteCloser
	// CloseWrite ends our direction alone: it sends FIN. The client reads the end of
	// the stream behind all that was sent, and can still send.
	CloseWrite() error
	SetReadDeadline(t time.Time) error
}

// patience is how long a client may take to end its direction.
const patience = 5 * time.Second

// HangUp ends a socket in the way that lets the client read our last bytes: it sends FIN,
// reads and discards what still comes, and closes the socket when the client has ended its
// direction too, or when patience is over. If FIN cannot be sent, it closes at once.
func HangUp(nc Socket) {
	// lesson:begin HangUp
	defer nc.Close()
	if nc.CloseWrite() != nil || nc.SetReadDeadline(time.Now().Add(patience)) != nil {
		return
	}
	io.Copy(io.Discard, nc)
	// lesson:end
}

// closeFrame returns a Close frame. The reason is at most 123 bytes long.
func closeFrame(code CloseCode, reason string) []byte {
	payload := binary.BigEndian.AppendUint16(nil, uint16(code))
	return frame(Close, append(payload, reason...))
}

// Fail ends the connection because of err. It sends a Close frame with the code that
// CodeOf says and the reason that ReasonOf says, cut to fit, and hangs up. If there is no
// code, or if the frame cannot be sent, it closes the socket at once.
func Fail(nc Socket, err error) {
	// lesson:begin Fail
	code := CodeOf(err)
	if code == 0 {
		nc.Close()
		return
	}
	if _, err := nc.Write(closeFrame(code, CutReason(ReasonOf(err)))); err != nil {
		nc.Close()
		return
	}
	HangUp(nc)
	// lesson:end
}
