package refusing

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"example.com/ws101/lessons/internal/lesson"
)

var (
	taskToken  = lesson.Task{Chapter: 9, Name: "HasToken", Section: "RFC 6455 section 4.2.1"}
	taskOrigin = lesson.Task{Chapter: 9, Name: "SameOrigin", Section: "RFC 6455 section 10.2"}
	taskCheck  = lesson.Task{Chapter: 9, Name: "Check", Section: "RFC 6455 section 4.2.1"}
)

func TestHasToken(t *testing.T) {
	defer taskToken.Catch(t)
	for _, c := range []struct {
		header Header
		token  string
		want   bool
		looks  string // what another answer looks like
	}{
		{Header{{"Connection", "Upgrade"}}, "Upgrade", true, "a list of one was not understood"},
		{nil, "Upgrade", false, "a token was found in a header that is empty"},
		{Header{{"Cookie", "Upgrade"}}, "Upgrade", false, "a field of another name was looked at"},
		{Header{{"Connection", "upgrade"}}, "Upgrade", true, "the case was compared; Upgrade and upgrade are the same token"},
		{Header{{"CONNECTION", "Upgrade"}}, "Upgrade", true, "the case of the field's name was compared"},
		{Header{{"Connection", "keep-alive,Upgrade"}}, "Upgrade", true, "the list was compared as if it were one word; take it apart at its commas"},
		{Header{{"Connection", "keep-alive, Upgrade"}}, "Upgrade", true, "the blank behind the comma was taken for a part of the token"},
		{Header{{"Connection", "keep-alive,\tUpgrade"}}, "Upgrade", true, "the tab behind the comma was taken for a part of the token; trimSpace cuts it off"},
		{Header{{"Connection", "Upgrade, keep-alive"}}, "Upgrade", true, "only the last element of the list was looked at"},
		{Header{{"Connection", "keep-alive"}, {"Connection", "Upgrade"}}, "Upgrade", true, "only the first field of this name was looked at; all of them make one list"},
		{Header{{"Connection", "Upgrade"}, {"Connection", "keep-alive"}}, "Upgrade", true, "only the last field of this name was looked at; all of them make one list"},
		{Header{{"Connection", "Upgrade-Insecure"}}, "Upgrade", false, "the token was searched in the text; Upgrade-Insecure is another token that contains it"},
		{Header{{"Connection", "Not-Upgrade"}}, "Upgrade", false, "an element that ends with the token was taken for it"},
		{Header{{"Connection", "keep-alive Upgrade"}}, "Upgrade", false, "the list was taken apart at blanks; only a comma separates elements"},
		{Header{{"Connection", ",, Upgrade ,"}}, "Upgrade", true, "empty elements ended the search; they are allowed and mean nothing"},
		{Header{{"Upgrade", "websoc\u212aet"}}, "websocket", false, "strings.EqualFold takes the Kelvin sign for a k; a token is ASCII, so use sameFold"},
	} {
		name := "Connection"
		if c.token == "websocket" {
			name = "Upgrade"
		}
		call := fmt.Sprintf("Header{%s}.HasToken(%q, %q)", fields(c.header), name, c.token)
		taskToken.Equal(t, call, c.header.HasToken(name, c.token), c.want, lesson.If(true, c.looks))
	}
}

