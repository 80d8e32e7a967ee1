package main

import (
	"math"
	"syscall"
	"time"
)

// cpuTime is what this process has used so far, its own code and the kernel's
// for it, as the system accounts for it.
func cpuTime() (time.Duration, error) {
	self, err := syscall.GetCurrentProcess()
	if err != nil {
		return 0, err
	}
	var created, ended, kernel, user syscall.Filetime
	if err := syscall.GetProcessTimes(self, &created, &ended, &kernel, &user); err != nil {
		return 0, err
	}
	return ticks(kernel) + ticks(user), nil
}

// ticks are of 100 ns.
func ticks(f syscall.Filetime) time.Duration {
	return 100 * time.Duration(uint64(f.HighDateTime)<<32|uint64(f.LowDateTime))
}

// mostFiles is how many files, and so connections, this process may have open.
func mostFiles() (int, error) { return math.MaxInt32, nil }
