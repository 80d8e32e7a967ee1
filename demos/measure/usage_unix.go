//go:build linux || darwin

package measure

import (
	"fmt"
	"syscall"
	"time"
)

// cpuTime returns the processor time that this process has used, in the program and in the system
// on its behalf.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return -1
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// spareFiles is what a process needs besides one file for each client.
const spareFiles = 64

// enoughFiles returns an error if a process may not open a connection for each client. Go has raised
// the soft limit to the hard one already, in both processes.
func enoughFiles(clients int) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return nil // then it will be seen
	}
	if need := uint64(clients + spareFiles); limit.Cur < need {
		return fmt.Errorf("%d clients need %d open files, and this system allows a process %d; raise the hard limit (ulimit -Hn), or take fewer -clients", clients, need, limit.Cur)
	}
	return nil
}
