package wire

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/frames"
)

// sent is one side's turn in a conversation.
type sent struct {
	from Side
	p    string
}

func c(lines ...string) sent { return sent{Client, strings.Join(lines, "\r\n")} }
func s(lines ...string) sent { return sent{Server, strings.Join(lines, "\r\n")} }

const (
	upgrade  = "GET /chat HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
	switched = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
)

func frame(from Side, fin bool, op frames.Opcode, payload string) string {
	h := frames.Header{Fin: fin, Opcode: op, Length: uint64(len(payload)), Masked: from == Client}
	if h.Masked {
		h.MaskKey = [4]byte{0x37, 0xfa, 0x21, 0x3d}
	}
	p := []byte(payload)
	if h.Masked {
		frames.Mask(h.MaskKey, 0, p)
	}
	return string(append(frames.AppendHeader(nil, h), p...))
}

// told shows rows in a short form: "> request 14".
func told(rows []Row) []string {
	list := []string{}
	for _, r := range rows {
		arrow := ">"
		if r.From == Server {
			arrow = "<"
		}
		t := fmt.Sprintf("%s %v %d", arrow, r.Kind, r.Size)
		switch r.Kind {
		case Body, Chunk, Event:
			t = fmt.Sprintf("%s %v %q", arrow, r.Kind, r.Payload())
		case Request, Response:
			first, _, _ := strings.Cut(strings.TrimLeft(string(r.Bytes), "\r\n"), "\r\n")
			t = fmt.Sprintf("%s %s", arrow, first)
		case Frame:
			x := r.Explain()
			t = fmt.Sprintf("%s %v %q", arrow, x.Header.Opcode, x.Payload)
			if x.Grade != frames.Legal {
				t += " " + x.Grade.String()
			}
		}
		if r.Note != "" {
			t = fmt.Sprintf("%s %v: %s", arrow, r.Kind, r.Note)
		}
		if r.Part != Whole {
			t += " " + r.Part.String()
		}
		list = append(list, t)
	}
	return list
}

// decode feeds a conversation in pieces of size, or in whole turns if size is 0,
// and then both ends.
func decode(size int, talk []sent) []Row {
	var rows []Row
	d := Decoder{Emit: func(r Row) { rows = append(rows, r) }}
	for _, t := range talk {
		p := []byte(t.p)
		for len(p) > 0 {
			n := len(p)
			if size > 0 {
				n = min(n, size)
			}
			d.Feed(t.from, p[:n])
			p = p[n:]
		}
	}
	d.End(Client, FIN, "")
	d.End(Server, FIN, "")
	return rows
}

type conversation struct {
	name string
	talk []sent
	want []string
}

