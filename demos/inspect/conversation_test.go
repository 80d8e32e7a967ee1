package inspect

import (
	"bytes"
	"compress/flate"
	"encoding/hex"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/wire"
	"example.com/ws101/frames"
)

// A talk is a connection that is watched, of which the test has both ends. It runs
// in a bubble of synctest.
type talk struct {
	t              *testing.T
	log            *log
	client, server net.Conn
}

func startTalk(t *testing.T) *talk {
	t.Helper()
	tap := wire.New(wire.Options{})
	k := &talk{t: t, log: newLog(tap)}
	page := k.log.join()
	a, client := net.Pipe()
	k.client, k.server = client, wire.ServerConn(a, tap)
	t.Cleanup(func() {
		_, _ = k.client.Close(), k.server.Close()
		k.log.leave(page)
		k.log.stop()
	})
	return k
}

// says has one end send text, which the other one reads.
func (k *talk) says(from, to net.Conn, text string) {
	k.t.Helper()
	failed := make(chan error, 1)
	go func() {
		_, err := io.WriteString(from, text)
		failed <- err
	}()
	_, err := io.ReadFull(to, make([]byte, len(text)))
	require.NoError(k.t, err)
	require.NoError(k.t, <-failed)
	synctest.Wait()
}

func (k *talk) clientSays(wire string) { k.t.Helper(); k.says(k.client, k.server, raw(k.t, wire)) }
func (k *talk) serverSays(wire string) { k.t.Helper(); k.says(k.server, k.client, raw(k.t, wire)) }

func raw(t *testing.T, wire string) string {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(wire, " ", ""))
	require.NoError(t, err)
	return string(b)
}

const (
	upgrade = "GET /talk HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
	switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
	deflate = "Sec-WebSocket-Extensions: permessage-deflate\r\n"
)

// open makes it a WebSocket. more is what both heads have besides.
func (k *talk) open(more string) {
	k.t.Helper()
	k.says(k.client, k.server, upgrade+more+"\r\n")
	k.says(k.server, k.client, switching+more+"\r\n")
}

// closeClient and closeServer end TCP.
func (k *talk) closeClient() {
	k.t.Helper()
	require.NoError(k.t, k.client.Close())
	_, err := k.server.Read(make([]byte, 1))
	require.Equal(k.t, io.EOF, err)
	synctest.Wait()
}

func (k *talk) closeServer() {
	k.t.Helper()
	require.NoError(k.t, k.server.Close())
	synctest.Wait()
}

// last returns the entry that is n before the last one.
func (k *talk) last(n int) Entry {
	k.t.Helper()
	k.log.mu.Lock()
	defer k.log.mu.Unlock()
	require.Greater(k.t, len(k.log.entries), n)
	return k.log.entries[len(k.log.entries)-1-n]
}

func (k *talk) conn() Conn {
	k.t.Helper()
	k.log.mu.Lock()
	defer k.log.mu.Unlock()
	require.Len(k.t, k.log.conns, 1)
	return k.log.conns[0].info
}

func bubble(t *testing.T, test func(*testing.T, *talk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, startTalk(t)) })
}

func TestHandshakeIsJudged(t *testing.T) {
	bubble(t, func(t *testing.T, k *talk) {
		k.says(k.client, k.server, upgrade+"\r\n")
		request := k.last(0)
		assert.Equal(t, "legal", request.Grade)
		assert.Equal(t, "GET", request.Method)
		assert.Equal(t, &States{connecting, connecting}, request.States)
		assert.Equal(t, nothingYet, request.Reaction.Seen)

		time.Sleep(3 * time.Millisecond)
		k.says(k.server, k.client, switching+"\r\n")
		response, request := k.last(0), k.last(1)
		assert.Equal(t, "legal", response.Grade)
		assert.Equal(t, 101, response.Status)
		assert.Equal(t, request.Seq, response.Answers)
		assert.InDelta(t, 3, response.After, 0.01)
		assert.Equal(t, &States{open, open}, response.States)
		assert.Equal(t, "HTTP/1.1 101 Switching Protocols", request.Reaction.Seen)
		assert.True(t, request.Reaction.Met)
		assert.Equal(t, "websocket", response.Technique)
	})
}

