package wire

import (
	"bytes"
	"strconv"
	"strings"

	"example.com/ws101/frames"
	"example.com/ws101/handshake"
)

// Limits on what is gathered before it can be understood.
const (
	maxHead  = 64 << 10 // a head, a trailer
	maxLine  = 1 << 10  // the size line of a chunk
	maxAhead = 64 << 10 // what a client sends before its Upgrade is answered
)

func headKind(from Side) Kind {
	if from == Client {
		return Request
	}
	return Response
}

// head gathers an HTTP head. It takes what it gets: whether a head is correct
// is for the program that reads it to judge, and a wrong one is to be seen too.
func (d *Decoder) head(from Side, p []byte) int {
	h := &d.halves[from]
	h.path = "" // until the request is here whole
	if from == Server && len(d.asked) > 0 {
		h.path = d.asked[0].path
	}
	end := h.scan.end(p)
	n := end
	if end < 0 {
		n = len(p)
	}
	if !isHead(from, h.buf, p[:n]) || len(h.buf)+n > maxHead {
		return d.loseHeld(from, "this is no HTTP")
	}
	if end < 0 || len(h.buf) > 0 {
		h.buf = append(h.buf, p[:n]...)
	}
	if end < 0 {
		return n
	}
	whole := h.buf // what is in one piece need not be copied to be looked at
	if len(whole) == 0 {
		whole = p[:n]
	}
	h.size = uint64(len(whole))
	if d.Emit != nil {
		h.kept = clone(whole)
	}
	head := parseHead(whole)
	if from == Client {
		h.path = head.path()
		if d.requests++; d.requests == 1 {
			d.first = h.path
		}
	}
	d.finish(from, Row{Kind: headKind(from)})
	if from == Client {
		d.asks(head)
	} else {
		d.answers(head)
	}
	return n
}

// headScan looks for the blank line that ends a head, in whatever pieces the
// head comes. Its zero value is the start of a head; blank lines before the
// first line do not count.
type headScan struct {
	begun  bool // a line has been there that was not blank
	inLine bool // something is in the line at hand
}

// end returns where in p, the next piece, the head ends, or -1.
func (s *headScan) end(p []byte) int {
	for rest := p; ; {
		line, behind, ended := bytes.Cut(rest, newline)
		if len(bytes.TrimLeft(line, "\r")) > 0 {
			s.begun, s.inLine = true, true
		}
		if !ended {
			return -1
		}
		rest = behind
		if s.begun && !s.inLine {
			*s = headScan{}
			return len(p) - len(rest)
		}
		s.inLine = false
	}
}

var newline = []byte("\n")

// isHead reports whether buf and then p can be the beginning of a head.
func isHead(from Side, buf, p []byte) bool {
	for _, c := range p {
		if c < ' ' && c != '\r' && c != '\n' && c != '\t' || c == 0x7f {
			return false
		}
	}
	const most = len("HTTP/")
	start := append(buf[:min(len(buf), most):min(len(buf), most)], p[:min(len(p), most)]...)
	start = bytes.TrimLeft(start, "\r\n")
	if from == Server {
		want := "HTTP/"[:min(len(start), most)]
		return strings.HasPrefix(string(start), want)
	}
	return len(start) == 0 || 'A' <= start[0] && start[0] <= 'Z' || 'a' <= start[0] && start[0] <= 'z'
}

// parsed is a head taken apart.
type parsed struct {
	first  string
	fields handshake.Header
}

func parseHead(b []byte) parsed {
	head := parsed{fields: make(handshake.Header, 0, 16)} // a browser sends about as many
	for line, rest := "", string(b); rest != ""; {
		line, rest, _ = strings.Cut(rest, "\n")
		line = strings.TrimRight(line, "\r")
		switch name, value, ok := strings.Cut(line, ":"); {
		case line == "":
		case head.first == "":
			head.first = line
		case ok:
			head.fields = append(head.fields, handshake.Field{Name: name, Value: strings.Trim(value, " \t")})
		}
	}
	return head
}

// maxPath is how many bytes of a path are kept.
const maxPath = 256