var conversations = []conversation{
	{
		"requests that keep the connection",
		[]sent{
			c("GET /a HTTP/1.1", "Host: x", "", ""),
			s("HTTP/1.1 200 OK", "Content-Length: 5", "", "hello"),
			c("POST /b HTTP/1.1", "Host: x", "content-length: 3", "", "abc"),
			s("HTTP/1.1 204 No Content", "", ""),
			c("GET /c HTTP/1.1", "", ""),
			s("HTTP/1.1 304 Not Modified", "ETag: \"1\"", "Content-Length: 100", "", ""),
			c("HEAD /d HTTP/1.1", "", ""),
			s("HTTP/1.1 200 OK", "Content-Length: 100", "", ""),
			c("GET /e HTTP/1.1", "", ""),
			s("HTTP/1.1 103 Early Hints", "Link: y", "", "HTTP/1.1 200 OK", "Content-Length: 0", "", ""),
		},
		[]string{
			"> GET /a HTTP/1.1", "< HTTP/1.1 200 OK", `< body "hello"`,
			"> POST /b HTTP/1.1", `> body "abc"`, "< HTTP/1.1 204 No Content",
			"> GET /c HTTP/1.1", "< HTTP/1.1 304 Not Modified",
			"> HEAD /d HTTP/1.1", "< HTTP/1.1 200 OK",
			"> GET /e HTTP/1.1", "< HTTP/1.1 103 Early Hints", "< HTTP/1.1 200 OK",
			"> FIN 0", "< FIN 0",
		},
	},
	{
		"requests sent ahead, a HEAD among them",
		[]sent{
			c("HEAD /a HTTP/1.1", "", "GET /b HTTP/1.1", "", ""),
			s("HTTP/1.1 200 OK", "Content-Length: 9", "", "HTTP/1.1 200 OK", "Content-Length: 1", "", "b"),
		},
		[]string{"> HEAD /a HTTP/1.1", "> GET /b HTTP/1.1", "< HTTP/1.1 200 OK", "< HTTP/1.1 200 OK", `< body "b"`, "> FIN 0", "< FIN 0"},
	},
	{
		"chunks",
		[]sent{
			c("GET /events HTTP/1.1", "", ""),
			s("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "5", "hello", "a;ext=1", "0123456789", "0", "Trailer: t", "", ""),
			c("GET /again HTTP/1.1", "", ""),
		},
		[]string{
			"> GET /events HTTP/1.1", "< HTTP/1.1 200 OK",
			`< chunk "hello"`, `< chunk "0123456789"`, "< last chunk 17",
			"> GET /again HTTP/1.1", "> FIN 0", "< FIN 0",
		},
	},
	{
		"a request in chunks, with no trailer",
		[]sent{
			c("POST / HTTP/1.1", "Transfer-Encoding: chunked", "", "3", "abc", "0", "", "GET /next HTTP/1.1", "", ""),
		},
		[]string{"> POST / HTTP/1.1", `> chunk "abc"`, "> last chunk 5", "> GET /next HTTP/1.1", "> FIN 0", "< FIN 0"},
	},
	{
		"a WebSocket, with a fragmented message and a ping in it",
		[]sent{
			{Client, upgrade},
			{Server, switched + frame(Server, true, frames.Text, "hi")},
			{Client, frame(Client, false, frames.Text, "caf\xc3")},
			{Client, frame(Client, true, frames.Ping, "p")},
			{Server, frame(Server, true, frames.Pong, "p")},
			{Client, frame(Client, true, frames.Continuation, "\xa9")},
			{Client, frame(Client, true, frames.Binary, "")},
			{Client, frame(Client, true, frames.Close, "\x03\xe8bye")},
			{Server, frame(Server, true, frames.Close, "\x03\xe8")},
		},
		[]string{
			"> GET /chat HTTP/1.1", "< HTTP/1.1 101 Switching Protocols", `< text "hi"`,
			`> text "caf\xc3"`, `> ping "p"`, `< pong "p"`, `> continuation "\xa9"`, `> binary ""`,
			`> close "\x03\xe8bye"`, `< close "\x03\xe8"`, "> FIN 0", "< FIN 0",
		},
	},
	{
		"frames that come before the 101, and rules that are broken",
		[]sent{
			{Client, upgrade + frame(Client, true, frames.Text, "early")},
			{Server, switched},
			{Client, "\x81\x02hi"},
			{Server, "\x81\x02\xff\xfe"},
			{Server, "\x83\x00"},
			{Server, "\x82\x7e\x00\x02ab"},
		},
		[]string{
			"> GET /chat HTTP/1.1", "< HTTP/1.1 101 Switching Protocols", `> text "early"`,
			`> text "hi" broken`, `< text "\xff\xfe" broken`, `< reserved 0x3 "" broken`, `< binary "ab" broken`,
			"> FIN 0", "< FIN 0",
		},
	},
	{
		"an Upgrade that is refused",
		[]sent{
			{Client, upgrade},
			s("HTTP/1.1 426 Upgrade Required", "Content-Length: 3", "", "no\n"),
			{Client, upgrade},
			s("HTTP/1.1 101 Switching Protocols", "Upgrade: WebSocket", "", ""),
			{Server, "\x8a\x00"},
		},
		[]string{
			"> GET /chat HTTP/1.1", "< HTTP/1.1 426 Upgrade Required", `< body "no\n"`,
			"> GET /chat HTTP/1.1", "< HTTP/1.1 101 Switching Protocols", `< pong ""`,
			"> FIN 0", "< FIN 0",
		},
	},
	{
		"a frame that is cut off",
		[]sent{{Client, upgrade}, {Server, switched + "\x82\x7f\x40\x00\x00\x00\x00\x00\x00\x00abc"}},
		[]string{
			"> GET /chat HTTP/1.1", "< HTTP/1.1 101 Switching Protocols",
			"> FIN 0", `< binary "abc" cut`, "< FIN 0",
		},
	},
	{
		"a head that is cut off",
		[]sent{c("GET / HTTP/1.1", "Host: x")},
		[]string{"> GET / HTTP/1.1 cut", "> FIN 0", "< FIN 0"},
	},
}

func TestDecoderTakesConversationsApart(t *testing.T) {
	for _, tt := range append(conversations, eventStreams...) {
		t.Run(tt.name, func(t *testing.T) {
			for _, size := range []int{0, 1, 2, 3, 7, 64} {
				got := told(decode(size, tt.talk))
				assert.Equal(t, tt.want, got, "in pieces of %d", size)
			}
		})
	}
}

// However much or little the decoder understands, it leaves no byte out and
// shows none twice.
func countBytes(t *testing.T, rows []Row, from Side) (n uint64) {
	t.Helper()
	for _, r := range rows {
		if r.From != from {
			continue
		}
		if uint64(len(r.Bytes)) > r.Size {
			t.Fatalf("%d bytes of %d", len(r.Bytes), r.Size)
		}
		if r.Part != Begun && r.Kind != Event { // which are shown again, or were shown before
			n += r.Size
		}
	}
	return n
}

func TestEveryByteIsShownOnce(t *testing.T) {
	for _, tt := range append(conversations, eventStreams...) {
		rows := decode(5, tt.talk)
		for _, from := range []Side{Client, Server} {
			var want uint64
			for _, turn := range tt.talk {
				if turn.from == from {
					want += uint64(len(turn.p))
				}
			}
			assert.Equal(t, want, countBytes(t, rows, from), "%s: %v", tt.name, from)
		}
	}
}

func TestDecoderHoldsLittle(t *testing.T) {
	kept := func(d *Decoder) (n int) {
		for i := range d.halves {
			e := &d.halves[i].events
			n += cap(d.halves[i].buf) + cap(d.halves[i].kept) + cap(e.kept) + e.cost
		}
		return n
	}
	junk := []byte(strings.Repeat("a", 1<<16))
	for name, start := range map[string][]sent{
		"a head without end":           {{Client, "GET "}},
		"a frame of 2^62 bytes":        {{Client, upgrade}, {Server, switched}, {Client, "\x82\xff\x40\x00\x00\x00\x00\x00\x00\x00abcd"}},
		"bytes before the 101":         {{Client, upgrade}},
		"a large body":                 {c("POST / HTTP/1.1", "Content-Length: 99999999999", "", "")},
		"a chunk size without end":     {c("POST / HTTP/1.1", "Transfer-Encoding: chunked", "", "")},
		"a trailer without end":        {c("POST / HTTP/1.1", "Transfer-Encoding: chunked", "", "0", "")},
		"a large chunk":                {c("POST / HTTP/1.1", "Transfer-Encoding: chunked", "", "7fffffff", "")},
		"the largest chunk there is":   {c("POST / HTTP/1.1", "Transfer-Encoding: chunked", "", "3fffffffffffffff", "")},
		"a chunk larger than anything": {c("POST / HTTP/1.1", "Transfer-Encoding: chunked", "", "ffffffffffffffff", "")},
	} {
		d := Decoder{Emit: func(Row) {}}
		for _, turn := range start {
			d.Feed(turn.from, []byte(turn.p))
		}
		most := 0
		for range 64 {
			d.Feed(Client, junk)
			most = max(most, kept(&d))
		}
		assert.LessOrEqual(t, most, 160<<10, name)
	}
	for name, junk := range map[string]string{
		"a line without end":        "a",
		"an event without end":      "a\n",
		"many events in one chunk":  "a\n\n",
		"many comments":             ":\r\r",
		"many blank lines":          "\n",
		"a byte order mark, always": byteOrderMark + "\n\n",
	} {
		longest := 0
		d := Decoder{Emit: func(r Row) { longest = max(longest, len(r.Bytes)) }}
		d.Feed(Client, []byte("GET / HTTP/1.1\r\n\r\n"))
		d.Feed(Server, []byte(eventHead+"3fffffffffffffff\r\n"))
		most := 0
		for range 16 {
			d.Feed(Server, []byte(strings.Repeat(junk, 1<<14)))
			most = max(most, kept(&d))
		}
		d.End(Server, FIN, "")
		assert.LessOrEqual(t, most, 160<<10, name)
		assert.LessOrEqual(t, longest, defaultKeep, name)
	}
	d := Decoder{}
	for range 1000 {
		d.Feed(Client, []byte("GET / HTTP/1.1\r\n\r\n"))
	}
	assert.LessOrEqual(t, len(d.asked), maxAsked)
}

func onlyEvents(rows []Row) (list []Row) {
	for _, r := range rows {
		if r.Kind == Event {
			list = append(list, r)
		}
	}
	return list
}

func FuzzDecoder(f *testing.F) {
	for _, tt := range append(conversations, eventStreams...) {
		var client, server []byte
		for _, turn := range tt.talk {
			if turn.from == Client {
				client = append(client, turn.p...)
			} else {
				server = append(server, turn.p...)
			}
		}
		f.Add(client, server, byte(3))
	}
	f.Fuzz(func(t *testing.T, client, server []byte, size byte) {
		var rows []Row
		d := Decoder{Keep: 64, Emit: func(r Row) { rows = append(rows, r) }}
		a, b := client, server
		for len(a)+len(b) > 0 {
			n := min(len(a), int(size)+1)
			d.Feed(Client, a[:n])
			a = a[n:]
			n = min(len(b), int(size)+1)
			d.Feed(Server, b[:n])
			b = b[n:]
		}
		d.End(Client, FIN, "")
		d.End(Server, FIN, "")
		require.EqualValues(t, len(client), countBytes(t, rows, Client))
		require.EqualValues(t, len(server), countBytes(t, rows, Server))

		whole := decode(0, []sent{{Client, string(client)}, {Server, string(server)}})
		pieces := decode(int(size)+1, []sent{{Client, string(client)}, {Server, string(server)}})
		require.Equal(t, told(onlyEvents(whole)), told(onlyEvents(pieces)), "in pieces of %d", int(size)+1)

		var out bytes.Buffer
		for _, dump := range []bool{false, true} {
			p := Printer{W: &out, Dump: dump}
			for _, r := range rows {
				require.NoError(t, p.Print(r))
			}
		}
		require.Equal(t, -1, bytes.IndexFunc(out.Bytes(), func(r rune) bool {
			return r != '\n' && !strconv.IsPrint(r)
		}), "something in the output that is not for printing: %q", &out)
	})
}
