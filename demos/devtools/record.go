package devtools

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// A Frame is a frame of a WebSocket as the browser reports it to its developer tools.
type Frame struct {
	Sent   bool // by the page
	Opcode int
	Data   string // the text, or base64 of a binary message
}

// A record is what a page did so far.
type record struct {
	mu       sync.Mutex
	errors   []string
	requests []string
	frames   []Frame
	opened   int
	closed   int
}

// Errors returns what the page, or the browser on its behalf, has written to the console
// as an error or a warning, and the exceptions that nobody caught.
func (r *record) Errors() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.errors)
}

// Requests returns the address of every request, WebSockets among them.
func (r *record) Requests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.requests)
}

// Frames returns the frames of all WebSockets of the page.
func (r *record) Frames() []Frame {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.frames)
}

// WebSockets returns how many WebSockets the page has opened, and how many of them have ended.
func (r *record) WebSockets() (opened, closed int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.opened, r.closed
}

// Forget begins the record anew.
func (r *record) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.errors, r.requests, r.frames, r.opened, r.closed = nil, nil, nil, 0, 0
}

// params has the fields of all events that are recorded.
type params struct {
	Type string `json:"type"`
	Args []struct {
		Value       json.RawMessage `json:"value"`
		Description string          `json:"description"`
	} `json:"args"`
	Entry struct {
		Level string `json:"level"`
		Text  string `json:"text"`
		URL   string `json:"url"`
	} `json:"entry"`
	Exception struct {
		Text      string `json:"text"`
		Exception struct {
			Description string `json:"description"`
		} `json:"exception"`
	} `json:"exceptionDetails"`
	Request struct {
		URL string `json:"url"`
	} `json:"request"`
	URL      string `json:"url"`
	Response struct {
		Opcode int    `json:"opcode"`
		Data   string `json:"payloadData"`
	} `json:"response"`
}

func (r *record) add(method string, raw json.RawMessage) {
	var p params
	if json.Unmarshal(raw, &p) != nil {
		return // an event of which nothing is recorded
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch method {
	case "Runtime.consoleAPICalled":
		if p.Type == "error" || p.Type == "warning" || p.Type == "assert" {
			var words []string
			for _, a := range p.Args {
				if a.Value != nil {
					words = append(words, string(a.Value))
				} else {
					words = append(words, a.Description) // an object
				}
			}
			r.errors = append(r.errors, strings.Join(words, " "))
		}
	case "Runtime.exceptionThrown":
		r.errors = append(r.errors, p.Exception.Text+" "+p.Exception.Exception.Description)
	case "Log.entryAdded":
		if p.Entry.Level == "error" || p.Entry.Level == "warning" {
			r.errors = append(r.errors, fmt.Sprintf("%s (%s)", p.Entry.Text, p.Entry.URL))
		}
	case "Network.requestWillBeSent":
		r.requests = append(r.requests, p.Request.URL)
	case "Network.webSocketCreated":
		r.requests = append(r.requests, p.URL)
		r.opened++
	case "Network.webSocketClosed":
		r.closed++
	case "Network.webSocketFrameSent":
		r.frames = append(r.frames, Frame{true, p.Response.Opcode, p.Response.Data})
	case "Network.webSocketFrameReceived":
		r.frames = append(r.frames, Frame{false, p.Response.Opcode, p.Response.Data})
	}
}
