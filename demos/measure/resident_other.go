//go:build !linux

package measure

// resident returns -1: it is not measured on this system.
func resident() int64 { return -1 }
