package peers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/rfc6455/conformance/peers"
)

// fullVariable names the environment variable that makes a missing peer a failure.
const fullVariable = "WS101_FULL"

// missing skips a test that lacks something, or fails it if fullVariable is
// set. what says in a sentence what to install.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv(fullVariable) != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// external skips a test that runs another program, with -short.
func external(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short leaves other programs out")
	}
}

// A process is a peer that is a program of its own. It is killed when its context ends.
type process struct {
	cmd    *exec.Cmd
	stdin  io.Closer // whose end tells a server to end
	lines  *json.Decoder
	stderr bytes.Buffer
}

func start(ctx context.Context, t *testing.T, env []string, name string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.CommandContext(ctx, name, args...)}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stderr = &p.stderr
	stdin, err := p.cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	p.stdin, p.lines = stdin, json.NewDecoder(stdout)
	require.NoError(t, p.cmd.Start())
	return p
}

// reports reads reports until the program has ended, which is then waited for.
func (p *process) reports(t *testing.T) <-chan peers.Report {
	reports, done := make(chan peers.Report, 100), make(chan struct{})
	go func() {
		defer close(done)
		defer close(reports)
		for {
			var r peers.Report
			if err := p.lines.Decode(&r); err != nil {
				break
			}
			reports <- r
		}
		if err := p.cmd.Wait(); err != nil {
			reports <- peers.Report{Target: "the end", Error: err.Error() + ": " + p.stderr.String()}
		}
	}()
	t.Cleanup(func() {
		p.stdin.Close()
		<-done
	})
	return reports
}

// program makes a peer of a script. command is what runs it: the script and the
// arguments before "client" or "server" are part of it.
func program(env []string, command ...string) (client func(context.Context, *testing.T, []string) <-chan peers.Report, server func(context.Context, *testing.T) service) {
	client = func(ctx context.Context, t *testing.T, urls []string) <-chan peers.Report {
		args := append(append(command[1:len(command):len(command)], "client"), urls...)
		return start(ctx, t, env, command[0], args...).reports(t)
	}
	server = func(ctx context.Context, t *testing.T) service {
		p := start(ctx, t, env, command[0], append(command[1:len(command):len(command)], "server")...)
		var s service
		var first struct{ URL string }
		err := p.lines.Decode(&first)
		s.url, s.reports = first.URL, p.reports(t)
		if !assert.NoError(t, err) {
			p.stdin.Close()
			for r := range s.reports {
				t.Log(r.Error)
			}
			t.FailNow()
		}
		return s
	}
	return client, server
}
