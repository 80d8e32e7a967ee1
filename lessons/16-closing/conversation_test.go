package closing

import (
	"bytes"
	"fmt"
	"testing"

	"example.com/ws101/frames"
	"example.com/ws101/lessons/internal/lesson"
)

var (
	taskClose   = lesson.Task{Chapter: 16, Name: "Close", Section: "RFC 6455 section 7.1.2"}
	taskReceive = lesson.Task{Chapter: 16, Name: "Receive", Section: "RFC 6455 section 5.5.1"}
	taskMaySend = lesson.Task{Chapter: 16, Name: "MaySend", Section: "RFC 6455 section 5.5.1"}
	taskEnd     = lesson.Task{Chapter: 16, Name: "End", Section: "RFC 6455 section 7.1.5"}
)

// sayState tells what has passed.
func sayState(c Closing) string {
	switch {
	case c.Sent && c.Received:
		return "after both Close frames"
	case c.Sent:
		return "after our Close frame"
	case c.Received:
		return "after the client's Close frame"
	}
	return "on an open connection"
}

func TestClose(t *testing.T) {
	defer taskClose.Catch(t)
	type result struct {
		Err    error
		Sent   bool
		Frames []byte
	}
	theirs := Closing{Sent: true, Received: true, Code: 1000}
	for _, c := range []struct {
		state  Closing
		code   CloseCode
		reason string
		want   result
	}{
		{Closing{}, 1000, "", result{nil, true, lesson.Hex("88 02 03 e8")}},
		{Closing{}, 1001, "bye", result{nil, true, lesson.Hex("88 05 03 e9 62 79 65")}},
		{Closing{}, CloseNoStatus, "", result{nil, true, lesson.Hex("88 00")}},
		{Closing{Sent: true}, 1000, "", result{errSent, true, nil}},
		{theirs, 1000, "", result{errSent, true, nil}},
		{Closing{}, 1006, "", result{errCode, false, nil}},
		{Closing{}, 1000, "\xff", result{errReason, false, nil}},
	} {
		state := c.state
		b, err := state.Close(c.code, c.reason)
		call := fmt.Sprintf("Close(%d, %q), %s", uint16(c.code), c.reason, sayState(c.state))
		first := lesson.If(!codecWorks(), codecFirst)
		got := result{err, state.Sent, b}
		taskClose.Equal(t, call, struct {
			Err  error
			Sent bool
		}{got.Err, got.Sent}, struct {
			Err  error
			Sent bool
		}{c.want.Err, c.want.Sent}, first,
			lesson.If(c.want.Err == errSent && err == nil, "a second Close frame was made; each side sends one, whatever happens"),
			lesson.If(err == nil && c.want.Err == nil && !got.Sent, "a Close frame was made, and Sent says that none was"),
			lesson.If(c.want.Err != nil && got.Sent != c.want.Sent, "no Close frame was made, and Sent says that one was; then none can be sent any more"),
			lesson.If(c.want.Err != nil && err == nil, "AppendClose refused the code or the reason, and its error was dropped"))
		taskClose.Frame(t, call, frames.State{}, got.Frames, c.want.Frames, first,
			lesson.If(c.want.Err != nil, "an error came back and a frame too; it must not be sent"),
			lesson.If(bytes.Equal(b, payloadOf(c.want.Frames)), "the payload alone came back; closeFrame puts a header in front of it"),
			lesson.If(c.reason != "" && len(b) == 4, "the reason is missing"))
	}
}

// payloadOf returns what stands behind the header of a Close frame.
func payloadOf(frame []byte) []byte { return frame[min(2, len(frame)):] }

// receive calls Receive.
func receive(t *testing.T, c *Closing, payload []byte, call string, looks ...lesson.Diagnosis) ([]byte, error) {
	defer taskReceive.CatchIn(t, call, looks...)
	return c.Receive(payload)
}

