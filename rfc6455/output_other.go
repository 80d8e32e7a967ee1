//go:build !unix

package rfc6455

// writeShort does nothing here: there is no RawConn to write with.
func (o *output) writeShort() {}

func (o *output) writeRaw() (int, error) { return o.nc.Write(o.buf) }
