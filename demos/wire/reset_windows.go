package wire

import (
	"errors"
	"syscall"
)

// isReset reports whether the peer, or the network, tore the connection down.
// Windows has numbers of its own for that.
func isReset(err error) bool {
	return errors.Is(err, syscall.WSAECONNRESET) || errors.Is(err, syscall.WSAECONNABORTED)
}
