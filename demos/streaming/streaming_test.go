package streaming

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"example.com/ws101/demos/feed"
	"example.com/ws101/demos/room"
	"example.com/ws101/demos/vote"
)

const (
	votes = `{"1": {"name": "明凯", "count": 300}, "2": {"name": "厂长", "count": 200}, "3": {"name": "7酱", "count": 600}}`
	me    = "0123456789abcdef"
)

func newRoom(t *testing.T, candidates []vote.Candidate) *room.Room {
	t.Helper()
	f := feed.New(feed.Options{Epoch: "test"})
	tally, err := vote.New(f, candidates)
	require.NoError(t, err)
	return room.New(f, tally)
}

func voteFor(t *testing.T, r *room.Room, uid int64) {
	t.Helper()
	_, err := r.Tally.Vote(uid)
	require.NoError(t, err)
}

// A recorder may be read while a handler still writes to it.
type recorder struct {
	mu sync.Mutex
	*httptest.ResponseRecorder
}

func (r *recorder) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ResponseRecorder.Write(b)
}

func (r *recorder) Flush() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ResponseRecorder.Flush()
}

// sofar returns what has been written.
func (r *recorder) sofar() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.Body.String()
}

// A stream is a request whose answer goes on.
type stream struct {
	t      *testing.T
	w      *recorder
	nonce  string
	seen   int
	cancel context.CancelFunc
	ended  chan struct{}
}

func open(t *testing.T, h http.Handler, path string) *stream {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	s := &stream{t: t, w: &recorder{ResponseRecorder: httptest.NewRecorder()}, cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(s.ended)
		h.ServeHTTP(s.w, httptest.NewRequestWithContext(ctx, "GET", path, nil))
	}()
	synctest.Wait()
	policy := regexp.MustCompile(`^default-src 'none'; script-src 'nonce-([A-Z2-7]{26})'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'$`).
		FindStringSubmatch(s.w.Header().Get("Content-Security-Policy"))
	require.NotNil(t, policy, s.w.Header())
	s.nonce = policy[1]
	return s
}

// gets requires that exactly this has come since it was asked last.
func (s *stream) gets(want string) {
	s.t.Helper()
	synctest.Wait()
	body := s.w.sofar()
	assert.Equal(s.t, want, body[s.seen:])
	s.seen = len(body)
}

// script is a call of the page around the iframe, as it stands on the wire.
func (s *stream) script(call string) string {
	return `<script nonce="` + s.nonce + `">parent.ws101.` + call + ";document.currentScript.remove()</script>\n"
}

func (s *stream) leaves() {
	s.cancel()
	<-s.ended
	s.gets("")
}

// nothing is what comes at once when there is nothing new: it tells the page that the stream is open.
const nothing = `take({"cursor": "test-0", "snapshot": false, "events": []})`

var start = "<!doctype html>\n<title>A page that never ends</title>\n<!-- " + strings.Repeat("- ", 512) + "-->\n"

func TestStreamAsItStandsOnTheWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t, vote.Defaults())
		s := open(t, New(Options{Room: r}), "/news")
		s.gets(start + s.script(`take({"cursor": "test-0", "snapshot": true, "state": {"vote": `+votes+`, "chat": [], "here": []}})`))
		assert.Equal(t, 200, s.w.Code)
		h := s.w.Header()
		assert.Equal(t, "text/html; charset=utf-8", h.Get("Content-Type"))
		assert.Equal(t, "nosniff", h.Get("X-Content-Type-Options"))
		assert.Equal(t, "no-store", h.Get("Cache-Control"))
		assert.Equal(t, "no", h.Get("X-Accel-Buffering"))

		voteFor(t, r, 1)
		s.gets(s.script(`take({"cursor": "test-1", "snapshot": false, "events": [{"vote": {"uid": 1, "name": "明凯", "count": 301}}]})`))
		for range 3 {
			time.Sleep(15*time.Second - time.Nanosecond)
			s.gets("")
			time.Sleep(time.Nanosecond)
			s.gets(s.script(`take({"cursor": "test-1", "snapshot": false, "events": []})`))
		}
		s.leaves()
	})
}

