package lesson

import (
	"fmt"
	"os"
	"testing"

	"example.com/ws101/frames"
)

// TraceVar is the environment variable that switches the trace on, as
// `go run ./lessons check N -trace` does.
const TraceVar = "WS101_TRACE"

// Trace prints the frames in b, explained, if the trace is on. who is short:
// "out" for what the learner's code sends, "in" for what it is given.
func Trace(t testing.TB, who string, from frames.State, b []byte) {
	if os.Getenv(TraceVar) == "" {
		return
	}
	for len(b) > 0 {
		x := frames.Explain(b, from)
		fmt.Fprintf(t.Output(), "%-3s %v\n", who, x)
		b, from = b[len(x.Bytes):], x.Next
	}
}

// traceLine is Trace for one frame, or the beginning of one.
func traceLine(t testing.TB, who string, from frames.State, b []byte) {
	if os.Getenv(TraceVar) == "" || len(b) == 0 {
		return
	}
	fmt.Fprintf(t.Output(), "%-3s %v\n", who, frames.Explain(b, from))
}

// traceInput shows bytes that the learner's code is given. Whether such a frame
// may come is not the question, so nothing is said about it.
func traceInput(t testing.TB, b []byte) {
	if os.Getenv(TraceVar) == "" || len(b) == 0 {
		return
	}
	x := frames.Explain(b, frames.State{})
	x.Grade = frames.Legal
	fmt.Fprintf(t.Output(), "in  %v\n", x)
}
