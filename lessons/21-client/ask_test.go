package client

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"example.com/ws101/lessons/internal/lesson"
)

var (
	taskAddress = lesson.Task{Chapter: 21, Name: "Address", Section: "RFC 6455 section 3"}
	taskRequest = lesson.Task{Chapter: 21, Name: "AppendRequest", Section: "RFC 6455 section 4.1"}
	taskAnswer  = lesson.Task{Chapter: 21, Name: "CheckAnswer", Section: "RFC 6455 section 4.1"}
)

// The key of the example in RFC 6455 section 1.3, and its proof.
const (
	rfcKey    = "dGhlIHNhbXBsZSBub25jZQ=="
	rfcAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

func parse(t *testing.T, raw string) *url.URL {
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestAddress(t *testing.T) {
	defer taskAddress.Catch(t)
	lesson.InOrder(t)
	for _, c := range []struct{ url, want string }{
		{"ws://example.com/chat", "example.com:80"},
		{"ws://example.com:8101/chat", "example.com:8101"},
		{"wss://example.com/chat", "example.com:443"},
		{"wss://example.com:8443/", "example.com:8443"},
		{"ws://192.0.2.1", "192.0.2.1:80"},
		{"ws://[2001:db8::1]/chat", "[2001:db8::1]:80"},
		{"ws://[2001:db8::1]:8101/chat", "[2001:db8::1]:8101"},
	} {
		got := Address(parse(t, c.url))
		taskAddress.Equal(t, fmt.Sprintf("Address(%q)", c.url), got, c.want,
			lesson.If(got+":80" == c.want || got+":443" == c.want || got == strings.TrimSuffix(c.want, "80"), "there is no port; to dial one needs it always"),
			lesson.If(strings.HasPrefix(c.url, "wss") && strings.HasSuffix(got, ":80"), "wss is TLS, and its port is 443"),
			lesson.If(strings.HasSuffix(got, ":8101:80") || strings.HasSuffix(got, ":8443:443"), "the address names a port, and another one was added"),
			lesson.If(strings.Contains(c.url, "[") && !strings.HasPrefix(got, "["), "an IPv6 address has colons itself, so it stands in brackets in front of the port"),
			lesson.If(strings.HasPrefix(got, "[["), "the brackets are there twice; u.Hostname() is without them"))
	}
}

// requests are addresses, and what has to be in their requests.
var requests = []struct{ url, target, host string }{
	{"ws://example.com/chat", "/chat", "example.com"},
	{"ws://example.com", "/", "example.com"},
	{"ws://example.com:8101/room/7", "/room/7", "example.com:8101"},
	{"ws://example.com/chat?room=7&name=J%C3%BCrg", "/chat?room=7&name=J%C3%BCrg", "example.com"},
	{"ws://example.com/a%20room", "/a%20room", "example.com"},
	{"ws://[2001:db8::1]:8101/", "/", "[2001:db8::1]:8101"},
}

func TestAppendRequest(t *testing.T) {
	defer taskRequest.Catch(t)
	lesson.InOrder(t)
	for _, c := range requests {
		call := fmt.Sprintf("AppendRequest(nil, %q, key)", c.url)
		b := AppendRequest(nil, parse(t, c.url), rfcKey)
		lines := strings.SplitAfter(string(b), "\n")
		shown := fmt.Sprintf("got  %q\nwant ", lines[0])
		if !bytes.HasSuffix(b, []byte("\r\n\r\n")) {
			taskRequest.Fail(t, call, fmt.Sprintf("got  an end of %q\nwant an end of %q", b[max(0, len(b)-12):], "...\r\n\r\n"),
				lesson.If(bytes.HasSuffix(b, []byte("\n\n")), "lines of HTTP end with \\r\\n, and not with \\n alone"),
				lesson.If(true, "there is no empty line at the end; the server waits for more fields, and the client for the answer"))
		}
		for _, line := range lines[:len(lines)-1] {
			if !strings.HasSuffix(line, "\r\n") {
				taskRequest.Fail(t, call, fmt.Sprintf("got  the line %q\nwant \\r\\n at its end", line),
					lesson.If(true, "lines of HTTP end with \\r\\n, and not with \\n alone"))
			}
		}
		if want := "GET " + c.target + " HTTP/1.1\r\n"; lines[0] != want {
			taskRequest.Fail(t, call, shown+fmt.Sprintf("%q", want),
				lesson.If(strings.HasPrefix(lines[0], "GET  "), "the address has no path; then it is /"),
				lesson.If(strings.Contains(lines[0], "HTTP/1.0"), "an Upgrade needs HTTP/1.1"),
				lesson.If(strings.Contains(c.url, "?") && !strings.Contains(lines[0], "?"), "the query is missing; it belongs to what is asked for"),
				lesson.If(strings.Contains(c.target, "%") && !strings.Contains(lines[0], "%"), "the path was unescaped; a blank in it ends the target"),
				lesson.If(strings.Contains(lines[0], "ws://"), "the whole address was sent; a server is asked for a path"))
		}
		req, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(b)))
		if err != nil {
			taskRequest.Fail(t, call, "got  "+err.Error()+"\nwant a request that can be read", lesson.If(true, "a line is no field; a field is NAME: VALUE"))
		}
		fields := []struct{ name, want, looks string }{
			{"Upgrade", "websocket", "the Upgrade field says what to become: websocket"},
			{"Connection", "Upgrade", "the Connection field lists Upgrade, so that a proxy knows that it is about this connection alone"},
			{"Sec-WebSocket-Key", rfcKey, "the key is not in the request as it was given"},
			{"Sec-WebSocket-Version", "13", "the version is 13; without it a server answers 426"},
		}
		if req.Host != c.host {
			taskRequest.Fail(t, call, fmt.Sprintf("got  Host %q\nwant Host %q", req.Host, c.host),
				lesson.If(req.Host == "", "the Host field is missing; HTTP/1.1 does not go without it"),
				lesson.If(strings.HasPrefix(c.host, req.Host+":") || strings.HasPrefix(c.host, "["+req.Host), "the Host field has no port, and the address names one; a page of that address would count as of another origin"),
				lesson.If(true, "the Host field is the host of the address, as it stands there"))
		}
		for _, f := range fields {
			if got := strings.Join(req.Header.Values(f.name), " and "); got != f.want {
				taskRequest.Fail(t, call, fmt.Sprintf("got  %s %q\nwant %s %q", f.name, got, f.name, f.want), lesson.If(true, f.looks))
			}
		}
	}
	b := AppendRequest([]byte("xx"), parse(t, "ws://example.com/"), rfcKey)
	taskRequest.Equal(t, `AppendRequest("xx", ...)`, string(b[:min(len(b), 5)]), "xxGET", lesson.If(true, "the request is to be appended to what is in dst"))
}

