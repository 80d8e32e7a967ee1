package wire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/frames"
)

// printed prints a conversation, a millisecond a row.
func printed(t *testing.T, p Printer, talk []sent) string {
	t.Helper()
	var out bytes.Buffer
	p.W = &out
	at := time.Unix(1, 0)
	require.NoError(t, p.Print(Row{Kind: Opened, Conn: 3, Time: at, Note: "10.0.0.1:4000 to 10.0.0.2:80"}))
	for _, r := range decode(0, talk) {
		at = at.Add(time.Millisecond)
		r.Conn, r.Time = 3, at
		require.NoError(t, p.Print(r))
	}
	return out.String()
}

func TestPrinterShowsALineForEachRow(t *testing.T) {
	got := printed(t, Printer{}, []sent{
		c("POST /vote HTTP/1.1", "Host: x", "Content-Length: 5", "", "uid=1"),
		s("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "9", "data: x\n\n", "28", strings.Repeat("0123456789", 4), "0", "", ""),
		{Client, upgrade},
		{Server, switched + frame(Server, true, frames.Text, "hi")},
		{Client, frame(Client, true, frames.Text, "a\x1b[31m\u202e")},
		{Client, frame(Client, true, frames.Binary, strings.Repeat("b", 40))},
		{Server, "\xc1\x00"},
		{Server, "\x88\x02"},
	})
	assert.Equal(t, strings.TrimLeft(`
   0.000s #3 opened: 10.0.0.1:4000 to 10.0.0.2:80
   0.001s #3 client → server  POST /vote HTTP/1.1
    Host: x
    Content-Length: 5

   0.002s #3 client → server  body, 5 bytes  "uid=1"
   0.003s #3 server → client  HTTP/1.1 200 OK
    Transfer-Encoding: chunked

   0.004s #3 server → client  chunk, 9 bytes  "data: x\n\n"
   0.005s #3 server → client  chunk, 40 bytes  "01234567890123456789012345678901" …
   0.006s #3 server → client  last chunk: the body is complete
   0.007s #3 client → server  GET /chat HTTP/1.1
    Host: x
    Upgrade: websocket
    Connection: Upgrade

   0.008s #3 server → client  HTTP/1.1 101 Switching Protocols
    Upgrade: websocket
    Connection: Upgrade

   0.009s #3 server → client  81 02 68 69                text, FIN, 2 bytes  "hi"
   0.010s #3 client → server  81 89 37 fa 21 3d 56 e1 …  text, FIN, masked, 9 bytes  "a\x1b[31m\u202e"
   0.011s #3 client → server  82 a8 37 fa 21 3d 55 98 …  binary, FIN, masked, 40 bytes  62 62 62 62 62 62 62 62 62 62 62 62 62 62 62 62 …
   0.012s #3 server → client  c1 00                      text, FIN, RSV1, 0 bytes  BROKEN 6455-5.2-2: a reserved bit (RSV) is set, and no extension that gives it a meaning was agreed (RFC 6455 section 5.2)
   0.013s #3 client → server  FIN: the client sends no more
   0.014s #3 server → client  88 02                      close, FIN, 2 bytes, cut short
   0.015s #3 server → client  FIN: the server sends no more
`, "\n"), got)
}

func TestPrinterDumpsFrames(t *testing.T) {
	x := frames.Explain([]byte(frame(Server, true, frames.Text, "hi")), frames.State{})
	dump := string(x.AppendDump(nil, frames.DumpOptions{}))
	got := printed(t, Printer{Dump: true}, []sent{{Client, upgrade}, {Server, switched}, {Server, frame(Server, true, frames.Text, "hi")}})
	assert.Contains(t, got, "0.003s #3 server → client  text, FIN, 2 bytes\n")
	for line := range strings.Lines(dump) {
		assert.Contains(t, got, line)
	}
}

func TestPrinterShowsEvents(t *testing.T) {
	long := strings.Repeat("0123456789", 5)
	got := printed(t, Printer{}, []sent{
		c("GET /sse HTTP/1.1", "", ""),
		{Server, eventHead + chunk("event: vote\nid: k3f9a2-17\ndata: {\"uid\":1}\n\n: beat\n\n") +
			chunk("retry: 2000\n\ndata: 明凯明凯明凯明凯\ndata: 明凯明凯明凯明凯\n\n") +
			chunk("id\n\nevent: "+long+"\nid: \x1b]0;\nData: x\n\n:a\n:b\n:\n:"+long+"\n\ndata: a\n: b\n\n") +
			chunk("data: b") + "0\r\n\r\n"},
	})
	var events []string
	for line := range strings.Lines(got) {
		if _, said, ok := strings.Cut(line, "server → client  "); ok && !strings.HasPrefix(said, "chunk") {
			events = append(events, strings.TrimSpace(said))
		}
	}
	assert.Equal(t, []string{
		"HTTP/1.1 200 OK",
		`event vote, id k3f9a2-17, data 9 bytes  "{"uid":1}"`,
		`comment, a heartbeat, "beat"`,
		`event, retry 2000 ms; it has no data, so browsers dispatch nothing`,
		`event, data 49 bytes in 2 lines  "明凯明凯明凯明凯\n明凯" …`,
		`event, id empty; it has no data, so browsers dispatch nothing`,
		`event 01234567890123456789012345678901…, id \x1b]0;, ignored "Data: x"; it has no data, so browsers dispatch nothing`,
		`comment, a heartbeat, "a", "b", "", and 1 more`,
		`event, "b", data 1 byte  "a"`,
		`last chunk: the body is complete`,
		`event, data 1 byte  "b"; no blank line ends it, so browsers throw it away`,
		`FIN: the server sends no more`,
	}, events)
}

func TestPrinterDumpsTheTextOfBodiesAndChunks(t *testing.T) {
	const script = "<script>parent.vote({\"uid\": 1, \"count\": 301})\r\ndocument.currentScript.remove()</script>\u202e\n"
	got := printed(t, Printer{Dump: true}, []sent{
		c("GET /streaming HTTP/1.1", "", ""),
		s("HTTP/1.1 200 OK", "Content-Type: text/html", "Transfer-Encoding: chunked", "", ""),
		{Server, chunk(script) + chunk("short\n") + chunk(strings.Repeat("é", 400)) + chunk(strings.Repeat("\x1f\x8b", 20)) + "0\r\n\r\n"},
		c("GET /longpolling HTTP/1.1", "", ""),
		s("HTTP/1.1 200 OK", "Content-Length: 50", "", `{"1": {"name": "明凯", "count": 301}, "more": 0}`),
	})
	_, got, _ = strings.Cut(got, "chunked\n\n")
	assert.Equal(t, strings.TrimLeft(`
   0.003s #3 server → client  chunk, 91 bytes
    <script>parent.vote({"uid": 1, "count": 301})\r\n
    document.currentScript.remove()</script>\u202e\n

   0.004s #3 server → client  chunk, 6 bytes  "short\n"
   0.005s #3 server → client  chunk, 800 bytes
    `+strings.Repeat("é", 256)+`
    … 288 more bytes

   0.006s #3 server → client  chunk, 40 bytes  "`+strings.Repeat(`\x1f\x8b`, 16)+`" …
   0.007s #3 server → client  last chunk: the body is complete
   0.008s #3 client → server  GET /longpolling HTTP/1.1

   0.009s #3 server → client  HTTP/1.1 200 OK
    Content-Length: 50

   0.010s #3 server → client  body, 50 bytes
    {"1": {"name": "明凯", "count": 301}, "more": 0}

   0.011s #3 client → server  FIN: the client sends no more
   0.012s #3 server → client  FIN: the server sends no more
`, "\n"), got)
}

func TestPrinterTellsWhatItDoesNotHaveOfAnEvent(t *testing.T) {
	var out bytes.Buffer
	p := Printer{W: &out}
	require.NoError(t, p.Print(Row{From: Server, Kind: Event, Size: 500, Content: 500, Bytes: []byte("id: 1\ndata: abc")}))
	require.NoError(t, p.Print(Row{From: Server, Kind: Event, Size: 500, Content: 500, Bytes: []byte("id: 1\ndat")}))
	assert.Equal(t, `   0.000s #0 server → client  event, id 1, data at least 3 bytes  "abc" … (485 more bytes passed and were not kept)
   0.000s #0 server → client  event, id 1 (491 more bytes passed and were not kept)
`, out.String())
}

func TestPrinterColoursOnlyIfAsked(t *testing.T) {
	talk := []sent{{Client, upgrade}, {Server, switched + frame(Server, true, frames.Text, "hi")}}
	assert.NotContains(t, printed(t, Printer{Dump: true}, talk), "\x1b")
	assert.Contains(t, printed(t, Printer{Color: true}, talk), "\x1b[1mGET /chat HTTP/1.1\x1b[0m")
}

func TestPrinterTellsWhatItCannotShow(t *testing.T) {
	var out bytes.Buffer
	p := Printer{W: &out}
	for _, r := range []Row{
		{From: Server, Kind: Frame, Size: 70_000, Bytes: []byte("\x82\x7f\x00\x00\x00\x00\x00\x01\x11\x66abc")},
		{From: Client, Kind: Request, Part: Cut, Size: 10, Bytes: []byte("GET / HTTP")},
		{From: Client, Kind: Body, Part: Begun, Size: 3, Content: 1000, Bytes: []byte("abc")},
		{From: Server, Kind: Unsent, Size: 3},
		{From: Server, Kind: Reset},
		{From: Server, Kind: Reset, Note: "tls: bad record"},
		{From: Server, Kind: Bytes, Size: 4, Content: 4, Bytes: []byte("\x15\x03\x9b\n")},
	} {
		require.NoError(t, p.Print(r))
	}
	assert.Equal(t, strings.TrimLeft(`
   0.000s #0 server → client  82 7f 00 00 00 00 00 01 …  binary, FIN, 69,990 bytes  61 62 63 (69,987 more bytes passed and were not kept)
   0.000s #0 client → server  GET / HTTP
    … the rest of the head never came

   0.000s #0 client → server  body, 1000 bytes, 3 of them so far  "abc" …
   0.000s #0 server → client  the last 3 bytes did not leave
   0.000s #0 server → client  broken off with RST
   0.000s #0 server → client  broken off: tls: bad record
   0.000s #0 server → client  other, 4 bytes  "\x15\x03\x9b\n"
`, "\n"), out.String())
}

func TestFollow(t *testing.T) {
	tap := New(Options{MaxRows: 1})
	w := tap.Watch()
	tap.add(Row{Kind: Opened, Note: "one"})
	tap.add(Row{Kind: Opened, Note: "two"})
	ctx, cancel := context.WithCancel(context.Background())
	r, pw := io.Pipe()
	followed := make(chan error, 1)
	go func() { followed <- (&Printer{W: pw}).Follow(ctx, w) }()
	line := make([]byte, 200)
	n, err := r.Read(line)
	require.NoError(t, err)
	assert.Equal(t, "… 1 row missing here: they came faster than they could be printed\n", string(line[:n]))
	n, err = r.Read(line)
	require.NoError(t, err)
	assert.Equal(t, "   0.000s #0 opened: two\n", string(line[:n]))
	cancel()
	assert.ErrorIs(t, <-followed, context.Canceled)

	broken := errors.New("no more paper")
	r.CloseWithError(broken)
	tap.add(Row{})
	assert.ErrorIs(t, (&Printer{W: pw}).Follow(context.Background(), w), broken)
}

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"":                        "",
		"plain, 世界 é":             "plain, 世界 é",
		"a\nb\r\t\x00":            `a\nb\r\t\x00`,
		"\x1b]0;title\a":          `\x1b]0;title\a`,
		"\xff\xc3":                `\xff\xc3`,
		"\u009b31m \u202e \ufeff": `\u009b31m \u202e \ufeff`,
		`back\slash "quoted"`:     `back\slash "quoted"`,
		"\ufffd":                  "\ufffd",
	} {
		assert.Equal(t, want, Visible(in))
	}
}
