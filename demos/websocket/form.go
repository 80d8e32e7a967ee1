package websocket

import (
	"encoding/json"
	"fmt"

	"example.com/ws101/demos/feed"
	"example.com/ws101/demos/vote"
)

// A Form says in which messages a connection is told the news.
type Form int

const (
	// Classic is what pages for the classic server expect: the vote alone, a message for each,
	// {"uid": 1, "name": "明凯", "count": 301}. One who is too far behind gets such a message for
	// each candidate.
	Classic Form = iota
	// Batches tells all that is new in the room in one message, with the cursor to come back with
	// after a broken connection; see feed.Batch. An empty batch says now and then that the
	// connection is alive, because a page cannot see a Ping.
	Batches
)

// messages returns what to send for a batch.
func (f Form) messages(b feed.Batch) [][]byte {
	if f == Batches {
		return [][]byte{b.AppendJSON(nil)}
	}
	if b.Snapshot != nil {
		return vote.Events(b.Snapshot)
	}
	var messages [][]byte
	for _, e := range b.Events {
		messages = append(messages, e.JSON)
	}
	return messages
}

// refusal returns the message that says why a vote was not counted.
func refusal(sentence string) []byte { return fmt.Appendf(nil, `{"error": %s}`, quote(sentence)) }

// ack returns the answer to the action with the number n.
func ack(n int64, err error) []byte {
	if err == nil {
		return fmt.Appendf(nil, `{"ack": %d}`, n)
	}
	return fmt.Appendf(nil, `{"ack": %d, "error": %s}`, n, quote(err.Error()))
}

func quote(s string) []byte {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string can always be encoded
	}
	return text
}
