package export

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"example.com/ws101/demos/wire"
)

// HAR returns the rows as an HTTP archive (HAR 1.2), the form in which browsers
// save what their network panel shows: requests with their answers and, for a
// WebSocket, its messages as _webSocketMessages. It holds the cookies.
//
// There is no place in it for control frames, fragments, masks and broken frames:
// a comment at the entry counts what was left out. A message whose first frame
// is not in the rows is left out too, and so is an answer without its request. A
// compressed message is shown as it travelled, in base64.
func HAR(rows []wire.Row) []byte {
	a := archive{open: map[uint64]*exchange{}}
	for i := range rows {
		a.add(&rows[i])
	}
	entries := make([]harEntry, 0, len(a.exchanges))
	for _, e := range a.exchanges {
		entries = append(entries, e.entry())
	}
	b, err := json.MarshalIndent(map[string]any{"log": harLog{
		Version: "1.2",
		Creator: harCreator{"ws101", "1"},
		Entries: entries,
		Comment: "Made from the bytes on the wire. Cookies and all other fields are as they were sent.",
	}}, "", "  ")
	if err != nil {
		panic(err) // there is nothing in it that JSON does not have
	}
	return append(b, '\n')
}

// archive gathers the exchanges.
type archive struct {
	exchanges []*exchange
	open      map[uint64]*exchange // the latest of each connection
}

// exchange is a request with its answer and, after an Upgrade, with what
// followed.
type exchange struct {
	conn                   uint64
	server                 string // its address
	request, response      head
	requestSize, headSize  uint64
	asked, sent            time.Time // the head of the request, and its last byte
	answered, last         time.Time // the head of the answer, and its last byte
	requestBody, body      content
	messages               []harMessage
	halves                 [2]message
	control, broken, parts int
}

// content is a body.
type content struct {
	kept []byte
	size uint64 // without what chunks have around them
	wire uint64 // with it
}

func (c *content) add(r *wire.Row) {
	c.kept = append(c.kept, r.Payload()...)
	c.size += r.Content
	c.wire += r.Size
}

// message is one that is not complete.
type message struct {
	opcode  uint8 // 0 if there is none
	deflate bool
	payload []byte
	notKept bool
}

func (a *archive) add(r *wire.Row) {
	if r.Kind == wire.Opened {
		if _, server, ok := addresses(r); ok {
			a.open[r.Conn] = &exchange{server: server.Addr().String()}
		}
		return
	}
	if r.Part == wire.Begun {
		return // it comes once more
	}
	e := a.open[r.Conn]
	if r.Kind == wire.Request {
		server := ""
		if e != nil {
			server = e.server
		}
		e = &exchange{conn: r.Conn, server: server, request: readHead(r), requestSize: r.Size, asked: r.Time, sent: r.Time}
		a.open[r.Conn] = e
		a.exchanges = append(a.exchanges, e)
		return
	}
	if e == nil || e.asked.IsZero() {
		return
	}
	e.add(r)
}

func (e *exchange) add(r *wire.Row) {
	switch r.Kind {
	case wire.Response:
		e.response, e.headSize, e.answered, e.last = readHead(r), r.Size, r.Time, r.Time
	case wire.Body, wire.Chunk, wire.LastChunk:
		if r.From == wire.Client {
			e.requestBody.add(r)
			e.sent = r.Time
			return
		}
		e.body.add(r)
		e.last = r.Time
	case wire.Frame:
		e.frame(r)
	}
}

// frame adds a frame to the message that it belongs to.
func (e *exchange) frame(r *wire.Row) {
	x := r.Explain()
	m := &e.halves[r.From]
	switch {
	case len(x.Problems) > 0 || r.Part == wire.Cut:
		e.broken++
		return
	case x.Header.Opcode.IsControl():
		e.control++
		return
	case x.Header.Opcode != 0:
		*m = message{opcode: uint8(x.Header.Opcode), deflate: x.Header.Rsv1}
	case m.opcode == 0:
		e.parts++
		return
	}
	m.payload = append(m.payload, x.Payload...)
	m.notKept = m.notKept || x.NotKept > 0
	if !x.Header.Fin {
		return
	}
	e.messages = append(e.messages, m.har(r))
	*m = message{}
}

// har returns the message, whose last frame is r.
func (m *message) har(r *wire.Row) harMessage {
	kind := "send"
	if r.From == wire.Server {
		kind = "receive"
	}
	h := harMessage{Type: kind, Time: float64(r.Time.UnixMicro()) / 1e6, Opcode: m.opcode}
	switch {
	case m.deflate:
		h.Comment = "compressed with permessage-deflate, in base64"
	case m.notKept:
		h.Comment = "only its first bytes were kept"
	}
	if m.opcode == 1 && !m.deflate {
		h.Data = string(m.payload) // JSON has U+FFFD for a character that was cut
	} else {
		h.Data = base64.StdEncoding.EncodeToString(m.payload)
	}
	return h
}

