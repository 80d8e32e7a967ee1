package chat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/feed"
	"example.com/ws101/demos/room"
	"example.com/ws101/demos/vote"
	"example.com/ws101/rfc6455"
)

func newRoom(t *testing.T) *room.Room {
	t.Helper()
	f := feed.New(feed.Options{Epoch: "test"})
	tally, err := vote.New(f, vote.Defaults())
	require.NoError(t, err)
	return room.New(f, tally)
}

const urlencoded = "application/x-www-form-urlencoded"

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

// sofar returns what has been written, and whether it has been sent.
func (r *recorder) sofar() (body string, sent bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.Body.String(), r.Flushed
}

// A call is a request in flight.
type call struct {
	t      *testing.T
	w      *recorder
	start  time.Time
	took   time.Duration
	cancel context.CancelFunc
	ended  chan struct{}
}

func post(t *testing.T, h http.Handler, path, kind string, body io.Reader) *call {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := httptest.NewRequestWithContext(ctx, "POST", path, body)
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	c := &call{t: t, w: &recorder{ResponseRecorder: httptest.NewRecorder()}, start: time.Now(), cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(c.ended)
		h.ServeHTTP(c.w, r)
		c.took = time.Since(c.start)
	}()
	return c
}

// gets requires an answer with these lines, after some time.
func (c *call) gets(d time.Duration, lines ...string) {
	c.t.Helper()
	<-c.ended
	assert.Equal(c.t, 200, c.w.Code, c.w.Body)
	assert.Equal(c.t, "application/json", c.w.Header().Get("Content-Type"))
	assert.Equal(c.t, "no-store", c.w.Header().Get("Cache-Control"))
	assert.Equal(c.t, d, c.took)
	var array []struct {
		ID   int
		Name string
		Text string
		At   int64
	}
	require.NoError(c.t, json.Unmarshal(c.w.Body.Bytes(), &array))
	got := []string{}
	for _, l := range array {
		assert.NotZero(c.t, l.At)
		got = append(got, fmt.Sprint(l.ID, " ", l.Name, ": ", l.Text))
	}
	assert.Equal(c.t, append([]string{}, lines...), got)
}

// held requires that there is no answer yet, but for its header fields.
func (c *call) held() {
	c.t.Helper()
	synctest.Wait()
	assert.Empty(c.t, c.ended)
	body, sent := c.w.sofar()
	assert.True(c.t, sent)
	assert.Empty(c.t, body)
}

func (c *call) refused(status int, sentence string) {
	c.t.Helper()
	<-c.ended
	assert.Equal(c.t, status, c.w.Code)
	assert.Equal(c.t, sentence+"\n", c.w.Body.String())
}

func form(fields ...string) io.Reader {
	values := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		values.Set(fields[i], fields[i+1])
	}
	return strings.NewReader(values.Encode())
}

// multi is the same as the other of the two types of a form, as FormData sends it.
func multi(t *testing.T, fields ...string) (kind string, body io.Reader) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(fields); i += 2 {
		require.NoError(t, w.WriteField(fields[i], fields[i+1]))
	}
	require.NoError(t, w.Close())
	return w.FormDataContentType(), &b
}

func bubble(t *testing.T, f func(t *testing.T, r *room.Room, h http.Handler)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t)
		f(t, r, New(Options{Room: r}))
	})
}

func TestNewMessage(t *testing.T) {
	bubble(t, func(t *testing.T, r *room.Room, h http.Handler) {
		c := post(t, h, "/new-message", urlencoded, form("msg", "hello & 你好"))
		<-c.ended
		assert.Equal(t, 200, c.w.Code)
		assert.Equal(t, "application/json", c.w.Header().Get("Content-Type"))
		assert.Equal(t, fmt.Sprintf(`{"id":1,"name":"anonymous","text":"hello \u0026 你好","at":%d}`, time.Now().UnixMilli()), c.w.Body.String())

		kind, body := multi(t, "msg", "two\nlines", "name", "Ada")
		<-post(t, h, "/new-message", kind, body).ended
		<-post(t, h, "/new-message", urlencoded+"; charset=UTF-8", form("msg", "three", "name", "Ada", "_xsrf", "x")).ended
		post(t, h, "/update-message", "", nil).gets(0, "1 anonymous: hello & 你好", "2 Ada: two\nlines", "3 Ada: three")

		// Those on other techniques read it too.
		assert.Contains(t, string(r.Since(feed.Cursor{}).Snapshot), `{"id":2,"name":"Ada","text":"two\nlines",`)
	})
}

