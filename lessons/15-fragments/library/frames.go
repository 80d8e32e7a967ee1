//go:build ignore

// The chapter's tests run on the library too, with this file in place of the
// chapter's solution.
//
// without: TestRead (in the library it is a part of the connection)
// without: TestReadPingInside (the same)
// without: TestReadSeveral (the same)
// without: TestReadEnds (the same)
// without: TestReadRefuses (the same)
// without: TestReadLimits (the same)
// without: TestAppendMessage (the same)
package fragments

import (
	"errors"
	"io"

	"example.com/ws101/frames"
)

type (
	Opcode = frames.Opcode
	Header = frames.Header
)

const (
	Continuation = frames.Continuation
	Text         = frames.Text
	Binary       = frames.Binary
	Close        = frames.Close
	Ping         = frames.Ping
	Pong         = frames.Pong
)

var (
	errReserved   = errors.New("reserved")
	errFragmented = errors.New("fragmented")
	errTooLong    = errors.New("too long")
	errRsv        = errors.New("rsv")
	errNotOpen    = errors.New("not open")
	errStillOpen  = errors.New("still open")
	errTooBig     = errors.New("too big")
	errTooMany    = errors.New("too many")
)

type State struct{ Open Opcode }

func (s State) Check(h Header) error {
	err := frames.State{Open: s.Open}.Check(h)
	var rule *frames.Error
	if !errors.As(err, &rule) {
		return err
	}
	switch rule.Rule {
	case "6455-5.2-2":
		return errRsv
	case "6455-5.2-3":
		return errReserved
	case "6455-5.5-2":
		return errFragmented
	case "6455-5.5-1":
		return errTooLong
	case "6455-5.4-6":
		if h.Opcode == Continuation {
			return errNotOpen
		}
		return errStillOpen
	}
	return err
}

func (s State) After(h Header) State {
	return State{Open: frames.State{Open: s.Open}.After(h).Open}
}

type Conn struct {
	state                    State
	maxMessage, maxFragments int
}

func NewConn(nc io.ReadWriter) *Conn          { panic("not in the library") }
func (c *Conn) Read() (Opcode, []byte, error) { panic("not in the library") }

func AppendFrame(dst []byte, fin bool, op Opcode, payload []byte) []byte {
	panic("not in the library")
}

func AppendMessage(dst []byte, op Opcode, message []byte, size int) []byte {
	panic("not in the library")
}
