package export

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/http/httpguts"

	"example.com/ws101/demos/wire"
)

// Curl returns commands for a shell that send the requests in the rows again, an
// Upgrade too: curl then shows the answer to it, and waits. What curl counts
// or makes itself is left to it (Content-Length and Transfer-Encoding), and so is
// the order of the fields. Nothing that was sent can leave its quotes, or make
// curl read a file.
func Curl(rows []wire.Row) []byte {
	var b []byte
	server := map[uint64]string{}
	for i := range rows {
		r := &rows[i]
		if r.Kind == wire.Opened {
			if _, address, ok := addresses(r); ok {
				server[r.Conn] = address.String()
			}
		}
		if r.Kind == wire.Request && r.Part != wire.Begun {
			h := readHead(r)
			b = append(b, h.curl(server[r.Conn], bodyOf(r, rows[i+1:]))...)
		}
	}
	return b
}

// bodyOf returns the body of a request, which is among the rows behind it.
func bodyOf(request *wire.Row, rows []wire.Row) content {
	var c content
	for i := range rows {
		r := &rows[i]
		if r.Conn != request.Conn || r.From != wire.Client || r.Part == wire.Begun {
			continue
		}
		switch r.Kind {
		case wire.Body, wire.Chunk, wire.LastChunk:
			c.add(r)
		default:
			return c
		}
	}
	return c
}

// curl returns the command for one request.
func (h *head) curl(server string, body content) string {
	var notes []string
	words := []string{"curl -i -g --path-as-is --http1.1"}
	method := h.line[0]
	switch {
	case !httpguts.ValidHeaderFieldName(method): // a method is a token, as a name is
		notes = append(notes, "the method is not one that can be sent")
	case method == "HEAD":
		words = append(words, "-I")
	case method != "GET" || body.size > 0:
		words = append(words, "-X "+quote(method))
	}
	if h.isUpgrade() {
		words = append(words, "-N --max-time 5")
	}
	for _, f := range h.fields {
		switch {
		case strings.EqualFold(f.Name, "Content-Length"), strings.EqualFold(f.Name, "Transfer-Encoding"):
		case !httpguts.ValidHeaderFieldName(f.Name) || !httpguts.ValidHeaderFieldValue(f.Value):
			notes = append(notes, "a field that breaks the rules of HTTP is left out")
		case f.Value == "":
			words = append(words, "-H "+quote(f.Name+";"))
		default:
			words = append(words, "-H "+quote(f.Name+": "+f.Value))
		}
	}
	for _, own := range []string{"User-Agent", "Accept"} { // which curl would add
		if !h.fields.Has(own) {
			words = append(words, "-H "+quote(own+":"))
		}
	}
	if body.size > 0 && !h.fields.Has("Content-Type") {
		words = append(words, "-H "+quote("Content-Type:"))
	}
	if body.size > uint64(len(body.kept)) {
		notes = append(notes, fmt.Sprintf("only %d of %d bytes of the body were kept", len(body.kept), body.size))
	}
	input := ""
	switch {
	case body.size == 0:
	case utf8.Valid(body.kept) && !strings.ContainsRune(string(body.kept), 0):
		words = append(words, "--data-raw "+quote(string(body.kept)))
	default:
		input = "printf " + quote(octal(body.kept)) + " | "
		words = append(words, "--data-binary @-")
	}
	words = append(words, quote(h.url(server)))

	var b strings.Builder
	for _, note := range notes {
		b.WriteString("# " + note + "\n")
	}
	b.WriteString(input + strings.Join(words, " \\\n  ") + "\n")
	return b.String()
}

// quote returns s as one word for a shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// octal returns bytes as printf of any shell takes them.
func octal(p []byte) string {
	var b strings.Builder
	for _, c := range p {
		fmt.Fprintf(&b, `\%03o`, c)
	}
	return b.String()
}