func TestSameOrigin(t *testing.T) {
	defer taskOrigin.Catch(t)
	const host = "example.com"
	for _, c := range []struct {
		host    string
		origins []string
		pass    bool
		looks   string // what another answer looks like
	}{
		{host, []string{"https://example.com"}, true, "a page of the server itself was refused"},
		{host, []string{"http://example.com"}, true, "a page of the server itself was refused, since it came over http"},
		{host + ":8443", []string{"https://example.com:8443"}, true, "a page of the server itself was refused, since there is a port"},
		{host, nil, true, "a request without Origin was refused; it is not from a browser, and anybody else can send what he likes"},
		{"EXAMPLE.com", []string{"https://example.com"}, true, "the case was compared; names of hosts have none"},
		{host + ":443", []string{"https://example.com"}, true, "the default port was taken for another port; https without a port means 443"},
		{host, []string{"http://example.com:80"}, true, "the default port was taken for another port; http without a port means 80"},
		{"[::1]:8101", []string{"http://[::1]:8101"}, true, "a page of the server itself was refused, since its address is IPv6"},

		{host, []string{"https://evil.test"}, false, "a page of another host got in"},
		{host, []string{"https://evilexample.com"}, false, "a name that ends with the server's got in; anybody can register such a name"},
		{host, []string{"https://example.com.evil.test"}, false, "a name that begins with the server's got in; its owner is whoever owns the end of it"},
		{host, []string{"https://www.example.com"}, false, "a subdomain got in; it may belong to somebody else, and is another origin"},
		{"www." + host, []string{"https://example.com"}, false, "the name above the server's got in; it is another origin"},
		{host, []string{"https://example.com:8443"}, false, "the port was ignored; another port is another server, perhaps of another user"},
		{host + ":8443", []string{"https://example.com"}, false, "the port of the server was ignored; no port means the default port"},
		{host + ":80", []string{"https://example.com"}, false, "80 was taken for the default port of https; that is 443"},
		{host, []string{"null"}, false, "null got in; any page can have this origin, in an iframe with sandbox"},
		{host, []string{""}, false, "an empty Origin was taken for a missing one; no browser sends it"},
		{host, []string{"chrome-extension://example.com"}, false, "the scheme was ignored; only http and https belong to web pages"},
		{host, []string{"https://example.com@evil.test"}, false, "a user in front of the host was taken for the host"},
		{host, []string{"https://evil.test/example.com"}, false, "the path was taken for the host"},
		{host, []string{"https://example.com/"}, false, "something behind the host was ignored; an Origin has no path"},
		{host, []string{"https://example.com", "https://evil.test"}, false, "of two Origin fields one was ignored; a page has one origin, so refuse both"},
		{"", []string{"https://"}, false, "nothing was taken for equal to nothing; there is no host to compare"},
	} {
		r := &Request{Method: "GET", Target: "/chat", Proto: "HTTP/1.1", Header: Header{{"Host", c.host}}}
		for _, o := range c.origins {
			r.Header = append(r.Header, Field{"Origin", o})
		}
		want := answer{Status: 403}
		if c.pass {
			want = answer{Status: 101}
		}
		got := answerOf(SameOrigin(r))
		got.Fields, got.Text = "", ""
		taskOrigin.Equal(t, "SameOrigin("+fields(r.Header)+")", got, want,
			lesson.If(got.Status == typedNil, nilInError),
			lesson.If(!c.pass && got.Status != 101, "the page was refused, but not with 403; that status says that this page may not, whatever it tries"),
			lesson.If(true, c.looks))
	}
}

// good is a request that may be accepted, as a browser sends it.
var good = Request{Method: "GET", Target: "/chat", Proto: "HTTP/1.1", Header: Header{
	{"Host", "example.com"},
	{"User-Agent", "Mozilla/5.0"},
	{"Connection", "Upgrade"},
	{"Upgrade", "websocket"},
	{"Sec-WebSocket-Version", "13"},
	{"Sec-WebSocket-Key", key},
	{"Origin", "https://example.com"},
}}

// with returns the good request with one field changed: to these values, or to none.
func with(name string, values ...string) *Request {
	r := good
	r.Header = slices.DeleteFunc(slices.Clone(r.Header), func(f Field) bool { return f.Name == name })
	for _, v := range values {
		r.Header = append(r.Header, Field{name, v})
	}
	return &r
}

const key = "dGhlIHNhbXBsZSBub25jZQ=="

func TestCheckAccepts(t *testing.T) {
	defer taskCheck.Catch(t)
	for _, c := range []struct {
		change string
		r      *Request
		looks  string
	}{
		{"none", &good, "a right request was refused"},
		{"Connection: keep-alive, Upgrade", with("Connection", "keep-alive, Upgrade"), "the Connection field was compared as one word; Firefox sends keep-alive, Upgrade"},
		{"Upgrade: WebSocket", with("Upgrade", "WebSocket"), "the Upgrade field was compared with its case"},
		{"Upgrade: h2c, websocket", with("Upgrade", "h2c, websocket"), "the Upgrade field was compared as one word; it is a list as well"},
		{"Origin: https://evil.test, and an origin function that passes all", with("Origin", "https://evil.test"), "the origin function was not asked; what it says counts"},
	} {
		check(t, c.change, c.r, func(*Request) error { return nil }, answer{Status: 101}, lesson.If(true, c.looks))
	}
}

