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
// stream"). It is here to check what the server writes, and proves nothing about a client.
type parser struct {
	events   []received
	comments []string
	retry    int

	id, lastID, name, data string
}

// parse takes a whole stream. What follows the last blank line is not an event yet.
func (p *parser) parse(stream string) {
	stream = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(stream)
	lines := strings.Split(stream, "\n")
	for _, line := range lines[:len(lines)-1] {
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "":
			p.dispatch()
		case field == "":
			p.comments = append(p.comments, value)
		case field == "event":
			p.name = value
		case field == "data":
			p.data += value + "\n"
		case field == "id" && !strings.Contains(value, "\x00"):
			p.id = value
		case field == "retry":
			if n, err := strconv.ParseUint(value, 10, 31); err == nil {
				p.retry = int(n)
			}
		}
	}
}

func (p *parser) dispatch() {
	p.lastID = p.id
	if p.data != "" {
		name := p.name
		if name == "" {
			name = "message"
		}
		p.events = append(p.events, received{p.lastID, name, strings.TrimSuffix(p.data, "\n")})
	}
	p.name, p.data = "", ""
}
