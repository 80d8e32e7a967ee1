package dial

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"

	"example.com/ws101/frames"
	"example.com/ws101/rfc6455"
)

// line is a line of the input, without its end, or why there are no more.
type line struct {
	text string
	err  error
}

// maxLine is the longest line that is sent.
const maxLine = 16 << 20

// readLines reads the input. The channel is closed at its end.
func readLines(r io.Reader, stop <-chan struct{}) <-chan line {
	lines := make(chan line)
	go func() {
		defer close(lines)
		scanner := bufio.NewScanner(r)
		scanner.Buffer(nil, maxLine)
		for scanner.Scan() {
			select {
			case lines <- line{text: scanner.Text()}:
			case <-stop:
				return
			}
		}
		if err := scanner.Err(); err != nil {
			select {
			case lines <- line{err: err}:
			case <-stop:
			}
		}
	}()
	return lines
}

// line sends a line, or does what it commands. It returns false once the
// connection is being closed.
func (s *session) line(ctx context.Context, l line) bool {
	switch {
	case errors.Is(l.err, bufio.ErrTooLong):
		return s.mistake("the input has a line of more than %d bytes; send it with -file", maxLine)
	case l.err != nil:
		return s.mistake("reading the input: %v", l.err)
	}
	if text, ok := strings.CutPrefix(l.text, "/"); ok && !strings.HasPrefix(text, "/") {
		return s.command(ctx, text)
	}
	text := l.text
	if strings.HasPrefix(text, "//") {
		text = text[1:]
	}
	return s.sent(s.conn.Write(ctx, rfc6455.Text, []byte(text)))
}

// command does what a line behind a slash says.
func (s *session) command(ctx context.Context, text string) bool {
	name, argument, _ := strings.Cut(text, " ")
	argument = strings.TrimSpace(argument)
	switch name {
	case "ping":
		s.ping(ctx)
		return true
	case "close":
		return s.closeCommand(argument)
	case "binary":
		file, err := openFile(argument)
		if err != nil {
			return s.mistake("/binary: %v", err)
		}
		defer file.Close()
		return s.sendFile(ctx, file)
	case "help":
		s.p.screen.note("%s", commands)
		return true
	}
	return s.mistake("there is no command %q; /help shows them, and //text sends a slash and text", "/"+name)
}

func (s *session) closeCommand(argument string) bool {
	c := closing{code: frames.CloseNormal}
	if argument != "" {
		var err error
		code, reason, _ := strings.Cut(argument, " ")
		if c, err = parseClosing(code, strings.TrimSpace(reason)); err != nil {
			return s.mistake("/close: %v", err)
		}
	}
	_ = s.conn.Close(c.code, c.reason)
	return false
}
