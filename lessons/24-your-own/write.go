package own

import "time"

// WriteMessage sends one message in one frame. Once a Close frame has been sent, the error
// is errClosed, and nothing is sent. Other errors are those of the socket, which is closed
// then.
func (c *Conn) WriteMessage(text bool, message []byte) error {
	// lesson:begin WriteMessage
	op := Binary
	if text {
		op = Text
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.maySend(op) {
		return errClosed
	}
	return c.write(appendFrame(nil, op, message))
	// lesson:end
}

// Close begins the end: it sends a Close frame with a code and a reason. The end comes in
// ReadMessage, when the client has answered, or when closeTime is over. If a Close frame
// was sent before (c.closing.Sent), Close does nothing, and the error is nil. If the code or the reason
// cannot be sent, nothing changes, and that is the error.
func (c *Conn) Close(code int, reason string) error {
	// lesson:begin Close
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing.Sent {
		return nil
	}
	frame, err := c.closing.Close(closeCode(code), reason)
	if err != nil {
		return err
	}
	c.nc.SetReadDeadline(time.Now().Add(closeTime))
	return c.write(frame)
	// lesson:end
}

// closeCode returns the code as one that may be in a frame, or 0, which may not.
func closeCode(code int) CloseCode {
	if code < 0 || code > 4999 {
		return 0
	}
	return CloseCode(code)
}

// fail ends a connection because of err. If the socket has failed, it closes the socket.
// Else it hangs up, and first sends a Close frame with the code and the reason that the
// error has, unless a Close frame was sent before. HangUp may take seconds, and nobody
// waits for c.mu in the meantime.
func (c *Conn) fail(err error) {
	// lesson:begin fail
	code := codeOf(err)
	if code == 0 {
		c.nc.Close()
		return
	}
	c.mu.Lock()
	frame, sent := c.closing.Close(code, reasonOf(err))
	if sent == nil {
		c.write(frame)
	}
	c.mu.Unlock()
	hangUp(c.nc)
	// lesson:end
}
