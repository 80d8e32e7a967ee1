package export

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/wire"
	"example.com/ws101/frames"
)

func TestHex(t *testing.T) {
	rows := conversation(t).rows()
	assert.Equal(t, "81 85 37 fa 21 3d 7f 9f 4d 51 58\n", string(Hex(rows[3:4])))
	assert.Equal(t, "# row 4, connection 1, client: frame\n81 85 37 fa 21 3d 7f 9f 4d 51 58\n"+
		"# row 5, connection 1, server: frame\n81 05 48 65 6c 6c 6f\n", string(Hex(rows[3:5])))
	assert.True(t, strings.HasSuffix(string(Hex(rows[12:13])), "\n# and 183630 bytes that were not kept\n"))
	assert.Empty(t, Hex(rows[:1]), "a connection that is opened has no bytes")
}

func TestTheGoTestPasses(t *testing.T) {
	c := conversation(t)
	c.open("127.0.0.1:50009", "127.0.0.1:8101")
	c.upgrade("Sec-WebSocket-Extensions: permessage-deflate\n")
	c.hex(wire.Server, "c1 07 f2 48 cd c9 c9 07 00")
	c.frame(wire.Client, frames.Header{Opcode: frames.Text}, []byte{0xe4, 0xbd})
	c.frame(wire.Client, frames.Header{Opcode: frames.Continuation, Fin: true}, []byte{0xff})
	c.frame(wire.Client, frames.Header{Fin: true, Rsv2: true, Opcode: 11}, []byte("*/ \n"))
	file := filepath.Join(t.TempDir(), "replay_test.go")

	source := GoTest(c.rows())
	require.NoError(t, os.WriteFile(file, source, 0o600))
	assert.Contains(t, string(source), `"6455-8.1-1"`)
	assert.Contains(t, string(source), "bytes of it were not kept")
	out, err := exec.Command("go", "test", "-count=1", file).CombinedOutput()
	require.NoError(t, err, "%s", out)

	// One bit is enough to make it fail.
	wrong := bytes.Replace(source, []byte(`"81 05 48`), []byte(`"91 05 48`), 1)
	require.NotEqual(t, source, wrong)
	require.NoError(t, os.WriteFile(file, wrong, 0o600))
	out, err = exec.Command("go", "test", "-count=1", file).CombinedOutput()
	require.Error(t, err)
	assert.Contains(t, string(out), "row 5: got")

	// From the middle on, a fragment of text without its beginning is left out.
	assert.Contains(t, string(GoTest(c.rows()[8:])), "Row 9 is left out: how far its text had got before is not known.")
}

// receive accepts a connection, and returns the request on it and its body.
func receive(t *testing.T, l net.Listener) (*http.Request, []byte) {
	conn, err := l.Accept()
	require.NoError(t, err)
	defer conn.Close()
	r, err := http.ReadRequest(bufio.NewReader(conn))
	require.NoError(t, err)
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	_, err = conn.Write([]byte("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"))
	require.NoError(t, err)
	return r, body
}

func TestCurlSendsTheSameRequest(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		missing(t, "this test needs curl: apt-get install curl")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	for name, c := range map[string]struct{ head, body string }{
		"get":      {"GET /a/../b?x=[1]&y={2} HTTP/1.1\nHost: HOST\nX-Quote: it's $(touch x) `y` \\ \"\nX-Empty:\nAccept: */*\nUser-Agent: test\n", ""},
		"bare":     {"GET / HTTP/1.1\nHost: HOST\n", ""},
		"post":     {"POST /vote HTTP/1.1\nHost: HOST\nContent-Type: application/json\nContent-Length: 13\n", "@it's\n{\"a\":1}"},
		"binary":   {"PUT /x HTTP/1.1\nHost: HOST\nContent-Length: 5\n", "\x00\xff\n%d"},
		"no field": {"GET / HTTP/1.1\nHost: HOST\n@/etc/hostname: x\nA B: c\n", ""},
		"upgrade":  {"GET /echo/ws HTTP/1.1\nHost: HOST\nConnection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: " + upgradeKey + "\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			head := strings.ReplaceAll(c.head, "HOST", l.Addr().String())
			told := tell(t, "127.0.0.1:50001", l.Addr().String())
			told.text(wire.Client, head+"\n")
			told.relay.Pass(wire.Client, []byte(c.body))
			script := string(Curl(told.rows()))

			command := exec.Command("sh", "-c", script)
			command.Dir = t.TempDir()
			require.NoError(t, command.Start())
			got, body := receive(t, l)
			_ = command.Wait() // an Upgrade that is answered with 200 is an error for some
			want, err := http.ReadRequest(bufio.NewReader(strings.NewReader(strings.ReplaceAll(withoutBroken(head), "\n", "\r\n") + "\r\n")))
			require.NoError(t, err)
			assert.Equal(t, want.Method, got.Method)
			assert.Equal(t, want.RequestURI, got.RequestURI)
			assert.Equal(t, want.Host, got.Host)
			assert.Equal(t, want.Header, got.Header, script)
			assert.Equal(t, c.body, string(body), script)
		})
	}
}

// withoutBroken drops the fields that are no fields.
func withoutBroken(head string) string {
	var b strings.Builder
	for line := range strings.Lines(head) {
		if !strings.HasPrefix(line, "@") && !strings.HasPrefix(line, "A B") {
			b.WriteString(line)
		}
	}
	return b.String()
}
