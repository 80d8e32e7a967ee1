//go:build ignore

// The chapter's tests run on the library too, with this file in place of the chapter's solution.
package text

import (
	"errors"

	"example.com/ws101/frames"
)

var (
	errInvalid    = errors.New("invalid")
	errUnfinished = errors.New("unfinished")
)

type UTF8 struct{ frames.UTF8 }

func (u *UTF8) step(b byte) bool { return u.UTF8.Add([]byte{b}) == nil }

func (u *UTF8) Add(p []byte) error {
	if u.UTF8.Add(p) != nil {
		return errInvalid
	}
	return nil
}

func (u *UTF8) End() error {
	if u.UTF8.End() != nil {
		return errUnfinished
	}
	return nil
}

type Opcode = frames.Opcode

const (
	Continuation = frames.Continuation
	Text         = frames.Text
)

type Frame struct {
	Fin     bool
	Opcode  Opcode
	Payload []byte
}

type Checker struct {
	state frames.State
	text  UTF8
}

// Check is what the library does with a frame whose header it has checked: see machine.payload.
func (c *Checker) Check(f Frame) error {
	op := f.Opcode
	if op == Continuation {
		op = c.state.Open
	}
	c.state = c.state.After(frames.Header{Fin: f.Fin, Opcode: f.Opcode})
	if op != Text {
		return nil
	}
	if err := c.text.Add(f.Payload); err != nil || !f.Fin {
		return err
	}
	return c.text.End()
}
