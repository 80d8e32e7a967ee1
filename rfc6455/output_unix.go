//go:build unix

package rfc6455

import (
	"context"
	"os"
	"syscall"
)

// writeShort sets up the short way to write, if there is a [syscall.RawConn]:
// what input waits with is good for writing as well. There is nothing to gain in
// time. But [net.TCPConn.Write] lies three calls deep and takes 380 bytes of
// stack, and this way takes 300. The stack of a goroutine begins with 2 KiB, of
// which 1.1 can be used; if a reply needs more, it doubles, and stays so. With
// the other calls on the way that are spared, the goroutine of [Conn.Serve] keeps
// its 2 KiB behind a handler that is not too deep itself: nearly a third less for
// each connection that waits.
func (o *output) writeShort() {
	if o.raw != nil {
		o.attempt = o.tryWrite // a method value is allocated: once, not per write
	}
}

// writeRaw writes all of buf by RawConn.
//
// To watch ctx costs as much as all that this package does for a small message.
// But nearly always the system takes all at once, so that nothing is left that
// could be interrupted. So ctx is watched only when there is something to wait
// for.
func (o *output) writeRaw(ctx context.Context) (int, error) {
	o.sent, o.errno = 0, 0
	o.mayWait = ctx.Done() == nil
	err := o.raw.Write(o.attempt)
	if syscall.Errno(o.errno) == syscall.EAGAIN {
		err = o.waitRaw(ctx)
	}
	if err == nil && o.errno != 0 {
		err = os.NewSyscallError("write", syscall.Errno(o.errno))
	}
	return o.sent, err
}

// waitRaw writes what is left of buf, as soon as there is room. (It is a function of
// its own for the sake of the stack.)
func (o *output) waitRaw(ctx context.Context) error {
	o.errno, o.mayWait = 0, true
	w := o.watch(ctx)
	return o.unwatch(ctx, w, o.raw.Write(o.attempt))
}

// tryWrite writes to the non-blocking descriptor, and reports whether that came
// to a result. If not, it is called again when there is room.
func (o *output) tryWrite(fd uintptr) bool {
	for o.sent < len(o.buf) {
		n, err := syscall.Write(int(fd), o.buf[o.sent:])
		switch {
		case err == syscall.EINTR:
		case err == syscall.EAGAIN && o.mayWait:
			return false
		case err != nil:
			o.errno = number(err)
			return true
		default:
			o.sent += n
		}
	}
	return true
}
