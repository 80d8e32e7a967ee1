package memnet

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var hello = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	time.Sleep(time.Minute)
	io.WriteString(w, "Hello")
})

const (
	request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	answer  = "HTTP/1.1 200 OK\r\nDate: " + date + "\r\nContent-Length: 5\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello"
)

func TestEveryByteIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := Serve(hello)
		defer n.Close()
		c, err := n.Dial()
		require.NoError(t, err)
		for i := range 2 {
			_, err = io.WriteString(c, request)
			require.NoError(t, err)
			got := make([]byte, len(answer))
			_, err = io.ReadFull(c, got)
			require.NoError(t, err)
			assert.Equal(t, answer, string(got))
			assert.Equal(t, (i+1)*len(request), n.Up())
			assert.Equal(t, (i+1)*len(answer), n.Down())
		}
		assert.Equal(t, 1, n.Dialed())
	})
}

func TestClientKeepsItsConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := Serve(hello)
		defer n.Close()
		for range 3 {
			a, err := n.Client().Get("http://example.com/")
			require.NoError(t, err)
			body, err := io.ReadAll(a.Body)
			require.NoError(t, err)
			assert.Equal(t, "Hello", string(body))
		}
		assert.Equal(t, 1, n.Dialed())
	})
}

func TestCloseEndsEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
		c, err := n.Dial()
		require.NoError(t, err)
		fmt.Fprint(c, request)
		n.Close()
		_, err = bufio.NewReader(c).ReadByte()
		assert.ErrorIs(t, err, io.EOF)
		_, err = n.Client().Get("http://example.com/")
		assert.ErrorContains(t, err, "closed")
	})
}

func TestPanicOfTheHandlerIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := Serve(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("not written yet") }))
		defer n.Close()
		assert.Nil(t, n.Panicked())
		_, err := n.Client().Post("http://example.com/", "text/plain", strings.NewReader("x"))
		assert.ErrorIs(t, err, io.EOF)
		assert.Equal(t, "not written yet", n.Panicked())
	})
}
