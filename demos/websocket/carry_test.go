package websocket

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/feed"
	"example.com/ws101/demos/room"
	"example.com/ws101/demos/vote"
	"example.com/ws101/frames"
	"example.com/ws101/rfc6455"
)

func newRoom(t *testing.T, o feed.Options) *room.Room {
	t.Helper()
	o.Epoch = "test"
	f := feed.New(o)
	tally, err := vote.New(f, vote.Defaults())
	require.NoError(t, err)
	return room.New(f, tally)
}

// A world is a room and its carrier. It is for use inside a synctest bubble, where every goroutine
// must have ended when the test does.
type world struct {
	t       *testing.T
	ctx     context.Context // of the server
	stop    context.CancelFunc
	room    *room.Room
	carrier *Carrier
}

func bubble(t *testing.T, f func(*testing.T, *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		r := newRoom(t, feed.Options{MaxEvents: 8})
		f(t, &world{t, ctx, stop, r, NewCarrier(r)})
	})
}

func (w *world) vote(uid int64) {
	w.t.Helper()
	_, err := w.room.Tally.Vote(uid)
	require.NoError(w.t, err)
}

// snapshot is the message that tells everything, in a room where nobody is known or has talked.
func (w *world) snapshot() string {
	return `{"cursor": "` + w.room.Now().String() + `", "snapshot": true, "state": {"vote": ` +
		string(w.room.Tally.State().JSON) + `, "chat": [], "here": []}}`
}

// A client is the other end of a connection that is carried.
type client struct {
	*rfc6455.Conn
	t     *testing.T
	ended chan error // what Carry returned
}

func (w *world) connect(from feed.Cursor, form Form) *client {
	w.t.Helper()
	return w.visit(room.Visitor{Cursor: from}, form)
}

func (w *world) visit(visitor room.Visitor, form Form) *client {
	w.t.Helper()
	near, far := net.Pipe()
	c := &client{t: w.t, ended: make(chan error, 1)}
	go func() {
		conn, _, err := rfc6455.Accept(context.Background(), far, &rfc6455.AcceptOptions{
			Options: rfc6455.Options{WriteTimeout: writeTimeout},
		})
		if assert.NoError(w.t, err) {
			c.ended <- w.carrier.Carry(w.ctx, Adapt(conn), visitor, form)
		}
	}()
	var err error
	c.Conn, _, err = rfc6455.Client(context.Background(), near, "ws://vote.example/vote", nil)
	require.NoError(w.t, err)
	w.t.Cleanup(c.CloseNow)
	return c
}

func (c *client) send(text string) {
	c.t.Helper()
	require.NoError(c.t, c.Write(context.Background(), rfc6455.Text, []byte(text)))
}

func (c *client) gets(want string) {
	c.t.Helper()
	kind, got, err := c.Read(context.Background())
	require.NoError(c.t, err)
	assert.Equal(c.t, rfc6455.Text, kind)
	assert.Equal(c.t, want, string(got))
}

// getsNothing requires that nothing comes for 50 seconds, in the time of the bubble. A minute would end in
// the same moment in which both sides send their Pings.
func (c *client) getsNothing() {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Second)
	defer cancel()
	_, got, err := c.Read(ctx)
	assert.ErrorIs(c.t, err, context.DeadlineExceeded, "%s", got)
}

// getNothing requires that of several. A connection in memory holds no byte, so a Ping that one of them
// does not read is one that it does not take.
func getNothing(clients ...*client) {
	var all sync.WaitGroup
	for _, c := range clients {
		all.Go(c.getsNothing)
	}
	all.Wait()
}

// leaves closes the connection, and requires that the server's end was clean.
func (c *client) leaves() {
	c.t.Helper()
	assert.NoError(c.t, c.Close(frames.CloseNormal, ""))
	var end *rfc6455.CloseError
	require.ErrorAs(c.t, <-c.ended, &end)
	assert.True(c.t, end.Clean)
}

func TestClassicConnectionGetsExactlyTheClassicMessages(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.vote(1) // before anybody is there
		a, b := w.connect(w.room.Now(), Classic), w.connect(w.room.Now(), Classic)
		getNothing(a, b)
		a.send("1")
		a.gets(`{"uid": 1, "name": "明凯", "count": 302}`)
		b.gets(`{"uid": 1, "name": "明凯", "count": 302}`)
		b.send("3")
		a.gets(`{"uid": 3, "name": "7酱", "count": 601}`)
		b.gets(`{"uid": 3, "name": "7酱", "count": 601}`)
		w.vote(2) // by another technique
		a.gets(`{"uid": 2, "name": "厂长", "count": 201}`)
		b.gets(`{"uid": 2, "name": "厂长", "count": 201}`)
		getNothing(a, b)
		a.leaves()
		b.send("1")
		b.gets(`{"uid": 1, "name": "明凯", "count": 303}`)
		b.leaves()
	})
}

