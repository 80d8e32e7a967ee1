package export

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/wire"
	"example.com/ws101/frames"
)

// The shape of HAR 1.2: for each kind of object its members, with the name of
// their type. One with a "?" may be missing.
var harShape = map[string]map[string]string{
	"archive": {"log": "log"},
	"log":     {"version": "1.2", "creator": "creator", "browser?": "creator", "pages?": "[]page", "entries": "[]entry", "comment?": "text"},
	"creator": {"name": "text", "version": "text", "comment?": "text"},
	"entry": {"pageref?": "text", "startedDateTime": "date", "time": "duration", "request": "request", "response": "response",
		"cache": "cache", "timings": "timings", "serverIPAddress?": "text", "connection?": "text", "comment?": "text"},
	"request": {"method": "text", "url": "text", "httpVersion": "text", "cookies": "[]cookie", "headers": "[]pair", "queryString": "[]pair",
		"postData?": "postData", "headersSize": "size", "bodySize": "size", "comment?": "text"},
	"response": {"status": "size", "statusText": "text", "httpVersion": "text", "cookies": "[]cookie", "headers": "[]pair", "content": "content",
		"redirectURL": "text", "headersSize": "size", "bodySize": "size", "comment?": "text"},
	"cookie": {"name": "text", "value": "text", "path?": "text", "domain?": "text", "expires?": "date", "httpOnly?": "bool", "secure?": "bool", "comment?": "text"},
	"pair":   {"name": "text", "value": "text", "comment?": "text"},
	// text and params exclude each other.
	"postData": {"mimeType": "text", "text": "text", "comment?": "text"},
	"content":  {"size": "size", "compression?": "size", "mimeType": "text", "text?": "text", "encoding?": "text", "comment?": "text"},
	"cache":    {"beforeRequest?": "text", "afterRequest?": "text", "comment?": "text"},
	"timings": {"blocked?": "duration", "dns?": "duration", "connect?": "duration", "send": "duration", "wait": "duration",
		"receive": "duration", "ssl?": "duration", "comment?": "text"},
}

// harErrors returns what is wrong with a value of this type.
func harErrors(at, kind string, v any) (list []string) {
	if of, isList := strings.CutPrefix(kind, "[]"); isList {
		all, ok := v.([]any)
		if !ok {
			return []string{at + " is no list"}
		}
		for i, one := range all {
			list = append(list, harErrors(fmt.Sprintf("%s[%d]", at, i), of, one)...)
		}
		return list
	}
	members, isObject := harShape[kind]
	if !isObject {
		if !isOf(kind, v) {
			return []string{fmt.Sprintf("%s is %v, and no %s", at, v, kind)}
		}
		return nil
	}
	object, ok := v.(map[string]any)
	if !ok {
		return []string{at + " is no object"}
	}
	for name, kind := range members {
		name, optional := strings.CutSuffix(name, "?")
		if value, there := object[name]; there {
			list = append(list, harErrors(at+"."+name, kind, value)...)
		} else if !optional {
			list = append(list, at+"."+name+" is missing")
		}
	}
	for name := range object {
		_, must := members[name]
		_, may := members[name+"?"]
		if !must && !may && !strings.HasPrefix(name, "_") {
			list = append(list, at+"."+name+" is not in HAR 1.2")
		}
	}
	return list
}

func isOf(kind string, v any) bool {
	switch v := v.(type) {
	case string:
		_, err := time.Parse(time.RFC3339, v)
		return kind == "text" || kind == "date" && err == nil || kind == v
	case float64:
		return kind == "duration" && v >= 0 || kind == "size" && v >= -1 && v == float64(int64(v))
	case bool:
		return kind == "bool"
	}
	return false
}

// readHAR reads an archive, and requires that it is one.
func readHAR(t *testing.T, rows []wire.Row) []harEntry {
	t.Helper()
	b := HAR(rows)
	var all any
	require.NoError(t, json.Unmarshal(b, &all))
	assert.Empty(t, harErrors("har", "archive", all))
	var archive struct{ Log harLog }
	require.NoError(t, json.Unmarshal(b, &archive))
	for _, e := range archive.Log.Entries {
		assert.InDelta(t, e.Timings.Send+e.Timings.Wait+e.Timings.Receive, e.Time, 0.001, "time is the sum of timings")
	}
	return archive.Log.Entries
}

func TestTheValidatorSeesWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		`{}`: "har.log is missing",
		`{"log": {"version": "1.1", "creator": {"name": "a", "version": "1"}, "entries": []}}`:         "har.log.version is 1.1, and no 1.2",
		`{"log": {"version": "1.2", "creator": {"name": "a", "version": 1}, "entries": []}}`:           "har.log.creator.version is 1, and no text",
		`{"log": {"version": "1.2", "creator": {"name": "a", "version": "1"}, "entries": {}}}`:         "har.log.entries is no list",
		`{"log": {"version": "1.2", "creator": {"name": "a", "version": "1"}, "entries": [], "x": 1}}`: "har.log.x is not in HAR 1.2",
	} {
		var v any
		require.NoError(t, json.Unmarshal([]byte(text), &v))
		assert.Equal(t, []string{want}, harErrors("har", "archive", v))
	}
}

func TestHAROfRequests(t *testing.T) {
	entries := readHAR(t, requests(t).rows())
	require.Len(t, entries, 2)
	e := entries[0]
	assert.Equal(t, "2023-11-14T22:13:20.001Z", e.Started)
	assert.Equal(t, harTimings{Send: 1, Wait: 1, Receive: 1}, e.Timings)
	assert.Equal(t, "http://127.0.0.1:8101/polling/vote?x=1&x=2&y", e.Request.URL)
	assert.Equal(t, []harPair{{"x", "1"}, {"x", "2"}, {"y", ""}}, e.Request.QueryString)
	assert.Equal(t, &harPostData{MimeType: "application/json", Text: `{"uid": 1}`}, e.Request.PostData)
	assert.Equal(t, int64(10), e.Request.BodySize)
	assert.Equal(t, 200, e.Response.Status)
	assert.Equal(t, harContent{Size: 12, MimeType: "text/plain; charset=utf-8", Text: "投票成功"}, e.Response.Content)
	assert.Equal(t, int64(27), e.Response.BodySize, "with what chunks have around them")
	assert.Equal(t, []harCookie{{Name: "id", Value: "7", Path: "/", HTTPOnly: true}}, e.Response.Cookies)
	assert.Equal(t, "id: 1\r\ndata: a\r\n\r\n", entries[1].Response.Content.Text, "the events are not there twice")
	assert.Equal(t, "127.0.0.1", e.ServerIP)
	assert.Nil(t, e.Messages)
}

func TestHAROfAWebSocket(t *testing.T) {
	entries := readHAR(t, conversation(t).rows())
	require.Len(t, entries, 1)
	e := entries[0]
	assert.Equal(t, "websocket", e.ResourceType)
	assert.Equal(t, []harCookie{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}}, e.Request.Cookies)
	assert.Equal(t, 101, e.Response.Status)
	var told []string
	for _, m := range e.Messages {
		told = append(told, fmt.Sprintf("%s %d %.8s %s", m.Type, m.Opcode, m.Data, m.Comment))
	}
	assert.Equal(t, []string{
		"send 1 Hello ", "receive 1 Hello ", "send 1 你好 ", "receive 1 你好 ", "send 2 AAAAAAAA ", "receive 2 AAAAAAAA ",
		"send 2 AAAAAAAA only its first bytes were kept", "receive 2 AAAAAAAA only its first bytes were kept",
	}, told)
	assert.True(t, slices.IsSortedFunc(e.Messages, func(a, b harMessage) int { return int(1e6 * (a.Time - b.Time)) }))
	assert.Equal(t, "Not in _webSocketMessages: control frames, 4.", e.Comment)
}

func TestHAROfWhatIsNotWhole(t *testing.T) {
	c := tell(t, "127.0.0.1:50001", "127.0.0.1:8101")
	c.text(wire.Server, "HTTP/1.1 408 Request Timeout\nConnection: close\nContent-Length: 0\n\n")
	assert.Empty(t, readHAR(t, c.rows()), "an answer that nobody asked for")

	c.open("127.0.0.1:50002", "127.0.0.1:8101")
	c.upgrade("Sec-WebSocket-Extensions: permessage-deflate\n")
	c.hex(wire.Server, "c1 07 f2 48 cd c9 c9 07 00")
	c.frame(wire.Client, frames.Header{Fin: true, Opcode: 3}, nil)
	entries := readHAR(t, c.rows())
	require.Len(t, entries, 1)
	assert.Equal(t, "8kjNyckHAA==", entries[0].Messages[0].Data)
	assert.Contains(t, entries[0].Messages[0].Comment, "compressed")
	assert.Contains(t, entries[0].Comment, "frames that are broken or cut, 1.")

	c.open("127.0.0.1:50003", "127.0.0.1:8101")
	c.text(wire.Client, "GET /never HTTP/1.1\nHost: a\n\n")
	entries = readHAR(t, c.rows())
	require.Len(t, entries, 2)
	assert.Equal(t, "There was no answer in the rows.", entries[1].Response.Comment)
}
