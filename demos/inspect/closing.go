package inspect

import (
	"fmt"

	"example.com/ws101/demos/wire"
	"example.com/ws101/frames"
)

// Closing is how a WebSocket ended, as facts.
type Closing struct {
	// First is the first Close frame, and Second that of the other side.
	First  *Fact `json:"first,omitempty"`
	Second *Fact `json:"second,omitempty"`
	// End is the first FIN or RST, and OtherEnd that of the other side.
	End      *Fact `json:"end,omitempty"`
	OtherEnd *Fact `json:"otherEnd,omitempty"`
	// API is what a browser at the client's end has to report for these bytes,
	// once TCP has ended.
	API *Report `json:"api,omitempty"`
}

// Fact is something that a row shows.
type Fact struct {
	Row  uint64    `json:"row"`
	From wire.Side `json:"from"`
	Time float64   `json:"time"`
	What string    `json:"what"`
}

// Report is a close event of the browser's WebSocket.
type Report struct {
	Code     uint16 `json:"code"`
	Reason   string `json:"reason"`
	WasClean bool   `json:"wasClean"`
}

// closeFrame takes note of a Close frame.
func (c *conversation) closeFrame(e *Entry, x *frames.Explanation) {
	fact := &Fact{e.Seq, e.From, e.Time, "Close" + withCode(e.Frame)}
	report := Report{Code: uint16(frames.CloseNoStatus)}
	if code, reason, err := frames.ParseClose(x.Payload); err == nil {
		report.Code, report.Reason = uint16(code), reason
		if reason != "" {
			fact.What += fmt.Sprintf(", reason %q", reason)
		}
	}
	if e.From == wire.Server && c.received == nil {
		c.received = &report
	}
	facts := c.facts()
	switch {
	case facts.First == nil:
		facts.First = fact
	case facts.First.From != e.From && facts.Second == nil:
		facts.Second = fact
	}
	c.info.Closing = &facts
}

// facts returns a copy of what is known: the old one may be on its way to a page.
func (c *conversation) facts() Closing {
	if c.info.Closing == nil {
		return Closing{}
	}
	return *c.info.Closing
}

// end takes note of a FIN or a reset, and judges it.
func (c *conversation) end(e *Entry) {
	facts := c.facts()
	fact := &Fact{e.Seq, e.From, e.Time, e.Summary}
	if facts.End == nil {
		facts.End = fact
		e.Verdict = c.judgeEnd(e, &facts)
	} else {
		facts.OtherEnd = fact
		e.Verdict = Verdict{Grade: frames.Legal.String(), Text: "Legal: the other direction had ended before."}
	}
	if facts.API == nil {
		facts.API = c.reported(&facts)
	}
	c.info.Closing = &facts
}

// judgeEnd judges the first FIN or reset of a WebSocket.
func (c *conversation) judgeEnd(e *Entry, facts *Closing) Verdict {
	odd := Verdict{Grade: frames.Odd.String()}
	switch {
	case facts.First == nil:
		odd.Text = "Legal but odd: TCP ends without a Close frame, which looks like an accident. A browser reports 1006 (RFC 6455 section 7.1.5)."
	case facts.Second == nil:
		odd.Text = "Legal but odd: TCP ends after one Close frame, without the answer to it. The end is not clean (RFC 6455 section 7.1.4)."
	case e.Kind == wire.Reset:
		odd.Text = "Legal but odd: TCP is torn down rather than ended, which can destroy bytes on their way."
	case e.From == wire.Client:
		odd.Text = "Legal but odd: the client ends TCP first. The server should (RFC 6455 section 7.1.1)."
		odd.Rule, odd.Source, odd.Level, odd.By = "6455-7.1.1-2", "RFC 6455 section 7.1.1", should, "client"
	default:
		return Verdict{Grade: frames.Legal.String(), Text: "Legal: both Close frames have passed, and the server ends TCP first, as it should (RFC 6455 section 7.1.1)."}
	}
	return odd
}

// reported returns what the API of a client reports: the code of the Close frame
// that came in, or 1006; and clean if both have passed. A client that was sent
// what breaks a rule has failed the connection itself.
func (c *conversation) reported(facts *Closing) *Report {
	if c.received == nil || c.failed[wire.Server] {
		return &Report{Code: uint16(frames.CloseAbnormal)}
	}
	r := *c.received
	r.WasClean = facts.Second != nil
	return &r
}
