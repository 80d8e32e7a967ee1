//go:build ignore

// The chapter's tests run on the library too, with this file in place of the
// chapter's solution.
//
// without: TestAppendMasked (in the library it is a part of the connection)
// without: TestAppendMaskedKeepsPayload (the same)
// without: TestAppendMaskedFreshKey (the same)
// without: TestAppendMaskedShortRead (the same)
// without: TestAppendMaskedNoKey (the same)
package masking

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
	errNotMasked = errors.New("not masked")
	errMasked    = errors.New("masked")
)

func ParseHeader(b []byte) (Header, int, error) { return frames.ParseHeader(b) }
func AppendHeader(dst []byte, h Header) []byte  { return frames.AppendHeader(dst, h) }

func Mask(key [4]byte, pos int, b []byte) int { return frames.Mask(key, pos, b) }

func CheckMasked(h Header, fromClient bool) error {
	err := frames.State{FromClient: fromClient}.Check(h)
	var rule *frames.Error
	if errors.As(err, &rule) {
		switch rule.Rule {
		case "6455-5.1-2":
			return errNotMasked
		case "6455-5.1-4":
			return errMasked
		}
	}
	return err
}

func AppendMasked(dst []byte, h Header, payload []byte, random io.Reader) ([]byte, error) {
	panic("not in the library")
}
