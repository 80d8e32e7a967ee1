package export

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/wire"
	"example.com/ws101/frames"
)

// missing skips a test for which this machine lacks a program, unless all is to be tested.
func missing(t *testing.T, sentence string) {
	t.Helper()
	if os.Getenv("WS101_FULL") != "" {
		t.Fatal(sentence)
	}
	t.Skip(sentence)
}

// dissect has Wireshark read rows, and returns a line for each packet that passes
// the filter: the values of these fields.
func dissect(t *testing.T, rows []wire.Row, filter string, fields ...string) [][]string {
	t.Helper()
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		missing(t, "this test needs Wireshark's tshark: apt-get install tshark")
	}
	file := filepath.Join(t.TempDir(), "rows.pcapng")
	require.NoError(t, os.WriteFile(file, Pcap(rows), 0o600))
	args := []string{"-r", file, "-Y", filter, "-T", "fields", "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE"}
	for _, f := range fields {
		args = append(args, "-e", f)
	}
	out, err := exec.Command(tshark, args...).Output()
	require.NoError(t, err)
	var lines [][]string
	for line := range strings.Lines(string(out)) {
		lines = append(lines, strings.Split(strings.TrimRight(line, "\n"), "\t"))
	}
	return lines
}

// A frame in the words of Wireshark's fields.
var frameFields = []string{
	"frame.comment", "tcp.srcport", "websocket.fin", "websocket.rsv", "websocket.opcode", "websocket.mask",
	"websocket.payload_length", "websocket.payload_length_ext_16", "websocket.payload_length_ext_64",
	"websocket.masking_key", "websocket.payload.close.status_code",
}

// explained returns the same of a row, with frames.Explain.
func explained(r *wire.Row, port string) []string {
	x := r.Explain()
	h := x.Header
	bit := func(b bool) string { return strconv.Itoa(map[bool]int{true: 1}[b]) }
	rsv := 0
	for i, b := range []bool{h.Rsv3, h.Rsv2, h.Rsv1} {
		if b {
			rsv |= 1 << i
		}
	}
	length := strconv.FormatUint(h.Length, 10)
	ext16, ext64 := "", ""
	switch x.Bytes[1] & 0x7f {
	case 126:
		length, ext16 = "126", length
	case 127:
		length, ext64 = "127", length
	}
	key, code := "", ""
	if h.Masked {
		key = hex.EncodeToString(h.MaskKey[:])
	}
	if h.Opcode == frames.Close {
		c, _, _ := frames.ParseClose(x.Payload)
		code = strconv.Itoa(int(c))
	}
	return []string{fmt.Sprintf("row %d", r.Seq), port, bit(h.Fin), fmt.Sprintf("0x%02x", rsv), strconv.Itoa(int(h.Opcode)),
		bit(h.Masked), length, ext16, ext64, key, code}
}

func TestWiresharkReadsTheSameFrames(t *testing.T) {
	c := conversation(t)
	rows := c.rows()
	var want [][]string
	for i := range rows {
		if r := &rows[i]; r.Kind == wire.Frame && r.Part != wire.Begun {
			want = append(want, explained(r, [...]string{"50001", "8101"}[r.From]))
		}
	}
	require.Len(t, want, 13)
	assert.Equal(t, want, dissect(t, rows, "websocket", frameFields...))
}

