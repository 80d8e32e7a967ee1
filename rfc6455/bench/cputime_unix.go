//go:build unix

package main

import (
	"syscall"
	"time"
)

// cpuTime is what this process has used so far, its own code and the kernel's
// for it, as the system accounts for it.
func cpuTime() (time.Duration, error) {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0, err
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()), nil
}