// path returns the target of a request, without its query.
func (head parsed) path() string {
	_, rest, _ := strings.Cut(head.first, " ")
	target, _, _ := strings.Cut(rest, " ")
	path, _, _ := strings.Cut(target, "?")
	return strings.Clone(path[:min(len(path), maxPath)]) // which does not hold on to the whole head
}

// asks goes on after the head of a request.
func (d *Decoder) asks(head parsed) {
	method, rest, _ := strings.Cut(head.first, " ")
	if strings.HasSuffix(rest, " HTTP/2.0") {
		d.lose(Client, "this is HTTP/2")
		d.lose(Server, "this is HTTP/2")
		return
	}
	if len(d.asked) == maxAsked {
		d.lose(Client, "too many requests wait for an answer")
		d.lose(Server, "too many requests wait for an answer")
		return
	}
	a := asked{
		head:    method == "HEAD",
		connect: method == "CONNECT",
		path:    d.halves[Client].path,
	}
	hasBody := head.fields.Has("Transfer-Encoding") || head.fields.Has("Content-Length")
	a.switches = a.connect || !hasBody && head.fields.HasToken("Upgrade", "websocket")
	d.asked = append(d.asked, a)
	switch {
	case a.switches:
		d.halves[Client].mode = modeAwait
	case hasBody:
		d.body(Client, head.fields)
	}
}

// await holds back what a client sends before its Upgrade is answered: what it
// is depends on the answer.
func (d *Decoder) await(from Side, p []byte) int {
	h := &d.halves[from]
	if len(h.buf)+len(p) > maxAhead {
		return d.loseHeld(from, "much was sent before the answer to the Upgrade")
	}
	h.buf = append(h.buf, p...)
	return len(p)
}

// answers goes on after the head of a response.
func (d *Decoder) answers(head parsed) {
	_, rest, _ := strings.Cut(head.first, " ")
	code, _, _ := strings.Cut(rest, " ")
	status, _ := strconv.Atoi(code)
	if 100 <= status && status < 200 && status != 101 {
		return // another one follows
	}
	var a asked // a server may answer unasked: 408, to one who says nothing
	if len(d.asked) > 0 {
		a = d.asked[0]
		d.asked = append(d.asked[:0], d.asked[1:]...)
	}
	switch {
	case status == 101 && head.fields.HasToken("Upgrade", "websocket"):
		d.switchTo(head.fields)
		return
	case status == 101, a.connect && 200 <= status && status < 300:
		d.lose(Server, "another protocol is spoken from here on")
		if !a.switches {
			d.lose(Client, "another protocol is spoken from here on")
		}
		d.release(modeOpaque)
		return
	case a.head || status == 204 || status == 304:
	case head.fields.Has("Transfer-Encoding") || head.fields.Has("Content-Length"):
		d.body(Server, head.fields)
	default:
		d.halves[Server].mode = modeUntilEnd
		d.halves[Server].events.inBody = isEventStream(head.fields)
	}
	if a.switches {
		d.release(modeHead) // refused: the client may try something else
	}
}

// release lets the client go on after the answer it had to wait for.
func (d *Decoder) release(m mode) {
	h := &d.halves[Client]
	if h.mode != modeAwait {
		return
	}
	held := h.buf
	h.buf, h.mode = nil, m
	d.Feed(Client, held)
}

// switchTo goes on after a 101: both directions are frames.
func (d *Decoder) switchTo(fields handshake.Header) {
	deflate := false
	for _, value := range fields.Values("Sec-WebSocket-Extensions") {
		deflate = deflate || strings.Contains(value, "permessage-deflate")
	}
	for _, from := range []Side{Client, Server} {
		h := &d.halves[from]
		h.frame.state = frames.State{FromClient: from == Client, Deflate: deflate}
	}
	d.halves[Server].mode = modeFrameHeader
	d.release(modeFrameHeader)
}

