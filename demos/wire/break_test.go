package wire_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/wire"
)

func TestAbortIsSeenAsAReset(t *testing.T) {
	var seen sink
	tap := wire.New(wire.Options{Sink: seen.add})
	server, client := tcpPair(t)
	defer client.Close()
	c := wire.ServerConn(server, tap)
	reading := make(chan error)
	go func() {
		_, err := c.Read(make([]byte, 1))
		reading <- err
	}()
	require.NoError(t, wire.Abort(c))
	assert.ErrorIs(t, <-reading, net.ErrClosed, "the own side knows at once")
	_, err := client.Read(make([]byte, 1))
	assert.ErrorIs(t, err, syscall.ECONNRESET)
	assert.Error(t, c.Close(), "it is closed already")
	assert.Equal(t, []string{"client opened", "server reset"}, seen.told())
	assert.Empty(t, tap.Conns())
}

// What is sent into the silence is shown, as one sees it who stands at the
// server; what comes from the other side is not, since it does not arrive.
func TestSilenceSwallowsBothWays(t *testing.T) {
	var seen sink
	tap := wire.New(wire.Options{Sink: seen.add})
	server, client := tcpPair(t)
	defer client.Close()
	outer := wire.ServerConn(wire.ServerConn(server, tap), wire.New(wire.Options{})) // as with -trace
	reading := make(chan error)
	go func() {
		_, err := outer.Read(make([]byte, 1))
		reading <- err
	}()
	require.NoError(t, wire.Silence(outer))
	require.NoError(t, wire.Silence(outer), "twice is once")
	_, err := io.WriteString(client, "GET / HTTP/1.1\r\n\r\n")
	require.NoError(t, err)
	require.NoError(t, client.(*net.TCPConn).CloseWrite())
	n, err := io.WriteString(outer, "HTTP/1.1 204 No Content\r\n\r\n")
	require.NoError(t, err)
	assert.Equal(t, 27, n)

	require.NoError(t, client.SetReadDeadline(time.Unix(1, 0)))
	_, err = client.Read(make([]byte, 1))
	assert.ErrorIs(t, err, os.ErrDeadlineExceeded, "neither bytes nor FIN have come")
	assert.Empty(t, reading, "and the server still waits")
	require.NoError(t, outer.SetDeadline(time.Unix(1, 0)))
	assert.ErrorIs(t, <-reading, os.ErrDeadlineExceeded, "its deadlines work as before")
	require.NoError(t, outer.Close())
	assert.Equal(t, []string{"client opened", "server response", "server FIN"}, seen.told())
}

// The deadline that was set before counts in the silence too, and after two
// minutes there is an end.
func TestSilenceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen sink
		a, client := net.Pipe()
		server := wire.ServerConn(a, wire.New(wire.Options{Sink: seen.add}))
		require.NoError(t, server.SetReadDeadline(time.Now().Add(time.Minute)))
		reading := make(chan error)
		read := func() {
			_, err := server.Read(make([]byte, 1))
			reading <- err
		}
		start := time.Now()
		go read()
		synctest.Wait() // it waits at the socket
		require.NoError(t, wire.Silence(server))
		assert.ErrorIs(t, <-reading, os.ErrDeadlineExceeded)
		assert.Equal(t, time.Minute, time.Since(start))

		require.NoError(t, server.SetReadDeadline(time.Time{}))
		go read()
		assert.ErrorContains(t, <-reading, "gives up")
		assert.Equal(t, 2*time.Minute, time.Since(start))
		_, err := server.Write([]byte("x"))
		assert.ErrorContains(t, err, "gives up")
		_, err = client.Read(make([]byte, 1))
		assert.Equal(t, io.EOF, err, "the socket is let go")
		require.NoError(t, server.Close())
		assert.Equal(t, []string{"client opened", "client reset"}, seen.told())
	})
}

// Who closes a silent connection is rid of it, and the peer is not told.
func TestClosingInTheSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, client := net.Pipe()
		tap := wire.New(wire.Options{})
		server := wire.ServerConn(a, tap)
		require.NoError(t, wire.Silence(server))
		require.NoError(t, server.Close())
		_, err := server.Read(make([]byte, 1))
		assert.ErrorIs(t, err, io.ErrClosedPipe)
		assert.Empty(t, tap.Conns())
		start := time.Now()
		_, err = client.Read(make([]byte, 1))
		assert.Equal(t, io.EOF, err)
		assert.Equal(t, 2*time.Minute, time.Since(start))
	})
}

func TestAbortEndsTheSilenceToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, client := net.Pipe()
		server := wire.ServerConn(a, wire.New(wire.Options{}))
		require.NoError(t, wire.Silence(server))
		reading := make(chan error)
		go func() {
			_, err := server.Read(make([]byte, 1))
			reading <- err
		}()
		synctest.Wait()
		require.NoError(t, wire.Abort(server))
		assert.ErrorIs(t, <-reading, io.ErrClosedPipe)
		_, err := client.Read(make([]byte, 1))
		assert.Equal(t, io.EOF, err)
	})
}

func TestOnlyConnectionsOfATapBreak(t *testing.T) {
	a, b := net.Pipe()
	defer b.Close()
	assert.ErrorIs(t, wire.Abort(a), errors.ErrUnsupported)
	assert.ErrorIs(t, wire.Silence(a), errors.ErrUnsupported)
	assert.Error(t, wire.Silence(nil))
}

func TestRequestConn(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.NoError(t, wire.Abort(wire.RequestConn(r)))
	}))
	server.Listener = wire.Listen(server.Listener, wire.New(wire.Options{}))
	server.Config.ConnContext = wire.ConnContext
	server.Start()
	defer server.Close()
	_, err := server.Client().Get(server.URL)
	assert.Error(t, err)
	assert.Nil(t, wire.RequestConn(httptest.NewRequest("GET", "/", nil)))
}
