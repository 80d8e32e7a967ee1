package rfc6455

import (
	"errors"
	"log/slog"
	"net"

	"example.com/ws101/frames"
)

// CloseCode says why a connection ends; see [frames.CloseCode] and the codes
// there, such as frames.CloseNormal.
type CloseCode = frames.CloseCode

// CloseError tells how a connection ended. Every read and write that finds the
// connection ended returns one; use [errors.As].
type CloseError struct {
	// Code is the code in the peer's Close frame, [frames.CloseNoStatus] (1005)
	// if the frame had none, and [frames.CloseAbnormal] (1006) if no Close
	// frame came (RFC 6455 section 7.1.5).
	Code CloseCode
	// Reason is the text in the peer's Close frame. It is meant for
	// programmers; do not show it to the users of a program (section 5.5.1).
	Reason string
	// Sent is the code in our own Close frame, or 0 if none began to leave.
	Sent CloseCode
	// Remote is set when the peer's Close frame came before ours was sent.
	Remote bool
	// Clean is set when both Close frames have passed (section 7.1.4).
	Clean bool
	// Err is why the connection ended, where it was not by Close frames: a
	// [*frames.Error] if the peer broke a rule, else an error of the network,
	// or of this package. io.ErrUnexpectedEOF means that the peer hung up
	// without a Close frame.
	Err error
}

// Error says who closed, with what, and why.
func (e *CloseError) Error() string {
	s := "websocket: "
	switch {
	case e.Code == frames.CloseAbnormal:
		s += "ended without a Close frame from the peer"
	case e.Remote:
		s += "closed by the peer with " + e.Code.String()
	default:
		s += "closed by us, answered with " + e.Code.String()
	}
	if e.Reason != "" {
		s += " (" + e.Reason + ")"
	}
	if e.Sent != 0 {
		s += "; we sent " + e.Sent.String()
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns Err.
func (e *CloseError) Unwrap() error { return e.Err }

var (
	// ErrConcurrentRead is returned to a goroutine that reads while another
	// one does. The other one is not disturbed.
	ErrConcurrentRead = errors.New("rfc6455: another goroutine is reading from this connection")

	// ErrClosing is returned to a write that comes after this side has begun
	// to close the connection.
	ErrClosing = errors.New("rfc6455: this side has begun to close the connection")

	errClosedNow    = errors.New("rfc6455: CloseNow was called")
	errNoAnswer     = errors.New("rfc6455: the peer did not answer our Close frame in time")
	errCloseUnsent  = errors.New("rfc6455: our Close frame could not be sent")
	errDead         = errors.New("rfc6455: the peer is dead: it sent nothing, and did not answer a Ping")
	errWriteStopped = errors.New("rfc6455: a frame could not be sent whole")
)

// logEnd reports a connection that failed because of the peer's bytes (RFC 6455
// section 7.1.7).
func logEnd(log *slog.Logger, nc net.Conn, e *CloseError) {
	var rule *frames.Error
	if errors.As(e.Err, &rule) {
		log.Warn("websocket: the connection failed",
			"remote", nc.RemoteAddr().String(), "rule", rule.Rule, "code", int(rule.Code), "error", rule.Error())
	}
}