// answers are answers, as lines between which \r\n belongs, and what is wrong with them.
var answers = []struct {
	name   string
	status string
	fields map[string]string // those that are not as usual; "" for missing
	want   error
	looks  string
}{
	{"a right answer", "101 Switching Protocols", nil, nil, "a right answer was refused"},
	{"an answer in other letters", "101 Web Socket Protocol Handshake", map[string]string{"Upgrade": "WebSocket", "Connection": "upgrade"}, nil, "websocket and Upgrade may be written in any case of letters"},
	{"an answer by a proxy", "101 Switching Protocols", map[string]string{"Connection": "keep-alive, Upgrade"}, nil, "Connection is a list, and Upgrade may stand in it beside others"},
	{"a page", "200 OK", nil, errStatus, "the server did not answer 101, and was taken at its word; what follows is no frame"},
	{"a redirect", "302 Found", nil, errStatus, "the server did not answer 101, and was taken at its word; what follows is no frame"},
	{"another protocol", "101 Switching Protocols", map[string]string{"Upgrade": "h2c"}, errUpgrade, "the server switched to another protocol"},
	{"no Upgrade", "101 Switching Protocols", map[string]string{"Upgrade": ""}, errUpgrade, "the server does not say to what it switched"},
	{"no Connection", "101 Switching Protocols", map[string]string{"Connection": ""}, errConnection, "the Connection field has to list Upgrade"},
	{"Connection: close", "101 Switching Protocols", map[string]string{"Connection": "close"}, errConnection, "the Connection field has to list Upgrade"},
	{"no proof", "101 Switching Protocols", map[string]string{"Sec-WebSocket-Accept": ""}, errAccept, "the proof is missing; the server may be one that says 101 to everything"},
	{"the proof of another key", "101 Switching Protocols", map[string]string{"Sec-WebSocket-Accept": "Kfh9QIsMVZcl6xEPYxPHzW8SZ8w="}, errAccept, "the proof belongs to another key; it may be an old answer from a cache"},
	{"the proof in other letters", "101 Switching Protocols", map[string]string{"Sec-WebSocket-Accept": strings.ToUpper(rfcAccept)}, errAccept, "in base64, capital letters are other digits than small ones"},
	{"the key as its own proof", "101 Switching Protocols", map[string]string{"Sec-WebSocket-Accept": rfcKey}, errAccept, "the proof is the key itself, which everybody can send back"},
	{"an extension", "101 Switching Protocols", map[string]string{"Sec-WebSocket-Extensions": "permessage-deflate"}, errNotOffered, "the server uses an extension that was not offered; its frames could not be understood"},
	{"a subprotocol", "101 Switching Protocols", map[string]string{"Sec-WebSocket-Protocol": "chat"}, errNotOffered, "the server chose a subprotocol that was not offered"},
}

// answer is an answer as text.
func answer(status string, change map[string]string) string {
	fields := map[string]string{"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": rfcAccept}
	for name, value := range change {
		fields[name] = value
	}
	text := "HTTP/1.1 " + status + "\r\n"
	for _, name := range []string{"Upgrade", "Connection", "Sec-WebSocket-Accept", "Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol"} {
		if fields[name] != "" {
			text += name + ": " + fields[name] + "\r\n"
		}
	}
	return text + "\r\n"
}

func TestCheckAnswer(t *testing.T) {
	defer taskAnswer.Catch(t)
	lesson.InOrder(t)
	for _, c := range answers {
		resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(answer(c.status, c.fields))), nil)
		if err != nil {
			t.Fatal(err)
		}
		got := CheckAnswer(resp, rfcKey)
		if errors.Is(got, c.want) {
			continue
		}
		taskAnswer.Equal(t, "CheckAnswer, of "+c.name, struct{ Err error }{got}, struct{ Err error }{c.want}, lesson.If(true, c.looks))
	}
}
