package wire

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// eventHead begins a stream of events in chunks.
const eventHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"

func chunk(p string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(p), p) }

// streams is a conversation in which a server sends what it is given after
// eventHead.
func streams(name, body string, want ...string) conversation {
	talk := []sent{c("GET /sse/vote HTTP/1.1", "", ""), {Server, eventHead + body}}
	want = append([]string{"> GET /sse/vote HTTP/1.1", "< HTTP/1.1 200 OK"}, want...)
	return conversation{name, talk, append(want, "> FIN 0", "< FIN 0")}
}

var eventStreams = []conversation{
	streams("an event in a chunk", chunk("data: a\n\n"),
		`< chunk "data: a\n\n"`, `< event "data: a\n"`),
	streams("several in one", chunk("data: a\n\n\n:\n\nid: 1\ndata: b\n\n")+"0\r\n\r\n",
		`< chunk "data: a\n\n\n:\n\nid: 1\ndata: b\n\n"`, `< event "data: a\n"`, `< event ":\n"`, `< event "id: 1\ndata: b\n"`, "< last chunk 5"),
	streams("one over several", chunk("da")+chunk("ta: a")+chunk("\n")+chunk("\n"),
		`< chunk "da"`, `< chunk "ta: a"`, `< chunk "\n"`, `< chunk "\n"`, `< event "data: a\n"`),
	streams("lines that end with CR LF", chunk("data: a\r\n\r\ndata: b\r\n\r\n"),
		`< chunk "data: a\r\n\r\ndata: b\r\n\r\n"`, `< event "data: a\r\n"`, `< event "data: b\r\n"`),
	streams("and that over chunks", chunk("data: a\r")+chunk("\n\r")+chunk("\ndata: b\r")+chunk("\n\r\n"),
		`< chunk "data: a\r"`, `< chunk "\n\r"`, `< event "data: a\r\n"`,
		`< chunk "\ndata: b\r"`, `< chunk "\n\r\n"`, `< event "data: b\r\n"`),
	streams("lines that end with CR", chunk("data: a\rdata: b\r\rdata: c\r")+chunk("\r"),
		`< chunk "data: a\rdata: b\r\rdata: c\r"`, `< event "data: a\rdata: b\r"`, `< chunk "\r"`, `< event "data: c\r"`),
	streams("every line end in one", chunk("a\nb\r\nc\r\n\nd\n\r\n\re\n\n"),
		`< chunk "a\nb\r\nc\r\n\nd\n\r\n\re\n\n"`, `< event "a\nb\r\nc\r\n"`, `< event "d\n"`, `< event "e\n"`),
	streams("a byte order mark", chunk("\xef\xbb")+chunk("\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\n"),
		`< chunk "\xef\xbb"`, `< chunk "\xbfdata: a\n\n\ufeffdata: b\n\n"`, `< event "data: a\n"`, `< event "\ufeffdata: b\n"`),
	streams("an event that the body ends", chunk("data: a\n\ndata: b\n")+"0\r\n\r\n",
		`< chunk "data: a\n\ndata: b\n"`, `< event "data: a\n"`, "< last chunk 5", `< event "data: b\n" cut`),
	{
		"an event that the connection ends, in the middle of a chunk",
		[]sent{c("GET / HTTP/1.1", "", ""), {Server, eventHead + "ff\r\ndata: a\n\ndata: b"}},
		[]string{
			"> GET / HTTP/1.1", "< HTTP/1.1 200 OK", "> FIN 0",
			`< chunk "data: a\n\ndata: b" cut`, `< event "data: a\n"`, `< event "data: b" cut`, "< FIN 0",
		},
	},
	{
		"a body whose length is known, and another after it",
		[]sent{
			c("GET / HTTP/1.1", "", ""),
			s("HTTP/1.1 200 OK", "Content-Type: Text/Event-Stream", "Content-Encoding: identity", "Content-Length: 18", "", "data: a\n\ndata: b\n"),
			{Server, "\r"},
			c("GET / HTTP/1.1", "", ""),
			s("HTTP/1.1 200 OK", "Content-Type: text/plain", "Content-Length: 9", "", "data: c\n\n"),
		},
		[]string{
			"> GET / HTTP/1.1", "< HTTP/1.1 200 OK", `< body "data: a\n\ndata: b\n\r"`, `< event "data: a\n"`, `< event "data: b\n"`,
			"> GET / HTTP/1.1", "< HTTP/1.1 200 OK", `< body "data: c\n\n"`, "> FIN 0", "< FIN 0",
		},
	},
}

