package sse

import (
	"strconv"
	"strings"
)

// received is an event as a page gets it.
type received struct {
	id   string // the last event ID
	name string
	data string
}

// A parser does what a browser does with a stream (HTML standard, section "Interpreting an event
// stream"). It is here to check what the server writes.
type parser struct {
	events   []received
	comments []string
	retry    int

	id, lastID, name, data string
}

// parse takes a whole stream. What follows the last blank line is not an event yet. SSE-P5 SSE-P23
func (p *parser) parse(stream string) {
	stream = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(stream) // SSE-P3
	lines := strings.Split(stream, "\n")
	for _, line := range lines[:len(lines)-1] {
		field, value, _ := strings.Cut(line, ":") // SSE-P7 SSE-P9
		value = strings.TrimPrefix(value, " ")    // SSE-P8
		switch {
		case line == "":
			p.dispatch()
		case field == "":
			p.comments = append(p.comments, value) // SSE-P6
		case field == "event":
			p.name = value // SSE-P11
		case field == "data":
			p.data += value + "\n" // SSE-P12
		case field == "id" && !strings.Contains(value, "\x00"):
			p.id = value // SSE-P13 SSE-P14
		case field == "retry":
			if n, err := strconv.ParseUint(value, 10, 31); err == nil { // SSE-P15
				p.retry = int(n)
			}
		}
	}
}

func (p *parser) dispatch() {
	p.lastID = p.id   // SSE-P17 SSE-P22
	if p.data != "" { // SSE-P18
		name := p.name
		if name == "" {
			name = "message" // SSE-P20
		}
		p.events = append(p.events, received{p.lastID, name, strings.TrimSuffix(p.data, "\n")}) // SSE-P19
	}
	p.name, p.data = "", ""
}
