//go:build unix

package main

import (
	"math"
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

// mostFiles is how many files, and so connections, this process may have open.
func mostFiles() (int, error) {
	var limit syscall.Rlimit
	err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
	return int(min(uint64(limit.Cur), math.MaxInt32)), err
}