func TestVoteBetweenHandshakeAndFirstReadIsToldToo(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		from := w.room.Now()
		w.vote(1)
		c := w.connect(from, Classic)
		c.gets(`{"uid": 1, "name": "明凯", "count": 301}`)
		c.leaves()
	})
}

func TestBadVoteGetsAnErrorAloneAndTheConnectionStays(t *testing.T) {
	const digits = `{"error": "The uid must be a whole number in plain digits, such as 1."}`
	bubble(t, func(t *testing.T, w *world) {
		a, b := w.connect(w.room.Now(), Classic), w.connect(feed.Cursor{}, Batches)
		b.gets(w.snapshot())
		for text, want := range map[string]string{
			"":                         digits,
			"0":                        digits,
			"01":                       digits,
			"-1":                       digits,
			"1.0":                      digits,
			" 1":                       digits,
			"1\n":                      digits,
			`"1"`:                      digits,
			"null":                     digits,
			"１":                        digits,
			"9007199254740992":         digits,
			strings.Repeat("1", 60000): digits,
			"4":                        `{"error": "There is no candidate with the uid 4."}`,
			"9007199254740991":         `{"error": "There is no candidate with the uid 9007199254740991."}`,
		} {
			a.send(text)
			a.gets(want)
			b.send(text)
			b.gets(want)
		}
		require.NoError(t, a.Write(context.Background(), rfc6455.Binary, []byte("1")))
		a.gets(`{"error": "A vote is a uid in a text message, such as 1; this message was binary."}`)
		assert.Equal(t, "test-0", w.room.Now().String(), "nothing was counted")
		a.send("1")
		a.gets(`{"uid": 1, "name": "明凯", "count": 301}`)
		b.gets(`{"cursor": "test-1", "snapshot": false, "events": [{"vote": {"uid": 1, "name": "明凯", "count": 301}}]}`)
		a.leaves()
		b.leaves()
	})
}

func TestBatchesResumeByCursor(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		c := w.connect(feed.Cursor{}, Batches)
		c.gets(w.snapshot())
		w.vote(1)
		c.gets(`{"cursor": "test-1", "snapshot": false, "events": [{"vote": {"uid": 1, "name": "明凯", "count": 301}}]}`)
		c.CloseNow()
		<-c.ended

		w.vote(1)
		w.vote(2)
		c = w.connect(feed.Cursor{Epoch: "test", N: 1}, Batches)
		c.gets(`{"cursor": "test-3", "snapshot": false, "events": [{"vote": {"uid": 1, "name": "明凯", "count": 302}}, {"vote": {"uid": 2, "name": "厂长", "count": 201}}]}`)
		c.leaves()

		for range 9 { // one more than the feed keeps
			w.vote(3)
		}
		for _, cursor := range []feed.Cursor{{Epoch: "test", N: 3}, {Epoch: "older", N: 12}} {
			c = w.connect(cursor, Batches)
			c.gets(w.snapshot())
			c.leaves()
		}
	})
}

func TestBatchesBeatWhenThereIsNoNews(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		c := w.connect(w.room.Now(), Batches)
		start := time.Now()
		for i := range 3 {
			c.gets(`{"cursor": "test-0", "snapshot": false, "events": []}`)
			assert.Equal(t, time.Duration(i+1)*beat, time.Since(start))
		}
		c.leaves()
	})
}

func TestOneWhoIsTooFarBehindIsToldTheState(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		classic, batches := w.connect(w.room.Now(), Classic), w.connect(w.room.Now(), Batches)
		w.vote(1)
		synctest.Wait() // both are stuck in a message that nobody takes
		for range 9 {
			w.vote(2)
		}
		classic.gets(`{"uid": 1, "name": "明凯", "count": 301}`)
		classic.gets(`{"uid": 1, "name": "明凯", "count": 301}`)
		classic.gets(`{"uid": 2, "name": "厂长", "count": 209}`)
		classic.gets(`{"uid": 3, "name": "7酱", "count": 600}`)
		batches.gets(`{"cursor": "test-1", "snapshot": false, "events": [{"vote": {"uid": 1, "name": "明凯", "count": 301}}]}`)
		batches.gets(w.snapshot())
		batches.leaves()
		classic.getsNothing()
		classic.leaves()
	})
}

