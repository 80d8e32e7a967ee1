package measure

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// streaming reads the page of a hidden iframe, which never ends, and takes the batches out of its
// scripts.
func (c *client) streaming(ctx context.Context) error {
	lines, err := c.stream(ctx, "streaming", iframe)
	if err != nil {
		return err
	}
	for lines.Scan() {
		_, call, found := bytes.Cut(lines.Bytes(), []byte(">parent.ws101.take("))
		if !found {
			c.content.Add(int64(len(lines.Bytes()) + 1)) // the start of the page
			continue
		}
		text, _, found := bytes.Cut(call, []byte(");document.currentScript.remove()</script>"))
		if !found {
			return errors.New("a script is not as expected")
		}
		if err := c.message(text); err != nil {
			return err
		}
	}
	return ended(lines)
}

// sse reads a stream of server-sent events.
func (c *client) sse(ctx context.Context) error {
	lines, err := c.stream(ctx, "sse", eventSource)
	if err != nil {
		return err
	}
	var name, id string
	var data []byte
	for lines.Scan() {
		field, value, _ := bytes.Cut(lines.Bytes(), []byte(": "))
		switch string(field) {
		case "id":
			id = string(value)
		case "event":
			name = string(value)
		case "data":
			data = append(data, value...) // ours have one line each
		case "":
			if len(lines.Bytes()) > 0 || name == "" {
				continue // a comment, or the end of what was no event
			}
			if err := c.serverSent(name, data); err != nil {
				return err
			}
			c.cursor, name, data = id, "", data[:0]
		}
	}
	return ended(lines)
}

// serverSent takes in one event of a stream.
func (c *client) serverSent(name string, data []byte) error {
	c.came(len(data), name == "beat")
	switch name {
	case "vote":
		return c.event(data)
	case "snapshot":
		var state struct{ Vote map[string]candidate }
		if err := json.Unmarshal(data, &state); err != nil {
			return fmt.Errorf("what came is no snapshot: %w", err)
		}
		c.snapshot(state.Vote)
	}
	return nil
}

// stream asks for an answer that never ends, and returns its lines.
func (c *client) stream(ctx context.Context, technique, fields string) (*bufio.Scanner, error) {
	x, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	response, err := x.ask(technique, fields)
	if err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(make([]byte, 0, 2048), 1<<20)
	return lines, nil
}

// ended returns why there are no more lines.
func ended(lines *bufio.Scanner) error {
	if err := lines.Err(); err != nil {
		return err
	}
	return errors.New("the stream has ended")
}