// Browsers and proxies may wait for the first kilobyte.
func TestFirstPieceIsAKilobyte(t *testing.T) {
	assert.GreaterOrEqual(t, len(head()), 1024)
	assert.Equal(t, start, string(head()))
}

func TestNonceIsNewForEachResponse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(Options{Room: newRoom(t, vote.Defaults())})
		nonces := map[string]bool{}
		for range 20 {
			s := open(t, h, "/news?cursor=test-0")
			nonces[s.nonce] = true
			s.gets(start + s.script(nothing))
			s.leaves()
		}
		assert.Len(t, nonces, 20)
	})
}

func TestStreamGoesOnFromTheCursor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t, vote.Defaults())
		h := New(Options{Room: r})
		voteFor(t, r, 1)
		voteFor(t, r, 1)
		s := open(t, h, "/news?cursor=test-1")
		s.gets(start + s.script(`take({"cursor": "test-2", "snapshot": false, "events": [{"vote": {"uid": 1, "name": "明凯", "count": 302}}]})`))
		s.leaves()
		for _, cursor := range []string{"other-1", "test-3"} {
			s = open(t, h, "/news?cursor="+cursor)
			s.gets(start + s.script(`take({"cursor": "test-2", "snapshot": true, "state": {"vote": `+
				strings.Replace(votes, "300", "302", 1)+`, "chat": [], "here": []}})`))
			s.leaves()
		}
	})
}

func TestStreamEndsAfterTenMinutesAndSaysWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t, vote.Defaults())
		s := open(t, New(Options{Room: r}), "/news?cursor=test-0")
		s.gets(start + s.script(nothing))
		time.Sleep(7 * time.Second) // so that no beat is due in the moment of the end
		voteFor(t, r, 1)
		synctest.Wait()
		s.seen = len(s.w.sofar())
		time.Sleep(10*time.Minute - 7*time.Second - time.Nanosecond)
		s.gets(strings.Repeat(s.script(`take({"cursor": "test-1", "snapshot": false, "events": []})`), 39))
		time.Sleep(time.Nanosecond)
		s.gets(s.script(`end("a new stream, so that the old one can be let go")`))
		<-s.ended
	})
}

func TestStreamSaysGoodbyeWhenTheServerCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closing, begin := context.WithCancel(t.Context())
		h := New(Options{Room: newRoom(t, vote.Defaults()), Closing: closing})
		s := open(t, h, "/news?cursor=test-0")
		s.gets(start + s.script(nothing))
		begin()
		s.gets(s.script(`end("the server shuts down")`))
		<-s.ended
		s = open(t, h, "/news?cursor=test-0")
		s.gets(start + s.script(nothing) + s.script(`end("the server shuts down")`))
		<-s.ended
	})
}

// hostile are names and lines that try to be something else than text.
var hostile = []string{
	"</script><b>",
	"<!--<script>",
	"]]><img onerror=x>",
	`");alert(1)//`,
	`\");alert(1)//`,
	"\u2028alert(1)",
	"\u2029</SCRIPT >",
	"&lt;/script&gt;",
	"${alert(1)}'`\"",
	"{{7*7}}<%= 1 %>",
}

func TestHostileNamesAndLinesAddNoElementAndNoCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var candidates []vote.Candidate
		for i, name := range hostile {
			candidates = append(candidates, vote.Candidate{UID: int64(i + 1), Name: name})
		}
		r := newRoom(t, candidates)
		fresh := open(t, New(Options{Room: r}), "/news")
		for i, text := range hostile {
			name := strings.NewReplacer("\u2028", "", "\u2029", "").Replace(text) // a name has no line ends
			page := fmt.Sprintf("%s%d", me, i)
			require.NoError(t, r.Join(page, name))
			require.NoError(t, r.Say(page, text))
			_, err := r.SayAs("x"+name, text+strings.Repeat("👩‍💻", 50))
			require.NoError(t, err)
			voteFor(t, r, int64(i+1))
		}
		late := open(t, New(Options{Room: r}), "/news") // the same as a snapshot
		synctest.Wait()
		for _, s := range []*stream{fresh, late} {
			wire := s.w.sofar()
			assert.NotContains(t, wire, "\u2028")
			assert.NotContains(t, wire, "\u2029")
			calls := scripts(t, s)
			assert.Contains(t, calls[0], `"snapshot": true`)
			told := strings.Join(calls, "\n")
			for _, text := range hostile {
				quoted, err := json.Marshal(text)
				require.NoError(t, err)
				assert.Contains(t, told, `"name": `+string(quoted))
				assert.Contains(t, told, `"text":`+string(quoted))
			}
			s.cancel()
			<-s.ended
		}
	})
}

