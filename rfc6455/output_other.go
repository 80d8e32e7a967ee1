//go:build !unix

package rfc6455

import "syscall"

// writeShort does nothing here: there is no RawConn to write with.
func (o *output) writeShort(syscall.RawConn) {}

func (o *output) writeRaw() (int, error) { return o.nc.Write(o.buf) }
