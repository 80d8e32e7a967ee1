package export

import (
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/wire"
)

// streams puts the segments of each side together.
func streams(t *testing.T, rows []wire.Row) (client, server string) {
	t.Helper()
	var b [2][]byte
	for _, s := range segments(rows) {
		require.Zero(t, s.notKept())
		b[s.from] = append(b[s.from], s.bytes...)
	}
	return string(b[wire.Client]), string(b[wire.Server])
}

func TestNoByteIsThereTwice(t *testing.T) {
	const question = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789"
	const answer = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n" +
		"9\r\ndata: a\n\n\r\n1f\r\ndata: bbbbbbbbbbbbbbbbbbbbbbb\n\n\r\n0\r\n\r\n"
	const strange = "HTTP/1.1 200 OK\r\n\x00\x01this is no HTTP"
	for name, server := range map[string]string{"chunks with events": answer, "a head that turns out to be none": strange} {
		t.Run(name, func(t *testing.T) {
			// Whatever one side has begun is shown as begun when the other one goes on.
			for cut := range len(server) {
				c := tell(t, "127.0.0.1:50002", "127.0.0.1:8101")
				for i := range len(question) {
					c.relay.Pass(wire.Client, []byte(question[i:i+1]))
					if i == cut {
						c.relay.Pass(wire.Server, []byte(server[:cut]))
					}
				}
				if cut >= len(question) {
					c.relay.Pass(wire.Server, []byte(server[:cut]))
					c.relay.Pass(wire.Client, []byte("GET / HTTP/1.1\r\n\r\n"))
				}
				for _, one := range []byte(server[cut:]) {
					c.relay.Pass(wire.Server, []byte{one})
				}
				c.relay.End(wire.Server, io.EOF)
				asked, answered := streams(t, c.rows())
				assert.Equal(t, server, answered, "after %d bytes", cut)
				if cut < len(question) {
					assert.Equal(t, question, asked, "after %d bytes", cut)
				}
			}
		})
	}
}

func TestWhatDidNotLeaveIsTakenBack(t *testing.T) {
	row := func(seq uint64, kind wire.Kind, part wire.Part, b string) wire.Row {
		return wire.Row{Seq: seq, Conn: 1, From: wire.Server, Kind: kind, Part: part, Bytes: []byte(b), Size: uint64(len(b))}
	}
	unsent := wire.Row{Seq: 3, Conn: 1, From: wire.Server, Kind: wire.Unsent, Size: 5}
	_, server := streams(t, []wire.Row{row(1, wire.Bytes, wire.Whole, "0123"), row(2, wire.Bytes, wire.Whole, "456"), unsent, row(4, wire.Bytes, wire.Whole, "again")})
	assert.Equal(t, "01again", server)
	_, server = streams(t, []wire.Row{row(1, wire.Bytes, wire.Whole, "0123"), unsent, row(4, wire.Frame, wire.Cut, "45678")})
	assert.Equal(t, "0123", server, "the row at hand is shown after that, as cut")
}