func TestEventsAreTheSameWhereverTheBytesAreCut(t *testing.T) {
	for _, tt := range eventStreams {
		last := len(tt.talk) - 1
		from, p := tt.talk[last].from, tt.talk[last].p
		for i := range p {
			talk := append(tt.talk[:last:last], sent{from, p[:i]}, sent{from, p[i:]})
			require.Equal(t, tt.want, told(decode(0, talk)), "%s, cut at %d", tt.name, i)
		}
	}
}

// More events than are held come before the end of their chunk, at the same
// places in whatever pieces the bytes come.
func TestManyEventsInOneChunk(t *testing.T) {
	var body strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&body, "id: %d\n\n", i)
	}
	talk := []sent{c("GET / HTTP/1.1", "", ""), {Server, eventHead + chunk(body.String())}}
	rows := decode(0, talk)
	require.Len(t, rows, 2+2+1000+2)
	assert.Equal(t, Begun, rows[2].Part)
	assert.Less(t, rows[2].Size, uint64(body.Len()))
	ids := 0
	for _, r := range rows {
		if r.Kind == Event {
			assert.Equal(t, fmt.Sprint(ids), r.Event().ID)
			ids++
		}
	}
	assert.Equal(t, 1000, ids)
	for _, size := range []int{1, 7, 1000} {
		assert.Equal(t, rows, decode(size, talk), "in pieces of %d", size)
	}
}

func TestABodyUpToTheEndHasEventsToo(t *testing.T) {
	rows := decode(0, []sent{
		c("GET / HTTP/1.0", "", ""),
		s("HTTP/1.0 200 OK", "Content-Type: text/event-stream", "", "data: a\n\ndata: "),
		{Server, "b\n\n" + strings.Repeat("id\n\n", 400) + "data: c"},
	})
	got := told(rows)
	assert.Equal(t, []string{`< body "data: a\n\ndata: "`, `< event "data: a\n"`}, got[2:4])
	assert.Equal(t, `< event "data: b\n"`, got[5])
	assert.Equal(t, []string{`< event "id\n"`, "> FIN 0", `< event "data: c" cut`, "< FIN 0"}, got[len(got)-4:])
	assert.Len(t, got, 2+2+1+1+400+3)
}

