package peers_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/rfc6455"
	"example.com/ws101/rfc6455/conformance/peers"
)

// behindNginx is our server under net/http, with nginx in front.
func behindNginx(t *testing.T) *peer {
	return &peer{
		cannot: ours.cannot,
		server: func(ctx context.Context, t *testing.T) service {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			reports := make(chan peers.Report, 100)
			srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				conn, err := rfc6455.Upgrade(w, r, &rfc6455.AcceptOptions{Options: options})
				if err == nil {
					reports <- perform(ctx, conn, r.RequestURI)
				}
			})}
			go srv.Serve(l)
			t.Cleanup(func() { srv.Close() })
			return service{"ws://" + startNginx(t, l.Addr().String()), reports}
		},
	}
}

// startNginx returns the address of an nginx that passes all on to server.
func startNginx(t *testing.T, server string) string {
	t.Helper()
	external(t)
	path, err := exec.LookPath("nginx")
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/nginx") // not on everybody's PATH
	}
	if err != nil {
		missing(t, "this test needs nginx: apt-get install nginx-light")
	}
	config, err := os.ReadFile("testdata/nginx.conf")
	require.NoError(t, err)

	// nginx takes over a socket that listens already, as it does from its own
	// predecessor: the port is free, and there is no waiting until it is open.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	listening, err := l.(*net.TCPListener).File()
	require.NoError(t, err)
	defer listening.Close()

	dir := t.TempDir()
	file := filepath.Join(dir, "nginx.conf")
	filled := strings.NewReplacer("{{dir}}", dir, "{{listen}}", l.Addr().String(), "{{server}}", server).Replace(string(config))
	require.NoError(t, os.WriteFile(file, []byte(filled), 0o600))

	cmd := exec.Command(path, "-p", dir, "-e", "stderr", "-c", file)
	cmd.ExtraFiles = []*os.File{listening}
	cmd.Env = append(os.Environ(), "NGINX=3;") // the first of the extra files
	var stderr strings.Builder
	cmd.Stderr = &stderr
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM) // so that it ends its worker too
		cmd.Wait()
		if t.Failed() {
			t.Log(stderr.String())
		}
	})
	return l.Addr().String()
}

func TestThroughNginx(t *testing.T) {
	t.Parallel()
	p := behindNginx(t)
	xs := p.possible(peers.Exchanges())
	weDial(t, p, xs, nil).check(t, xs)
	compressed := peers.Deflating{WeDial: true}.Exchanges()
	agreed := weDial(t, p, compressed, nil).agreed(t, compressed)
	assert.NotContains(t, agreed, false, "nginx passes the parameters on as they are")
}

// Without the line about Host, the server compares the page's origin with the
// name by which nginx knows it.
func TestThroughNginxWithoutHost(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	there := behindNginx(t).server(ctx, t)
	page := "http" + strings.TrimPrefix(there.url, "ws")
	_, _, err := rfc6455.Dial(ctx, there.url+"/without-host/echo", &rfc6455.DialOptions{Origin: page})
	var refused *rfc6455.HandshakeError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, 403, refused.Response.Status)

	conn, _, err := rfc6455.Dial(ctx, there.url+"/echo", &rfc6455.DialOptions{Origin: page})
	require.NoError(t, err)
	assert.NoError(t, conn.Close(1000, ""))
}
