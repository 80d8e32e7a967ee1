//go:build !linux

package main

import (
	"errors"
	"os/exec"
)

// cores would be the two that load and servers have to themselves. Only Linux
// lets a program choose.
type cores struct{}

func pin() (cores, error) { return cores{}, nil }

func (cores) startPinned(cmd *exec.Cmd) error { return cmd.Start() }

func (cores) String() string { return "not pinned: only on Linux" }

func residentBytes() (int64, error) {
	return 0, errors.New("the memory of a process is measured on Linux only")
}