func TestCheckRefuses(t *testing.T) {
	defer taskCheck.Catch(t)
	upgrade, version := "Upgrade: websocket", "Upgrade: websocket, Sec-WebSocket-Version: 13"
	for _, c := range []struct {
		change string
		r      *Request
		want   answer
		looks  string // what accepting it looks like
	}{
		{"HTTP/1.0", changed(func(r *Request) { r.Proto = "HTTP/1.0" }), answer{Status: 505}, "the version of HTTP was not looked at; HTTP/1.0 has no Upgrade"},
		{"HTTP/2.0", changed(func(r *Request) { r.Proto = "HTTP/2.0" }), answer{Status: 505}, "the version of HTTP was not looked at; HTTP/2 has no Upgrade"},
		{"POST", changed(func(r *Request) { r.Method = "POST" }), answer{Status: 405, Fields: "Allow: GET"}, "the method was not looked at; a handshake is a GET request"},
		{"no Host", with("Host"), answer{Status: 400}, "the Host field is missing, and nobody noticed"},
		{"two Host fields", with("Host", "example.com", "evil.test"), answer{Status: 400}, "there are two Host fields, and the second was not looked at"},
		{"no Upgrade", with("Upgrade"), answer{Status: 426, Fields: upgrade}, "the Upgrade field was not looked at"},
		{"Upgrade: h2c", with("Upgrade", "h2c"), answer{Status: 426, Fields: upgrade}, "any protocol in the Upgrade field will do here; it has to list websocket"},
		{"no Connection", with("Connection"), answer{Status: 400}, "the Connection field was not looked at"},
		{"Connection: keep-alive", with("Connection", "keep-alive"), answer{Status: 400}, "any Connection field will do here; it has to list Upgrade"},
		{"no Sec-WebSocket-Version", with("Sec-WebSocket-Version"), answer{Status: 426, Fields: version}, "the version is missing, and nobody noticed"},
		{"Sec-WebSocket-Version: 8", with("Sec-WebSocket-Version", "8"), answer{Status: 426, Fields: version}, "the version was not looked at"},
		{"two Sec-WebSocket-Version fields", with("Sec-WebSocket-Version", "13", "8"), answer{Status: 426, Fields: version}, "there are two versions, and the second was not looked at"},
		{"no Sec-WebSocket-Key", with("Sec-WebSocket-Key"), answer{Status: 400}, "the key is missing, and nobody noticed"},
		{"Sec-WebSocket-Key: x", with("Sec-WebSocket-Key", "x"), answer{Status: 400}, "the key was not looked at; isKey knows what a key is"},
		{"two Sec-WebSocket-Key fields", with("Sec-WebSocket-Key", key, key), answer{Status: 400}, "there are two keys, and the second was not looked at"},
	} {
		s := status(t, c.change, c.r)
		isVersion := c.want.Fields == version
		check(t, c.change, c.r, pass, c.want,
			lesson.If(isVersion && s == 400, "400 was answered to another version; 426 tells the client to try again with one that the server speaks (RFC 6455 section 4.4)"),
			lesson.If(isVersion && s == 426, "the 426 does not say which version would do; Sec-WebSocket-Version: 13 belongs into it (RFC 6455 section 4.4)"),
			lesson.If(s == 403, "403 was answered to a request that is wrong in itself; it is for a page that may not connect"),
			lesson.If(c.want.Status == 405 && s == 405, "a 405 has to list the methods that would do, in Allow (RFC 9110 section 15.5.6)"),
			lesson.If(c.want.Status == 426 && s == 426, "a 426 has to name the protocol that would do, in Upgrade (RFC 9110 section 15.5.22)"),
			lesson.If(s == 400, "400 says that something is wrong and not what; there is a status that does"),
			lesson.If(s >= 500 && c.want.Status < 500, "the server took the blame; a status from 500 on says that it failed itself"),
			lesson.If(s != 0, "this is refused with another status; the table in the text has the one to use"),
			lesson.If(true, c.looks))
	}
}

