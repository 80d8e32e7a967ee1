//go:build ignore

// The chapter's tests run on the library too, with this file in place of the
// chapter's solution.
//
// without: TestRead (in the library it is a part of the connection)
// without: TestReadInTime (the same)
// without: TestReadUnanswered (the same)
// without: TestReadRefuses (the same)
// without: TestReadPong (the same)
// without: TestPong (the same)
package control

import (
	"bufio"
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
	errTooBig     = errors.New("too big")
)

func CheckControl(h Header) error {
	state := frames.State{FromClient: h.Masked}
	if h.Opcode == Continuation {
		state.Open = Text
	}
	err := state.Check(h)
	var rule *frames.Error
	if errors.As(err, &rule) {
		switch rule.Rule {
		case "6455-5.2-3":
			return errReserved
		case "6455-5.5-2":
			return errFragmented
		case "6455-5.5-1":
			return errTooLong
		}
	}
	return err
}

type Pings struct{ waiting []string }

func (p *Pings) Sent(string)     {}
func (p *Pings) Pong([]byte) int { panic("not in the library") }

type Conn struct {
	in    *bufio.Reader
	out   io.Writer
	pings Pings
}

func NewConn(nc io.ReadWriter) *Conn          { panic("not in the library") }
func (c *Conn) Ping(string) error             { panic("not in the library") }
func (c *Conn) Read() (Opcode, []byte, error) { panic("not in the library") }
