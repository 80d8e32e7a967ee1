//go:build unix

package rfc6455

import (
	"io"
	"net"
	"os"
	"syscall"
)

// waitWithoutBuffer sets up the wait that holds no buffer, if nc is a plain
// socket.
//
// [syscall.RawConn] runs a function of ours on the socket's descriptor: at
// once, and again each time the runtime's poller says that bytes are there,
// until the function returns true. Only then is a buffer needed, so that is
// when attempt takes one from the pool. It must do the reading itself, without
// blocking: to say "yes, there are bytes" and read later would lose the
// wake-up, since the poller tells of each arrival once.
//
// The types are compared exactly. A wrapper that embeds a *net.TCPConn has its
// SyscallConn too, and reading through that would go around the wrapper.
func (in *input) waitWithoutBuffer() {
	var raw syscall.RawConn
	var err error
	switch nc := in.nc.(type) {
	case *net.TCPConn:
		raw, err = nc.SyscallConn()
	case *net.UnixConn:
		raw, err = nc.SyscallConn()
	default:
		return
	}
	if err != nil {
		return
	}
	in.raw = raw
	in.attempt = in.tryRead // a method value is allocated: once, not per read
}

func (in *input) waitRaw() error {
	in.release()
	if err := in.raw.Read(in.attempt); err != nil {
		return err
	}
	return in.readErr
}

// tryRead reads once from the non-blocking descriptor and reports whether that
// came to a result. The result is in buf, or in readErr.
func (in *input) tryRead(fd uintptr) bool {
	buf := getBuffer()
	for {
		n, err := syscall.Read(int(fd), buf)
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			putBuffer(buf)
			return false
		case err != nil:
			in.readErr = os.NewSyscallError("read", err)
		case n == 0:
			in.readErr = io.EOF
		default:
			in.buf, in.r, in.w = buf, 0, n
			in.full = n == len(buf)
			in.readErr = nil
			return true
		}
		putBuffer(buf)
		return true
	}
}