func TestCheckOrigin(t *testing.T) {
	defer taskCheck.Catch(t)
	refuse := func(*Request) error { return &Error{Status: 403, Text: "not today"} }
	check(t, "an origin function that refuses all", &good, refuse, answer{Status: 403},
		lesson.If(true, "the origin function refused, and the request was accepted"))
	asked := false
	wrong := with("Sec-WebSocket-Key")
	wrong.Check(func(*Request) error { asked = true; return nil })
	taskCheck.Equal(t, "Check of a request without a key: was the origin function asked?", asked, false,
		lesson.If(true, "the origin function was asked about a request that is wrong anyway; ask it last"))
	check(t, "origin nil, and Origin: https://evil.test", with("Origin", "https://evil.test"), nil, answer{Status: 403},
		lesson.If(true, "without an origin function every page got in; nil stands for SameOrigin (RFC 6455 section 10.2)"))
	check(t, "origin nil, and Origin: https://example.com", &good, nil, answer{Status: 101},
		lesson.If(true, "a page of the server itself may connect; nil stands for SameOrigin"))
}

func pass(*Request) error { return nil }

func changed(f func(*Request)) *Request {
	r := good
	f(&r)
	return &r
}

// status is the status that a request is refused with, or 0.
func status(t *testing.T, change string, r *Request) int {
	defer taskCheck.CatchIn(t, callOf(change), lesson.If(true, maybeMissing))
	if err := asError(r.Check(pass)); err != nil {
		return err.Status
	}
	return 0
}

func callOf(change string) string { return "Check of the good request, with a change: " + change }

const maybeMissing = "a field may be missing, and origin may be nil; look before you use them"

// check compares the answer to one request.
func check(t *testing.T, change string, r *Request, origin func(*Request) error, want answer, looks ...lesson.Diagnosis) {
	call := callOf(change)
	defer taskCheck.CatchIn(t, call, lesson.If(true, maybeMissing))
	got := answerOf(r.Check(origin))
	// The fields in the table are so simple that this finds their tokens as well.
	tokens := r.Header.HasToken("Connection", "Upgrade") == strings.Contains(strings.Join(r.Header.Values("Connection"), ""), "Upgrade") &&
		r.Header.HasToken("Upgrade", "websocket") == strings.Contains(strings.ToLower(r.Header.Get("Upgrade")), "websocket")
	silent := got.Text == "" && got.Status != 101 && got.Status == want.Status
	got.Fields = wanted(got.Fields, want.Fields)
	if !silent {
		got.Text = ""
	} else {
		want.Text = "a sentence"
	}
	taskCheck.Equal(t, call, got, want, slices.Concat([]lesson.Diagnosis{
		lesson.If(!tokens, "HasToken is wrong about this request; make its test pass first"),
		lesson.If(got.Status == typedNil, nilInError),
		lesson.If(got.Status == notOurs, "the error is not an *Error, so Refuse can only answer 500"),
		lesson.If(silent, "the refusal gives no reason; whoever reads the answer wants to know what to change"),
	}, looks)...)
}

// answer is what an error of SameOrigin or Check comes to.
type answer struct {
	Status int    // 101 for no error
	Fields string // those of the fields in the answer that say how to do better
	Text   string
}

const (
	typedNil = -1 // the error holds a nil *Error
	notOurs  = 500

	nilInError = "a nil *Error was returned as an error, which is not nil then; write return nil"
)

func answerOf(err error) answer {
	if err == nil {
		return answer{Status: 101}
	}
	known := asError(err)
	if known == nil {
		var e *Error
		if errors.As(err, &e) {
			return answer{Status: typedNil}
		}
		return answer{Status: notOurs, Text: err.Error()}
	}
	return answer{known.Status, fields(known.Header), known.Text}
}

// asError returns the *Error in err, or nil.
func asError(err error) *Error {
	var known *Error
	errors.As(err, &known)
	return known
}

// wanted returns those fields of a list that are in another list.
func wanted(got, want string) string {
	var both []string
	for _, f := range strings.Split(want, ", ") {
		if f != "" && slices.Contains(strings.Split(strings.ToLower(got), ", "), strings.ToLower(f)) {
			both = append(both, f)
		}
	}
	return strings.Join(both, ", ")
}

// fields writes fields as they travel, with commas between them.
func fields(h Header) string {
	var list []string
	for _, f := range h {
		list = append(list, f.Name+": "+f.Value)
	}
	return strings.Join(list, ", ")
}
