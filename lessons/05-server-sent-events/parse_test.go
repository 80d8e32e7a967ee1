package sse

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/ws101/lessons/internal/lesson"
)

var (
	taskSplit = lesson.Task{Chapter: 5, Name: "Split"}
	taskTake  = lesson.Task{Chapter: 5, Name: "Take"}
)

// list is some pieces or lines as a failure shows them.
type list []string

func (l list) String() string { return fmt.Sprintf("%q", []string(l)) }

// split gives pieces to Split, and returns the lines.
func split(t *testing.T, pieces ...string) (lines list) {
	defer taskSplit.CatchIn(t, fmt.Sprintf("Split, of %v", list(pieces)))
	var l Lines
	for _, p := range pieces {
		piece := []byte(p)
		lines = append(lines, l.Split(piece)...)
		for i := range piece {
			piece[i] = '!' // the next piece is read into the same bytes
		}
	}
	return lines
}

func TestSplit(t *testing.T) {
	defer taskSplit.Catch(t)
	const mark = "\ufeff"
	for _, c := range []struct {
		pieces list
		want   list
		looks  string
	}{
		{list{"id: 7\ndata: x\n\n"}, list{"id: 7", "data: x", ""}, ""},
		{list{"a\nb"}, list{"a"}, "what is behind the last line end is no line yet; more of it may come"},
		{list{"a\r\nb\r\n\r\n"}, list{"a", "b", ""}, "CR LF is one line end, and was taken for two, or the CR was left in the line"},
		{list{"a\rb\r\rc\n"}, list{"a", "b", "", "c"}, "a CR alone ends a line too"},
		{list{"a\n\rb\n"}, list{"a", "", "b"}, "LF CR is two line ends, in this order"},
		{list{"da", "ta: x", "\n", "\n"}, list{"data: x", ""}, "what came before this piece, or after its last line end, was forgotten"},
		{list{"a\r"}, list{"a"}, "the line has ended with the CR; whoever waits for a LF waits as long as the server is silent"},
		{list{"a\r", "\nb\n"}, list{"a", "b"}, "a CR at the end of one piece and a LF at the start of the next are one line end"},
		{list{"a\r", "", "\nb\n"}, list{"a", "b"}, "an empty piece came between the CR and its LF"},
		{list{"a\r", "b\n"}, list{"a", "b"}, "a byte was lost behind a CR; only a LF belongs to it"},
		{list{"a\r", "\n\nb\n"}, list{"a", "", "b"}, "only one LF belongs to a CR"},
		{list{mark + "a\nb\n"}, list{"a", "b"}, "the byte order mark at the start of the stream belongs to no line"},
		{list{"\xef", "\xbb", "\xbfa\n"}, list{"a"}, "the byte order mark came in pieces"},
		{list{"a\n" + mark + "b\n"}, list{"a", mark + "b"}, "a byte order mark was left out that is not at the start of the stream; there it is a character like others"},
	} {
		got := split(t, c.pieces...)
		taskSplit.Equal(t, fmt.Sprintf("Split, of %v", c.pieces), got, c.want,
			lesson.If(slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, "!") }), "a line was kept that points into the piece; its bytes change with the next piece"),
			lesson.If(c.looks != "", c.looks))
	}
}

// TestSplitAnywhere cuts a stream at each two places.
func TestSplitAnywhere(t *testing.T) {
	defer taskSplit.Catch(t)
	needSplit(t)
	const stream = "\ufeffid: 7\r\ndata: 明凯\r\r\ndata\n\n\r: x\r\n"
	want := list{"id: 7", "data: 明凯", "", "data", "", "", ": x"}
	for i := range len(stream) + 1 {
		for j := i; j <= len(stream); j++ {
			pieces := list{stream[:i], stream[i:j], stream[j:]}
			taskSplit.Equal(t, fmt.Sprintf("Split, of %v", pieces), split(t, pieces...), want,
				lesson.If(true, "the lines depend on where the stream was cut"))
		}
	}
}

// needSplit ends the test if Split does not do the easy things.
func needSplit(t *testing.T) {
	t.Helper()
	for _, pieces := range []list{{"a\nb\n"}, {"a\r\nb\r", "\n"}, {"\xef\xbb", "\xbfa\rb\r"}} {
		if got := split(t, pieces...); !slices.Equal(got, list{"a", "b"}) {
			taskSplit.Fail(t, t.Name()+" needs Split", "", lesson.If(true, "Split is not right yet; make TestSplit pass first"))
		}
	}
}

// events is a list of events as a failure shows it.
type events []Event

func (e events) String() string {
	if len(e) == 0 {
		return "no event"
	}
	var all []string
	for _, one := range e {
		all = append(all, fmt.Sprintf("{id %q, name %q, data %q}", one.ID, one.Name, one.Data))
	}
	return strings.Join(all, " ")
}

// taken is what lines come to.
type taken struct {
	Events events
	LastID string
	Retry  time.Duration
}

func take(t *testing.T, lines ...string) (got taken) {
	var p Parser
	for i, line := range lines {
		func() {
			defer taskTake.CatchIn(t, fmt.Sprintf("Take, of the lines %v", list(lines[:i+1])))
			if e, ok := p.Take(line); ok {
				got.Events = append(got.Events, e)
			}
		}()
	}
	got.LastID, got.Retry = p.LastID, p.Retry
	return got
}