func TestNewMessageThatIsRefused(t *testing.T) {
	const notAForm = "The body is not a form, such as msg=hello."
	kind, _ := multi(t)
	for _, test := range []struct {
		name, kind, body string
		status           int
		sentence         string
	}{
		{"no msg", urlencoded, "message=hello", 400, "There is nothing in this line."},
		{"no body", urlencoded, "", 400, "There is nothing in this line."},
		{"a blank line", urlencoded, "msg=+%20%0A", 400, "There is nothing in this line."},
		{"a long line", urlencoded, "msg=" + strings.Repeat("x", 3000), 400, "A line has at most 500 characters, and this one has 3000."},
		{"control characters", urlencoded, "msg=%00", 400, "A line has no control characters."},
		{"no text", urlencoded, "msg=%ff", 400, "A line is UTF-8 text."},
		{"a long name", urlencoded, "msg=x&name=" + strings.Repeat("x", 25), 400, "A name has at most 24 characters, and this one has 25."},
		{"a name that hides something", urlencoded, "msg=x&name=%E2%80%AEAda", 400, "A name has only characters that can be seen."},
		{"a name that somebody has", urlencoded, "msg=x&name=+ADA", 409, "Somebody here has this name already. Take another one."},
		{"too large", urlencoded, "msg=" + strings.Repeat("x", maxForm), 413, "The body of a message has at most 8192 bytes."},
		{"broken escapes", urlencoded, "msg=hello&name=%zz", 400, notAForm},
		{"broken parts", kind, "msg=hello", 400, notAForm},
		{"parts without a boundary", "multipart/form-data", "msg=hello", 400, notAForm},
		{"JSON", "application/json", `{"msg": "hello"}`, 415, notAForm},
		{"no type", "", "msg=hello", 415, notAForm},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *room.Room, h http.Handler) {
				require.NoError(t, r.Join("0123456789abcdef", "Ada"))
				before := r.Now()
				post(t, h, "/new-message", test.kind, strings.NewReader(test.body)).refused(test.status, test.sentence)
				assert.Equal(t, before, r.Now())
			})
		})
	}
	bubble(t, func(t *testing.T, _ *room.Room, h http.Handler) {
		for _, path := range []string{"/new-message", "/update-message"} {
			post(t, h, path, urlencoded, iotest.ErrReader(errors.New("gone"))).refused(400, "The body of a message did not arrive.")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
			assert.Equal(t, 405, w.Code)
			assert.Equal(t, "This address takes only POST.\n", w.Body.String())
			r := httptest.NewRequest("POST", path, form("msg", "hello"))
			r.Header.Set("Content-Type", urlencoded)
			r.Header.Set("Origin", "https://evil.example")
			w = httptest.NewRecorder()
			h.ServeHTTP(w, r)
			assert.Equal(t, 403, w.Code)
		}
	})
}

func TestTooManyMessages(t *testing.T) {
	bubble(t, func(t *testing.T, _ *room.Room, h http.Handler) {
		for {
			c := post(t, h, "/new-message", urlencoded, form("msg", "hello"))
			<-c.ended
			if c.w.Code != 200 {
				c.refused(429, "That is faster than anybody can read. Wait a second, then send it again.")
				assert.Equal(t, "1", c.w.Header().Get("Retry-After"))
				return
			}
		}
	})
}

func TestUpdateMessageHoldsUntilThereIsALine(t *testing.T) {
	bubble(t, func(t *testing.T, r *room.Room, h http.Handler) {
		say := func(text string) {
			_, err := r.SayAs("", text)
			require.NoError(t, err)
		}
		post(t, h, "/update-message", urlencoded, nil).gets(0) // without a cursor it never waits
		post(t, h, "/update-message", urlencoded, form("cursor", "")).gets(0)
		c := post(t, h, "/update-message", urlencoded, form("cursor", "0"))
		c.held()
		time.Sleep(7 * time.Second)
		c.held()
		say("one")
		c.gets(7*time.Second, "1 anonymous: one")
		say("two")
		say("three")
		post(t, h, "/update-message", urlencoded, form("cursor", "1")).gets(0, "2 anonymous: two", "3 anonymous: three")
		kind, body := multi(t, "cursor", "2")
		post(t, h, "/update-message", kind, body).gets(0, "3 anonymous: three")
		post(t, h, "/update-message", "", nil).gets(0, "1 anonymous: one", "2 anonymous: two", "3 anonymous: three")

		c = post(t, h, "/update-message", urlencoded, form("cursor", "3"))
		_, err := r.Tally.Vote(1) // no line
		require.NoError(t, err)
		c.held()
		c.gets(30 * time.Second)
	})
}

// A page that was open while the server began again knows a line that is not there any more.
func TestUpdateMessageWithACursorFromBeforeARestart(t *testing.T) {
	bubble(t, func(t *testing.T, r *room.Room, h http.Handler) {
		c := post(t, h, "/update-message", urlencoded, form("cursor", "57"))
		c.held()
		_, err := r.SayAs("", "one")
		require.NoError(t, err)
		c.gets(0, "1 anonymous: one")
		post(t, h, "/update-message", urlencoded, form("cursor", "57")).gets(0, "1 anonymous: one")
	})
}