func TestOneWhoNeverReadsDelaysNobodyAndIsCut(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		for _, form := range []Form{Classic, Batches} {
			dead, alive := w.connect(w.room.Now(), form), w.connect(w.room.Now(), Classic)
			start := time.Now()
			before := w.room.Tally.State().JSON
			for range 5 {
				alive.send("1")
				_, _, err := alive.Read(context.Background())
				require.NoError(t, err)
			}
			assert.LessOrEqual(t, time.Since(start), 2*patience, "the one who reads waits once for the other, and then no more")
			assert.NotEqual(t, string(before), string(w.room.Tally.State().JSON))

			var end *rfc6455.CloseError
			require.ErrorAs(t, <-dead.ended, &end)
			assert.False(t, end.Clean)
			assert.Greater(t, time.Since(start), writeTimeout/2-time.Second)
			assert.LessOrEqual(t, time.Since(start), writeTimeout)
			alive.send("1")
			_, _, err := alive.Read(context.Background())
			require.NoError(t, err)
			alive.leaves()
		}
	})
}

func TestOneWhoOnlySendsNonsenseIsCut(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		c := w.connect(w.room.Now(), Classic)
		start, sent := time.Now(), 0
		for c.Write(context.Background(), rfc6455.Text, []byte("nonsense")) == nil {
			sent++
		}
		<-c.ended
		assert.LessOrEqual(t, sent, 2, "the server reads no more than it can answer")
		assert.LessOrEqual(t, time.Since(start), writeTimeout)
	})
}

func TestEndOfTheServerIsGoingAway(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		for _, form := range []Form{Classic, Batches} {
			c := w.connect(w.room.Now(), form)
			time.AfterFunc(time.Second, w.stop)
			_, _, err := c.Read(context.Background())
			var end *rfc6455.CloseError
			require.ErrorAs(t, err, &end)
			assert.Equal(t, frames.CloseGoingAway, end.Code)
			assert.True(t, end.Clean)
			<-c.ended
			w.ctx, w.stop = context.WithCancel(t.Context())
			defer w.stop()
		}
	})
}

// A socket is a Conn that is no WebSocket at all: what a learner brings in may look like this.
type socket struct {
	in      chan string
	out     chan string
	closed  chan struct{}
	close   sync.Once
	code    atomic.Int64
	writing atomic.Int32
	t       *testing.T
}

func newSocket(t *testing.T) *socket {
	return &socket{in: make(chan string), out: make(chan string), closed: make(chan struct{}), t: t}
}

func (s *socket) ReadMessage() (bool, []byte, error) {
	select {
	case m := <-s.in:
		return true, []byte(m), nil
	case <-s.closed:
		return false, nil, io.EOF
	}
}

func (s *socket) WriteMessage(text bool, message []byte) error {
	assert.EqualValues(s.t, 1, s.writing.Add(1), "two write at the same time")
	defer s.writing.Add(-1)
	assert.True(s.t, text)
	select {
	case s.out <- string(message):
		return nil
	case <-s.closed:
		return io.ErrClosedPipe
	}
}

func (s *socket) Close(code int, reason string) error {
	s.close.Do(func() {
		s.code.Store(int64(code))
		close(s.closed)
	})
	return nil
}

func TestAnyConnCanCarryTheVote(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		s := newSocket(t)
		ended := make(chan error, 1)
		go func() { ended <- w.carrier.Carry(w.ctx, s, room.Visitor{Cursor: w.room.Now()}, Classic) }()
		s.in <- "1"
		assert.Equal(t, `{"uid": 1, "name": "明凯", "count": 301}`, <-s.out)
		s.in <- "7"
		w.vote(2) // now both goroutines have something to write
		got := []string{<-s.out, <-s.out}
		assert.ElementsMatch(t, []string{
			`{"error": "There is no candidate with the uid 7."}`,
			`{"uid": 2, "name": "厂长", "count": 201}`,
		}, got)
		w.stop()
		assert.Equal(t, io.EOF, <-ended)
		assert.EqualValues(t, 1001, s.code.Load())
	})
}

// broken is a Conn that cannot write.
type broken struct{ *socket }

func (broken) WriteMessage(bool, []byte) error { return errors.New("broken") }

func TestConnThatCannotWriteIsClosed(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		s := newSocket(t)
		ended := make(chan error, 1)
		go func() { ended <- w.carrier.Carry(w.ctx, broken{s}, room.Visitor{Cursor: w.room.Now()}, Classic) }()
		synctest.Wait()
		w.vote(1)
		assert.Equal(t, io.EOF, <-ended)
		assert.EqualValues(t, 1011, s.code.Load())

		s = newSocket(t)
		go func() { ended <- w.carrier.Carry(w.ctx, broken{s}, room.Visitor{Cursor: w.room.Now()}, Classic) }()
		s.in <- "nonsense"
		assert.EqualError(t, <-ended, "broken")
		<-s.closed
	})
}

func TestRefusalIsJSONWhateverItSays(t *testing.T) {
	assert.Equal(t, `{"error": "a \"b\" \u003c/script\u003e"}`, string(refusal(`a "b" </script>`)))
}

func TestFormOfASnapshotThatIsNone(t *testing.T) {
	assert.Panics(t, func() { Classic.messages(feed.Batch{Snapshot: []byte("?")}) })
}
