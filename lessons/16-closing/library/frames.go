//go:build ignore

// The chapter's tests run on the library too, with this file in place of the
// chapter's solution.
//
// without: TestClose (in the library it is a part of the connection)
// without: TestReceive (the same)
// without: TestMaySend (the same)
// without: TestEnd (the same)
// without: TestEndConversations (the same)
package closing

import (
	"errors"

	"example.com/ws101/frames"
)

type (
	CloseCode = frames.CloseCode
	Opcode    = frames.Opcode
)

const (
	CloseNormal        = frames.CloseNormal
	CloseGoingAway     = frames.CloseGoingAway
	CloseProtocolError = frames.CloseProtocolError
	CloseNoStatus      = frames.CloseNoStatus
	CloseAbnormal      = frames.CloseAbnormal

	Continuation = frames.Continuation
	Text         = frames.Text
	Binary       = frames.Binary
	Close        = frames.Close
	Ping         = frames.Ping
	Pong         = frames.Pong
)

var (
	errOneByte    = errors.New("one byte")
	errCode       = errors.New("code")
	errReason     = errors.New("reason")
	errLongReason = errors.New("long reason")
	errSent       = errors.New("sent")
)

func ParseClose(payload []byte) (CloseCode, string, error) {
	code, reason, err := frames.ParseClose(payload)
	return code, reason, ruleOf(err)
}

func AppendClose(dst []byte, code CloseCode, reason string) ([]byte, error) {
	dst, err := frames.AppendClose(dst, code, reason)
	return dst, ruleOf(err)
}

func ruleOf(err error) error {
	var rule *frames.Error
	if !errors.As(err, &rule) {
		return err
	}
	switch rule.Rule {
	case "6455-5.5.1-1":
		return errOneByte
	case "6455-7.4.1-1", "6455-7.4.1-2", "6455-7.4.1-3", "6455-7.4.2-1":
		return errCode
	case "6455-8.1-1":
		return errReason
	case "6455-5.5-1":
		return errLongReason
	}
	return err
}

type Closing struct {
	Sent, Received bool
	Code           CloseCode
	Reason         string
}

func (c *Closing) Close(CloseCode, string) ([]byte, error) { panic("not in the library") }
func (c *Closing) Receive([]byte) ([]byte, error)          { panic("not in the library") }
func (c *Closing) MaySend(Opcode) bool                     { panic("not in the library") }
func (c *Closing) End() (CloseCode, string, bool)          { panic("not in the library") }