// entry returns the exchange as the archive has it.
func (e *exchange) entry() harEntry {
	h := harEntry{
		Started:    e.asked.UTC().Format("2006-01-02T15:04:05.000Z07:00"),
		Request:    e.harRequest(),
		Response:   e.harResponse(),
		Timings:    harTimings{Send: milliseconds(e.sent.Sub(e.asked))},
		ServerIP:   e.server,
		Connection: strconv.FormatUint(e.conn, 10),
		Comment:    e.comment(),
	}
	if !e.answered.IsZero() {
		h.Timings.Wait = milliseconds(max(0, e.answered.Sub(e.sent)))
		h.Timings.Receive = milliseconds(e.last.Sub(e.answered))
	}
	h.Time = h.Timings.Send + h.Timings.Wait + h.Timings.Receive
	if e.request.isUpgrade() {
		h.ResourceType, h.Messages = "websocket", e.messages
		if h.Messages == nil {
			h.Messages = []harMessage{}
		}
	}
	return h
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func (e *exchange) harRequest() harRequest {
	h := harRequest{
		Method:      e.request.line[0],
		URL:         e.request.url(e.server),
		HTTPVersion: e.request.line[2],
		Cookies:     []harCookie{},
		Headers:     pairs(e.request),
		QueryString: []harPair{},
		HeadersSize: int64(e.requestSize),
		BodySize:    int64(e.requestBody.wire),
	}
	for _, line := range e.request.fields.Values("Cookie") {
		cookies, _ := http.ParseCookie(line) // the fields have what is no cookie
		for _, c := range cookies {
			h.Cookies = append(h.Cookies, harCookie{Name: c.Name, Value: c.Value})
		}
	}
	if u, err := url.Parse(h.URL); err == nil {
		h.QueryString = query(u.RawQuery)
	}
	if e.requestBody.wire > 0 {
		text, encoding := e.requestBody.text()
		h.PostData = &harPostData{MimeType: e.request.fields.Get("Content-Type"), Text: text}
		if encoding != "" {
			h.PostData.Comment = "the text is base64"
		}
	}
	return h
}

func (e *exchange) harResponse() harResponse {
	status, _ := strconv.Atoi(e.response.line[1])
	text, encoding := e.body.text()
	h := harResponse{
		Status:      status,
		StatusText:  e.response.line[2],
		HTTPVersion: e.response.line[0],
		Cookies:     []harCookie{},
		Headers:     pairs(e.response),
		Content:     harContent{Size: int64(e.body.size), MimeType: e.response.fields.Get("Content-Type"), Text: text, Encoding: encoding},
		RedirectURL: e.response.fields.Get("Location"),
		HeadersSize: int64(e.headSize),
		BodySize:    int64(e.body.wire),
	}
	if e.answered.IsZero() {
		h.HeadersSize, h.BodySize, h.Comment = -1, -1, "There was no answer in the rows."
	}
	if e.body.size > uint64(len(e.body.kept)) {
		h.Content.Comment = "only its first bytes were kept, or came"
	}
	for _, line := range e.response.fields.Values("Set-Cookie") {
		if c, err := http.ParseSetCookie(line); err == nil {
			h.Cookies = append(h.Cookies, harCookie{Name: c.Name, Value: c.Value, Path: c.Path, Domain: c.Domain, HTTPOnly: c.HttpOnly, Secure: c.Secure})
		}
	}
	return h
}

// comment says what was left out.
func (e *exchange) comment() string {
	s := ""
	for _, left := range []struct {
		n    int
		what string
	}{
		{e.control, "control frames"}, {e.broken, "frames that are broken or cut"}, {e.parts, "fragments whose message began before"},
	} {
		if left.n > 0 {
			s += " Not in _webSocketMessages: " + left.what + ", " + strconv.Itoa(left.n) + "."
		}
	}
	if s == "" {
		return ""
	}
	return s[1:]
}

// text returns what was kept of the body: as it is if it is text, else in base64.
func (c *content) text() (text, encoding string) {
	if utf8.Valid(c.kept) {
		return string(c.kept), ""
	}
	return base64.StdEncoding.EncodeToString(c.kept), "base64"
}

func pairs(h head) []harPair {
	list := make([]harPair, 0, len(h.fields))
	for _, f := range h.fields {
		list = append(list, harPair{f.Name, f.Value})
	}
	return list
}

// query returns the parts of a query, in their order.
func query(raw string) []harPair {
	list := []harPair{}
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		list = append(list, harPair{unescape(name), unescape(value)})
	}
	return list
}

// unescape returns what a part of a query means, or the part as it is if that
// means nothing.
func unescape(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}
