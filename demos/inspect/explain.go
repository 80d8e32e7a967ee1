package inspect

import (
	"bytes"
	"encoding/hex"
	"strings"

	"example.com/ws101/demos/wire"
	"example.com/ws101/frames"
)

// Explained is a row taken apart to the last bit.
type Explained struct {
	Seq uint64 `json:"seq"`
	// Gone is set if the row is not kept any more. Then there is nothing else.
	Gone bool `json:"gone,omitempty"`
	// Hex are the bytes that were kept, and NotKept is how many more there were.
	Hex     string `json:"hex"`
	NotKept uint64 `json:"notKept,omitempty"`
	// Fields cover every bit of the bytes exactly once.
	Fields []Field `json:"fields"`
	// HeaderLen is the number of bytes of a frame's header, and MaskKey, in hex,
	// its masking key if it has one.
	HeaderLen int    `json:"headerLen,omitempty"`
	MaskKey   string `json:"maskKey,omitempty"`
	// Problems are all rules that are broken, and Oddities what is unusual.
	Problems []Problem `json:"problems,omitempty"`
	Oddities []string  `json:"oddities,omitempty"`
}

// Field is a run of bits with a meaning of its own, as [frames.Field] has it.
type Field struct {
	Kind    string `json:"kind"` // a letter
	Name    string `json:"name"`
	Bit     uint64 `json:"bit"`
	Width   uint64 `json:"width"`
	Bits    string `json:"bits,omitempty"`
	Value   string `json:"value"`
	Meaning string `json:"meaning,omitempty"`
	Rule    string `json:"rule,omitempty"`
}

// Problem is a broken rule.
type Problem struct {
	Rule   string `json:"rule"`
	Source string `json:"source"`
	Text   string `json:"text"`
}

// explain takes a row apart, if it is still kept.
func (d *demo) explain(seq uint64) Explained {
	rows := d.tap.Rows(seq, seq)
	if len(rows) == 0 {
		return Explained{Seq: seq, Gone: true, Fields: []Field{}}
	}
	r := rows[0]
	e := Explained{Seq: seq, Hex: hex.EncodeToString(r.Bytes), NotKept: r.Size - min(r.Size, uint64(len(r.Bytes)))}
	if r.Kind == wire.Frame {
		e.frame(r.Explain())
	} else {
		e.Fields = plainFields(&r)
	}
	return e
}

func (e *Explained) frame(x frames.Explanation) {
	e.HeaderLen = x.HeaderLen
	if x.Header.Masked && x.HeaderLen > 0 {
		e.MaskKey = hex.EncodeToString(x.Header.MaskKey[:])
	}
	for _, f := range x.Fields {
		e.Fields = append(e.Fields, Field{f.Kind.String(), f.Name, f.Bit, f.Width, f.Bits, f.Value, f.Meaning, f.Rule})
	}
	for _, p := range x.Problems {
		e.Problems = append(e.Problems, Problem{p.Rule, p.Source(), p.Text})
	}
	e.Oddities = x.Oddities
}

// plainFields takes apart what is no frame.
func plainFields(r *wire.Row) []Field {
	l := fieldList{fields: []Field{}}
	switch r.Kind {
	case wire.Request, wire.Response:
		l.head(r)
	case wire.Chunk:
		l.add("L", "chunk size", r.Bytes[:min(r.Skip, len(r.Bytes))], "in hexadecimal: how many bytes follow")
		l.add("P", "chunk data", r.Payload(), "")
		l.add("E", "line end", r.Bytes[l.at:], "CR LF behind the data")
	case wire.LastChunk:
		l.add("L", "last chunk", r.Bytes, "a chunk of size 0, and a blank line: the body is complete")
	case wire.Event:
		l.event(r)
	default:
		l.add("P", r.Kind.String(), r.Bytes, "")
	}
	return l.fields
}

// fieldList gathers fields of whole bytes, each beginning where the last ended.
type fieldList struct {
	fields []Field
	at     int
}

// maxValue is how many bytes of a field are shown as its value.
const maxValue = 120

func (l *fieldList) add(kind, name string, p []byte, meaning string) {
	l.addValue(kind, name, p, string(bytes.TrimRight(p[:min(len(p), maxValue)], "\r\n")), meaning)
}

