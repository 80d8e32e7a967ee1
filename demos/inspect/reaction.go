package inspect

import (
	"fmt"
	"time"

	"example.com/ws101/demos/wire"
	"example.com/ws101/frames"
)

// Reaction is what a row asks of the side that receives it, and what that side
// did.
type Reaction struct {
	// Due is the reaction that the rules ask for, and Level how they do.
	Level string `json:"level"`
	Due   string `json:"due"`
	// Seen is what has been seen of it, Row the row in which it was, and After
	// how many milliseconds later that came.
	Seen  string  `json:"seen"`
	Row   uint64  `json:"row,omitempty"`
	After float64 `json:"after,omitempty"`
	// Met is set if that was what is due.
	Met bool `json:"met"`
}

// asked is a reaction that is still due.
type asked struct {
	what    demand
	seq     uint64
	at      time.Time
	payload []byte           // of a ping
	code    frames.CloseCode // that a Close frame should have; 0 for any
	since   int              // frames that came and were none
}

// demand is what kind of reaction is due.
type demand uint8

const (
	pong demand = iota
	closeBack
	failure
	answer // of an HTTP request
)

// maxAsked is how many reactions of one side are waited for at most. Then the
// oldest are not waited for any more.
const maxAsked = 64

const nothingYet = "nothing yet"

// ask takes note that the receiver of e has to react.
func (c *conversation) ask(e *Entry, a asked) {
	e.Reaction = &Reaction{Level: must, Seen: nothingYet}
	receiver := "server"
	if e.From == wire.Server {
		receiver = "client"
	}
	switch a.what {
	case pong:
		e.Reaction.Due = "The " + receiver + " must answer with a pong that carries the same bytes."
	case closeBack:
		e.Reaction.Due = "The " + receiver + " must answer with a Close frame, if it has not sent one."
	case failure:
		e.Reaction.Due = fmt.Sprintf("The %s must fail the connection, and should send a Close frame with %v first.", receiver, a.code)
	case answer:
		e.Reaction.Due = "The " + receiver + " must answer: with 101, or with another status that refuses."
	}
	list := append(c.asked[e.From], a)
	if len(list) > maxAsked {
		list = list[1:]
	}
	c.asked[e.From] = list
}

// settle amends the row that asked for what e has brought.
func (c *conversation) settle(a asked, e *Entry, seen string, met bool) {
	after := e.after(a.at)
	c.log.amend(a.seq, func(was *Entry) {
		if was.Reaction == nil {
			return
		}
		r := *was.Reaction // the old one may be on its way to a page
		r.Seen, r.Row, r.After, r.Met = seen, e.Seq, after, met
		was.Reaction = &r
	})
}

// reacts looks whether the frame e is what its sender owed. A pong answers the
// ping with the same bytes, and those before it: a peer may answer only the
// latest (RFC 6455 section 5.5.3).
func (c *conversation) reacts(e *Entry, x *frames.Explanation) {
	owed := &c.asked[1-e.From]
	latest := -1
	if x.Header.Opcode == frames.Pong {
		for i, a := range *owed {
			if a.what == pong && string(a.payload) == string(x.Payload) {
				latest = i
				e.Answers, e.After = a.seq, e.after(a.at)
			}
		}
	}
	rest := (*owed)[:0:0]
	for i, a := range *owed {
		isClose := x.Header.Opcode == frames.Close
		switch {
		case a.what == pong && i == latest:
			c.settle(a, e, "a pong with the same bytes", true)
		case a.what == pong && i < latest:
			c.settle(a, e, "a pong to a later ping, which is enough", true)
		case a.what == closeBack && isClose:
			e.Answers, e.After = a.seq, e.after(a.at)
			c.settle(a, e, "a Close frame"+withCode(e.Frame), true)
		case a.what == failure && isClose:
			met := a.code == 0 || e.Frame.Code == uint16(a.code)
			c.settle(a, e, "a Close frame"+withCode(e.Frame), met)
		case a.what == failure:
			a.since++
			c.settle(a, e, fmt.Sprintf("it went on: %d frames since, and none of them a Close", a.since), false)
			rest = append(rest, a)
		default:
			rest = append(rest, a)
		}
	}
	*owed = rest
}

// ends tells those who wait for a reaction of from that none will come.
func (c *conversation) ends(from wire.Side, e *Entry) {
	for _, a := range c.asked[1-from] {
		switch a.what {
		case failure:
			c.settle(a, e, "it ended TCP, without the Close frame that should come first (RFC 6455 section 7.1.7)", true)
		default:
			c.settle(a, e, "nothing: TCP ended first", false)
		}
	}
	c.asked[1-from] = nil
}

func withCode(f *Frame) string {
	if f.Code == 0 {
		return " without a code"
	}
	return " with " + frames.CloseCode(f.Code).String()
}