func TestBrokenHandshakes(t *testing.T) {
	for name, c := range map[string]struct{ request, response, by, rule string }{
		"no version":   {strings.Replace(upgrade, "Sec-WebSocket-Version: 13\r\n", "", 1), "", "client", "6455-4.2.1-1g"},
		"wrong accept": {upgrade, strings.Replace(switching, "s3p", "xxx", 1), "server", "6455-4.1-40"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, k *talk) {
				k.says(k.client, k.server, c.request+"\r\n")
				if c.response != "" {
					k.says(k.server, k.client, c.response+"\r\n")
				}
				e := k.last(0)
				assert.Equal(t, "broken", e.Grade)
				assert.Equal(t, c.by, e.By)
				assert.Equal(t, must, e.Level)
				assert.Equal(t, c.rule, e.Rule)
				assert.Contains(t, e.Text, "Broken by the "+c.by)
			})
		})
	}
}

func TestRefusedUpgrade(t *testing.T) {
	bubble(t, func(t *testing.T, k *talk) {
		k.says(k.client, k.server, upgrade+"\r\n")
		k.says(k.server, k.client, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
		assert.Equal(t, "legal", k.last(0).Grade)
		assert.Contains(t, k.last(0).Text, "refuses the Upgrade with 403")
		assert.Nil(t, k.last(0).States)
		assert.Equal(t, "HTTP/1.1 403 Forbidden", k.last(1).Reaction.Seen)
	})
}

func TestFragmentsAreOneMessage(t *testing.T) {
	bubble(t, func(t *testing.T, k *talk) {
		k.open("")
		k.clientSays("01 83 37 fa 21 3d 7f 9f 4d")
		first := k.last(0)
		k.clientSays("89 82 01 02 03 04 71 33")
		k.clientSays("00 80 01 02 03 04")
		k.serverSays("8a 02 70 31")
		k.clientSays("80 82 37 fa 21 3d 5b 95")
		k.clientSays("81 80 01 02 03 04")
		var threads []string
		var messages []uint64
		for n := 5; n >= 0; n-- {
			threads, messages = append(threads, k.last(n).Thread), append(messages, k.last(n).Message)
		}
		assert.Equal(t, []string{"first", "between", "middle", "", "last", ""}, threads)
		assert.Equal(t, []uint64{first.Seq, first.Seq, first.Seq, 0, first.Seq, 0}, messages)
	})
}

func TestPingsArePairedWithPongs(t *testing.T) {
	bubble(t, func(t *testing.T, k *talk) {
		k.open("")
		k.serverSays("89 01 31")
		k.serverSays("89 01 32")
		time.Sleep(5 * time.Millisecond)
		k.clientSays("8a 81 00 00 00 01 32") // "2"
		one, two, answer := k.last(2), k.last(1), k.last(0)
		assert.Equal(t, two.Seq, answer.Answers)
		assert.InDelta(t, 5, answer.After, 0.01)
		assert.Equal(t, "a pong with the same bytes", two.Reaction.Seen)
		assert.InDelta(t, 5, two.Reaction.After, 0.01)
		assert.Equal(t, "a pong to a later ping, which is enough", one.Reaction.Seen)
		assert.True(t, one.Reaction.Met && two.Reaction.Met)

		k.clientSays("8a 81 00 00 00 01 39")
		assert.Zero(t, k.last(0).Answers)
		assert.Contains(t, k.last(0).Text, "It answers no ping that was seen")

		k.serverSays("89 01 33")
		k.closeClient()
		assert.Equal(t, "nothing: TCP ended first", k.last(1).Reaction.Seen)
		assert.False(t, k.last(1).Reaction.Met)
	})
}

func TestWhoBreaksARuleAndWhatComesOfIt(t *testing.T) {
	const rsv2 = "a1 81 00 00 00 01 79"
	for name, c := range map[string]struct {
		next func(*talk)
		seen string
		met  bool
	}{
		"a Close frame": {func(k *talk) { k.serverSays("88 02 03 ea") }, "a Close frame with 1002 protocol error", true},
		"another code":  {func(k *talk) { k.serverSays("88 02 03 e8") }, "a Close frame with 1000 normal closure", false},
		"an end of TCP": {func(k *talk) { k.closeServer() }, "it ended TCP, without the Close frame that should come first (RFC 6455 section 7.1.7)", true},
		"nothing":       {func(k *talk) { k.clientSays("81 80 00 00 00 01") }, nothingYet, false},
		"it goes on": {func(k *talk) {
			k.serverSays("81 00")
			k.serverSays("81 00")
		}, "it went on: 2 frames since, and none of them a Close", false},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, k *talk) {
				k.open("")
				k.clientSays(rsv2)
				seq := k.last(0).Seq
				assert.Equal(t, Verdict{
					Grade: "broken", Rule: "6455-5.2-2", Source: "RFC 6455 section 5.2", Level: must, By: "client", Text: k.last(0).Text,
				}, k.last(0).Verdict)
				c.next(k)
				at, found := k.log.find(seq)
				require.True(t, found)
				r := k.log.entries[at].Reaction
				assert.Contains(t, r.Due, "The server must fail the connection")
				assert.Equal(t, c.seen, r.Seen)
				assert.Equal(t, c.met, r.Met)
			})
		})
	}
}