func TestWiresharkReadsTheHandshake(t *testing.T) {
	rows := conversation(t).rows()
	assert.Equal(t, [][]string{
		{"row 2", "127.0.0.1", "50001", "127.0.0.1", "8101", "GET", "/echo/ws?room=1&who=%E7%8F%AE", upgradeKey, "", ""},
		{"row 3", "127.0.0.1", "8101", "127.0.0.1", "50001", "", "", "", "101", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="},
	}, dissect(t, rows, "http.request || http.response", "frame.comment", "ip.src", "tcp.srcport", "ip.dst", "tcp.dstport",
		"http.request.method", "http.request.uri", "http.sec_websocket_key", "http.response.code", "http.sec_websocket_accept"))
	assert.Equal(t, [][]string{{"50001", "1", "0", "0"}, {"8101", "1", "0", "0"}, {"8101", "0", "1", "0"}, {"50001", "0", "1", "0"}},
		dissect(t, rows, "tcp.flags.syn == 1 || tcp.flags.fin == 1 || tcp.flags.reset == 1",
			"tcp.srcport", "tcp.flags.syn", "tcp.flags.fin", "tcp.flags.reset"))
}

// What Wireshark would complain about: a wrong checksum, a number that does not follow.
const complaints = `tcp.analysis.flags || tcp.checksum.status == "Bad" || ip.checksum.status == "Bad" || _ws.malformed`

func TestWiresharkFindsNothingWrong(t *testing.T) {
	for name, rows := range map[string][]wire.Row{"frames": conversation(t).rows(), "requests": requests(t).rows(), "the later part": conversation(t).rows()[5:]} {
		assert.Empty(t, dissect(t, rows, complaints, "frame.number", "_ws.col.Info"), name)
	}
	assert.Equal(t, [][]string{{"POST", ""}, {"", "200"}, {"GET", ""}, {"", "200"}},
		dissect(t, requests(t).rows(), "http", "http.request.method", "http.response.code"))
}

func TestWhatWasNotKeptIsSaid(t *testing.T) {
	file := string(Pcap(conversation(t).rows()))
	assert.Contains(t, file, "Row 13: 183630 of its last 200014 bytes were not kept.")
	assert.Contains(t, file, "the packets around them are made up")
	file = string(Pcap(conversation(t).rows()[5:]))
	assert.Contains(t, file, "Connection 1 was open before the first of these rows, so it has no SYN, and 127.0.0.1:40001 and 127.0.0.1:80 stand for its addresses.")
	c := tell(t, "pipe", "pipe")
	assert.Contains(t, string(Pcap(c.rows())), "Connection 1 has no IP addresses, so 127.0.0.1:40001 and 127.0.0.1:80 stand for them.")
}

func TestPcapOfIPv6(t *testing.T) {
	c := tell(t, "[::1]:50001", "[fe80::1%eth0]:8101")
	c.upgrade("")
	c.hex(wire.Client, "81 85 37 fa 21 3d 7f 9f 4d 51 58")
	rows := c.rows()
	assert.Empty(t, dissect(t, rows, complaints, "frame.number", "_ws.col.Info"))
	assert.Equal(t, [][]string{{"::1", "fe80::1", "1"}}, dissect(t, rows, "websocket", "ipv6.src", "ipv6.dst", "websocket.opcode"))
}

func TestPcapOfAResetAndOfWhatWasInjected(t *testing.T) {
	c := tell(t, "127.0.0.1:50001", "127.0.0.1:8101")
	c.upgrade("")
	require.NoError(t, c.relay.Inject(wire.Client, []byte{0x89, 0x80, 0, 0, 0, 0}))
	c.relay.End(wire.Server, os.ErrPermission)
	rows := c.rows()
	assert.Equal(t, [][]string{{"row 4, injected by the inspector"}}, dissect(t, rows, "websocket", "frame.comment"))
	assert.Equal(t, [][]string{{"8101"}}, dissect(t, rows, "tcp.flags.reset == 1", "tcp.srcport"))
}

func TestAddresses(t *testing.T) {
	for note, want := range map[string]bool{
		"127.0.0.1:1 to 127.0.0.1:2": true, "[::ffff:127.0.0.1]:1 to 127.0.0.1:2": true, "[::1]:1 to [::1]:2": true,
		"[::1]:1 to 127.0.0.1:2": false, "pipe to pipe": false, "": false, "127.0.0.1:1": false,
	} {
		client, server, ok := addresses(&wire.Row{Kind: wire.Opened, Note: note})
		assert.Equal(t, want, ok, note)
		if ok {
			assert.Equal(t, [2]uint16{1, 2}, [2]uint16{client.Port(), server.Port()}, note)
			assert.Equal(t, netip.Addr{}.Zone(), client.Addr().Zone())
		}
	}
}
