package websocket

import (
	"context"
	"sync"
	"time"

	"example.com/ws101/demos/feed"
	"example.com/ws101/demos/vote"
)

// beat is how long a page that gets batches is left without a message. It is shorter than the
// patience of most proxies, which cut a connection that is silent for a minute.
const beat = 25 * time.Second

// The close codes that Carry uses (RFC 6455 section 7.4.1).
const (
	goingAway     = 1001 // the server shuts down
	internalError = 1011 // here: the news could not be sent
)

// Carry carries a running vote over one connection, until the connection ends or ctx does; then it
// is closed with 1001. What the client sends as text are its votes, each a uid. What it gets
// are the votes of everyone after the cursor from, in the given form. The error is that
// of ReadMessage: how the connection ended.
//
// The classic server keeps a list of sockets, and each vote is written to all of them in turn; one
// that takes nothing stops everybody. Here nobody keeps a list. Each connection waits on the feed by
// itself and remembers only how far it is, so a slow one delays itself alone, and catches up
// with one batch, or with a snapshot.
func Carry(ctx context.Context, conn Conn, tally *vote.Tally, from feed.Cursor, form Form) error {
	stop := context.AfterFunc(ctx, func() { _ = conn.Close(goingAway, "") })
	defer stop()
	open, ended := context.WithCancel(ctx)
	c := carrier{conn: conn, tally: tally, form: form}
	told := make(chan struct{})
	go func() {
		defer close(told)
		if c.tell(open, from) != nil {
			_ = conn.Close(internalError, "") // so that hear ends too
		}
	}()
	err := c.hear()
	ended()
	// Most often the connection has ended, and this does nothing. But hear also ends when it could
	// not write, and then tell may be waiting to write too.
	_ = conn.Close(internalError, "")
	<-told
	return err
}

// A carrier is one connection at work: one goroutine hears, and one tells.
type carrier struct {
	conn  Conn
	tally *vote.Tally
	form  Form

	writing sync.Mutex // hear writes too, when it has to refuse a vote
}

// hear counts what the client sends.
func (c *carrier) hear() error {
	for {
		text, message, err := c.conn.ReadMessage()
		if err != nil {
			return err
		}
		if err := c.count(text, message); err != nil {
			// To this client alone, and the connection stays. One that sends and
			// never reads comes to a halt here, and costs no memory.
			if err := c.write(refusal(err.Error())); err != nil {
				return err
			}
		}
	}
}

// count counts one vote. The error is a *vote.Refusal.
func (c *carrier) count(text bool, message []byte) error {
	if !text {
		return errBinary
	}
	uid, err := vote.ParseUID(string(message))
	if err == nil {
		_, err = c.tally.Vote(uid)
	}
	return err
}

var errBinary = &vote.Refusal{Sentence: "A vote is a uid in a text message, such as 1; this message was binary."}

// tell sends the news after a cursor until ctx ends, which is no error.
func (c *carrier) tell(ctx context.Context, cursor feed.Cursor) error {
	for {
		batch := c.wait(ctx, cursor)
		if ctx.Err() != nil {
			return nil
		}
		messages, err := c.form.messages(batch)
		if err != nil {
			return err
		}
		for _, m := range messages {
			if err := c.write(m); err != nil {
				return err
			}
		}
		cursor = batch.Cursor
	}
}

// wait returns what is new. The batch is empty if ctx has ended, or if it is time for a beat.
func (c *carrier) wait(ctx context.Context, cursor feed.Cursor) feed.Batch {
	if c.form == Batches {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, beat)
		defer cancel()
	}
	batch, _ := c.tally.Wait(ctx, cursor)
	return batch
}

func (c *carrier) write(message []byte) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	return c.conn.WriteMessage(true, message)
}
