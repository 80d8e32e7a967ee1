// Package editor sends frames that nobody should send, and shows what comes of
// it: any bit, a length that is not true, a frame in pieces. It dials nothing but
// the echo of this program, over a connection of its own for each script. Where
// there is a proxy in front of another server it can also slip frames into a
// connection there, once that is armed.
package editor

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"example.com/ws101/demos/inspect/proxy"
	"example.com/ws101/demos/site"
	"example.com/ws101/demos/wire"
	"example.com/ws101/frames"
)

const (
	// maxBody is how large a script may be as JSON.
	maxBody = 512 << 10
	// maxRuns is how many scripts run at the same time.
	maxRuns = 4
	// defaultQuiet is how long the server may say nothing before it is asked
	// whether that was all.
	defaultQuiet = 600 * time.Millisecond
)

// Options say what the editor works on.
type Options struct {
	// Tap shows what is sent.
	Tap *wire.Tap
	// Echo serves the echo under /echo/ws. It takes messages of at most
	// MaxMessage bytes.
	Echo       http.Handler
	MaxMessage uint64
	// Origins may use the editor; nil means our own pages only.
	Origins *site.Origins
	// Proxy is where frames can be injected, or nil.
	Proxy *proxy.Proxy

	quiet time.Duration // in place of defaultQuiet
}

// Editor is the server's part of the frame editor.
type Editor struct {
	tap     *wire.Tap
	echo    http.Handler
	limit   uint64
	proxy   *proxy.Proxy
	quiet   time.Duration
	running chan struct{}
}

// New returns the editor, to be served at the root:
//
//	GET  /presets       scripts to begin with
//	GET  /row?seq=N     the frame in this row, as a script
//	POST /bytes         a script: its bytes, and a test in Go
//	POST /send          a script: what the echo makes of it
//	GET  /proxy         the proxy, whether it is armed, and the connections through it; or null
//
// and, if there is a proxy:
//
//	POST /arm           {"armed": true}
//	POST /inject        {"conn": 3, "from": "client", "script": {...}}
//
// All is JSON. What is refused is a sentence, in plain text.
func New(o Options) http.Handler {
	e := &Editor{tap: o.Tap, echo: o.Echo, limit: o.MaxMessage, proxy: o.Proxy, quiet: o.quiet, running: make(chan struct{}, maxRuns)}
	if e.quiet == 0 {
		e.quiet = defaultQuiet
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/presets", get(func(*http.Request) (any, error) { return presets, nil }))
	mux.HandleFunc("/row", get(e.row))
	mux.HandleFunc("/bytes", post(e.bytes))
	mux.HandleFunc("/send", post(e.send))
	mux.HandleFunc("/proxy", get(e.state))
	if e.proxy != nil {
		mux.HandleFunc("/arm", post(e.arm))
		mux.HandleFunc("/inject", post(e.inject))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		site.Refuse(w, http.StatusNotFound, "There is nothing at this address.")
	})
	return o.Origins.Protect(mux)
}

func get(answer func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !site.Allow(w, r, http.MethodGet, http.MethodHead) {
			return
		}
		v, err := answer(r)
		respond(w, v, err)
	}
}

// post reads what answer wants, as JSON.
func post[T any](answer func(*http.Request, T) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !site.Allow(w, r, http.MethodPost) {
			return
		}
		body, err := site.ReadJSON(w, r, maxBody, "a script")
		if err != nil {
			site.RefuseError(w, err)
			return
		}
		var t T
		d := json.NewDecoder(bytes.NewReader(body))
		d.DisallowUnknownFields()
		if err := d.Decode(&t); err != nil || d.More() {
			site.Refuse(w, http.StatusBadRequest, "The body is not the JSON that is wanted here.")
			return
		}
		v, err := answer(r, t)
		respond(w, v, err)
	}
}

