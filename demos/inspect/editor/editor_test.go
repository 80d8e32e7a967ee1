package editor

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/echo"
	"example.com/ws101/demos/inspect/proxy"
	"example.com/ws101/demos/wire"
)

// ask sends a request to the editor, and returns the status and the body.
func ask(h http.Handler, method, target, body string) (int, string) {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func newHandler(tap *wire.Tap, p *proxy.Proxy) http.Handler {
	return New(Options{Tap: tap, Echo: http.StripPrefix("/echo", echo.New(echo.Options{})), MaxMessage: echo.MaxMessage, Proxy: p, quiet: 50 * time.Millisecond})
}

func TestSend(t *testing.T) {
	h := newHandler(wire.New(wire.Options{}), nil)
	code, body := ask(h, "POST", "/send", `{"frames": [{"fin": true, "opcode": 1, "payload": "Hello", "rsv3": true}], "cuts": [1, 2], "delays": [1]}`)
	require.Equal(t, 200, code, body)
	var r Result
	require.NoError(t, json.Unmarshal([]byte(body), &r))
	assert.Equal(t, []string{"1002"}, r.Happened)
	assert.Equal(t, "6455-5.2-2", r.Demand.Rule)
	assert.Equal(t, "RFC 6455 section 5.2", r.Demand.Source)
	assert.Equal(t, "The server ended the connection after its Close frame.", r.End)
	require.Len(t, r.Frames, 1)
	assert.Contains(t, r.Frames[0], "close, FIN, 82 bytes  1002")
	require.Len(t, r.Demand.Verdicts, 1)
	assert.Contains(t, r.Demand.Verdicts[0], "and 1 more rule")

	// The server does not wait for what the first part has made needless.
	code, body = ask(h, "POST", "/send", `{"frames": [{"opcode": 3}, {"opcode": 3}], "cuts": [2], "delays": [2000]}`)
	require.Equal(t, 200, code, body)
	require.NoError(t, json.Unmarshal([]byte(body), &r))
	assert.Equal(t, 1, r.Unsent)
}

func TestPresetsDoNotTellTheVerdict(t *testing.T) {
	code, body := ask(newHandler(wire.New(wire.Options{}), nil), "GET", "/presets", "")
	assert.Equal(t, 200, code)
	assert.Contains(t, body, "RSV1 without an extension")
	for _, told := range []string{"6455-", "1002", "1007", "1009"} {
		assert.NotContains(t, body, told)
	}
}

func TestBytes(t *testing.T) {
	h := newHandler(wire.New(wire.Options{}), nil)
	code, body := ask(h, "POST", "/bytes", `{"frames": [
		{"fin": true, "opcode": 1, "masked": true, "key": "37 fa 21 3d", "payload": "Hello"},
		{"fin": true, "opcode": 2, "declared": "18446744073709551615", "payload": "00 ff", "hex": true},
		{"opcode": 15, "rsv1": true, "rsv2": true, "rsv3": true, "form": "16", "masked": true}], "cuts": [1, 12]}`)
	require.Equal(t, 200, code, body)
	var b built
	require.NoError(t, json.Unmarshal([]byte(body), &b))
	assert.Equal(t, []string{"81", "85 37 fa 21 3d 7f 9f 4d 51 58 82", "7f ff ff ff ff ff ff ff ff 00 ff 7f fe 00 00 00 00 00 00"}, b.Parts)
	assert.Equal(t, []int{6, 10, 8}, b.Heads)
	assert.Equal(t, []int{11, 12, 8}, b.Sizes)
	assert.Contains(t, b.Test, `const want = "echo 1002"`)
}

func TestWhatIsRefused(t *testing.T) {
	h := newHandler(wire.New(wire.Options{}), nil)
	for body, want := range map[string]string{
		`{"frames": []}`: "A script has 1 to 32 frames.",
		`{"frames": [` + strings.Repeat(`{},`, 32) + `{}]}`:                             "A script has 1 to 32 frames.",
		`{"frames": [{"opcode": 16}]}`:                                                  "Frame 1: The opcode has four bits: it is 0 to 15, and not 16.",
		`{"frames": [{}, {"payload": "0g", "hex": true}]}`:                              "Frame 2: The payload is not hex",
		`{"frames": [{"masked": true, "key": "37 fa 21"}]}`:                             "The masking key is four bytes in hex",
		`{"frames": [{"declared": "18446744073709551616"}]}`:                            "The declared length has 64 bits at most",
		`{"frames": [{"declared": "-1"}]}`:                                              "The declared length has 64 bits at most",
		`{"frames": [{"form": "7"}]}`:                                                   "The form of the length is 16 or 64",
		`{"frames": [{"payload": "` + strings.Repeat("x", maxBytes) + `"}]}`:            "A script sends 65536 bytes at most.",
		`{"frames": [{"payload": "abc"}], "cuts": [2, 2]}`:                              "The places to cut must rise, from 1 to 4.",
		`{"frames": [{"payload": "abc"}], "cuts": [0]}`:                                 "The places to cut must rise, from 1 to 4.",
		`{"frames": [{"payload": "abc"}], "cuts": [5]}`:                                 "The places to cut must rise, from 1 to 4.",
		`{"frames": [{"payload": "abc"}], "cuts": [1], "delays": [2001]}`:               "A delay is 0 to 2000 ms, and all together are 10000 ms at most.",
		`{"frames": [{"payload": "abc"}], "cuts": [1], "delays": [-1]}`:                 "A delay is 0 to 2000 ms",
		`{"frames": [{"payload": "abcdefg"}], "cuts": [1,2,3,4,5,6], "delays": [2000]}`: "A delay is 0 to 2000 ms",
		`{"frames": [{}], "cuts": [` + strings.Repeat("1,", maxParts) + `1]}`:           "A script is cut into 256 parts at most.",
		`{"frames": [{"payload": "abc"}], "cuts": [1], "delays": [2000000000]}`:         "A delay is 0 to 2000 ms",
		`{"frames": [{"payload": "abc"}], "cuts": [-2000000000]}`:                       "The places to cut must rise",
		`{"frames": [{}], "more": 1}`:                                                   "The body is not the JSON that is wanted here.",
		`{"frames": [{}]} {}`:                                                           "The body is not the JSON that is wanted here.",
		``:                                                                              "The body is not the JSON that is wanted here.",
	} {
		code, sentence := ask(h, "POST", "/send", body)
		assert.Equal(t, 400, code, body)
		assert.Contains(t, sentence, want)
		code, sentence = ask(h, "POST", "/bytes", body)
		if !strings.HasPrefix(want, "The body") {
			assert.Equal(t, 200, code, body)
		}
		assert.Contains(t, sentence, want)
	}
	code, _ := ask(h, "GET", "/send", "")
	assert.Equal(t, 405, code)
	code, _ = ask(h, "POST", "/arm", `{"armed": true}`)
	assert.Equal(t, 404, code, "there is no proxy")
	code, _ = ask(h, "GET", "/nothing", "")
	assert.Equal(t, 404, code)

	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/send", strings.NewReader(`{"frames": [{}]}`))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", "https://evil.example")
	h.ServeHTTP(w, r)
	assert.Equal(t, 403, w.Code, "a page of another origin")
}

