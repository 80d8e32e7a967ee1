package sse

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestEventsAsTheyStandOnTheWire(t *testing.T) {
	for _, test := range []struct {
		name  string
		event Event
		wire  string
	}{
		{"all fields", Event{ID: "k3f9a2-17", Name: "vote", Data: `{"uid": 1, "name": "明凯"}`},
			"id: k3f9a2-17\nevent: vote\ndata: {\"uid\": 1, \"name\": \"明凯\"}\n\n"},
		{"data alone", Event{Data: "hello"}, "data: hello\n\n"},
		{"no data", Event{Data: ""}, "data: \n\n"},
		{"two lines", Event{Data: "one\ntwo"}, "data: one\ndata: two\n\n"},
		{"all line ends", Event{Data: "one\r\ntwo\rthree\n\r"}, "data: one\ndata: two\ndata: three\ndata: \ndata: \n\n"},
		{"a line end", Event{Data: "\n"}, "data: \ndata: \n\n"},
		{"a space at the start", Event{Data: " a: b"}, "data:  a: b\n\n"},
		{"SSE-S1 data that looks like fields", Event{Data: "x\n\nid: 7\nevent: evil\n\n"}, "data: x\ndata: \ndata: id: 7\ndata: event: evil\ndata: \ndata: \n\n"},
		{"SSE-S1 an id and a name that look like fields", Event{ID: "7\nevent: evil\n\ndata: x\x00\r", Name: "vote\r\rdata: x", Data: "y"},
			"id: 7event: evildata: x\nevent: votedata: x\ndata: y\n\n"},
		{"SSE-S1 an id and a name of nothing but line ends", Event{ID: "\n", Name: "\r", Data: "y"}, "data: y\n\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			assert.Equal(t, test.wire, string(test.event.Append(nil)))
			assert.Equal(t, "before "+test.wire, string(test.event.Append([]byte("before "))))
		})
	}
	assert.Equal(t, ": nothing new\n", string(AppendComment(nil, "nothing new")))
	assert.Equal(t, ": adata: evil\n", string(AppendComment(nil, "a\n\ndata: evil\r")))
	assert.Equal(t, "retry: 2000\n", string(AppendRetry(nil, 2*time.Second)))
	assert.Equal(t, "retry: 1\n", string(AppendRetry(nil, 1999*time.Microsecond)))
}

// What a browser takes out of the stream is what was put in, whatever the text says.
func FuzzEventsArriveAsTheyWereSent(f *testing.F) {
	f.Add("k3f9a2-17", "vote", "hello")
	f.Add("", "", "")
	f.Add("a\nb", "c\r\nd", "one\r\ntwo\rthree\n\n")
	f.Add(" 7", " x", " data: y\n\n: z")
	f.Add("\x00", ":", "\x00\ufeff\u2028")
	f.Fuzz(func(t *testing.T, id, name, data string) {
		var p parser
		wire := AppendComment(Event{ID: "before", Data: "first"}.Append(nil), data)
		p.parse(string(Event{id, name, data}.Append(wire)))

		oneLine := strings.NewReplacer("\r", "", "\n", "", "\x00", "")
		want := received{"before", "message", strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(data)}
		if id := oneLine.Replace(id); id != "" {
			want.id = id
		}
		if name := oneLine.Replace(name); name != "" {
			want.name = name
		}
		assert.Equal(t, []received{{"before", "message", "first"}, want}, p.events)
		assert.Len(t, p.comments, 1)
		assert.Zero(t, p.retry)
	})
}
