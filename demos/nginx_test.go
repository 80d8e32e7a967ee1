package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/devtools"
	"example.com/ws101/rfc6455"
)

// nginxPatience is how long an event may take. It takes milliseconds, unless the machine has much
// else to do.
const nginxPatience = 30 * time.Second

// startNginx starts nginx in front of a server, with the lines that the README shows, and returns
// its address. Without nginx on this machine the test is skipped, or fails if everything is to be
// tested.
func startNginx(t *testing.T, server string) string {
	t.Helper()
	path, err := exec.LookPath("nginx")
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/nginx") // not on everybody's PATH
	}
	if err != nil {
		if os.Getenv(devtools.FullVariable) != "" {
			t.Fatal("this test needs nginx, which is not on the PATH")
		}
		t.Skip("this test needs nginx, which is not on the PATH")
	}
	dir := t.TempDir()
	// On a Unix socket, since nginx cannot be given a free port. The Host is the client's word anyway.
	socket := filepath.Join(dir, "s")
	if len(socket) > 100 {
		t.Skip("the path of the folder for this test is too long for the address of a Unix socket: " + socket)
	}
	var config bytes.Buffer
	require.NoError(t, template.Must(template.ParseFiles("testdata/nginx.conf")).Execute(&config,
		map[string]string{"Dir": dir, "Listen": "unix:" + socket, "Server": server}))
	file := filepath.Join(dir, "nginx.conf")
	require.NoError(t, os.WriteFile(file, config.Bytes(), 0o600))

	log := filepath.Join(dir, "error.log")
	ctx, cancel := context.WithCancel(context.Background())
	nginx := exec.CommandContext(ctx, path, "-e", log, "-p", dir, "-c", file)
	nginx.Cancel = func() error { return nginx.Process.Signal(os.Interrupt) }
	nginx.WaitDelay = 10 * time.Second
	require.NoError(t, nginx.Start())
	ended := make(chan struct{})
	go func() { _ = nginx.Wait(); close(ended) }()
	t.Cleanup(func() { cancel(); <-ended })
	for {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			conn.Close()
			return socket
		}
		select {
		case <-ended:
			text, _ := os.ReadFile(log)
			t.Fatalf("nginx ended at once:\n%s", text)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Through nginx, with the few lines of testdata/nginx.conf, all techniques deliver each event at once,
// and a page may vote: its Origin is the Host that it asked for.
func TestEveryTechniqueWorksThroughNginx(t *testing.T) {
	const site = "localhost:8080" // what the browser would have in its address bar
	r := startRun(t)
	socket := startNginx(t, strings.TrimSuffix(strings.TrimPrefix(r.url, "http://"), "/"))
	dial := func() (net.Conn, error) { return net.Dial("unix", socket) }
	vote := func() int {
		conn, err := dial()
		require.NoError(t, err)
		defer conn.Close()
		return postVote(t, conn, site, "http://"+site)
	}

	for _, name := range techniqueNames {
		t.Run(name, func(t *testing.T) {
			took := make(chan int)
			page := &reader{technique: name, host: site, dial: dial, poll: 10 * time.Millisecond}
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			page.took = func() {
				select {
				case took <- page.events:
				case <-ctx.Done():
				}
			}
			ended := make(chan error, 1)
			go func() { ended <- page.follow(ctx) }()
			// Each event has to come before the next one happens: nothing waits in nginx for more.
			for want := range 4 {
				for came := -1; came != want; {
					select {
					case came = <-took:
					case err := <-ended:
						require.NoError(t, err)
					case <-time.After(nginxPatience):
						t.Fatalf("event %d does not come", want)
					}
				}
				require.Equal(t, 200, vote())
			}
		})
	}

	conn, err := dial()
	require.NoError(t, err)
	defer conn.Close()
	assert.Equal(t, 403, postVote(t, conn, site, "https://evil.example"))

	conn, err = dial()
	require.NoError(t, err)
	_, _, err = rfc6455.Client(t.Context(), conn, "ws://"+site+"/websocket/vote", &rfc6455.DialOptions{Origin: "https://evil.example"})
	var refused *rfc6455.HandshakeError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, 403, refused.Response.Status)
	r.end(t)
}

// postVote votes as a page of an origin does, and returns the status of the answer.
func postVote(t *testing.T, conn net.Conn, host, origin string) int {
	t.Helper()
	const ballot = `{"uid": 1}`
	_, err := fmt.Fprintf(conn, "POST /polling/vote HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\nContent-Type: application/json\r\n"+
		"Content-Length: %d\r\n\r\n%s", host, origin, len(ballot), ballot)
	require.NoError(t, err)
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	return answer.StatusCode
}