func TestReceive(t *testing.T) {
	defer taskReceive.Catch(t)
	lesson.InOrder(t)
	sent := Closing{Sent: true}
	both := Closing{Sent: true, Received: true, Code: 1001, Reason: "bye"}
	for _, c := range []struct {
		state   Closing
		payload string
		answer  string
		err     error
		after   Closing
	}{
		{Closing{}, "03 e8", "88 02 03 e8", nil, Closing{true, true, 1000, ""}},
		{Closing{}, "03 e9 62 79 65", "88 02 03 e9", nil, both},
		{Closing{}, "", "88 00", nil, Closing{true, true, CloseNoStatus, ""}},
		{sent, "03 e8", "", nil, Closing{true, true, 1000, ""}},
		{sent, "03 e9 62 79 65", "", nil, both},
		{Closing{}, "03 ee", "", errCode, Closing{}},
		{Closing{}, "03", "", errOneByte, Closing{}},
		{sent, "03 e8 ff", "", errReason, sent},
		{both, "0f a0", "", nil, both},
		{both, "03", "", nil, both},
	} {
		state, payload := c.state, lesson.Hex(c.payload)
		call := fmt.Sprintf("%s, %s", lesson.Call("Receive", payload), sayState(c.state))
		first := lesson.If(!codecWorks(), codecFirst)
		answer, err := receive(t, &state, bytes.Clone(payload), call, first)
		taskReceive.Equal(t, call, struct{ Err error }{err}, struct{ Err error }{c.err}, first,
			lesson.If(c.state.Received, "a second Close frame was looked at; behind the first one nothing counts"),
			lesson.If(err == errSent && !c.state.Sent, "Close refused to make the answer; it asks for Sent alone, since Received is set already"),
			lesson.If(err == errSent, "ours was sent before, and theirs has come: that is no error, it is the answer"),
			lesson.If(c.err != nil && err == nil, "the payload was not checked; a code that never travels is answered with itself"))
		taskReceive.Frame(t, call, frames.State{}, answer, lesson.Hex(c.answer), first,
			lesson.If(c.state.Received && len(answer) > 0, "a second Close frame was answered; two programs that do so never stop"),
			lesson.If(c.state.Sent && len(answer) > 0, "a Close frame was answered that was itself the answer to ours; each side sends one"),
			lesson.If(c.err != nil, "a payload that is refused was answered all the same"),
			lesson.If(len(answer) == 0, "the client's Close frame was not answered; it waits for that"),
			lesson.If(len(payload) == 0, "a code was made up for the answer; a Close frame without a code is answered with one without"),
			lesson.If(len(answer) == 2 && len(payload) > 0, "the answer has no code; it is that of the client's frame"),
			lesson.If(len(payload) > 2 && len(answer) == 2+len(payload), "the reason was sent back; the client knows it, and the answer has the code alone"),
			lesson.If(len(answer) == 4, "the answer has a code of its own; it is that of the client's frame"))
		taskReceive.Equal(t, call+"\nand then the Closing", state, c.after, first,
			lesson.If(c.state.Received, "the second Close frame replaced the first one; its code is the one that counts"),
			lesson.If(c.err != nil, "a payload was refused, and the Closing changed"),
			lesson.If(!state.Received, "the client's Close frame has come, and Received says that it has not"),
			lesson.If(!state.Sent, "an answer was made, and Sent says that none was; then a second one follows"),
			lesson.If(state.Code != c.after.Code || state.Reason != c.after.Reason, "the code or the reason was not kept; End has to tell them"))
	}
}

func TestMaySend(t *testing.T) {
	defer taskMaySend.Catch(t)
	open, sent := Closing{}, Closing{Sent: true}
	received, both := Closing{Received: true}, Closing{Sent: true, Received: true}
	for _, c := range []struct {
		state Closing
		ops   []Opcode
		want  bool
		looks string
	}{
		{open, []Opcode{Text, Binary, Continuation, Ping, Pong, Close}, true, "a frame was held back on an open connection"},
		{sent, []Opcode{Text, Binary, Continuation}, false, "data may be sent behind our Close frame; it says that no data will follow"},
		{sent, []Opcode{Close}, false, "a second Close frame may be sent; each side sends one"},
		{sent, []Opcode{Pong}, true, "a pong was held back behind our Close frame; pings are answered until the client's Close has come (RFC 6455 section 5.5.2)"},
		{sent, []Opcode{Ping}, true, "a ping was held back behind our Close frame; it is no data, and may be sent until the client's Close has come"},
		{received, []Opcode{Close}, true, "our own Close frame was held back; it is the answer that the client waits for"},
		{received, []Opcode{Pong}, false, "a pong may be sent behind the client's Close frame; nobody waits for it any more (RFC 6455 section 5.5.2)"},
		{received, []Opcode{Ping}, false, "a ping may be sent behind the client's Close frame; it gets no answer any more"},
		{both, []Opcode{Text, Close, Pong, Ping}, false, "a frame may be sent behind both Close frames; the conversation is over"},
	} {
		for _, op := range c.ops {
			got := c.state.MaySend(op)
			taskMaySend.Equal(t, fmt.Sprintf("MaySend(%v), %s", op, sayState(c.state)), got, c.want, lesson.If(true, c.looks))
		}
	}
}