// scripts parses a stream as a browser does, and returns the arguments of take in all its scripts. It
// requires that there are no elements but scripts with the right nonce, and nothing in them but
// one call, with JSON.
func scripts(t *testing.T, s *stream) (calls []string) {
	t.Helper()
	page, err := html.Parse(strings.NewReader(s.w.sofar()))
	require.NoError(t, err)
	for n := range page.Descendants() {
		switch {
		case n.Type == html.CommentNode:
			assert.Empty(t, strings.Trim(n.Data, "- "), "the padding")
		case n.Type == html.TextNode && n.Parent.Data != "script" && n.Parent.Data != "title":
			assert.Empty(t, strings.TrimSpace(n.Data), "text outside of scripts")
		case n.Type != html.ElementNode:
		case n.Data == "script":
			assert.Equal(t, []html.Attribute{{Key: "nonce", Val: s.nonce}}, n.Attr)
			code := n.FirstChild.Data
			argument, found := strings.CutPrefix(code, "parent.ws101.take(")
			require.True(t, found, code)
			argument, found = strings.CutSuffix(argument, ");document.currentScript.remove()")
			require.True(t, found, code)
			require.True(t, json.Valid([]byte(argument)), argument)
			calls = append(calls, argument)
		default:
			assert.Contains(t, []string{"html", "head", "title", "body"}, n.Data)
		}
	}
	require.NotEmpty(t, calls)
	return calls
}

func TestWhoReadsAStreamIsHere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t, vote.Defaults())
		require.NoError(t, r.Join(me, "Ada"))
		s := open(t, New(Options{Room: r}), "/news?cursor=test-1&me="+me)
		s.gets(start + s.script(`take({"cursor": "test-2", "snapshot": false, "events": [{"here": {"name":"Ada","by":"streaming","here":true}}]})`))
		s.leaves()
		time.Sleep(15 * time.Second)
		synctest.Wait()
		assert.Equal(t, `{"name":"Ada","by":"streaming","here":false}`, string(r.Since(feed.Cursor{Epoch: "test", N: 2}).Events[0].JSON))
	})
}

func TestRequestsThatAreRefused(t *testing.T) {
	h := New(Options{Room: newRoom(t, vote.Defaults())})
	for _, test := range []struct {
		method, path string
		status       int
		sentence     string
	}{
		{"POST", "/news", 405, "This address takes only GET."},
		{"HEAD", "/news", 405, "This address takes only GET."},
		{"GET", "/news?cursor=x", 400, "The cursor must be empty, or as an earlier answer gave it, such as k3f9a2-17."},
		{"GET", "/news?me=ada", 400, "The id of a page (me) is 16 to 64 letters and digits that it made up."},
		{"GET", "/nothing", 404, "There is nothing at this address."},
		{"GET", "/do", 405, "This address takes only POST."},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(test.method, test.path, nil))
		assert.Equal(t, test.status, w.Code, test.path)
		assert.Equal(t, test.sentence+"\n", w.Body.String(), test.path)
		assert.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"))
	}
}

// Over a real connection each piece is there before the next one is made.
func TestEachPieceLeavesAtOnce(t *testing.T) {
	r := newRoom(t, vote.Defaults())
	server := httptest.NewServer(New(Options{Room: r}))
	defer server.Close()
	answer, err := http.Get(server.URL + "/news?cursor=test-0")
	require.NoError(t, err)
	defer answer.Body.Close()
	body := bufio.NewReader(answer.Body)
	got := make([]byte, len(start))
	_, err = io.ReadFull(body, got)
	require.NoError(t, err)
	assert.Equal(t, start, string(got))
	for n := range 4 {
		if n > 0 {
			voteFor(t, r, 1)
		}
		piece, err := body.ReadString('\n')
		require.NoError(t, err)
		assert.Contains(t, piece, fmt.Sprintf(`take({"cursor": "test-%d", `, n))
	}
}
