package site

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHoldEndsWithTheClientOrWithTheServer(t *testing.T) {
	for name, end := range map[string]func(client, server, hold context.CancelFunc){
		"client":  func(client, _, _ context.CancelFunc) { client() },
		"server":  func(_, server, _ context.CancelFunc) { server() },
		"handler": func(_, _, hold context.CancelFunc) { hold() },
	} {
		synctest.Test(t, func(t *testing.T) {
			gone, client := context.WithCancel(t.Context())
			closing, server := context.WithCancel(t.Context())
			ctx, hold := Hold(httptest.NewRequestWithContext(gone, "GET", "/", nil), closing)
			synctest.Wait()
			require.NoError(t, ctx.Err())
			end(client, server, hold)
			synctest.Wait()
			assert.Equal(t, context.Canceled, ctx.Err(), name)
			hold() // once more is allowed, and leaves nothing behind
		})
	}
}

func TestHoldOfAServerThatNeverCloses(t *testing.T) {
	gone, client := context.WithCancel(t.Context())
	ctx, hold := Hold(httptest.NewRequestWithContext(gone, "GET", "/", nil), nil)
	defer hold()
	require.NoError(t, ctx.Err())
	client()
	assert.Equal(t, context.Canceled, ctx.Err())
}

func TestHoldOfAServerThatCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closing, server := context.WithCancel(t.Context())
		server()
		ctx, hold := Hold(httptest.NewRequest("GET", "/", nil), closing)
		defer hold()
		synctest.Wait()
		assert.Equal(t, context.Canceled, ctx.Err())
	})
}

// A timed writer notes what is done with it, and when its deadlines are.
type timed struct {
	*httptest.ResponseRecorder
	start       time.Time
	did         []string
	read, write []time.Duration // 0 is none
	err         error
}

func newTimed() *timed { return &timed{ResponseRecorder: httptest.NewRecorder(), start: time.Now()} }

func (w *timed) since(t time.Time) time.Duration {
	if t.IsZero() {
		return 0
	}
	return t.Sub(w.start)
}

func (w *timed) SetReadDeadline(t time.Time) error { w.read = append(w.read, w.since(t)); return nil }
func (w *timed) SetWriteDeadline(t time.Time) error {
	w.write = append(w.write, w.since(t))
	return nil
}
func (w *timed) FlushError() error { w.did = append(w.did, "flush"); return w.err }

func (w *timed) Write(b []byte) (int, error) {
	w.did = append(w.did, string(b))
	if w.err != nil {
		return 0, w.err
	}
	return w.ResponseRecorder.Write(b)
}

func TestStreamSendsEachPieceAtOnceWithADeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTimed()
		w.Header().Set("Content-Type", "text/plain")
		s := OpenStream(w)
		assert.Equal(t, 200, w.Code)
		assert.Equal(t, "no-store", w.Result().Header.Get("Cache-Control"))
		assert.Equal(t, "no", w.Result().Header.Get("X-Accel-Buffering"))
		assert.Equal(t, []string{"", "flush"}, w.did, "the header fields leave at once")
		time.Sleep(time.Minute)
		require.NoError(t, s.Send([]byte("one")))
		time.Sleep(time.Minute)
		require.NoError(t, s.Last([]byte("two")))
		assert.Equal(t, []string{"", "flush", "one", "flush", "two"}, w.did, "the last leaves with the end")
		assert.Equal(t, []time.Duration{stuck, time.Minute + stuck, 2*time.Minute + stuck}, w.write)

		w.err = errors.New("gone")
		assert.Equal(t, w.err, s.Send([]byte("three")))
		assert.Equal(t, w.err, s.Last([]byte("four")))
	})
}

// pipes is a listener for connections in memory.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	conn, open := <-p
	if !open {
		return nil, net.ErrClosed
	}
	return conn, nil
}
func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// serveInMemory serves h inside a bubble. dial makes a connection to it.
func serveInMemory(t *testing.T, h http.Handler) (dial func() net.Conn) {
	listener := make(pipes)
	server := &http.Server{Handler: h}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		close(listener)
		assert.Equal(t, net.ErrClosed, <-served)
		assert.NoError(t, server.Close())
	})
	return func() net.Conn {
		near, far := net.Pipe()
		listener <- far
		return near
	}
}

func TestClientThatTakesNothingIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		dial := serveInMemory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s := OpenStream(w)
			time.Sleep(time.Hour) // it is not the age of the stream that counts
			ended <- s.Send([]byte("news"))
		}))
		conn := dial()
		defer conn.Close()
		_, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		require.NoError(t, err)
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		assert.Equal(t, 200, answer.StatusCode)
		start := time.Now()
		assert.Error(t, <-ended) // while nobody reads
		assert.Equal(t, time.Hour+stuck, time.Since(start))
	})
}

// The deadlines of one answer are not those of the next on the same connection.
func TestConnectionGoesOnAfterAStreamAndABody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dial := serveInMemory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, err := ReadBody(w, r, 10, "a test"); err != nil {
				RefuseError(w, err)
				return
			}
			s := OpenStream(w)
			time.Sleep(time.Minute)
			_ = s.Last([]byte("news"))
		}))
		conn := dial()
		defer conn.Close()
		reader := bufio.NewReader(conn)
		for range 3 {
			_, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi")
			require.NoError(t, err)
			answer, err := http.ReadResponse(reader, nil)
			require.NoError(t, err)
			body, err := io.ReadAll(answer.Body)
			require.NoError(t, err)
			assert.Equal(t, "news", string(body))
			time.Sleep(time.Minute)
		}
	})
}
