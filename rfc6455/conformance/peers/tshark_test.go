package peers_test

import (
	"bytes"
	"encoding/hex"
	"encoding/xml"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/frames"
	"example.com/ws101/rfc6455/conformance/peers"
)

// mostUnmasked is how many bytes of a masked payload Wireshark shows.
const mostUnmasked = 256 << 10

// firstPort is the client's port of the first exchange in a capture; each has its own.
const firstPort = 50000

// record puts what a tap has seen into a capture, as a connection from this port to port 80,
// where Wireshark expects HTTP.
func record(p *pcapWriter, tap *peers.Tap, port int) {
	local := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	segments := tap.Segments()
	c := p.open(netip.AddrPortFrom(local, uint16(port)), netip.AddrPortFrom(local, 80), segments[0].Time)
	for _, s := range segments {
		from := fromServer
		if s.FromClient {
			from = fromClient
		}
		c.data(from, s.Bytes, s.Time)
	}
	c.close(fromServer)
}

// A frameSeen is a frame as somebody reads it.
type frameSeen struct {
	fin, masked bool
	compressed  bool // RSV1
	opcode      frames.Opcode
	length      uint64
	key         string // in hex
	// payload is the whole message where a message ends, as hex: Wireshark
	// shows no piece of text alone.
	payload string
	code    string // of a Close frame
	reason  string
}

// explained reads frames with frames.Explain.
func explained(t *testing.T, tap *peers.Tap, client bool) []frameSeen {
	all, err := tap.Frames(client, tap.Deflated())
	require.NoError(t, err)
	var seen []frameSeen
	var message []byte
	for _, x := range all {
		h := x.Header
		f := frameSeen{fin: h.Fin, masked: h.Masked, compressed: h.Rsv1, opcode: h.Opcode, length: h.Length}
		if h.Masked {
			f.key = hex.EncodeToString(h.MaskKey[:])
		}
		switch {
		case h.Opcode == frames.Close:
			for _, field := range x.Fields {
				switch field.Kind {
				case frames.FieldCode:
					f.code, _, _ = strings.Cut(field.Value, " ")
				case frames.FieldReason:
					_, f.reason, _ = frames.ParseClose(x.Payload)
				}
			}
		case h.Opcode.IsControl():
			f.payload = hex.EncodeToString(x.Payload)
		default:
			shown := x.Payload
			if h.Masked {
				shown = shown[:min(len(shown), mostUnmasked)]
			}
			message = append(message, shown...)
			if h.Fin && h.Length > 0 { // behind an empty frame Wireshark shows no message
				f.payload = hex.EncodeToString(message)
			}
			if h.Fin {
				message = nil
			}
		}
		seen = append(seen, f)
	}
	return seen
}

// A pdmlField is an element of the XML that tshark writes.
type pdmlField struct {
	Name  string      `xml:"name,attr"`
	Show  string      `xml:"show,attr"`
	Value string      `xml:"value,attr"`
	In    []pdmlField `xml:",any"`
}

// walk calls f for every field, in order.
func (p pdmlField) walk(f func(pdmlField)) {
	f(p)
	for _, in := range p.In {
		in.walk(f)
	}
}

// end is one end of a connection: the client's port, and which side sends.
type end struct {
	port   int
	client bool
}

// dissected reads the frames in a capture with Wireshark.
func dissected(t *testing.T, tshark, file string) map[end][]frameSeen {
	out, err := exec.Command(tshark, "-r", file, "-T", "pdml", "-Y", "websocket", "-J", "tcp websocket data").Output()
	require.NoError(t, err)
	seen := map[end][]frameSeen{}
	decoder := xml.NewDecoder(bytes.NewReader(out))
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return seen
		}
		require.NoError(t, err)
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "packet" {
			var packet pdmlField
			require.NoError(t, decoder.DecodeElement(&packet, &start))
			dissectedPacket(seen, packet)
		}
	}
}

