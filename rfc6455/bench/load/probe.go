package load

import (
	"errors"
	"net"
	"os"
	"time"

	"example.com/ws101/frames"
)

// Refuses reports whether the server ends the connection after bytes that it
// should not take: with a Close frame, or without a word. One that answers
// otherwise, or not for the given time, has taken them.
func (c *Conn) Refuses(wire []byte, within time.Duration) (bool, error) {
	c.nc.SetDeadline(time.Now().Add(within))
	if _, err := c.nc.Write(wire); err != nil {
		return false, err
	}
	var answer [2]byte
	_, err := c.nc.Read(answer[:1])
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return false, nil
	case err != nil:
		var opError *net.OpError
		if errors.As(err, &opError) || noEOF(err) != err {
			return true, nil
		}
		return false, err
	}
	const fin = 0x80
	return answer[0] == fin|byte(frames.Close), nil
}
