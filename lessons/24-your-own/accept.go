package own

import (
	"bufio"
	"time"
)

// Accept reads the request of a handshake from nc and answers it. If it is as it should
// be, the answer is 101, and Accept returns the connection and the request, within
// handshakeTime. What came behind the request belongs to the connection.
//
// If it is refused, the client gets the answer that says why, and Accept hangs up. If the
// socket has failed, it closes the socket. Both are errors.
func Accept(nc Socket) (*Conn, *Request, error) {
	// lesson:begin Accept
	nc.SetDeadline(time.Now().Add(handshakeTime))
	br := bufio.NewReader(nc)
	req, err := readRequest(br)
	if err == nil {
		err = req.Check(nil)
	}
	switch {
	case err == nil:
	case codeOf(err) == 0:
		nc.Close()
		return nil, nil, err
	default:
		nc.Write(refuse(err))
		hangUp(nc)
		return nil, nil, err
	}
	if _, err := nc.Write(append101(nil, req.Header.Get("Sec-WebSocket-Key"))); err != nil {
		nc.Close()
		return nil, nil, err
	}
	nc.SetDeadline(time.Time{})
	return newConn(nc, br), req, nil
	// lesson:end
}