// dissectedPacket adds the frames that end in a packet.
func dissectedPacket(seen map[end][]frameSeen, packet pdmlField) {
	var from end
	last := &frameSeen{}
	packet.walk(func(field pdmlField) {
		number, _ := strconv.ParseUint(field.Show, 0, 64)
		switch name := field.Name; name {
		case "tcp.srcport":
			from = end{int(number), number != 80}
		case "tcp.dstport":
			from.port = max(from.port, int(number))
		case "websocket.fin": // the first field of a frame
			seen[from] = append(seen[from], frameSeen{fin: number == 1})
			last = &seen[from][len(seen[from])-1]
		case "websocket.opcode":
			last.opcode = frames.Opcode(number)
		case "websocket.pmc":
			last.compressed = number == 1
		case "websocket.mask":
			last.masked = number == 1
		case "websocket.payload_length", "websocket.payload_length_ext_16", "websocket.payload_length_ext_64":
			last.length = number // 126 and 127 come first, and then what they stand for
		case "websocket.masking_key":
			last.key = field.Value
		case "websocket.payload.text", "websocket.payload.ping", "websocket.payload.pong", "data.data":
			last.payload = field.Value
		case "websocket.payload.close.status_code":
			last.code = field.Show
		case "websocket.payload.close.reason":
			last.reason = field.Show
		}
	})
}

// withoutCompressed drops the payload of messages that are compressed: Wireshark
// shows it inflated, and frames.Explain as it is.
func withoutCompressed(seen []frameSeen) []frameSeen {
	compressed := false
	for i, f := range seen {
		if f.opcode == frames.Text || f.opcode == frames.Binary {
			compressed = f.compressed
		}
		if compressed && !f.opcode.IsControl() {
			seen[i].payload = ""
		}
	}
	return seen
}

// conversations returns exchanges of our client with our server, compressed ones
// too. The largest are left out: as XML they would be several hundred MiB.
func conversations(t *testing.T) []*run {
	plain := smaller(ours.possible(peers.Exchanges()))
	var all []*run
	// With and without context takeover: where only one side forgets its context,
	// Wireshark 4.0 takes it for the other one and cannot decompress.
	sets := peers.Deflating{WeDial: true}.Exchanges()
	for _, xs := range [][]peers.Exchange{plain, sets[:1], sets[3:4]} {
		runs := weDial(t, &ours, xs, nil)
		runs.check(t, xs)
		for _, x := range xs {
			all = append(all, runs[x.Number()])
		}
	}
	return all
}

// TestWiresharkAgrees shows our frames, of both sides, to Wireshark's dissector.
func TestWiresharkAgrees(t *testing.T) {
	t.Parallel()
	external(t)
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		missing(t, "this test needs Wireshark's tshark: apt-get install tshark")
	}
	taps := conversations(t)
	file := filepath.Join(t.TempDir(), "exchanges.pcap")
	f, err := os.Create(file)
	require.NoError(t, err)
	p := newPcapWriter(f)
	for i, one := range taps {
		record(p, one.Tap, firstPort+i)
	}
	require.NoError(t, p.err)
	require.NoError(t, f.Close())

	t.Run("frame by frame", func(t *testing.T) {
		seen := dissected(t, tshark, file)
		for i, one := range taps {
			for _, client := range []bool{true, false} {
				want := withoutCompressed(explained(t, one.Tap, client))
				require.NotEmpty(t, want)
				got := withoutCompressed(seen[end{firstPort + i, client}])
				assert.Equal(t, want, got, "%s, client %v", one.Exchange.Name, client)
			}
		}
	})
	t.Run("nothing is wrong with the capture", func(t *testing.T) {
		out, err := exec.Command(tshark, "-r", file, "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE",
			"-Y", `tcp.analysis.flags || tcp.checksum.status != "Good" || ip.checksum.status != "Good"`+
				` || websocket.decompression.failed.expert`).Output()
		require.NoError(t, err)
		assert.Empty(t, string(out))
	})
}