func TestOnlySoManyRunAtTheSameTime(t *testing.T) {
	e := newEditor(wire.New(wire.Options{}))
	for range maxRuns {
		e.running <- struct{}{}
	}
	r := httptest.NewRequest("POST", "/send", nil)
	_, err := e.send(r, presets[0].Script)
	assert.EqualError(t, err, "4 scripts are running already. Try again in a moment.")
}

func TestWhoHasGoneIsNotWaitedFor(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	e := newEditor(wire.New(wire.Options{}))
	_, err := e.run(ctx, []part{{0, []byte{0x81}}}, demand([]byte{0x81}, echo.MaxMessage))
	assert.Error(t, err)
}

// A frame that is taken from the wire is sent again as it was, whatever it is.
func TestARowCanBeSentAgain(t *testing.T) {
	tap := wire.New(wire.Options{})
	watcher := tap.Watch()
	defer watcher.Close()
	h := newHandler(tap, nil)
	for _, p := range presets {
		var want [][]byte
		for _, f := range p.Script.Frames {
			b, err := f.append(nil)
			require.NoError(t, err)
			want = append(want, b)
		}
		relay := wire.NewRelay(tap, address("client"), address("server"))
		relay.Pass(wire.Client, []byte("GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"))
		relay.Pass(wire.Server, []byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"))
		for _, b := range want {
			relay.Pass(wire.Client, b)
		}
		relay.End(wire.Client, net.ErrClosed)
		relay.Pass(wire.Server, []byte{0x81, 0}) // which shows what the client has begun
		rows, _, err := watcher.Next(t.Context())
		require.NoError(t, err)
		var got [][]byte
		for _, r := range rows {
			if r.Kind != wire.Frame || r.From != wire.Client {
				continue
			}
			code, body := ask(h, "GET", "/row?seq="+jsonOf(r.Seq), "")
			require.Equal(t, 200, code, body)
			var s Script
			require.NoError(t, json.Unmarshal([]byte(body), &s))
			b, err := s.bytes()
			require.NoError(t, err)
			got = append(got, b)
		}
		assert.Equal(t, want, got, p.ID)
	}
	for query, want := range map[string]int{"seq=1": 400, "seq=x": 400, "": 400, "seq=99999": 404} {
		code, _ := ask(h, "GET", "/row?"+query, "")
		assert.Equal(t, want, code, query)
	}
}

type address string

func (a address) Network() string { return "tcp" }
func (a address) String() string  { return string(a) }

func jsonOf(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestInject(t *testing.T) {
	tap := wire.New(wire.Options{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	h := newHandler(tap, proxy.New(l, "127.0.0.1:9", tap))
	const one = `{"conn": 1, "from": "client", "script": {"frames": [{"fin": true, "opcode": 9}]}}`
	code, body := ask(h, "POST", "/inject", one)
	assert.Equal(t, 403, code)
	assert.Equal(t, "Injection is not armed. Nothing was sent.\n", body)
	code, body = ask(h, "POST", "/arm", `{"armed": true}`)
	assert.Equal(t, 200, code)
	assert.JSONEq(t, `{"listen": "`+l.Addr().String()+`", "target": "127.0.0.1:9", "armed": true, "conns": []}`, body)
	code, body = ask(h, "POST", "/inject", one)
	assert.Equal(t, 409, code)
	assert.Contains(t, body, "Nothing can be injected here now")
	code, _ = ask(h, "POST", "/inject", strings.Replace(one, "client", "nobody", 1))
	assert.Equal(t, 400, code)
	code, body = ask(h, "GET", "/proxy", "")
	assert.Equal(t, 200, code)
	assert.Contains(t, body, `"armed":true`)
}
