package websocket

import (
	"encoding/json"

	"example.com/ws101/demos/feed"
	"example.com/ws101/demos/vote"
)

// A Form says in which messages a connection is told the news.
type Form int

const (
	// Classic is what pages for the classic server expect: a message for each vote,
	// {"uid": 1, "name": "明凯", "count": 301}. One who is too far behind
	// gets such a message for each candidate.
	Classic Form = iota
	// Batches tells all that is new in one message, with the cursor to come back with after a
	// broken connection; see feed.Batch. An empty batch says now and then that the
	// connection is alive, because a page cannot see a Ping.
	Batches
)

// messages returns what to send for a batch.
func (f Form) messages(b feed.Batch) ([][]byte, error) {
	if f == Batches {
		return [][]byte{b.AppendJSON(nil)}, nil
	}
	if b.Snapshot != nil {
		return vote.Events(b.Snapshot)
	}
	var messages [][]byte
	for _, e := range b.Events {
		messages = append(messages, e.JSON)
	}
	return messages, nil
}

// refusal returns the message that says why a vote was not counted. It is the same in both forms.
func refusal(sentence string) []byte {
	text, err := json.Marshal(sentence)
	if err != nil {
		panic(err) // a string can always be encoded
	}
	return append(append([]byte(`{"error": `), text...), '}')
}
