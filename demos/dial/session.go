package dial

import (
	"context"
	"errors"
	"os"
	"sync/atomic"
	"time"

	"example.com/ws101/demos/wire"
	"example.com/ws101/frames"
	"example.com/ws101/rfc6455"
)

// session is an open connection, between a person or a script and a server.
type session struct {
	p    *program
	f    flags
	conn *rfc6455.Conn

	messages atomic.Int64  // that have come
	news     chan struct{} // holds a token when one has
	ended    chan error    // how Serve ended
	wrong    bool          // a script had a wrong line
}

func newSession(p *program, f flags, conn *rfc6455.Conn) *session {
	return &session{p: p, f: f, conn: conn, news: make(chan struct{}, 1), ended: make(chan error, 1)}
}

// run lets both sides talk until one of them closes, and returns the exit code.
func (s *session) run(ctx context.Context, file *os.File) int {
	reading := make(chan struct{})
	go func() {
		s.ended <- s.conn.Serve(context.Background(), rfc6455.Handler{
			Open:    func(*rfc6455.Conn) { close(reading) },
			Message: s.message,
		})
	}()
	// A Close before there is a reader would throw away what still comes.
	select {
	case <-reading:
	case err := <-s.ended:
		return s.conclude(err)
	}
	stop := make(chan struct{})
	defer close(stop)

	if file != nil && !s.sendFile(ctx, file) {
		return s.conclude(<-s.ended)
	}
	if s.f.ping {
		s.ping(ctx)
	}
	return s.conclude(s.talk(ctx, readLines(s.p.stdin, stop)))
}

// message prints what has come. Serve calls it, so it waits for the terminal,
// and the server with it.
func (s *session) message(_ *rfc6455.Conn, t rfc6455.MessageType, p []byte) {
	prefix := ""
	if s.p.typed {
		prefix = "← "
	}
	s.p.screen.message(prefix, t, p)
	s.messages.Add(1)
	select {
	case s.news <- struct{}{}:
	default:
	}
}

// talk sends what is read until the connection is to be closed, closes it, and
// returns how it ended.
//
// A script wants the answers to its last lines, and nothing in the protocol says
// when the last of them has come. So the end of the input is not the end: that
// is when the server has been quiet for a while, or has sent what was asked for.
func (s *session) talk(ctx context.Context, input <-chan line) error {
	quiet := time.NewTimer(s.f.wait)
	quiet.Stop()
	defer quiet.Stop()
	for {
		select {
		case l, more := <-input:
			switch {
			case !more:
				input = nil
				quiet.Reset(s.f.wait)
			case !s.line(ctx, l):
				return <-s.ended
			}
		case <-s.news:
			if s.f.count > 0 && s.messages.Load() >= int64(s.f.count) {
				return s.close(s.f.closing)
			}
			if input == nil {
				quiet.Reset(s.f.wait)
			}
		case <-quiet.C:
			return s.close(s.f.closing)
		case <-ctx.Done():
			return s.close(s.f.closing)
		case err := <-s.ended:
			return err
		}
	}
}

// close closes the connection. What comes until the server has answered is
// still printed.
func (s *session) close(c closing) error {
	// Its error is that of the connection, which Serve returns.
	_ = s.conn.Close(c.code, c.reason)
	return <-s.ended
}

// conclude tells how the connection ended, if that is worth telling.
func (s *session) conclude(err error) int {
	sentence, code := ending(err)
	sentence = wire.Visible(sentence)
	missing := int64(s.f.count) - s.messages.Load()
	switch {
	case s.wrong:
		return exitUsage // which has been told
	case code != exitOK:
		s.p.screen.note("dial: %s", sentence)
	case missing > 0:
		s.p.screen.note("dial: %s before %d of %d messages had come; -wait says how long to wait", sentence, missing, s.f.count)
		return exitMissing
	case s.p.typed:
		s.p.screen.note("%s", sentence)
	}
	return code
}

// mistake tells what was wrong with a line. One who types can try again; a
// script is at its end, which is what false says.
func (s *session) mistake(format string, args ...any) bool {
	s.p.screen.note("dial: "+format, args...)
	if s.p.typed {
		return true
	}
	s.wrong = true
	_ = s.conn.Close(s.f.closing.code, s.f.closing.reason)
	return false
}

// sent looks at the error of a write. One of the connection is not told here,
// but once, in the end.
func (s *session) sent(err error) bool {
	var rule *frames.Error
	if errors.As(err, &rule) && rule.Code == 0 {
		return s.mistake("%v", rule)
	}
	return true
}

// pingTime is how long a Pong may take.
const pingTime = 10 * time.Second

func (s *session) ping(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, pingTime)
	defer cancel()
	took, err := s.conn.Ping(ctx)
	switch {
	case err == nil:
		s.p.screen.note("pong after %v", took)
	case errors.Is(err, context.DeadlineExceeded):
		s.p.screen.note("no pong within %v", pingTime)
	}
}
