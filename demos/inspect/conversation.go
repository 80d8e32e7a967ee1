package inspect

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"example.com/ws101/demos/wire"
	"example.com/ws101/frames"
	"example.com/ws101/handshake"
)

// Conn is what is known of a connection beside its rows.
type Conn struct {
	Conn uint64 `json:"conn"`
	// Ends are the addresses of both ends, and Path is that of the first
	// request.
	Ends      string `json:"ends,omitempty"`
	Path      string `json:"path,omitempty"`
	Technique string `json:"technique,omitempty"`
	// States are those of a WebSocket, and Closing how it ended.
	States  *States  `json:"states,omitempty"`
	Closing *Closing `json:"closing,omitempty"`
}

// conversation follows one connection from row to row, and sees what no row
// shows alone: what answers what, and what the peers owe each other.
type conversation struct {
	log  *log
	info Conn

	request   *handshake.Request // an Upgrade without its answer
	asked     [2][]asked         // by the side that asked
	open      [2]uint64          // the first fragment of the open message
	inflaters [2]inflater
	failed    [2]bool // that side has broken a rule
	received  *Report // what a Close frame of the server told the client
}

func newConversation(l *log, conn uint64) *conversation {
	c := &conversation{log: l, info: Conn{Conn: conn}}
	for i := range c.inflaters {
		c.inflaters[i].lost = "its handshake passed before anybody looked"
	}
	return c
}

// add completes an entry with what the rows before it tell, and amends those.
func (c *conversation) add(e *Entry, r *wire.Row) {
	if c.info.Path == "" && r.Path != "" {
		c.info.Path, c.info.Technique = r.Path, e.Technique
	}
	switch r.Kind {
	case wire.Opened:
		c.info.Ends = r.Note
	case wire.Request:
		c.asks(e, r)
	case wire.Response:
		c.answers(e, r)
	case wire.Frame:
		c.frame(e, r)
	case wire.FIN, wire.Reset:
		c.over(e)
	}
	if c.info.States != nil {
		states := *c.info.States
		e.States = &states
		e.Technique = "websocket"
	}
}

// asks looks at the head of a request.
func (c *conversation) asks(e *Entry, r *wire.Row) {
	e.Method, _, _ = strings.Cut(e.Summary, " ")
	e.Text = "A request in plain HTTP, which is not judged here."
	req, err := handshake.ReadRequest(bufio.NewReader(bytes.NewReader(r.Bytes)), handshake.Limits{})
	if r.Part == wire.Begun || r.Part == wire.Cut || err != nil || !req.Header.HasToken("Upgrade", "websocket") {
		return
	}
	c.request = req
	c.info.States = &States{connecting, connecting}
	c.ask(e, asked{what: answer, seq: e.Seq, at: r.Time})
	// Which pages may connect is for the server to say.
	e.Verdict = c.judgeHandshake(req.Check(handshake.AnyOrigin), wire.Client, "a request to switch to WebSocket")
}

// answers looks at the head of a response.
func (c *conversation) answers(e *Entry, r *wire.Row) {
	e.Text = "An answer in plain HTTP, which is not judged here."
	resp, err := handshake.ReadResponse(bufio.NewReader(bytes.NewReader(r.Bytes)), handshake.Limits{})
	if r.Part == wire.Begun || r.Part == wire.Cut || err != nil {
		return
	}
	e.Status = resp.Status
	if c.request == nil || resp.Status < 200 && resp.Status != 101 {
		return
	}
	for _, a := range c.asked[wire.Client] {
		if a.what == answer {
			e.Answers, e.After = a.seq, e.after(a.at)
			c.settle(a, e, e.Summary, true)
		}
	}
	c.asked[wire.Client] = nil
	req := c.request
	c.request = nil
	if resp.Status != 101 {
		c.info.States = nil
		e.Verdict = Verdict{Grade: frames.Legal.String(), Text: fmt.Sprintf("Legal: the server refuses the Upgrade with %d, and HTTP goes on.", resp.Status)}
		return
	}
	c.info.States, c.info.Technique = &States{open, open}, "websocket"
	e.Verdict = c.judgeHandshake(resp.Check(req), wire.Server, "the server agrees, and its Sec-WebSocket-Accept is the right one for the key")
	c.negotiated(resp)
}

func (c *conversation) judgeHandshake(err error, by wire.Side, legal string) Verdict {
	if err == nil {
		return Verdict{Grade: frames.Legal.String(), Text: "Legal: " + legal + "."}
	}
	v := Verdict{Grade: frames.Broken.String(), Text: fmt.Sprintf("Broken by the %v: %s", by, err), Level: must, By: by.String()}
	if e := (*handshake.Error)(nil); errors.As(err, &e) {
		v.Rule = e.Rule
		v.Source = (&frames.Error{Rule: e.Rule}).Source()
		v.Text += " (" + v.Source + ")"
	}
	v.Text += "."
	return v
}

