package compare

import (
	"encoding/hex"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/wire"
)

const me = "abcdefghijklmnop"

// sorted plays a conversation, in which the client begins, and returns what of it belongs to a page.
func sorted(t *testing.T, says ...string) []row {
	t.Helper()
	s := &sorter{page: me, start: time.Now(), conns: map[uint64]*exchange{}}
	var rows []row
	tap := wire.New(wire.Options{Sink: func(r wire.Row) {
		if out, ok := s.sort(&r); ok {
			rows = append(rows, out)
		}
	}})
	a, client := net.Pipe()
	server := wire.ServerConn(a, tap)
	for i, said := range says {
		from, to := client, server
		if i%2 == 1 {
			from, to = server, client
		}
		read := make(chan error)
		go func() {
			_, err := to.Read(make([]byte, len(said)))
			read <- err
		}()
		_, err := from.Write([]byte(said))
		require.NoError(t, err)
		require.NoError(t, <-read)
	}
	require.NoError(t, server.Close())
	return rows
}

// brief is a row in a few words.
func brief(r row) string {
	words := []string{r.Lane, r.From.String(), r.Kind.String()}
	if r.Opening {
		words = append(words, "opening")
	}
	if r.Empty {
		words = append(words, "empty")
	}
	if r.Cursor != "" {
		words = append(words, "after "+r.Cursor)
	}
	return strings.Join(append(words, r.Events...), ", ")
}

func briefs(rows []row) []string {
	var list []string
	for _, r := range rows {
		list = append(list, brief(r))
	}
	return list
}

func request(path string, fields ...string) string {
	return "GET /compare/" + path + " HTTP/1.1\r\nHost: localhost\r\n" + strings.Join(append(fields, "\r\n"), "\r\n")
}

func answer(body string, fields ...string) string {
	return "HTTP/1.1 200 OK\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n" + strings.Join(append(fields, "\r\n"), "\r\n") + body
}

func chunk(s string) string {
	return hex.EncodeToString([]byte{byte(len(s) >> 8), byte(len(s))}) + "\r\n" + s + "\r\n"
}

const (
	snapshot = `{"cursor": "e-1", "snapshot": true, "state": {"vote": {"1": {"name": "明凯", "count": 300}}}}`
	nothing  = `{"cursor": "e-1", "snapshot": false, "events": []}`
	aBallot  = `{"uid": 1, "name": "明\"}凯", "count": 301}`
	news     = `{"cursor": "e-3", "snapshot": false, "events": [{"vote": ` + aBallot + `}, {"chat": {"id":7,"name":"A","text":"{}","at":5}}]}`
)

func TestRowsOfPolling(t *testing.T) {
	rows := sorted(t,
		request("polling/news?cursor=&page="+me), answer(snapshot),
		request("polling/news?cursor=e-1&page="+me), answer(nothing),
		request("polling/news?cursor=e-1&page="+me), "HTTP/1.1 304 Not Modified\r\n\r\n",
		request("polling/news?cursor=e-1&page="+me), answer(news),
	)
	assert.Equal(t, []string{
		"polling, client, request, opening",
		"polling, server, response, opening",
		"polling, server, body, opening",
		"polling, client, request, after e-1",
		"polling, server, response",
		"polling, server, body, empty",
		"polling, client, request, after e-1",
		"polling, server, response, empty",
		"polling, client, request, after e-1",
		"polling, server, response",
		"polling, server, body, vote 1 301, chat 7",
		"polling, server, FIN",
	}, briefs(rows))
	assert.Equal(t, len(aBallot)+len(`{"id":7,"name":"A","text":"{}","at":5}`), rows[10].Useful)
	assert.EqualValues(t, len(news), rows[10].Size)
	assert.Contains(t, rows[0].Text, "client → server  GET /compare/polling/news")
}

func TestRowsOfServerSentEvents(t *testing.T) {
	rows := sorted(t,
		request("sse/news?cursor=e-1&page="+me, "Last-Event-ID: e-2"),
		"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"+
			chunk("retry: 2000\n\n")+chunk("id: e-3\nevent: vote\ndata: "+aBallot+"\n\n")+chunk(": nothing new\nevent: beat\ndata: e-3\n\n"),
	)
	assert.Equal(t, []string{
		"sse, client, request, opening, after e-2",
		"sse, server, response, opening",
		"sse, server, chunk, opening",
		"sse, server, event",
		"sse, server, chunk, vote 1 301",
		"sse, server, event, vote 1 301",
		"sse, server, chunk, empty",
		"sse, server, event",
		"sse, server, FIN",
	}, briefs(rows))
	assert.Zero(t, rows[5].Size, "its chunk has been counted")
}

func TestRowsOfAWebSocket(t *testing.T) {
	upgrade := request("websocket/news?cursor=&page="+me, "Connection: Upgrade", "Upgrade: websocket")
	frame := func(text string) string { return "\x81\x7e\x00" + string([]byte{byte(len(text))}) + text }
	rows := sorted(t, upgrade, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"+frame(snapshot+strings.Repeat(" ", 40)),
		"\x81\x80\x00\x00\x00\x00", frame(news))
	assert.Equal(t, []string{
		"websocket, client, request, opening",
		"websocket, server, response, opening",
		"websocket, server, frame, opening",
		"websocket, client, frame",
		"websocket, server, frame, vote 1 301, chat 7",
		"websocket, server, FIN",
	}, briefs(rows))
}

// A connection goes from hand to hand: what other pages ask on it is not ours.
func TestRowsOfOthersAreLeftOut(t *testing.T) {
	rows := sorted(t,
		request("sse/poll?cursor=e-1&page="+me), answer(nothing),
		request("sse/poll?cursor=e-1&page=qrstuvwxyzabcdef"), answer(nothing),
		"GET /polling/news HTTP/1.1\r\n\r\n", answer(nothing),
		"BREW / HTCPCP/1.0\r\n\r\n", answer(""),
	)
	assert.Equal(t, []string{"sse, client, request, after e-1", "sse, server, response", "sse, server, body, empty"}, briefs(rows))
}
