package sse

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"example.com/ws101/lessons/internal/lesson"
)

var taskEvent = lesson.Task{Chapter: 5, Name: "AppendEvent"}

// wireText is a piece of a stream as a failure shows it.
type wireText string

func (w wireText) String() string {
	const most = 120
	if len(w) > most {
		return fmt.Sprintf("%q …, %d bytes", string(w[:most]), len(w))
	}
	return strconv.Quote(string(w))
}

// written are events as they stand on the wire.
var written = []struct {
	event Event
	want  string
}{
	{Event{Data: "x"}, "data: x\n\n"},
	{Event{ID: "7", Data: "x"}, "id: 7\ndata: x\n\n"},
	{Event{ID: "8", Name: "vote", Data: `{"uid":1,"name":"明凯"}`}, "id: 8\nevent: vote\ndata: {\"uid\":1,\"name\":\"明凯\"}\n\n"},
	{Event{Data: ""}, "data: \n\n"},
	{Event{Data: " a: b"}, "data:  a: b\n\n"},
	{Event{Data: "one\ntwo"}, "data: one\ndata: two\n\n"},
	{Event{Data: "one\n\ntwo\n"}, "data: one\ndata: \ndata: two\ndata: \n\n"},
	{Event{Data: "one\r\ntwo"}, "data: one\ndata: two\n\n"},
	{Event{Data: "one\rtwo"}, "data: one\ndata: two\n\n"},
	{Event{Data: "x\n\nid: 9\ndata: evil"}, "data: x\ndata: \ndata: id: 9\ndata: data: evil\n\n"},
	{Event{ID: "7\n\ndata: evil\n", Data: "x"}, "id: 7data: evil\ndata: x\n\n"},
	{Event{Name: "vote\r\rdata: evil", Data: "x"}, "event: votedata: evil\ndata: x\n\n"},
	{Event{ID: "7\x00", Data: "x"}, "id: 7\ndata: x\n\n"},
	{Event{ID: "\n", Name: "\r", Data: "x"}, "data: x\n\n"},
}

// order returns the lines of an event without a regard to which field comes first.
func order(event string) string {
	var id, name, rest string
	for line := range strings.Lines(event) {
		switch {
		case strings.HasPrefix(line, "id:"):
			id += line
		case strings.HasPrefix(line, "event:"):
			name += line
		default:
			rest += line
		}
	}
	return id + name + rest
}

func TestAppendEvent(t *testing.T) {
	defer taskEvent.Catch(t)
	for _, c := range written {
		got := string(AppendEvent(nil, c.event))
		if order(got) == c.want {
			continue
		}
		data := c.event.Data
		inHead := strings.ContainsAny(c.event.ID+c.event.Name, "\r\n\x00")
		taskEvent.Equal(t, fmt.Sprintf("AppendEvent(nil, Event{%q, %q, %q})", c.event.ID, c.event.Name, data), wireText(got), wireText(c.want),
			lesson.If(got+"\n" == c.want, "the blank line is missing; only that ends the event, and a browser waits for it"),
			lesson.If(data == "" && !strings.Contains(got, "data"), "data without a character was left out; an event without a data field is none"),
			lesson.If(strings.ReplaceAll(got, ":", ": ") == c.want || strings.Contains(got, "data:"+data) && !strings.Contains(got, "data: "), "there is no blank behind the colon; the browser takes one away, and it would be that of the data"),
			lesson.If(inHead && strings.Count(got, "\n") > strings.Count(c.want, "\n"), "an id or a name with a line end in it begins a field of its own, or ends the event; leave line ends out of them"),
			lesson.If(inHead && strings.Contains(got, "\x00"), "a NUL was left in the id; a browser ignores such an id as a whole"),
			lesson.If(inHead, "an id or a name with nothing but line ends has nothing left, and needs no field"),
			lesson.If(strings.Contains(data, "\n") && strings.Contains(got, "data: "+data), "a line end in the data ended the field, and what is behind it is a field of its own; write data: in front of each line"),
			lesson.If(strings.Contains(got, "\r"), "a CR was written as it is; it ends a line too, for every browser"),
			lesson.If(strings.Contains(data, "\r\n") && strings.Count(got, "data:") > 2, "CR LF was taken for two line ends; it is one"),
			lesson.If(strings.Contains(got, "event: message") || strings.Contains(got, "id: \n") || strings.Contains(got, "event: \n"), "a field was written that the event does not have"))
	}
	const before = "data: a\n\n"
	got := string(AppendEvent([]byte(before), Event{Data: "b"}))
	taskEvent.Equal(t, fmt.Sprintf("AppendEvent([]byte(%q), Event{Data: \"b\"})", before), wireText(got), wireText(before+"data: b\n\n"),
		lesson.If(got == "data: b\n\n", "dst was thrown away; the event goes behind what dst holds"))
}

// needEvent ends the test of a later part if AppendEvent does not do what it should.
func needEvent(t *testing.T) {
	t.Helper()
	for _, c := range written {
		if order(string(AppendEvent(nil, c.event))) != c.want {
			taskEvent.Fail(t, t.Name()+" needs AppendEvent", "", lesson.If(true, "AppendEvent is not right yet; make TestAppendEvent pass first"))
		}
	}
}
