//go:build !unix

package rfc6455

import "context"

// writeShort does nothing here: there is no RawConn to write with.
func (o *output) writeShort() {}

func (o *output) writeRaw(ctx context.Context) (int, error) {
	panic("there is no RawConn to write with")
}
