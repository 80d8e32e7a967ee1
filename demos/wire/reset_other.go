//go:build !windows

package wire

import (
	"errors"
	"syscall"
)

// isReset reports whether the peer, or the network, tore the connection down.
func isReset(err error) bool { return errors.Is(err, syscall.ECONNRESET) }
