//go:build ignore

// The chapter's tests run on the library too, with this file in place of the
// chapter's solution.
package refusing

import "example.com/ws101/handshake"

type (
	Field   = handshake.Field
	Header  = handshake.Header
	Request = handshake.Request
	Error   = handshake.Error
)

func SameOrigin(r *Request) error { return handshake.SameOrigin(r) }
func Refuse(err error) []byte     { return handshake.Refuse(err).Append(nil) }
