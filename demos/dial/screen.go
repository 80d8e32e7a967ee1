package dial

import (
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"sync"

	"example.com/ws101/demos/wire"
	"example.com/ws101/rfc6455"
)

// screen is where everything is shown: the server's messages on out, all else
// on err. It may be used from several goroutines, and keeps what they show
// apart even where both are the same terminal.
type screen struct {
	mu       sync.Mutex
	out, err io.Writer
}

// note shows one line that is not from a message.
func (s *screen) note(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.err, format+"\n", args...)
}

// Write writes to err, for -trace.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err.Write(p)
}

// maxDump is how many bytes of a binary message are shown.
const maxDump = 256

// message shows a message. Text is one line, whatever is in it: what a terminal
// would obey is escaped. Of a binary message the start is dumped. prefix marks
// it for one who reads it among lines of their own.
func (s *screen) message(prefix string, t rfc6455.MessageType, p []byte) {
	var b strings.Builder
	if t == rfc6455.Text {
		fmt.Fprintf(&b, "%s%s\n", prefix, wire.Visible(string(p)))
	} else {
		fmt.Fprintf(&b, "%sbinary, %d bytes\n", prefix, len(p))
		b.WriteString(hex.Dump(p[:min(len(p), maxDump)]))
		if rest := len(p) - maxDump; rest > 0 {
			fmt.Fprintf(&b, "… and %d bytes more\n", rest)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	io.WriteString(s.out, b.String())
}
