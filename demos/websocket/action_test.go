package websocket

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/feed"
	"example.com/ws101/demos/room"
	"example.com/ws101/rfc6455"
)

const me = "0123456789abcdef"

// getsBeat requires that the next message has no news.
func (c *client) getsBeat() {
	c.t.Helper()
	_, got, err := c.Read(context.Background())
	require.NoError(c.t, err)
	assert.Contains(c.t, string(got), `"snapshot": false, "events": []}`)
}

func TestActionsAreAcknowledgedInTheirTurn(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		c := w.visit(room.Visitor{Me: me, Cursor: w.room.Now()}, Batches)
		for _, step := range []struct{ send, ack, event string }{
			{`{"n": 1, "join": "Ada"}`, `{"ack": 1}`, `{"here": {"name":"Ada","by":"websocket","here":true}}`},
			{`{"n": 2, "say": "hello"}`, `{"ack": 2}`, `{"chat": {"id":1,"name":"Ada","text":"hello",`},
			{`{"n": 9007199254740991, "vote": 1}`, `{"ack": 9007199254740991}`, `{"vote": {"uid": 1, "name": "明凯", "count": 301}}`},
			{`{"vote": "1"}`, `{"ack": 0}`, `{"vote": {"uid": 1, "name": "明凯", "count": 302}}`},
		} {
			c.send(step.send)
			var got [2]string // the answer and the news may come in either order
			for i := range got {
				_, m, err := c.Read(context.Background())
				require.NoError(t, err)
				got[i] = string(m)
			}
			if !strings.HasPrefix(got[0], `{"ack"`) {
				got[0], got[1] = got[1], got[0]
			}
			assert.Equal(t, step.ack, got[0])
			assert.Contains(t, got[1], `"snapshot": false, "events": [`+step.event)
		}
		c.leaves()
	})
}

func TestActionThatIsRefusedGetsAnAnswerAloneAndTheConnectionStays(t *testing.T) {
	const action = `"An action is a JSON object with one of vote, join and say, such as {\"vote\": 1} or {\"say\": \"hello\"}."`
	bubble(t, func(t *testing.T, w *world) {
		require.NoError(t, w.room.Join("another-page-0000", "Ada"))
		before := w.room.Now()
		c := w.visit(room.Visitor{Me: me, Cursor: before}, Batches)
		for send, want := range map[string]string{
			`{"n": 1}`:                        `{"ack": 1, "error": ` + action + `}`,
			`{"uid": 1}`:                      `{"ack": 0, "error": ` + action + `}`,
			`{`:                               `{"ack": 0, "error": ` + action + `}`,
			`{"n": "7", "say": "x"}`:          `{"ack": 0, "error": ` + action + `}`,
			`{"n": 2, "say": "x", "vote": 1}`: `{"ack": 2, "error": ` + action + `}`,
			`{"n": 3, "vote": 9}`:             `{"ack": 3, "error": "There is no candidate with the uid 9."}`,
			`{"n": 4, "say": "x"}`:            `{"ack": 4, "error": "Give yourself a name before you say something."}`,
			`{"n": 5, "join": "ADA"}`:         `{"ack": 5, "error": "Somebody here has this name already. Take another one."}`,
			`{"n": -6, "join": ""}`:           `{"ack": -6, "error": "A name has at least one character."}`,
			`[{"say": "x"}]`:                  `{"error": "The uid must be a whole number in plain digits, such as 1."}`,
		} {
			c.send(send)
			c.gets(want)
		}
		assert.Equal(t, before, w.room.Now())
		c.leaves()

		classic := w.connect(before, Classic) // knows of votes and nothing else
		classic.send(`{"n": 1, "vote": 1}`)
		classic.gets(`{"error": "The uid must be a whole number in plain digits, such as 1."}`)
		classic.leaves()
	})
}

func TestTooManyLinesAreToldToTheSender(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		require.NoError(t, w.room.Join(me, "Ada"))
		c := w.visit(room.Visitor{Me: me}, Batches)
		refused := false
		for !refused {
			c.send(`{"n": 1, "say": "hello"}`)
			for acked := false; !acked; {
				_, m, err := c.Read(context.Background())
				require.NoError(t, err)
				var answer struct {
					Ack   int
					Error string
				}
				require.NoError(t, json.Unmarshal(m, &answer))
				acked = answer.Ack == 1
				if answer.Error != "" {
					assert.Equal(t, "That is faster than anybody can read. Wait a second, then send it again.", answer.Error)
					refused = true
				}
			}
		}
		c.CloseNow()
		<-c.ended
	})
}

func TestWhoIsConnectedIsHere(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		require.NoError(t, w.room.Join(me, "Ada"))
		all := w.connect(w.room.Now(), Batches)
		c := w.visit(room.Visitor{Me: me, Cursor: w.room.Now()}, Batches)
		all.gets(`{"cursor": "test-2", "snapshot": false, "events": [{"here": {"name":"Ada","by":"websocket","here":true}}]}`)
		c.CloseNow()
		<-c.ended
		broken := time.Now()
		all.gets(`{"cursor": "test-3", "snapshot": false, "events": [{"here": {"name":"Ada","by":"websocket","here":false}}]}`)
		assert.Equal(t, 15*time.Second, time.Since(broken))
		all.leaves()
	})
}

func TestOverTheWireWithAnID(t *testing.T) {
	o := Options{Room: newRoom(t, feed.Options{})}
	address, _ := serveRoom(t, o)
	c, err := dial(t, address, "/news?cursor=test-0&me="+me, address)
	require.NoError(t, err)
	c.send(`{"n": 1, "join": "明凯"}`)
	var got []string
	for range 2 {
		kind, m, err := c.Read(t.Context())
		require.NoError(t, err)
		assert.Equal(t, rfc6455.Text, kind)
		got = append(got, string(m))
	}
	assert.ElementsMatch(t, []string{
		`{"ack": 1}`,
		`{"cursor": "test-1", "snapshot": false, "events": [{"here": {"name":"明凯","by":"websocket","here":true}}]}`,
	}, got)
}