func TestCompressedMessagesAreInflated(t *testing.T) {
	const hello, again = "c1 07 f2 48 cd c9 c9 07 00", "c1 05 f2 00 11 00 00" // RFC 7692 section 7.2.3
	bubble(t, func(t *testing.T, k *talk) {
		k.open(deflate)
		k.serverSays(hello)
		assert.Equal(t, &Inflated{Size: 5, Compressed: 7, Start: "Hello"}, k.last(0).Inflated)
		k.serverSays(again)
		assert.Equal(t, &Inflated{Size: 5, Compressed: 5, Start: "Hello"}, k.last(0).Inflated)
		k.serverSays("41 03 f2 48 cd")
		assert.Nil(t, k.last(0).Inflated)
		k.serverSays("80 04 c9 c9 07 00")
		assert.Equal(t, "Hello", k.last(0).Inflated.Start)

		k.serverSays("c1 02 ff ff")
		assert.Contains(t, k.last(0).Inflated.Why, "it is no DEFLATE")
		k.serverSays(hello)
		assert.Contains(t, k.last(0).Inflated.Why, "it refers to an earlier message")
	})
	bubble(t, func(t *testing.T, k *talk) {
		k.open("Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n")
		k.serverSays(hello)
		k.serverSays(again)
		assert.Contains(t, k.last(0).Inflated.Why, "it is no DEFLATE")
		k.serverSays(hello)
		assert.Equal(t, "Hello", k.last(0).Inflated.Start, "each message stands alone")
	})
}

func TestInflatedTextIsChecked(t *testing.T) {
	bubble(t, func(t *testing.T, k *talk) {
		k.open(deflate)
		k.serverSays("c1 07 00 01 00 fe ff ff 00") // a stored block with ff in it
		e := k.last(0)
		assert.Equal(t, "broken", e.Grade)
		assert.Equal(t, "6455-8.1-1", e.Rule)
		assert.Equal(t, &Inflated{Size: 1, Compressed: 7, Start: "ff", Hex: true}, e.Inflated)
		assert.Contains(t, e.Reaction.Due, "1007")
	})
}

func TestLargeMessagesAreNotInflated(t *testing.T) {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	require.NoError(t, err)
	_, err = w.Write(make([]byte, maxInflated+1))
	require.NoError(t, err)
	require.NoError(t, w.Flush())
	z := inflater{takeover: true}
	shown, err := z.inflate(b.Bytes(), false)
	require.NoError(t, err)
	assert.Contains(t, shown.Why, "more than 4194304 bytes")
	assert.Contains(t, z.lost, "more than 4194304 bytes")

	z = inflater{}
	part := frames.Explanation{Payload: make([]byte, maxCompressed/2+1)}
	for range 10 {
		_, err = z.add(&part)
		require.NoError(t, err)
		assert.LessOrEqual(t, len(z.message), maxCompressed)
	}
	part.Header.Fin = true
	shown, err = z.add(&part)
	require.NoError(t, err)
	assert.Contains(t, shown.Why, "more than 32768 bytes")
}

