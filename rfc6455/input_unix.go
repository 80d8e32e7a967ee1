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
	if err := in.raw.Read(in.attempt); err != nil {
		return err
	}
	switch {
	case in.errno != 0:
		return os.NewSyscallError("read", syscall.Errno(in.errno))
	case len(in.rest) == 0:
		return io.EOF
	}
	return nil
}

// tryRead reads once from the non-blocking descriptor and reports whether that
// came to a result. The result is in rest, or in errno; if both are empty, the
// peer sends no more.
func (in *input) tryRead(fd uintptr) bool {
	buf := in.large
	if buf == nil {
		buf = buffers.Get().(*[bufferSize]byte)
	}
	for {
		n, err := syscall.Read(int(fd), buf[:])
		if err == syscall.EINTR {
			continue
		}
		in.errno = number(err)
		if n > 0 {
			in.large, in.rest = buf, buf[:n]
			in.full = n == len(buf)
		} else {
			buffers.Put(buf)
			in.large, in.rest = nil, nil
		}
		return err != syscall.EAGAIN
	}
}

// number is the number of what a system call returned, 0 for nil. Kept for each
// connection, it takes two bytes where an error takes sixteen.
func number(err error) uint16 {
	errno, _ := err.(syscall.Errno)
	return uint16(errno)
}
