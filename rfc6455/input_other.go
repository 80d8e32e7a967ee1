//go:build !unix

package rfc6455

// waitWithoutBuffer does nothing here: reads wait with a small buffer.
func (in *input) waitWithoutBuffer() {}

func (in *input) waitRaw() error { panic("there is no RawConn to wait with") }
