package main

import (
	"bufio"
	"compress/flate"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/ws101/frames"
)

// What the test of the server's memory attacks, and what with.

// process is the built command, serving.
type process struct {
	t    *testing.T
	pid  int
	addr string
}

// build returns the path of the command.
func build(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "conformance")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return path
}

// serveProcess runs "conformance serve" for the length of a test.
func serveProcess(t *testing.T, program string, flags ...string) *process {
	cmd := exec.Command(program, append([]string{"serve", "-addr", "127.0.0.1:0"}, flags...)...)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	_, rest, _ := strings.Cut(line, "ws://")
	addr, _, _ := strings.Cut(rest, " ")
	return &process{t, cmd.Process.Pid, addr}
}

// canMeasure reports whether the system tells the peak of a process's memory.
func canMeasure() bool {
	_, err := peakOf(os.Getpid())
	return err == nil
}

// peak is the most memory, in bytes, that the process had so far (the peak of
// its resident set).
func (p *process) peak() int {
	n, err := peakOf(p.pid)
	require.NoError(p.t, err)
	return n
}

func peakOf(pid int) (int, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kb, _, ok := strings.Cut(rest, " kB")
	if !ok {
		return 0, fmt.Errorf("/proc/%d/status has no VmHWM", pid)
	}
	n, err := strconv.Atoi(strings.TrimSpace(kb))
	return n << 10, err
}

// frame returns a frame as a client sends it, masked with the key 0, which
// changes nothing. b0 is its first byte: FIN, RSV and opcode.
func frame(b0 byte, payload string) string {
	b := frames.AppendHeader(nil, frames.Header{Masked: true, Length: uint64(len(payload))})
	b[0] = b0
	return string(b) + payload
}

// text is n bytes.
func text(n int) string { return strings.Repeat("t", n) }

// packed is the payload of a compressed message that comes to n bytes.
func packed(n int) string {
	var b strings.Builder
	w, _ := flate.NewWriter(&b, flate.BestCompression)
	zeros := make([]byte, 64<<10)
	for ; n > 0; n -= len(zeros) {
		w.Write(zeros[:min(n, len(zeros))])
	}
	w.Flush()
	return strings.TrimSuffix(b.String(), "\x00\x00\xff\xff")
}

// bomb is a compressed message of 90 KB that comes to 90 MiB.
var bomb = sync.OnceValue(func() string { return packed(90 << 20) })

// inFragments is a compressed message in fragments of n bytes.
func inFragments(payload string, n int) string {
	var b strings.Builder
	b0 := byte(0x42)
	for len(payload) > n {
		b.WriteString(frame(b0, payload[:n]))
		payload, b0 = payload[n:], 0x00
	}
	b.WriteString(frame(0x80|b0, payload))
	return b.String()
}