func (l *fieldList) addValue(kind, name string, p []byte, value, meaning string) {
	if len(p) == 0 {
		return
	}
	if len(value) > maxValue {
		value = strings.ToValidUTF8(value[:maxValue], "") + " …"
	}
	l.fields = append(l.fields, Field{
		Kind: kind, Name: name, Bit: 8 * uint64(l.at), Width: 8 * uint64(len(p)), Value: wire.Visible(value), Meaning: meaning,
	})
	l.at += len(p)
}

// head adds the lines of an HTTP head.
func (l *fieldList) head(r *wire.Row) {
	first, kind := "request line", "Q"
	if r.Kind == wire.Response {
		first, kind = "status line", "S"
	}
	for line := range bytes.Lines(r.Bytes) {
		name, value, isField := strings.Cut(strings.TrimRight(string(line), "\r\n"), ":")
		switch {
		case len(bytes.TrimRight(line, "\r\n")) == 0:
			l.addValue("E", "blank line", line, "", "the end of the head")
		case l.at == 0:
			l.add(kind, first, line, firstLines[r.Kind])
		case isField:
			l.addValue("H", wire.Visible(name[:min(len(name), maxValue)]), line, strings.TrimSpace(value), headers[strings.ToLower(name)])
		default:
			l.add("H", "field", line, "")
		}
	}
}

var firstLines = map[wire.Kind]string{
	wire.Request:  "the method, the target and the version",
	wire.Response: "the version, the status, and its name for people",
}

// headers says what the fields are for that matter to real-time techniques.
var headers = map[string]string{
	"host":                     "the name the client knows the server by",
	"origin":                   "the page that asks; a page cannot lie about it",
	"cookie":                   "what the server has given this browser to remember: secrets, often",
	"set-cookie":               "what the browser is to send along from now on",
	"connection":               "what is about this connection only",
	"upgrade":                  "the protocol to speak from here on",
	"sec-websocket-key":        "16 random bytes in base64: the server has to prove that it has read them",
	"sec-websocket-accept":     "the proof: SHA-1 of the key and a fixed text, in base64",
	"sec-websocket-version":    "of the protocol: 13 is RFC 6455",
	"sec-websocket-protocol":   "subprotocols: offered by the client, one chosen by the server",
	"sec-websocket-extensions": "extensions: offered by the client, chosen by the server",
	"content-length":           "how many bytes of body follow",
	"transfer-encoding":        "how the body is framed: chunked, as its length is not known yet",
	"content-type":             "what the body is",
	"cache-control":            "who may keep the answer, and how long",
	"etag":                     "a name for this version of the answer",
	"if-none-match":            "the version that the client has: 304 says that it is still the newest",
	"last-event-id":            "the last event that the browser has seen, after a reconnect",
	"keep-alive":               "how long the connection may be used again",
}

// event adds the lines of a server-sent event.
func (l *fieldList) event(r *wire.Row) {
	rest := r.Bytes
	if r.Skip > 0 && r.Skip <= len(rest) {
		l.addValue("E", "byte order mark", rest[:r.Skip], "", "allowed at the start of a stream, and no part of it")
		rest = rest[r.Skip:]
	}
	for len(rest) > 0 {
		end := bytes.IndexAny(rest, "\r\n") + 1
		if end == 0 {
			end = len(rest)
		} else if rest[end-1] == '\r' && end < len(rest) && rest[end] == '\n' {
			end++
		}
		line := rest[:end]
		rest = rest[end:]
		name, value, _ := strings.Cut(strings.TrimRight(string(line), "\r\n"), ":")
		known, ok := eventLines[name]
		if !ok {
			known = [2]string{"X", "a browser ignores this line"}
		}
		if name == "" {
			name = "comment"
		}
		l.addValue(known[0], wire.Visible(name[:min(len(name), maxValue)]), line, strings.TrimPrefix(value, " "), known[1])
	}
}

var eventLines = map[string][2]string{
	"":      {"C", "a comment, without a meaning: often a heartbeat"},
	"data":  {"P", "what the page gets; several lines are joined by line feeds"},
	"event": {"O", "the type that the page listens for"},
	"id":    {"I", "what the browser sends back as Last-Event-ID"},
	"retry": {"T", "how many milliseconds to wait before the next connection"},
}