// body goes on after a head that announces one.
func (d *Decoder) body(from Side, fields handshake.Header) {
	h := &d.halves[from]
	h.events.inBody = from == Server && isEventStream(fields)
	if fields.Has("Transfer-Encoding") {
		h.mode = modeChunkSize
		if !fields.HasToken("Transfer-Encoding", "chunked") {
			h.mode = modeUntilEnd
		}
		return
	}
	n, err := strconv.ParseUint(fields.Get("Content-Length"), 10, 63)
	switch {
	case err != nil || len(fields.Values("Content-Length")) > 1:
		d.lose(from, "nobody can say where this body ends")
	case n > 0:
		h.mode, h.left = modeCounted, n
	}
}

// untilEnd takes the bytes of a body that the end of the connection ends.
func (d *Decoder) untilEnd(from Side, p []byte) int {
	d.piece(from, Body, p)
	for rest := p; len(rest) > 0; {
		rest = rest[d.events(from, rest):]
		d.showEvents(from)
	}
	return len(p)
}

// counted takes the bytes of a body whose length is known.
func (d *Decoder) counted(from Side, p []byte) int {
	h := &d.halves[from]
	n := d.content(from, p, 0)
	if h.left == 0 {
		h.mode = modeHead
		d.finish(from, Row{Kind: Body, Content: h.size})
		d.endEvents(from)
	}
	return n
}

// content takes bytes of the body or chunk at hand, of which the last after are
// no content.
func (d *Decoder) content(from Side, p []byte, after uint64) int {
	h := &d.halves[from]
	p = p[:min(uint64(len(p)), h.left)]
	if rest := h.left - min(h.left, after); rest > 0 && h.events.inBody {
		if n := d.events(from, p[:min(uint64(len(p)), rest)]); h.events.cost >= maxDone {
			p = p[:n]
		}
	}
	d.keep(from, p)
	h.left -= uint64(len(p))
	if h.events.cost >= maxDone {
		d.showBegun(from)
		d.showEvents(from)
	}
	return len(p)
}

// chunkSize gathers the line in front of a chunk.
func (d *Decoder) chunkSize(from Side, p []byte) int {
	h := &d.halves[from]
	n := bytes.IndexByte(p, '\n') + 1
	if n == 0 {
		n = len(p)
	}
	if len(h.buf)+n > maxLine {
		return d.loseHeld(from, noChunk)
	}
	h.buf = append(h.buf, p[:n]...)
	if p[n-1] != '\n' {
		return n
	}
	digits, _, _ := strings.Cut(string(h.buf), ";")
	size, err := strconv.ParseUint(strings.TrimSpace(digits), 16, 62)
	if err != nil {
		h.buf = h.buf[:len(h.buf)-n]
		return d.loseHeld(from, noChunk)
	}
	if size == 0 {
		h.mode, h.scan = modeTrailer, headScan{begun: true}
		return n
	}
	line := h.buf
	h.buf = nil
	h.mode, h.left, h.skip = modeChunkData, size+lineEnd, len(line)
	d.keep(from, line)
	return n
}

// lineEnd is the length of the CR LF behind a chunk.
const lineEnd = 2

const noChunk = "this is no chunk"

// chunkData takes a chunk and the line end behind it.
func (d *Decoder) chunkData(from Side, p []byte) int {
	h := &d.halves[from]
	n := d.content(from, p, lineEnd)
	if h.left == 0 {
		h.mode = modeChunkSize
		d.finish(from, Row{Kind: Chunk, Content: h.chunkLen()})
		d.showEvents(from)
	}
	return n
}

// chunkLen is the length of the chunk at hand, without what is around it.
func (h *half) chunkLen() uint64 {
	return h.size + h.left - uint64(h.skip) - lineEnd
}

// trailer gathers the last chunk: its size line, which is in buf, and fields up
// to a blank line.
func (d *Decoder) trailer(from Side, p []byte) int {
	h := &d.halves[from]
	end := h.scan.end(p)
	n := end
	if end < 0 {
		n = len(p)
	}
	if len(h.buf)+n > maxHead {
		return d.loseHeld(from, noChunk)
	}
	h.buf = append(h.buf, p[:n]...)
	if end >= 0 {
		h.mode = modeHead
		h.size = uint64(len(h.buf))
		if d.Emit != nil {
			h.kept = h.buf
		}
		d.finish(from, Row{Kind: LastChunk})
		d.endEvents(from)
	}
	return n
}