func respond(w http.ResponseWriter, v any, err error) {
	if err != nil {
		site.RefuseError(w, err)
		return
	}
	b, err := json.Marshal(v)
	if err != nil {
		site.RefuseError(w, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write(b)
}

// send runs a script.
func (e *Editor) send(r *http.Request, s Script) (any, error) {
	parts, err := s.parts()
	if err != nil {
		return nil, err
	}
	all, _ := s.bytes() // parts has seen that there is nothing wrong with it
	select {
	case e.running <- struct{}{}:
		defer func() { <-e.running }()
	default:
		return nil, &site.Refusal{Status: http.StatusServiceUnavailable, After: time.Second,
			Sentence: fmt.Sprintf("%d scripts are running already. Try again in a moment.", maxRuns)}
	}
	return e.run(r.Context(), parts, demand(all, e.limit))
}

// built is a script as it would leave.
type built struct {
	// Wrong says why it cannot leave; then that is all. It is no error to ask:
	// somebody is in the middle of typing.
	Wrong string `json:"wrong,omitempty"`
	// Parts are the bytes, in hex, as they are cut.
	Parts []string `json:"parts"`
	// Heads are how many bytes the header of each frame takes.
	Heads []int `json:"heads"`
	// Sizes are how many each frame takes.
	Sizes []int `json:"sizes"`
	// Test is a test in Go that sends the same to a server of this library.
	Test string `json:"test"`
}

// bytes shows what a script would send.
func (e *Editor) bytes(_ *http.Request, s Script) (any, error) {
	parts, err := s.parts()
	if err != nil {
		return built{Wrong: err.Error()}, nil
	}
	var b built
	for _, p := range parts {
		b.Parts = append(b.Parts, fmt.Sprintf("% x", p.bytes))
	}
	for i := range s.Frames {
		frame, _ := s.Frames[i].append(nil)
		_, head, _ := frames.ParseHeader(frame)
		b.Heads, b.Sizes = append(b.Heads, head), append(b.Sizes, len(frame))
	}
	all, _ := s.bytes()
	b.Test = string(goTest(parts, demand(all, e.limit), e.limit))
	return b, nil
}

// row returns a frame that has crossed the wire as a script, to change it and
// send it again.
func (e *Editor) row(r *http.Request) (any, error) {
	seq, err := strconv.ParseUint(r.URL.Query().Get("seq"), 10, 64)
	if err != nil {
		return nil, wrong("Name a row by its number, as seq=12.")
	}
	rows := e.tap.Rows(seq, seq)
	if len(rows) == 0 {
		return nil, &site.Refusal{Status: http.StatusNotFound, Sentence: "This row is not there any more."}
	}
	if rows[0].Kind != wire.Frame {
		return nil, wrong("This row is no frame.")
	}
	x := rows[0].Explain()
	if x.HeaderLen == 0 || x.NotKept > 0 || len(x.Bytes) > maxBytes {
		return nil, wrong("This frame cannot be edited: not all of it is there, or it is too large.")
	}
	h := x.Header
	f := Frame{Fin: h.Fin, Rsv1: h.Rsv1, Rsv2: h.Rsv2, Rsv3: h.Rsv3, Opcode: uint8(h.Opcode), Masked: h.Masked, Payload: string(x.Payload)}
	if h.Masked {
		f.Key = fmt.Sprintf("%x", h.MaskKey)
	}
	if x.Missing > 0 {
		f.Declared = strconv.FormatUint(h.Length, 10)
	}
	if len(frames.AppendHeader(nil, h)) < x.HeaderLen { // else it is the shortest form
		f.Form = [...]string{126: "16", 127: "64"}[x.Bytes[1]&0x7f]
	}
	if !utf8.Valid(x.Payload) || h.Opcode == frames.Close || h.Opcode == frames.Binary {
		f.Payload, f.Hex = fmt.Sprintf("% x", x.Payload), true
	}
	return script(f), nil
}

// errNoFrame is what is said of what cannot be injected now.
var errNoFrame = &site.Refusal{Status: http.StatusConflict,
	Sentence: "Nothing can be injected here now: the connection is gone, speaks no WebSocket, or is in the middle of a frame."}

// state returns how the proxy is, or nil if there is none.
func (e *Editor) state(*http.Request) (any, error) {
	if e.proxy == nil {
		return nil, nil
	}
	return e.proxy.State(), nil
}

// arm switches injection on or off.
func (e *Editor) arm(_ *http.Request, want struct {
	Armed bool `json:"armed"`
}) (any, error) {
	e.proxy.Arm(want.Armed)
	return e.proxy.State(), nil
}

// inject slips a script into a connection through the proxy.
func (e *Editor) inject(r *http.Request, want struct {
	Conn   uint64 `json:"conn"`
	From   string `json:"from"`
	Script Script `json:"script"`
}) (any, error) {
	all, err := want.Script.bytes()
	if err != nil {
		return nil, err
	}
	from, known := map[string]wire.Side{"client": wire.Client, "server": wire.Server}[want.From]
	if !known {
		return nil, wrong("From says in whose name the bytes go: client or server.")
	}
	switch err := e.proxy.Inject(r.Context(), want.Conn, from, all); {
	case errors.Is(err, proxy.ErrNotArmed):
		return nil, &site.Refusal{Status: http.StatusForbidden, Sentence: "Injection is not armed. Nothing was sent."}
	case err != nil:
		return nil, errNoFrame
	}
	return map[string]int{"bytes": len(all)}, nil
}