func TestEnd(t *testing.T) {
	defer taskEnd.Catch(t)
	type end struct {
		Code   CloseCode
		Reason string
		Clean  bool
	}
	for _, c := range []struct {
		state Closing
		want  end
	}{
		{Closing{Sent: true, Received: true, Code: 1001, Reason: "bye"}, end{1001, "bye", true}},
		{Closing{Sent: true, Received: true, Code: CloseNoStatus}, end{CloseNoStatus, "", true}},
		{Closing{}, end{CloseAbnormal, "", false}},
		{Closing{Sent: true}, end{CloseAbnormal, "", false}},
		{Closing{Received: true, Code: 1000}, end{1000, "", false}},
	} {
		code, reason, clean := c.state.End()
		got := end{code, reason, clean}
		taskEnd.Equal(t, "End(), "+sayState(c.state), got, c.want,
			lesson.If(!c.state.Received && c.state.Sent && clean, "a Close frame that nobody answered was taken for a clean end (RFC 6455 section 7.1.4)"),
			lesson.If(!c.state.Received && clean, "a connection that was cut was called clean (RFC 6455 section 7.1.4)"),
			lesson.If(!c.state.Received && code == 0, "no Close frame has come, and the code is 0; 1006 says so"),
			lesson.If(!c.state.Received && code != CloseAbnormal, "no Close frame has come, and the code says that one has; 1006 is the code for that"),
			lesson.If(c.state.Received && !c.state.Sent && clean, "the client's Close frame alone was taken for a clean end; ours has to pass as well (RFC 6455 section 7.1.4)"),
			lesson.If(c.state.Received && c.state.Sent && !clean, "both Close frames have passed, which is a clean end (RFC 6455 section 7.1.4)"),
			lesson.If(c.state.Received, "the code and the reason are those of the client's Close frame"))
	}
}

// TestEndConversations has two sides talk to each other until neither has an answer left.
func TestEndConversations(t *testing.T) {
	defer taskReceive.Catch(t)
	lesson.InOrder(t)
	first := lesson.If(!codecWorks(), codecFirst)
	for _, c := range []struct {
		name   string
		begins int // how many of the two begin
	}{
		{"one side closes", 1},
		{"both sides close at the same time", 2},
	} {
		var sides [2]Closing
		var way [2][][]byte // what is on its way to each side
		for i := range c.begins {
			b, err := sides[i].Close(1000, "")
			taskReceive.Equal(t, c.name+": Close(1000, \"\")", err, nil, first)
			way[1-i] = append(way[1-i], b)
		}
		count := c.begins
		for i := 0; len(way[0])+len(way[1]) > 0; i = 1 - i {
			for _, b := range way[i] {
				way[i] = way[i][1:]
				answer, err := sides[i].Receive(payloadOf(b))
				taskReceive.Equal(t, c.name+": "+lesson.Call("Receive", payloadOf(b)), err, nil, first)
				if len(answer) > 0 {
					count++
					way[1-i] = append(way[1-i], answer)
				}
			}
			if count > 2 {
				taskReceive.Fail(t, c.name, fmt.Sprintf("got  %d Close frames, and more to come\nwant 2", count), first)
			}
		}
		for _, side := range sides {
			code, _, clean := side.End()
			taskReceive.Equal(t, c.name+": End()", fmt.Sprintf("code %v, clean %v", code, clean), "code 1000 normal closure, clean true", first)
		}
	}
}
