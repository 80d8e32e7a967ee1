package websocket

import (
	"context"
	"encoding/json"

	"example.com/ws101/demos/room"
	"example.com/ws101/demos/vote"
)

// The close codes that a Carrier uses (RFC 6455 section 7.4.1).
const (
	goingAway     = 1001 // the server shuts down
	internalError = 1011 // here: the news could not be sent
)

// A Carrier carries a room over WebSockets of any make.
//
// The classic server keeps a list of sockets, and each vote is written to all of them in turn; one
// that takes nothing stops everybody, and one that goes away in the middle breaks the loop. Here
// each connection has a cursor of its own. One that is slow delays itself alone, and catches up with
// one batch, or with a snapshot.
type Carrier struct {
	room    *room.Room
	classic hub
	batches hub
}

// NewCarrier returns a carrier for a room.
func NewCarrier(r *room.Room) *Carrier {
	return &Carrier{
		room:    r,
		classic: hub{form: Classic, news: r.Tally},
		batches: hub{form: Batches, news: r},
	}
}

// Carry carries the room over one connection, until the connection ends or ctx does; then it is
// closed with 1001. The client gets what came after the visitor's cursor, in the given form. What
// it sends as text is either a uid, which is a vote, or in the form Batches also an action:
//
//	{"n": 7, "say": "hello"}
//
// with one of vote, join and say; see room.Action. It is answered, in its turn, with {"ack": 7}, or
// with {"ack": 7, "error": "..."}. A uid is answered only if it is refused, with {"error": "..."}.
//
// The error is that of ReadMessage: how the connection ended.
func (c *Carrier) Carry(ctx context.Context, conn Conn, visitor room.Visitor, form Form) error {
	stop := context.AfterFunc(ctx, func() { _ = conn.Close(goingAway, "") })
	defer stop()
	return c.enter(conn, visitor, form).carry()
}

// A carried connection is one that has been taken in.
type carried struct {
	*member
	room    *room.Room
	visitor room.Visitor
	left    func() // says in the room that the connection has ended
}

// enter takes a connection in. Its news begin to come at once; carry hears what it sends.
//
// These are two steps for the sake of memory. A goroutine begins with a stack of 2 KB, which grows
// when it calls deep and never shrinks again as far. So whoever has done the handshake, and so has a
// grown stack, enters, and the goroutine that then waits for years has nothing to do but wait.
func (c *Carrier) enter(conn Conn, visitor room.Visitor, form Form) *carried {
	hub, left := &c.classic, func() {}
	if form == Batches {
		hub, left = &c.batches, c.room.Enter(visitor.Me, "websocket")
	}
	return &carried{hub.join(conn, visitor.Cursor), c.room, visitor, left}
}

// carry is the rest of Carry: it takes in what the client sends, until the end.
func (c *carried) carry() error {
	for {
		text, message, err := c.conn.ReadMessage()
		if err == nil {
			err = c.hear(text, message)
		}
		if err != nil {
			c.end()
			return err
		}
	}
}

func (c *carried) end() {
	// Most often the connection has ended, and this does nothing. But an answer may also be what
	// could not be sent.
	_ = c.conn.Close(internalError, "")
	c.leave()
	c.left()
}

// hear takes in one message, and answers it if it has to be.
func (c *carried) hear(text bool, message []byte) error {
	answer := c.do(text, message)
	if answer == nil {
		return nil
	}
	// To this client alone. One that sends and never reads comes to a halt here, and costs no
	// memory.
	return c.write(answer)
}

// do does what one message asks for and returns the answer, if there is one.
func (c *carried) do(text bool, message []byte) []byte {
	if !text {
		return refusal("A vote is a uid in a text message, such as 1; this message was binary.")
	}
	if c.hub.form == Batches && len(message) > 0 && message[0] == '{' {
		return c.act(message)
	}
	uid, err := vote.ParseUID(string(message))
	if err == nil {
		_, err = c.room.Tally.Vote(uid)
	}
	if err != nil {
		return refusal(err.Error())
	}
	return nil
}

func (c *carried) act(message []byte) []byte {
	var m struct {
		N int64
		room.Action
	}
	err := json.Unmarshal(message, &m)
	if err != nil {
		err = room.ErrAction
	} else {
		err = c.room.Do(c.visitor, m.Action)
	}
	return ack(m.N, err)
}
