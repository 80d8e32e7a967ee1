package measure

import (
	"bytes"
	"os"
	"strconv"
)

// resident returns how many bytes of memory this process has, or -1.
func resident() int64 {
	// The second number is the resident set, in pages (proc(5)).
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return -1
	}
	fields := bytes.Fields(statm)
	if len(fields) < 2 {
		return -1
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return -1
	}
	return pages * int64(os.Getpagesize())
}
