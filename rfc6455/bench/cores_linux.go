package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// cores are the two that load and servers have to themselves. The zero value
// leaves the choice to the system.
type cores struct {
	pinned       bool
	load, server int
}

// pin moves this process to one core and reserves another for the servers. On a
// machine that has no two, nothing is pinned.
func pin() (cores, error) {
	var allowed unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		return cores{}, err
	}
	var found []int
	for i := 0; len(found) < 2 && i < len(allowed)*64; i++ {
		if allowed.IsSet(i) {
			found = append(found, i)
		}
	}
	if len(found) < 2 {
		return cores{}, nil
	}
	c := cores{pinned: true, server: found[0], load: found[1]}
	runtime.GOMAXPROCS(1)
	// Threads that are made later inherit the core from those there are. Twice,
	// because one of these may just have made another.
	for range 2 {
		threads, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return cores{}, err
		}
		for _, t := range threads {
			id, err := strconv.Atoi(t.Name())
			if err != nil {
				return cores{}, err
			}
			if err := moveTo(id, c.load); err != nil {
				return cores{}, err
			}
		}
	}
	return c, nil
}

func moveTo(thread, core int) error {
	var set unix.CPUSet
	set.Set(core)
	return unix.SchedSetaffinity(thread, &set)
}

// startPinned starts a process on the servers' core: it inherits the core of
// the thread that starts it.
func (c cores) startPinned(cmd *exec.Cmd) error {
	if !c.pinned {
		return cmd.Start()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := moveTo(0, c.server); err != nil {
		return err
	}
	defer moveTo(0, c.load)
	return cmd.Start()
}

func (c cores) String() string {
	if !c.pinned {
		return "not pinned: there are no two cores"
	}
	return fmt.Sprintf("servers on core %d, load on core %d", c.server, c.load)
}

// residentBytes is how much memory this process holds.
func residentBytes() (int64, error) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(text), &size, &resident); err != nil {
		return 0, err
	}
	return resident * int64(os.Getpagesize()), nil
}
