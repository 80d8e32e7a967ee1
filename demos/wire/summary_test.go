package wire

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/frames"
)

func TestSummary(t *testing.T) {
	frame := func(wire string, client bool) Row {
		b, err := hex.DecodeString(strings.ReplaceAll(wire, " ", ""))
		require.NoError(t, err)
		return Row{Kind: Frame, Size: uint64(len(b)), Bytes: b, State: frames.State{FromClient: client}}
	}
	text := func(kind Kind, part Part, s string) Row {
		return Row{Kind: kind, Part: part, Size: uint64(len(s)), Content: uint64(len(s)), Bytes: []byte(s)}
	}
	for _, c := range []struct {
		row  Row
		want string
	}{
		{Row{Kind: Opened, Note: "127.0.0.1:1 to 127.0.0.1:2"}, "127.0.0.1:1 to 127.0.0.1:2"},
		{text(Request, Whole, "\r\nGET /a?b HTTP/1.1\r\nHost: x\r\n\r\n"), "GET /a?b HTTP/1.1"},
		{text(Request, Cut, "GET /\x1b[2J"), `GET /\x1b[2J … (cut)`},
		{text(Body, Whole, "a=1"), `body, 3 bytes  "a=1"`},
		{text(Event, Whole, "id: 7\ndata: x\n"), `event, id 7, data 1 byte  "x"`},
		{Row{Kind: LastChunk}, "last chunk: the body is complete"},
		{Row{Kind: FIN, From: Server}, "FIN: the server sends no more"},
		{frame("81 85 37 fa 21 3d 7f 9f 4d 51 58", true), `text "Hello" (FIN, masked)`},
		{frame("88 05 03 e8 62 79 65", false), `close 1000 "bye" (FIN)`},
		{frame("71 00", false), "text (RSV1, RSV2, RSV3)"},
		{frame("89", false), "ping (FIN, cut short)"},
	} {
		assert.Equal(t, c.want, c.row.Summary())
	}
}