func TestClosingAsThreeFacts(t *testing.T) {
	const fromServer, fromClient = "88 05 03 e9 62 79 65", "88 82 00 00 00 00 03 e9"
	for name, c := range map[string]struct {
		does               func(*talk)
		first, second, end string // what the facts say, and whose they are
		api                Report
		grade, rule, says  string // on the end
	}{
		"clean": {
			func(k *talk) { k.serverSays(fromServer); k.clientSays(fromClient); k.closeServer() },
			`server: Close with 1001 going away, reason "bye"`, "client: Close with 1001 going away", "server: FIN: the server sends no more",
			Report{1001, "bye", true}, "legal", "", "the server ends TCP first, as it should",
		},
		"the client ends TCP first": {
			func(k *talk) { k.clientSays(fromClient); k.serverSays(fromServer); k.closeClient() },
			"client: Close with 1001 going away", `server: Close with 1001 going away, reason "bye"`, "client: FIN: the client sends no more",
			Report{1001, "bye", true}, "legal but odd", "6455-7.1.1-2", "The server should (RFC 6455 section 7.1.1)",
		},
		"no answer": {
			func(k *talk) { k.clientSays(fromClient); k.closeServer() },
			"client: Close with 1001 going away", "", "server: FIN: the server sends no more",
			Report{1006, "", false}, "legal but odd", "", "without the answer to it",
		},
		"no Close at all": {
			func(k *talk) { k.closeServer() },
			"", "", "server: FIN: the server sends no more",
			Report{1006, "", false}, "legal but odd", "", "TCP ends without a Close frame",
		},
		"no code": {
			func(k *talk) { k.serverSays("88 00"); k.clientSays("88 80 00 00 00 01"); k.closeServer() },
			"server: Close without a code", "client: Close without a code", "server: FIN: the server sends no more",
			Report{1005, "", true}, "legal", "", "both Close frames have passed",
		},
		"the server broke a rule": {
			func(k *talk) {
				k.serverSays("91 00")
				k.clientSays("88 82 00 00 00 00 03 ea")
				k.serverSays("88 02 03 ea")
				k.closeServer()
			},
			"client: Close with 1002 protocol error", "server: Close with 1002 protocol error", "server: FIN: the server sends no more",
			Report{1006, "", false}, "legal", "", "both Close frames have passed",
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, k *talk) {
				k.open("")
				c.does(k)
				facts := k.conn().Closing
				assert.Equal(t, c.first, said(facts.First))
				assert.Equal(t, c.second, said(facts.Second))
				assert.Equal(t, c.end, said(facts.End))
				assert.Equal(t, c.api, *facts.API)
				assert.Equal(t, c.grade, k.last(0).Grade)
				assert.Equal(t, c.rule, k.last(0).Rule)
				assert.Contains(t, k.last(0).Text, c.says)
			})
		})
	}
}

func said(f *Fact) string {
	if f == nil {
		return ""
	}
	return f.From.String() + ": " + f.What
}

func TestStatesOfBothPeers(t *testing.T) {
	bubble(t, func(t *testing.T, k *talk) {
		k.open("")
		assert.Equal(t, &States{open, open}, k.last(0).States)
		k.clientSays("88 80 00 00 00 01")
		assert.Equal(t, &States{closing, closing}, k.last(0).States)
		k.serverSays("88 00")
		k.closeClient()
		assert.Equal(t, &States{closed, closing}, k.last(0).States)
		k.closeServer()
		assert.Equal(t, &States{closed, closed}, k.last(0).States)
		assert.Equal(t, &States{closed, closed}, k.conn().States)
	})
}

// Whoever begins to look in the middle of a connection sees what can be seen.
func TestWatchingBeginsInTheMiddle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := startTalk(t)
		k.log.mu.Lock()
		k.log.forget()
		k.log.mu.Unlock()
		k.open(deflate)
		page := k.log.join()
		defer k.log.leave(page)
		k.serverSays("c1 07 f2 48 cd c9 c9 07 00")
		e := k.last(0)
		assert.Equal(t, "legal", e.Grade)
		assert.Equal(t, "/talk", e.Path)
		assert.Equal(t, &States{open, open}, e.States)
		assert.Equal(t, "its handshake passed before anybody looked", e.Inflated.Why)
	})
}
