package closing

import "errors"

// Opcode says what a frame is for.
type Opcode uint8

// The opcodes that RFC 6455 defines.
const (
	Continuation Opcode = 0x0
	Text         Opcode = 0x1
	Binary       Opcode = 0x2
	Close        Opcode = 0x8
	Ping         Opcode = 0x9
	Pong         Opcode = 0xa
)

// String returns the name of the opcode.
func (o Opcode) String() string {
	return map[Opcode]string{
		Continuation: "continuation", Text: "text", Binary: "binary",
		Close: "close", Ping: "ping", Pong: "pong",
	}[o]
}

// closeFrame is a whole Close frame, as a server sends it.
func closeFrame(payload []byte) []byte {
	return append([]byte{0x80 | byte(Close), byte(len(payload))}, payload...)
}

// Closing is how far the end of a connection has got, as a server sees it. Its zero value
// is an open connection.
type Closing struct {
	Sent     bool      // our Close frame has left
	Received bool      // the client's Close frame has come
	Code     CloseCode // the code in the client's Close frame, once it has come
	Reason   string    // the reason in it
}

// errSent is the answer to a Close that comes too late.
var errSent = errors.New("a Close frame was sent before")

// Close begins the end. It returns the Close frame to send. If one was sent before, or if
// AppendClose refuses the code or the reason, there is none, and nothing changes: the
// error is errSent, or the one of AppendClose.
func (c *Closing) Close(code CloseCode, reason string) ([]byte, error) {
	// lesson:begin Close
	if c.Sent {
		return nil, errSent
	}
	payload, err := AppendClose(nil, code, reason)
	if err != nil {
		return nil, err
	}
	c.Sent = true
	return closeFrame(payload), nil
	// lesson:end
}

// Receive takes the payload of the client's Close frame. It returns the Close frame to
// answer with, which has the same code and no reason; or none, if ours was sent before.
// If ParseClose refuses the payload, nothing changes, and the error is its own.
//
// The first Close frame is the last frame that counts. Another one is ignored: there is
// no answer and no error.
func (c *Closing) Receive(payload []byte) (answer []byte, err error) {
	// lesson:begin Receive
	if c.Received {
		return nil, nil
	}
	code, reason, err := ParseClose(payload)
	if err != nil {
		return nil, err
	}
	c.Received, c.Code, c.Reason = true, code, reason
	if c.Sent {
		return nil, nil
	}
	return c.Close(code, "")
	// lesson:end
}

// MaySend reports whether a frame with this opcode may be sent now. Data and a Close may
// be sent until our Close frame has left; a ping and a pong until the client's has come.
func (c *Closing) MaySend(op Opcode) bool {
	// lesson:begin MaySend
	if op == Ping || op == Pong {
		return !c.Received
	}
	return !c.Sent
	// lesson:end
}

// End says how a connection has ended, when its socket has. The code and the reason are
// those of the client's Close frame; without one, the code is CloseAbnormal. The end was
// clean if both Close frames have passed.
func (c *Closing) End() (code CloseCode, reason string, clean bool) {
	// lesson:begin End
	if !c.Received {
		return CloseAbnormal, "", false
	}
	return c.Code, c.Reason, c.Sent
	// lesson:end
}