// negotiated prepares for what the server has agreed to.
func (c *conversation) negotiated(resp *handshake.Response) {
	accepted, err := resp.Extensions()
	if err != nil {
		return
	}
	c.inflaters = [2]inflater{{takeover: true}, {takeover: true}}
	for _, ext := range accepted {
		for _, p := range ext.Params {
			switch p.Name {
			case "client_no_context_takeover":
				c.inflaters[wire.Client].takeover = false
			case "server_no_context_takeover":
				c.inflaters[wire.Server].takeover = false
			}
		}
	}
}

// frame looks at a frame.
func (c *conversation) frame(e *Entry, r *wire.Row) {
	x := r.Explain()
	e.Summary, e.Frame, e.Verdict = wire.FrameSummary(&x), newFrame(&x), frameVerdict(&x)
	if e.Injected {
		e.Summary = "injected: " + e.Summary
	}
	if c.info.States == nil {
		c.info.States = &States{open, open} // its handshake passed before anybody looked
	}
	whole := r.Part == wire.Whole || r.Part == wire.Ended
	c.thread(e, &x, whole)
	if r.Part == wire.Cut {
		e.Text += " The rest never came."
	}
	if len(x.Problems) > 0 {
		c.broken(e, r.Time, x.Problems[0].Code, x.State.Closed)
		return
	}
	if !whole {
		return
	}
	c.reacts(e, &x)
	switch op := x.Header.Opcode; {
	case op == frames.Ping && !x.State.Closed:
		c.ask(e, asked{what: pong, seq: e.Seq, at: r.Time, payload: x.Payload})
	case op == frames.Pong && e.Answers == 0:
		e.Text += " It answers no ping that was seen, which is allowed (RFC 6455 section 5.5.3)."
	case op == frames.Close:
		c.closes(e, r.Time, &x)
	case !op.IsControl() && (x.Header.Rsv1 || x.State.Compressed):
		c.inflate(e, r.Time, &x)
	}
}

// broken takes note of a frame that breaks a rule, of the first one of each side.
func (c *conversation) broken(e *Entry, at time.Time, code frames.CloseCode, ignored bool) {
	if !ignored && !c.failed[e.From] {
		c.failed[e.From] = true
		c.ask(e, asked{what: failure, seq: e.Seq, at: at, code: code})
	}
}

// thread finds the message that a frame belongs to, or stands in.
func (c *conversation) thread(e *Entry, x *frames.Explanation, whole bool) {
	h := x.Header
	first := &c.open[e.From]
	switch {
	case x.HeaderLen == 0:
	case h.Opcode.IsControl():
		if *first != 0 {
			e.Thread, e.Message = "between", *first
		}
	case h.Opcode != frames.Continuation && !h.Fin:
		e.Thread, e.Message = "first", e.Seq
		*first = e.Seq
	case h.Opcode == frames.Continuation && *first != 0:
		e.Thread, e.Message = "middle", *first
		if h.Fin {
			e.Thread = "last"
			if whole {
				*first = 0
			}
		}
	}
}

// closes takes note of a Close frame.
func (c *conversation) closes(e *Entry, at time.Time, x *frames.Explanation) {
	if x.State.Closed {
		return // only the first one counts
	}
	c.closeFrame(e, x)
	if facts := c.info.Closing; facts.First.Row == e.Seq {
		c.ask(e, asked{what: closeBack, seq: e.Seq, at: at})
	}
	c.info.States = &States{closing, closing}
}

// inflate inflates a message that ends with this frame.
func (c *conversation) inflate(e *Entry, at time.Time, x *frames.Explanation) {
	shown, err := c.inflaters[e.From].add(x)
	e.Inflated = shown
	if err != nil {
		e.Verdict = Verdict{
			Grade: frames.Broken.String(), Rule: "6455-8.1-1", Source: "RFC 6455 section 8.1", Level: must, By: e.From.String(),
			Text: fmt.Sprintf("Broken by the %v: %v (RFC 6455 section 8.1).", e.From, err),
		}
		c.broken(e, at, frames.CloseInvalidPayload, false)
	}
}

// over takes note of the end of a direction, or of both.
func (c *conversation) over(e *Entry) {
	if c.info.States == nil {
		e.Text = "The end of a connection that spoke HTTP."
		return
	}
	states := *c.info.States
	c.end(e)
	c.ends(e.From, e)
	if e.From == wire.Client || e.Kind == wire.Reset {
		states.Client = closed
	}
	if e.From == wire.Server || e.Kind == wire.Reset {
		states.Server = closed
	}
	if e.Kind == wire.Reset {
		c.ends(1-e.From, e)
	}
	c.info.States = &states
	if states == (States{closed, closed}) {
		c.inflaters = [2]inflater{}
	}
}

// loseTrack takes note that rows are missing: what refers to them is not known.
func (c *conversation) loseTrack() {
	for i := range c.inflaters {
		c.inflaters[i] = inflater{takeover: c.inflaters[i].takeover}
		if c.inflaters[i].takeover {
			c.inflaters[i].lost = "rows before it are missing"
		}
	}
	c.asked, c.open = [2][]asked{}, [2]uint64{}
}
