package wire

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestWhatIsNoHTTPIsShownAsBytes(t *testing.T) {
	for name, tt := range map[string]struct {
		talk []sent
		want []string
	}{
		"TLS": {
			[]sent{{Client, "\x16\x03\x01\x02\x00"}, {Server, "\x15\x03\x01"}},
			[]string{
				"> bytes: this is no HTTP, so what follows is shown as bytes", "> bytes 5",
				"< bytes: this is no HTTP, so what follows is shown as bytes", "< bytes 3",
			},
		},
		"another server": {
			[]sent{{Server, "SSH-2.0-OpenSSH\r\n"}},
			[]string{"< bytes: this is no HTTP, so what follows is shown as bytes", "< bytes 17"},
		},
		"HTTP/2": {
			[]sent{c("PRI * HTTP/2.0", "", "SM", "", "")},
			[]string{
				"> PRI * HTTP/2.0",
				"> bytes: this is HTTP/2, so what follows is shown as bytes",
				"< bytes: this is HTTP/2, so what follows is shown as bytes", "> bytes 6",
			},
		},
		"a chunk size that is none": {
			[]sent{c("GET / HTTP/1.1", "", ""), s("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "5", "hello", "oops", "")},
			[]string{
				"> GET / HTTP/1.1", "< HTTP/1.1 200 OK", `< chunk "hello"`,
				"< bytes: this is no chunk, so what follows is shown as bytes", "< bytes 6",
			},
		},
		"two lengths": {
			[]sent{c("POST / HTTP/1.1", "Content-Length: 1", "Content-Length: 2", "", "ab")},
			[]string{
				"> POST / HTTP/1.1",
				"> bytes: nobody can say where this body ends, so what follows is shown as bytes", "> bytes 2",
			},
		},
		"another protocol": {
			[]sent{c("GET / HTTP/1.1", "Upgrade: other", "", ""), s("HTTP/1.1 101 Switching Protocols", "Upgrade: other", "", "xyz"), {Client, "abc"}},
			[]string{
				"> GET / HTTP/1.1", "< HTTP/1.1 101 Switching Protocols",
				"< bytes: another protocol is spoken from here on, so what follows is shown as bytes",
				"> bytes: another protocol is spoken from here on, so what follows is shown as bytes",
				"< bytes 3", "> bytes 3",
			},
		},
		"a tunnel": {
			[]sent{c("CONNECT x:1 HTTP/1.1", "", "early"), s("HTTP/1.1 200 OK", "", "")},
			[]string{
				"> CONNECT x:1 HTTP/1.1", "< HTTP/1.1 200 OK",
				"< bytes: another protocol is spoken from here on, so what follows is shown as bytes", "> bytes 5",
			},
		},
		"a body up to the end": {
			[]sent{c("GET / HTTP/1.0", "", ""), s("HTTP/1.0 200 OK", "", ""), {Server, "abc"}, {Server, "def"}},
			[]string{"> GET / HTTP/1.0", "< HTTP/1.0 200 OK", `< body "abc"`, `< body "def"`},
		},
	} {
		want := append(tt.want, "> FIN 0", "< FIN 0")
		assert.Equal(t, want, told(decode(0, tt.talk)), name)
	}
}

func TestRowsTellThePathOfTheirRequest(t *testing.T) {
	paths := func(talk ...sent) []string {
		var list []string
		for _, r := range decode(0, talk) {
			list = append(list, r.From.String()+" "+r.Kind.String()+" "+r.Path)
		}
		return list
	}
	assert.Equal(t, []string{
		"client request /a", "client body /a", "client request /b", "client request ",
		"server response /a", "server body /a", "server response /b", "server chunk /b", "server event /b",
		"client request ", "client FIN ", "server FIN /b",
	}, paths(
		c("POST /a?uid=1 HTTP/1.1", "Content-Length: 1", "", "xGET /b HTTP/1.1", "", "GET /c"),
		s("HTTP/1.1 200 OK", "Content-Length: 1", "", "x"), sent{Server, eventHead + chunk(":\n\n")},
	), "requests sent ahead, and one that is not whole")
	assert.Equal(t, []string{
		"client request /chat", "server response /chat", "client frame /chat", "server frame /chat", "client FIN /chat", "server FIN /chat",
	}, paths(sent{Client, upgrade}, sent{Server, switched}, sent{Client, "\x81\x80abcd"}, sent{Server, "\x81\x00"}))
	assert.Equal(t, []string{"server response ", "client FIN ", "server FIN "}, paths(
		s("HTTP/1.1 408 Request Timeout", "Content-Length: 0", "", "")), "an answer to nobody")
	long := "/" + strings.Repeat("a", 1000)
	assert.Equal(t, "client request "+long[:256], paths(c("GET "+long+" HTTP/1.1", "", ""))[0])
	assert.Equal(t, "client request ", paths(c("GET", "", ""))[0])
}
