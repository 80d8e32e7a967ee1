package rfc6455

import (
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// halfClosing is a pipe that takes CloseWrite for granted.
type halfClosing struct{ net.Conn }

func (halfClosing) CloseWrite() error { return nil }

// A client in the middle of a large message has not looked at our Close frame
// yet. As long as its bytes come, the socket stays open for it, and no longer
// than the timeout; an RST would take the Close frame from it.
func TestLingerWhileBytesCome(t *testing.T) {
	for _, test := range []struct {
		name    string
		sending time.Duration // for how long the client goes on
		want    time.Duration // when it sees that the socket is closed
	}{
		{"6455-7.1.1-1 nothing comes", 0, time.Second},
		{"6455-7.1.1-1 the rest of a message comes", 2700 * time.Millisecond, 3700 * time.Millisecond},
		{"6455-7.1.1-1 it does not end, and sees that with its next byte", time.Minute, 5400 * time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, client := net.Pipe()
				start := time.Now()
				go endServer(halfClosing{server}, 5*time.Second)
				every := time.NewTicker(900 * time.Millisecond)
				defer every.Stop()
				for time.Since(start) < test.sending {
					<-every.C
					if _, err := client.Write([]byte("x")); err != nil {
						break
					}
				}
				_, err := client.Read(make([]byte, 1))
				require.Error(t, err)
				assert.Equal(t, test.want, time.Since(start))
			})
		})
	}
}
