package dial

import (
	"bytes"
	"context"
	"flag"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/rfc6455"
)

var update = flag.Bool("update", false, "write the golden files anew")

// The whole of an echo conversation, to the last bit: keys, times and ports are
// fixed.
func TestTraceOfAConversation(t *testing.T) {
	url := server(t, nil, echo)
	var all bytes.Buffer
	tick := time.Unix(0, 0)
	random := make([]byte, 64)
	for i := range random {
		random[i] = byte(i * 7)
	}
	p := program{
		stdin:  strings.NewReader("hello, 世界\n"),
		screen: &screen{out: &all, err: &all},
		now:    func() time.Time { tick = tick.Add(time.Millisecond); return tick },
		rand:   bytes.NewReader(random),
	}
	code := p.run(context.Background(), []string{"-trace", "-n", "1", "-H", "X-Lesson: 1", url + "/echo?a=b"})
	assert.Equal(t, exitOK, code)
	got := regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllString(all.String(), "127.0.0.1:PORT")

	golden := filepath.Join("testdata", "trace.golden")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}

func TestTraceIsInsideTLS(t *testing.T) {
	s := tlsServer(t)
	got := run(t, "hello\n", "-trace", "-n", "1", "-insecure", s)
	assert.Equal(t, exitOK, got.code, got.err)
	assert.Equal(t, "hello\n", got.out)
	assert.Contains(t, got.err, "-insecure: the server's certificate is not checked")
	assert.Contains(t, got.err, "client → server  GET / HTTP/1.1\n")
	assert.Contains(t, got.err, "client → server  text, FIN, masked, 5 bytes\n")
	assert.Contains(t, got.err, "server → client  text, FIN, 5 bytes\n")
}

func tlsServer(t *testing.T) string {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if conn, err := rfc6455.Upgrade(w, r, nil); err == nil {
			echo(conn, nil)
		}
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return "wss" + strings.TrimPrefix(s.URL, "https")
}