func message(id, data string) Event { return Event{id, "message", data} }

func TestTake(t *testing.T) {
	defer taskTake.Catch(t)
	for _, c := range []struct {
		lines list
		want  taken
		looks string
	}{
		{list{"data: x", ""}, taken{Events: events{message("", "x")}}, ""},
		{list{"id: 7", "data: x", ""}, taken{Events: events{message("7", "x")}, LastID: "7"}, ""},
		{list{"event: vote", "data: x", ""}, taken{Events: events{{"", "vote", "x"}}}, ""},
		{list{"event: vote", "data: x", "", "data: y", ""}, taken{Events: events{{"", "vote", "x"}, message("", "y")}},
			"the name, or the data, stayed for the next event; both begin anew, and only the id stays"},
		{list{"id: 7", "data: x", "", "data: y", ""}, taken{Events: events{message("7", "x"), message("7", "y")}, LastID: "7"},
			"the id stays for the events that follow, until there is another one"},
		{list{"data: one", "data: two", ""}, taken{Events: events{message("", "one\ntwo")}}, "each data field is a line of the data, with a line end between two of them"},
		{list{"data: one", "data:", "data: ", ""}, taken{Events: events{message("", "one\n\n")}}, "one line end is taken off the end of the data, and no more"},
		{list{"data:", ""}, taken{Events: events{message("", "")}}, "there was a data field, with nothing in it; that is an event"},
		{list{"data: {\"uid\": 1}", ""}, taken{Events: events{message("", `{"uid": 1}`)}}, "the value was cut at a colon inside of it; the first colon of the line counts"},
		{list{"data:  x ", ""}, taken{Events: events{message("", " x ")}}, "one blank behind the colon is taken away, and no other white space"},
		{list{"data:x", ""}, taken{Events: events{message("", "x")}}, "the blank behind the colon is allowed, and nobody has to send it"},
		{list{"data", ""}, taken{Events: events{message("", "")}}, "a line without a colon is a field without a value"},
		{list{": data: x", ""}, taken{}, "a line that begins with a colon is a comment"},
		{list{"Data: x", "color: red", ""}, taken{}, "a field was taken that has another name; unknown ones are ignored, and capitals make them unknown"},
		{list{"id: 7", ""}, taken{LastID: "7"}, "without a data field there is no event; but the id counts"},
		{list{"event: vote", "", "data: x", ""}, taken{Events: events{message("", "x")}}, "the blank line ended an event without data; its name is gone with it"},
		{list{"id: 7", "data: x", "", "id: 8", "data: y"}, taken{Events: events{message("7", "x")}, LastID: "7"},
			"the id of an event counted that is not whole; if the connection breaks now, nobody sends this event again"},
		{list{"id: 7", "data: x", "", "id: 8\x009", "data: y", ""}, taken{Events: events{message("7", "x"), message("7", "y")}, LastID: "7"},
			"an id with NUL in it is ignored, and the one before stays"},
		{list{"id: 7", "data: x", "", "id", "data: y", ""}, taken{Events: events{message("7", "x"), message("", "y")}}, "an empty id takes the id back"},
		{list{"retry: 2000", ""}, taken{Retry: 2 * time.Second}, "retry is a number of milliseconds"},
		{list{"retry: 2000", "retry: -1", "retry: 1e3", "retry: 3s", "retry:", ""}, taken{Retry: 2 * time.Second}, "a retry that is not all digits is ignored"},
	} {
		got := take(t, c.lines...)
		if len(got.Events) == 0 {
			got.Events = c.want.Events[:0]
		}
		taskTake.Equal(t, fmt.Sprintf("Take, of the lines %v", c.lines), got, c.want,
			lesson.If(len(got.Events) > 0 && got.Events[0].Name == "", "an event without a name is a \"message\"; that is what pages listen for"),
			lesson.If(len(got.Events) > 0 && got.Events[0].Data == "x\n", "the line end behind the last line of the data was left there"),
			lesson.If(c.looks != "", c.looks))
	}
}

// needParse ends the test if the stream cannot be taken apart.
func needParse(t *testing.T) {
	t.Helper()
	needSplit(t)
	got := take(t, "id: 7", "data: x", "data: y", "", ":", "retry: 2000", "", "id: 8", "data: z")
	want := taken{events{message("7", "x\ny")}, "7", 2 * time.Second}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		taskTake.Fail(t, t.Name()+" needs Take", "", lesson.If(true, "Take is not right yet; make TestTake pass first"))
	}
}

// TestTakeWhatWasWritten reads what AppendEvent writes.
func TestTakeWhatWasWritten(t *testing.T) {
	defer taskTake.Catch(t)
	needEvent(t)
	needParse(t)
	for _, data := range []string{"", "x", " x", "\n", "one\ntwo\n", "x\n\nid: 9\n\ndata: evil", ": x", "\ufeffx", "a\x00b"} {
		var lines Lines
		var p Parser
		var got events
		for _, line := range lines.Split(AppendEvent(nil, Event{"7", "say", data})) {
			if e, ok := p.Take(line); ok {
				got = append(got, e)
			}
		}
		taskTake.Equal(t, fmt.Sprintf("Take, of what AppendEvent writes for %q", data), got, events{{"7", "say", data}})
	}
}