func TestUpdateMessageWithABadCursor(t *testing.T) {
	bubble(t, func(t *testing.T, _ *room.Room, h http.Handler) {
		for _, cursor := range []string{"x", "-1", "1.5", "9223372036854775808", " 1"} {
			post(t, h, "/update-message", urlencoded, form("cursor", cursor)).
				refused(400, "The cursor must be the id of a line, or 0 for all that are kept.")
		}
		post(t, h, "/update-message", "text/plain", strings.NewReader("cursor=1")).refused(415, "The body is not a form, such as msg=hello.")
	})
}

func TestClosingAnswersThoseWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closing, begin := context.WithCancel(t.Context())
		h := New(Options{Room: newRoom(t), Closing: closing})
		c := post(t, h, "/update-message", urlencoded, form("cursor", "0"))
		c.held()
		begin()
		c.gets(0)
		post(t, h, "/update-message", urlencoded, form("cursor", "0")).gets(0)
	})
}

// Over a real connection: net/http notices that a client is gone only after the body has been read.
func TestAbandonedPostFreesItsHandler(t *testing.T) {
	h := New(Options{Room: newRoom(t)})
	freed := make(chan struct{}, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r)
		freed <- struct{}{}
	}))
	defer server.Close()
	multiKind, multiBody := multi(t, "cursor", "0")
	for kind, body := range map[string]io.Reader{urlencoded: form("cursor", "0"), multiKind: multiBody} {
		ctx, cancel := context.WithCancel(t.Context())
		r, err := http.NewRequestWithContext(ctx, "POST", server.URL+"/update-message", body)
		require.NoError(t, err)
		r.Header.Set("Content-Type", kind)
		answer, err := http.DefaultClient.Do(r) // returns with the header fields, while the body is held
		require.NoError(t, err)
		assert.Equal(t, "no-store", answer.Header.Get("Cache-Control"))
		require.Empty(t, freed)
		cancel()
		select {
		case <-freed:
		case <-time.After(5 * time.Second):
			t.Fatal("the handler still waits for a line that nobody will read")
		}
		answer.Body.Close()
	}
}

func TestAllTechniquesAreHere(t *testing.T) {
	r := newRoom(t)
	var sockets rfc6455.Group
	server := httptest.NewServer(New(Options{Room: r, Group: &sockets}))
	defer server.Close()
	get := func(path, until string) (string, http.Header) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel() // streams go on
		request, err := http.NewRequestWithContext(ctx, "GET", server.URL+path, nil)
		require.NoError(t, err)
		answer, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		defer answer.Body.Close()
		require.Equal(t, 200, answer.StatusCode, path)
		var body []byte
		for b := make([]byte, 1); !bytes.Contains(body, []byte(until)); {
			n, err := answer.Body.Read(b)
			body = append(body, b[:n]...)
			if !assert.NoError(t, err, "%s: %s", path, body) {
				break
			}
		}
		return string(body), answer.Header
	}
	_, err := r.SayAs("Ada", "hello")
	require.NoError(t, err)
	for path, kind := range map[string]string{
		"/poll":             "application/json",
		"/polling/news":     "application/json",
		"/longpolling/news": "application/json",
		"/streaming/news":   "text/html; charset=utf-8",
		"/sse/news":         "text/event-stream",
	} {
		body, header := get(path, `"text":"hello"`)
		assert.Equal(t, kind, header.Get("Content-Type"), path)
		assert.Contains(t, body, `"name":"Ada"`, path)
	}
	for _, module := range []string{"polling", "longpolling", "streaming", "sse", "websocket", "main", "chat", "page"} {
		_, header := get("/"+module+".js", "")
		assert.Equal(t, "text/javascript; charset=utf-8", header.Get("Content-Type"), module)
	}
	get("/", "<!doctype html>")

	conn, _, err := rfc6455.Dial(t.Context(), strings.Replace(server.URL, "http", "ws", 1)+"/websocket/news",
		&rfc6455.DialOptions{Origin: server.URL})
	require.NoError(t, err)
	defer conn.CloseNow()
	_, message, err := conn.Read(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 1, sockets.Len())
	assert.Contains(t, string(message), `"text":"hello"`)

	_, _, err = rfc6455.Dial(t.Context(), strings.Replace(server.URL, "http", "ws", 1)+"/websocket/news",
		&rfc6455.DialOptions{Origin: "https://evil.example"})
	var refused *rfc6455.HandshakeError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, 403, refused.Response.Status)

	answer, err := http.Post(server.URL+"/do?me=0123456789abcdef", "application/json", strings.NewReader(`{"join": "Bob"}`))
	require.NoError(t, err)
	answer.Body.Close()
	assert.Equal(t, 204, answer.StatusCode)
	_, message, err = conn.Read(t.Context())
	require.NoError(t, err)
	assert.Equal(t, `{"cursor": "test-2", "snapshot": false, "events": [{"here": {"name":"Bob","by":"","here":true}}]}`, string(message))
}