func TestWhatIsNoEventStreamHasNoEvents(t *testing.T) {
	const body = "data: a\n\n"
	for _, fields := range []string{
		"Content-Type: text/plain",
		"Content-Type: text/event-stream\r\nContent-Encoding: gzip",
		"Content-Type: text/event-stream\r\nContent-Encoding: identity, br",
		"X: y",
	} {
		rows := decode(0, []sent{
			c("GET / HTTP/1.1", "", ""),
			{Server, "HTTP/1.1 200 OK\r\n" + fields + "\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(body)},
		})
		assert.Equal(t, []string{`< chunk "data: a\n\n"`, "> FIN 0", "< FIN 0"}, told(rows)[2:], fields)
	}
	rows := decode(0, []sent{
		{Client, "POST / HTTP/1.1\r\nContent-Type: text/event-stream\r\nContent-Length: 9\r\n\r\n" + body},
		{Server, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: gzip, chunked\r\n\r\n" + chunk(body)},
	})
	assert.Equal(t, []string{"> POST / HTTP/1.1", `> body "data: a\n\n"`, "< HTTP/1.1 200 OK", `< chunk "data: a\n\n"`, "> FIN 0", "< FIN 0"}, told(rows))
}

func TestOneWhoLooksLaterReadsFromTheNextEventOn(t *testing.T) {
	whole := []string{"id: 0\ndata: a\n", "data: b\r\n", "data: c\r", "data: d\n"}
	stream := whole[0] + "\n" + whole[1] + "\r\n" + whole[2] + "\r" + whole[3] + "\n"
	for from := range len(stream) {
		for _, size := range []int{1, 2, 3, 5, 100} {
			var events []string
			var d Decoder
			d.Feed(Client, []byte("GET / HTTP/1.1\r\n\r\n"))
			d.Feed(Server, []byte(eventHead+fmt.Sprintf("%x\r\n", len(stream))))
			for at := 0; at < from; at += size {
				d.Feed(Server, []byte(stream[at:min(at+size, from)]))
			}
			d.Emit = func(r Row) {
				if r.Kind == Event {
					events = append(events, string(r.Bytes))
				}
			}
			d.Feed(Server, []byte(stream[from:]+"\r\n"))
			var want []string
			for _, e := range whole {
				if strings.Index(stream, e) >= from {
					want = append(want, e)
				}
			}
			require.Equal(t, want, events, "from %d, in pieces of %d", from, size)
		}
	}
}

func TestAnEventIsCutAtKeep(t *testing.T) {
	var rows []Row
	d := Decoder{Keep: 20, Emit: func(r Row) { rows = append(rows, r) }}
	d.Feed(Client, []byte("GET / HTTP/1.1\r\n\r\n"))
	d.Feed(Server, []byte(eventHead+chunk("data: "+strings.Repeat("a", 50)+"\nid: 1\n\ndata: b\n\n")))
	require.Len(t, rows, 5)
	assert.Equal(t, "data: aaaaaaaaaaaaaa", string(rows[3].Bytes))
	assert.EqualValues(t, 57+6, rows[3].Size)
	assert.Equal(t, strings.Repeat("a", 14), rows[3].Event().Data)
	assert.Equal(t, "b", rows[4].Event().Data)
}

// The table is made of the rules, and of the examples, of the HTML standard,
// section 9.2.6.
func TestEventFields(t *testing.T) {
	for lines, want := range map[string]ServerSentEvent{
		"data: a\ndata: b\n":                {Data: "a\nb", DataLines: 2},
		"data\n":                            {DataLines: 1},
		"data:\ndata:\n":                    {Data: "\n", DataLines: 2},
		"data:a\n":                          {Data: "a", DataLines: 1},
		"data:  a\n":                        {Data: " a", DataLines: 1},
		"data:\ta\n":                        {Data: "\ta", DataLines: 1},
		"data: a: b\r\nevent: x\revent:y\n": {Name: "y", Data: "a: b", DataLines: 1},
		"id: k3f9a2-17\n":                   {ID: "k3f9a2-17", HasID: true},
		"id: 1\nid\n":                       {HasID: true},
		"id: a\x00b\n":                      {Ignored: []string{"id: a\x00b"}},
		"retry: 2000\n":                     {Retry: "2000"},
		"retry: 2 s\nretry: -1\nretry\nretry: ٣\n": {Ignored: []string{"retry: 2 s", "retry: -1", "retry", "retry: ٣"}},
		": beat\n:\n":              {Comments: []string{"beat", ""}},
		"Data: a\n data: b\nfoo\n": {Ignored: []string{"Data: a", " data: b", "foo"}},
		"data: a\nda":              {Data: "a", DataLines: 1},
		"data: a\ndata: b":         {Data: "a\nb", DataLines: 2},
		"":                         {},
	} {
		r := Row{Kind: Event, Bytes: []byte(lines), Size: uint64(len(lines)), Content: uint64(len(lines))}
		got := r.Event()
		assert.Equal(t, want, got, "%q", lines)
		onlyComments := len(want.Comments) > 0 && len(want.Ignored) == 0 && want.DataLines == 0 && !want.HasID
		assert.Equal(t, onlyComments, got.IsComment(), "%q", lines)
	}
}
